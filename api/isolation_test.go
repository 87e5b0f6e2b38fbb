package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// openAPIDocument is what the test needs of it.
type openAPIDocument struct {
	Paths      map[string]map[string]operationDocument
	Components struct{ Schemas map[string]map[string]any }
}

type operationDocument struct {
	OperationID string `json:"operationId"`
	Scope       string `json:"x-scope"`
	Parameters  []struct {
		Name, In string
		Schema   map[string]any
	}
	RequestBody *struct {
		Content map[string]struct{ Schema map[string]any }
	} `json:"requestBody"`
}

// Every operation of the document, also one that is added later, is called by another
// tenant of the same scopes with every id that it must not know, in the path, the query
// and the body, and with the tenant's slug in X-Tenant.
func TestNoOperationShowsOrChangesWhatAnotherTenantHas(t *testing.T) {
	t.Parallel()
	i := newIsolation(t)
	document, err := OpenAPI("test")
	require.NoError(t, err)
	var api openAPIDocument
	require.NoError(t, json.Unmarshal(document, &api))
	before := i.state()
	operations, answered := 0, 0
	// In one order: what an operation does, those after it must not show either.
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(api.Paths[path])) {
			operations++
			op := api.Paths[path][method]
			answered += i.call(&api, strings.ToUpper(method), path, &op)
		}
	}
	require.Equal(t, before, i.state(), "rows of the tenant were changed")
	require.Empty(t, i.intruded(), "rows of the other tenant hold what is not theirs")
	for _, span := range i.spans.GetSpans() {
		require.NotContains(t, fmt.Sprint(span.Name, span.Attributes, span.Events, span.Status), canary, "a span tells what a tenant has")
	}
	require.Empty(t, leakedLog.leaked(), "the log tells what a tenant has")
	require.NotContains(t, string(i.do("GET", "/metrics", nil).is(http.StatusOK).body), canary)
	// It would prove nothing if all were refused for another reason.
	_, rows := table(t)
	require.GreaterOrEqual(t, operations, len(rows)-6, "operations that are not hidden")
	require.Greater(t, answered, operations/3, "operations that answered with the caller's own")
	t.Logf("%d operations, %d answers with the caller's own, %d ids", operations, answered, len(i.ids))
}

// call sends what may be sent to one operation, and returns 1 if it ever succeeded.
func (i *isolation) call(api *openAPIDocument, method, path string, op *operationDocument) (succeeded int) {
	i.t.Helper()
	if op.OperationID == "signOut" || op.OperationID == "watchIndexJob" && !strings.Contains(path, "{id}") {
		return 0
	}
	named := strings.Contains(path, "{") // an id of the tenant is in the path
	for n, target := range i.targets(path, op) {
		for _, body := range i.bodies(api, op, n) {
			a := i.as(method, target, body)
			request := method + " " + target + " " + body
			i.leaks(a, request)
			if named && !isText(path) {
				require.GreaterOrEqual(i.t, a.status, 400, request+": "+string(a.body))
			}
			require.Less(i.t, a.status, 500, request+": "+string(a.body))
			if a.status < 300 {
				succeeded = 1
			}
		}
	}
	if op.Scope != string(scopePublic) {
		target, _, _ := strings.Cut(i.targets(path, op)[0], "?")
		bodies := i.bodies(api, op, 0)
		a := i.as(method, target, bodies[0], "X-Tenant", i.tenant.Slug)
		require.Equal(i.t, http.StatusNotFound, a.status, "%s %s with X-Tenant: %s", method, target, a.body)
		i.leaks(a, method+" "+target)
	}
	return succeeded
}

// isText reports whether the path's parameter is no id of a row but a text that any
// tenant may ask its own data for.
func isText(path string) bool { return strings.Contains(path, "{user_id}") }

func (i *isolation) as(method, target, body string, headers ...string) answer {
	i.t.Helper()
	headers = append(headers, "X-API-Key", i.foreign)
	if body == "" {
		return i.do(method, target, nil, headers...)
	}
	if strings.HasSuffix(target, "/bulk") {
		headers = append(headers, "Content-Type", mediaNDJSON)
	}
	return i.do(method, target, body, headers...)
}

