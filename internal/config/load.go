package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// Violation is one thing that is wrong with the configuration.
type Violation struct {
	Variable string
	Problem  string // what is wrong; never the value of a secret
	Fix      string // what would be right
}

// Error holds every violation, in the order of the variables.
type Error struct {
	Role       Role
	Violations []Violation
}

// Error lists the violations, one a line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration for %q has %d problem(s):", e.Role, len(e.Violations))
	for _, v := range e.Violations {
		fmt.Fprintf(&b, "\n  %s: %s", v.Variable, v.Problem)
		if v.Fix != "" {
			fmt.Fprintf(&b, "\n    → %s", v.Fix)
		}
	}
	return b.String()
}

// Load reads the environment and the .env file of the working directory, and
// checks what the role needs. Variables of .env that the environment lacks are
// also put into the environment, because the Temporal SDK reads its own there.
// The error is an *Error unless .env cannot be read.
func Load(role Role) (*Config, error) {
	environ := env.ToMap(os.Environ())
	file, err := readDotEnv(".env")
	if err != nil {
		return nil, err
	}
	for name, value := range file {
		if _, set := environ[name]; set {
			continue
		}
		environ[name] = value
		if err := os.Setenv(name, value); err != nil {
			return nil, &Error{Role: role, Violations: []Violation{{
				Variable: name, Problem: "cannot be taken over from .env", Fix: "check its name and value",
			}}}
		}
	}
	return LoadFrom(role, environ)
}

// LoadFrom is Load for given variables; it touches neither the environment nor files.
func LoadFrom(role Role, environ map[string]string) (*Config, error) {
	values := make(map[string]string, len(environ))
	for name, value := range environ {
		trimmed := strings.TrimSpace(value)
		if trimmed == "" {
			continue
		}
		if !spacesCount[name] {
			value = trimmed
		}
		values[name] = value
	}
	if values["LOG_LEVEL"] == "" && values["RUST_LOG"] != "" {
		values["LOG_LEVEL"] = values["RUST_LOG"]
	}
	cfg := &Config{Role: role}
	if strings.HasPrefix(values["SERVER_PORT"], "tcp://") {
		// Kubernetes sets this in every pod beside a service named "server".
		delete(values, "SERVER_PORT")
		cfg.Warnings = append(cfg.Warnings, "SERVER_PORT was set by Kubernetes for a service named server and is ignored; set enableServiceLinks: false")
	}
	found := parse(cfg, values)
	cfg.setRoleDefaults()
	found = append(found, cfg.check(values, failed(found))...)
	if len(found) > 0 {
		sortByVariable(found)
		return nil, &Error{Role: role, Violations: found}
	}
	cfg.Warnings = append(cfg.Warnings, misspelled(values)...)
	return cfg, nil
}

// readDotEnv returns nothing when there is no file.
func readDotEnv(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read .env: %w", err)
	}
	defer func() { _ = file.Close() }()
	values, err := godotenv.Parse(file)
	if err != nil {
		// The parser's text quotes the line, which may hold a secret.
		return nil, errors.New("read .env: it is not a list of NAME=value lines; quote values with spaces or quotes in them")
	}
	return values, nil
}

// parse fills cfg and returns what could not be read.
func parse(cfg *Config, values map[string]string) []Violation {
	funcs := make(map[reflect.Type]env.ParserFunc, len(parsers))
	for t, f := range parsers {
		funcs[t] = f
	}
	err := env.ParseWithOptions(cfg, env.Options{Environment: values, FuncMap: funcs})
	if err == nil {
		return nil
	}
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []Violation{{Variable: "environment", Problem: err.Error()}}
	}
	names := variableOfField()
	var found []Violation
	for _, one := range all.Errors {
		var parseErr env.ParseError
		if !errors.As(one, &parseErr) {
			found = append(found, Violation{Variable: "environment", Problem: one.Error()})
			continue
		}
		problem, fix, _ := strings.Cut(parseErr.Err.Error(), "; ")
		found = append(found, Violation{Variable: names[parseErr.Name], Problem: problem, Fix: fix})
	}
	return found
}

// failed returns the variables that have a violation already, so that a value
// that could not be read is not also reported as out of range.
func failed(found []Violation) map[string]bool {
	names := make(map[string]bool, len(found))
	for _, v := range found {
		names[v.Variable] = true
	}
	return names
}

// setRoleDefaults fills in what depends on the role or on the machine.
func (c *Config) setRoleDefaults() {
	if c.ServerHost == "" {
		c.ServerHost = "0.0.0.0"
		if c.Role == RoleDev {
			// dev lets loopback in without a key; it has no business on other addresses.
			c.ServerHost = "127.0.0.1"
		}
	}
	// dev keeps its index with its data: a cache drops what its database does not know.
	if c.IndexCacheDir == "" && c.Role != RoleDev {
		dir, err := os.UserCacheDir()
		if err != nil {
			dir = os.TempDir()
		}
		c.IndexCacheDir = filepath.Join(dir, "rustassistant", "index")
	}
}
