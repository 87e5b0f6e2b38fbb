package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

// table is the route table of a server without anything behind it.
func table(t *testing.T) (*Server, []route) {
	t.Helper()
	s := newServer(Deps{Metrics: telemetry.NewMetrics("test", "test"), Version: "test"})
	return s, s.routeTable()
}

func TestEveryRouteHasAScopeAndALimit(t *testing.T) {
	t.Parallel()
	_, rows := table(t)
	known := append(auth.AllScopes(), scopePublic, scopeSignedIn)
	// What needs no key is listed here once more, so that it is a decision.
	public := []string{
		"signIn", "signOut", "getHealth", "getHealthShort", "getLiveness", "getReadiness", "getMetrics", "getOpenAPI", "getDocs", "getDocsStyle",
	}
	for _, r := range rows {
		require.Contains(t, known, r.scope, "%s %s needs a scope", r.method, r.path)
		require.Equal(t, slices.Contains(public, r.id), r.scope == scopePublic, "%s %s", r.method, r.path)
		require.NotEmpty(t, r.id, r.path)
		if strings.HasPrefix(r.path, "/api/admin/") {
			require.Contains(t, []auth.Scope{auth.ScopeWebhooks, auth.ScopeAnalyticsRead, auth.ScopeAdmin, auth.ScopePlatform}, r.scope, r.path)
		}
		// Deleting a tenant for good wants its name once more.
		if r.method == http.MethodGet || r.method == http.MethodDelete && r.id != "offboardTenant" {
			require.Equal(t, int64(noBody), r.bodyLimit, r.path)
		}
	}
}

func TestTheRouterHasTheRowsAndThePagesOnly(t *testing.T) {
	t.Parallel()
	s, rows := table(t)
	expected := map[string]bool{"GET /admin": true, "GET /admin/*path": true, "GET /": true, "GET /problems/:code": true}
	for _, r := range rows {
		require.False(t, expected[r.key()], "%s is there twice", r.key())
		expected[r.key()] = true
	}
	for _, r := range s.engine.Routes() {
		require.True(t, expected[r.Method+" "+r.Path], "%s %s is not in the table", r.Method, r.Path)
		delete(expected, r.Method+" "+r.Path)
	}
	require.Empty(t, expected)
}

func TestOpenAPIAndTheTableSayTheSame(t *testing.T) {
	t.Parallel()
	document, err := OpenAPI("1.2.3")
	require.NoError(t, err)
	var api struct {
		OpenAPI string `json:"openapi"`
		Info    struct{ Version string }
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Scope       string `json:"x-scope"`
			Tags        []string
			Parameters  []struct{ Name, In string }
			RequestBody *json.RawMessage `json:"requestBody"`
			Responses   map[string]json.RawMessage
			Security    []map[string][]string
		}
		Components struct {
			Schemas map[string]json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(document, &api))
	require.Equal(t, "3.1.0", api.OpenAPI)
	require.Equal(t, "1.2.3", api.Info.Version)
	_, rows := table(t)
	seen, operations := map[string]bool{}, 0
	for _, r := range rows {
		if r.hidden {
			continue
		}
		operations++
		op, ok := api.Paths[r.path][strings.ToLower(r.method)]
		require.True(t, ok, "%s %s is not documented", r.method, r.path)
		require.Equal(t, r.id, op.OperationID)
		require.False(t, seen[r.id], r.id)
		seen[r.id] = true
		require.Equal(t, string(r.scope), op.Scope)
		require.Equal(t, r.scope != scopePublic, len(op.Security) > 0, r.id)
		require.Equal(t, r.bodyLimit != noBody, op.RequestBody != nil, r.id)
		for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(r.path, -1) {
			require.True(t, slices.ContainsFunc(op.Parameters, func(p struct{ Name, In string }) bool { return p.Name == m[1] && p.In == "path" }), r.id)
		}
		success := slices.ContainsFunc([]string{"200", "201", "202", "204"}, func(s string) bool { _, ok := op.Responses[s]; return ok })
		require.True(t, success, "%s documents no success", r.id)
	}
	documented := 0
	for _, item := range api.Paths {
		documented += len(item)
	}
	require.Equal(t, operations, documented)
	for _, m := range regexp.MustCompile(`"#/components/schemas/(\w+)"`).FindAllStringSubmatch(string(document), -1) {
		require.Contains(t, api.Components.Schemas, m[1])
	}
}

func TestDocsNameEveryOperationAndNeedNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s, rows := table(t)
	require.NoError(t, s.renderDocs())
	page := string(s.docs)
	for _, r := range rows {
		if !r.hidden {
			require.Contains(t, page, `id="`+r.id+`"`)
		}
	}
	for _, k := range problemKinds {
		if k.code != codeCanceled {
			require.Contains(t, page, `id="problem-`+string(k.code)+`"`)
		}
	}
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "style=")
	require.NotContains(t, page, "ZgotmplZ")
	require.NotRegexp(t, `(?:src|href)="https?:`, page)
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		require.Contains(t, page, `id="`+m[1]+`"`)
	}
}