// targets are the path with each id in place of its parameters, without and with a
// query in which each parameter asks for the tenant's.
func (i *isolation) targets(path string, op *operationDocument) (out []string) {
	paths := []string{path}
	if strings.Contains(path, "{") {
		paths = paths[:0]
		for _, id := range i.ids {
			p := strings.NewReplacer("{slug}", i.tenant.Slug, "{user_id}", "user-of-a").Replace(path)
			for strings.Contains(p, "{") {
				from, to := strings.Index(p, "{"), strings.Index(p, "}")
				p = p[:from] + id + p[to+1:]
			}
			if paths = append(paths, p); p == paths[0] && len(paths) > 1 {
				break // the path has no id
			}
		}
	}
	out = append(out, paths...)
	for _, p := range op.Parameters {
		if p.In != "query" {
			continue
		}
		values := []string{i.ids[0], "harvest", i.tenant.Slug, "user-of-a"}
		if strings.HasSuffix(p.Name, "id") {
			values = i.ids
		}
		for _, v := range values {
			out = append(out, paths[0]+"?"+p.Name+"="+url.QueryEscape(v))
		}
	}
	return out
}

// bodies are made of the schema: only what is required, and all of it, with the
// tenant's ids and words wherever they fit.
func (i *isolation) bodies(api *openAPIDocument, op *operationDocument, turn int) []string {
	i.t.Helper()
	if op.RequestBody == nil {
		return []string{""}
	}
	var schema map[string]any
	for media, content := range op.RequestBody.Content {
		if media != mediaMultipart {
			schema = content.Schema
		}
	}
	var out []string
	for _, everything := range []bool{false, true} {
		s := sampler{api: api, id: i.ids[turn%len(i.ids)], slug: i.tenant.Slug, everything: everything}
		body, err := json.Marshal(s.value("", schema, 0))
		require.NoError(i.t, err)
		out = append(out, string(body))
	}
	return out
}

// sampler makes values of a JSON Schema.
type sampler struct {
	api        *openAPIDocument
	id, slug   string
	everything bool
}

func (s *sampler) value(name string, schema map[string]any, depth int) any {
	if ref, ok := schema["$ref"].(string); ok {
		schema = s.api.Components.Schemas[ref[strings.LastIndex(ref, "/")+1:]]
	}
	if enum, ok := schema["enum"].([]any); ok && len(enum) > 0 {
		return enum[0]
	}
	for _, several := range []string{"oneOf", "anyOf", "allOf"} {
		if all, ok := schema[several].([]any); ok && len(all) > 0 {
			return s.value(name, all[0].(map[string]any), depth)
		}
	}
	switch kindOfSchema(schema) {
	case "string":
		return s.text(name, schema)
	case "integer", "number":
		if least, ok := schema["minimum"].(float64); ok {
			return least
		}
		return 1
	case "boolean":
		return false
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{s.value(name, items, depth+1)}
	default:
		return s.object(schema, depth)
	}
}

func kindOfSchema(schema map[string]any) string {
	switch kind := schema["type"].(type) {
	case string:
		return kind
	case []any: // with "null"
		first, _ := kind[0].(string)
		return first
	default:
		return "object"
	}
}

func (s *sampler) text(name string, schema map[string]any) string {
	switch {
	case schema["format"] == "date-time":
		return "2026-01-02T03:04:05Z"
	case schema["format"] == "date":
		return "2026-01-02"
	case name == "url" || strings.HasSuffix(name, "_url"):
		return "https://example.net/"
	case name == "events":
		return "*"
	case name == "scopes":
		return "search"
	case name == "slug" || name == "confirm":
		return s.slug
	case name == "external_id" || name == "repo_id":
		return "harvest" // names that a tenant gives: its own come back in its own lists
	case strings.Contains(name, "id") && name != "user_id":
		return s.id
	default:
		return "harvest"
	}
}

func (s *sampler) object(schema map[string]any, depth int) map[string]any {
	out := map[string]any{}
	required := map[string]bool{}
	names, _ := schema["required"].([]any)
	for _, r := range names {
		required[r.(string)] = true
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, p := range properties {
		if (s.everything || required[name]) && depth < 4 {
			if property, ok := p.(map[string]any); ok {
				out[name] = s.value(name, property, depth+1)
			}
		}
	}
	return out
}
