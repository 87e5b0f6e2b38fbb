package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const tenantPage = `{"tenants":[{"slug":"acme","name":"Acme \u001b[2J","state":"suspended","tier":"free","created_at":"2026-01-02T03:04:05Z"}]}`

func TestTenantsAreListedShownAndMade(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).
		on("GET /api/admin/tenants", 200, tenantPage).
		on("GET /api/admin/tenants/acme", 200, `{"slug":"acme","state":"active","tier":"free","quota":{"webhooks":7},"operations":[{"kind":"export","state":"failed","error":"no room"}]}`).
		on("POST /api/admin/tenants", 202, `{"slug":"new","state":"provisioning","api_key":{"id":"k","key":"ra_live_x"}}`).
		on("GET /api/admin/tenants/new", 200, `{"slug":"new","state":"provisioning"}`).
		on("GET /api/admin/tenants/new", 200, `{"slug":"new","state":"active"}`)
	out, _, err := api.run("tenant", "list", "--state", "suspended", "-q", "ac")
	require.NoError(t, err)
	require.Contains(t, out, "acme  suspended  free")
	require.NotContains(t, out, "\x1b")
	require.Contains(t, api.requests()[len(api.requests())-1].what, "state=suspended")
	out, _, err = api.run("tenant", "show", "acme")
	require.NoError(t, err)
	require.Regexp(t, `quota webhooks +7`, out)
	require.Contains(t, out, "export failed: no room")
	out, _, err = api.run("tenant", "create", "new", "--tier", "standard", "--key")
	require.NoError(t, err)
	require.Contains(t, out, "ra_live_x")
	require.Contains(t, out, "active", "it waits until the tenant can be used")
	_, _, err = api.run("tenant", "show", "nobody")
	require.Error(t, err)
}

func TestATenantIsOnlyDeletedByWhoConfirms(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).
		on("DELETE /api/admin/tenants/acme", 202, `{"operation":{"id":"o1","kind":"offboard","state":"running","stage":"stop"}}`).
		on("GET /api/admin/tenants/acme/operations", 200, `{"operations":[{"id":"o1","kind":"offboard","state":"running","stage":"purge"}]}`).
		on("GET /api/admin/tenants/acme/operations", 200, `{"operations":[{"id":"o1","kind":"offboard","state":"completed","stage":"done"}]}`).
		on("GET /api/admin/tenants/acme/certificate", 200, `{"id":"c1","slug":"acme","sha256":"ab12","content":{"rows":{"documents":3},"total_rows":4}}`)
	asked := func() int { return strings.Count(strings.Join(whats(api), " "), "DELETE") }
	for _, answer := range []string{"", "acme2\n", "no\n"} {
		root := newRootCommand()
		root.SetIn(strings.NewReader(answer))
		root.SetOut(&bytes.Buffer{})
		root.SetErr(&bytes.Buffer{})
		root.SetArgs([]string{"tenant", "offboard", "acme", "--server", api.url})
		require.ErrorContains(t, root.ExecuteContext(t.Context()), "nothing was deleted")
	}
	require.Zero(t, asked())
	out, _, err := api.run("tenant", "offboard", "acme", "--yes", "--export", "--wait")
	require.NoError(t, err)
	require.Equal(t, 1, asked())
	require.Contains(t, out, "ab12")
	require.Contains(t, out, "documents")
}

func TestAnOperationThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).
		on("POST /api/admin/tenants/acme/suspend", 202, `{"tenant":{"slug":"acme","state":"suspended"},"operation":{"id":"o1","kind":"suspend","state":"running"}}`).
		on("GET /api/admin/tenants/acme/operations", 200, `{"operations":[{"id":"o1","kind":"suspend","state":"failed","error":"terminated"}]}`)
	out, _, err := api.run("tenant", "suspend", "acme")
	require.NoError(t, err)
	require.Contains(t, out, "acme is suspended")
	_, _, err = api.run("tenant", "suspend", "acme", "--wait")
	require.ErrorContains(t, err, "terminated")
}

func TestABrokenDownloadOfAnExportGoesOn(t *testing.T) {
	t.Parallel()
	archive := bytes.Repeat([]byte("0123456789"), 50_000)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			w.Header().Set("Content-Length", "500000")
			_, _ = w.Write(archive[:123_457])
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Unix(1, 0), bytes.NewReader(archive))
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "acme.tar")
	root := newRootCommand()
	root.SetOut(&bytes.Buffer{})
	root.SetErr(&bytes.Buffer{})
	root.SetArgs([]string{"tenant", "export", "acme", "--id", "e1", "--output", file, "--server", server.URL})
	require.NoError(t, root.ExecuteContext(t.Context()))
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.Equal(archive, got))
	// Given again, it finds that all is there.
	root.SetArgs([]string{"tenant", "export", "acme", "--id", "e1", "--output", file, "--server", server.URL})
	require.NoError(t, root.ExecuteContext(t.Context()))
	got, err = os.ReadFile(file)
	require.NoError(t, err)
	require.Len(t, got, len(archive))
}

func whats(api *fakeAPI) (out []string) {
	for _, r := range api.requests() {
		out = append(out, r.what)
	}
	return out
}
