package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
)

// Variable describes one variable of the environment.
type Variable struct {
	Name    string
	Default string // as it would be written; "" for none
	Example string // shown, commented out, where there is no default
	Help    string
	Section string
	field   string
}

// companions are variables that others read: the Temporal SDK and
// docker-compose.temporal.yml. They are documented and checked, not parsed.
var companions = []Variable{
	{Name: "TEMPORAL_API_KEY", Section: "Temporal", Help: "API key of Temporal Cloud. Read by the SDK."},
	{Name: "TEMPORAL_TLS", Section: "Temporal", Example: "true", Help: "true connects with TLS. Read by the SDK, as are TEMPORAL_TLS_*."},
	{Name: "POSTGRES_PASSWORD", Section: "Compose", Help: "Password of PostgreSQL in docker-compose.temporal.yml."},
	{Name: "REDIS_PASSWORD", Section: "Compose", Help: "Password of Redis in docker-compose.temporal.yml."},
	{Name: "GRAFANA_PASSWORD", Section: "Compose", Help: "Password of Grafana's admin in docker-compose.temporal.yml."},
}

// Variables returns every documented variable, by section, in the order of Config.
func Variables() []Variable {
	var all []Variable
	section := ""
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("env")
		if name == "-" {
			continue
		}
		if s := f.Tag.Get("section"); s != "" {
			section = s
		}
		all = append(all, Variable{
			Name: name, Default: f.Tag.Get("envDefault"), Example: f.Tag.Get("example"),
			Help: f.Tag.Get("help"), Section: section, field: f.Name,
		})
	}
	for _, c := range companions {
		last := -1
		for i := range all {
			if all[i].Section == c.Section {
				last = i
			}
		}
		if last < 0 {
			last = len(all) - 1
		}
		all = slices.Insert(all, last+1, c)
	}
	return all
}

// Example returns the text of .env.example: each variable with its help, its
// default, or a commented-out example.
func Example() string {
	var b strings.Builder
	b.WriteString("# RustAssistant. Copy to .env; variables of the real environment win over this file.\n" +
		"# `make dev` needs none of them.\n")
	section := ""
	for _, v := range Variables() {
		if v.Section != section {
			section = v.Section
			fmt.Fprintf(&b, "\n# --- %s ---\n", section)
		}
		fmt.Fprintf(&b, "\n# %s\n", v.Help)
		if v.Default != "" {
			fmt.Fprintf(&b, "%s=%s\n", v.Name, v.Default)
		} else {
			fmt.Fprintf(&b, "# %s=%s\n", v.Name, v.Example)
		}
	}
	return b.String()
}

// String lists the configuration, one NAME=value a line, secrets redacted.
func (c *Config) String() string {
	var b strings.Builder
	for _, a := range c.attrs() {
		fmt.Fprintf(&b, "%s=%s\n", a.Key, a.Value)
	}
	return b.String()
}

// GoString is String, for %#v.
func (c *Config) GoString() string { return c.String() }

// LogValue is the configuration as a group, secrets redacted.
func (c *Config) LogValue() slog.Value { return slog.GroupValue(c.attrs()...) }

func (c *Config) attrs() []slog.Attr {
	var attrs []slog.Attr
	v := reflect.ValueOf(c).Elem()
	for _, variable := range Variables() {
		if variable.field != "" {
			// fmt uses the String methods, which is where the redaction is.
			attrs = append(attrs, slog.String(variable.Name, fmt.Sprint(v.FieldByName(variable.field).Interface())))
		}
	}
	return attrs
}

func variableOfField() map[string]string {
	names := make(map[string]string)
	for _, v := range Variables() {
		names[v.field] = v.Name
	}
	return names
}

func sortByVariable(found []Violation) {
	order := make(map[string]int)
	for i, v := range Variables() {
		order[v.Name] = i
	}
	slices.SortStableFunc(found, func(a, b Violation) int { return order[a.Variable] - order[b.Variable] })
}
