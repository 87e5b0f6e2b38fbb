package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("GET", "/api/nothing", nil).problem(404, domain.CodeNotFound)
	e.do("GET", "/api/documents/", nil).problem(404, domain.CodeNotFound)
	e.do("GET", "/nothing", nil).problem(404, domain.CodeNotFound)
	a := e.do("PUT", "/api/documents", `{}`)
	a.problem(405, codeMethodNotAllowed)
	require.Contains(t, a.header.Get("Allow"), "POST")
	require.Equal(t, "/admin", e.do("GET", "/", nil).is(302).header.Get("Location"))
	require.Contains(t, e.do("GET", "/admin", nil).header.Get("Content-Type"), "text/html")
	require.Equal(t, "/api/docs#problem-not_found", e.do("GET", "/problems/not_found", nil).is(302).header.Get("Location"))
}

func TestHealthProbesMetricsAndDocs(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for _, path := range []string{"/health", "/api/health"} {
		health := e.do("GET", path, nil, "X-API-Key", "").is(200).json()
		require.Equal(t, "ok", health["status"])
		require.Equal(t, "off", health["services"].(map[string]any)["redis"])
	}
	for _, path := range []string{"/livez", "/readyz", "/api/openapi.json", "/api/docs", "/api/docs/style.css", "/health"} {
		require.Empty(t, e.do("HEAD", path, nil, "X-API-Key", "").is(200).body)
		e.do("GET", path, nil, "X-API-Key", "").is(200)
	}
	e.do("GET", "/api/documents/"+uuid.NewString(), nil).is(404)
	metrics := string(e.do("GET", "/metrics", nil, "X-API-Key", "").is(200).body)
	require.Contains(t, metrics, `route="/api/documents/:id",status="404"`)
	require.NotRegexp(t, `route="/api/documents/[0-9a-f]`, metrics)

	var health AdminHealth
	e.do("GET", "/api/admin/health", nil).is(200).into(&health)
	require.Len(t, health.Services, 5)
	require.Equal(t, "http://temporal.test", health.Links.TemporalUI)
	e.create(map[string]any{"content": "x"})
	var stats AdminStats
	e.do("GET", "/api/admin/stats", nil).is(200).into(&stats)
	require.Equal(t, int64(1), stats.Documents.Total)
	require.Equal(t, int64(1), stats.Documents.Pending)
	require.Equal(t, int64(1), stats.Jobs.Queued)
	require.Len(t, stats.RecentJobs, 1)
	require.NotNil(t, stats.Throughput)
}

func TestRequestIDsAreKeptWhenTheyAreSane(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	require.Equal(t, "client-id-1", e.do("GET", "/livez", nil, "X-Request-Id", "client-id-1").header.Get("X-Request-Id"))
	for _, bad := range []string{"short", "with space here", strings.Repeat("x", 129), "a<script>b"} {
		got := e.do("GET", "/livez", nil, "X-Request-Id", bad).header.Get("X-Request-Id")
		_, err := uuid.Parse(got)
		require.NoError(t, err)
	}
}

func TestAPanicIsA500ThatShowsNothing(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.server.engine.GET("/panic", func(*gin.Context) { panic("secret canary") })
	a := e.do("GET", "/panic", nil)
	a.problem(500, domain.CodeInternal)
	require.NotContains(t, string(a.body), "canary")
}

func TestWithoutTheDatabaseWritesAre503AndHealthSaysSo(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	away, err := store.Open(t.Context(), store.Options{URL: "postgres://x:y@" + address + "/none"})
	require.NoError(t, err)
	t.Cleanup(away.Close)
	e.do("GET", "/api/documents", nil).is(200) // the key is known from here on
	e.server.deps.Store = away
	a := e.do("POST", "/api/documents", `{"content":"x"}`)
	p := a.problem(503, domain.CodeUnavailable)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.NotContains(t, p.Detail, address)
	e.do("POST", bulkPath, strings.NewReader(`{"content":"x"}`)).problem(503, domain.CodeUnavailable)
	require.Equal(t, "down", e.do("GET", "/health", nil).is(503).json()["status"])
	e.do("GET", "/readyz", nil).is(503)
	e.do("GET", "/livez", nil).is(200)
	require.Empty(t, e.starter.started())
}

func TestJobsAreListedCanceledAndWatched(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	made := e.create(map[string]any{"content": "x", "external_id": "n", "title": "T"})
	path := "/api/index/jobs/" + made.JobID.String()
	var job Job
	e.do("GET", path, nil).is(200).into(&job)
	require.Equal(t, domain.JobQueued, job.State)
	require.Equal(t, 1, job.Total)
	require.Contains(t, job.TemporalURL, "http://temporal.test/index/")
	e.do("GET", "/api/admin/jobs/"+made.JobID.String(), nil).is(200)
	var items JobItemList
	e.do("GET", path+"/items?state=queued", nil).is(200).into(&items)
	require.Equal(t, "n", items.Items[0].ExternalID)
	e.do("GET", path+"/items?cursor=abc", nil).problem(422, domain.CodeInvalid).names(t, "cursor")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.http.URL+path+"/events", nil)
	require.NoError(t, err)
	req.Header.Set("X-API-Key", e.admin)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	events := bufio.NewScanner(res.Body)
	next := func() (name, data string) {
		for events.Scan() {
			if rest, ok := strings.CutPrefix(events.Text(), "event: "); ok {
				name = rest
			}
			if rest, ok := strings.CutPrefix(events.Text(), "data: "); ok {
				return name, rest
			}
		}
		return "", ""
	}
	name, data := next()
	require.Equal(t, "progress", name)
	require.NoError(t, json.Unmarshal([]byte(data), &job))
	require.Equal(t, domain.JobQueued, job.State)
	e.do("POST", path+"/cancel", nil).is(200).into(&job)
	require.Equal(t, domain.JobCanceled, job.State)
	name, data = next()
	require.Equal(t, "progress", name)
	require.Contains(t, data, `"canceled"`)
	name, _ = next()
	require.Equal(t, "end", name)
	e.do("POST", path+"/cancel", nil).problem(409, domain.CodeConflict)

	var again IndexAccepted
	e.do("POST", "/api/index", fmt.Sprintf(`{"document_id":%q}`, made.ID)).is(202).into(&again)
	require.Equal(t, 1, again.Documents)
	e.do("POST", "/api/index/batch", fmt.Sprintf(`{"document_ids":[%q,"nope"],"force_reindex":true}`, made.ID)).is(202).into(&again)
	require.Equal(t, []string{"nope"}, again.NotFound)
	e.do("POST", "/api/index", `{}`).problem(422, domain.CodeInvalid).names(t, "document_id")
	e.do("POST", "/api/index/batch", `{"document_ids":[]}`).problem(422, domain.CodeInvalid).names(t, "document_ids")
	e.do("POST", "/api/index", fmt.Sprintf(`{"document_id":%q}`, uuid.NewString())).problem(404, domain.CodeNotFound)
	var list JobList
	e.do("GET", "/api/index/jobs?limit=2", nil).is(200).into(&list)
	require.Len(t, list.Jobs, 2)
	require.NotEmpty(t, list.NextCursor)
	e.do("GET", "/api/index/jobs?state=canceled", nil).is(200).into(&list)
	require.Len(t, list.Jobs, 1)
}

func TestTenantsAreCreatedByThePlatform(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var made CreatedTenant
	e.do("POST", "/api/admin/tenants", `{"slug":"acme","name":"Acme","create_key":true}`).is(201).into(&made)
	require.Equal(t, "acme", made.Slug)
	e.do("GET", "/api/admin/api-keys", nil, "X-API-Key", made.APIKey.Key).is(200)
	e.do("POST", "/api/admin/tenants", `{"slug":"acme"}`).problem(409, domain.CodeConflict)
	e.do("POST", "/api/admin/tenants", `{"slug":"Not A Slug"}`).problem(422, domain.CodeInvalid).names(t, "slug")
	e.do("POST", "/api/admin/tenants", `{"slug":"x"}`, "X-API-Key", e.foreign).problem(403, domain.CodePermissionDenied)
	var list TenantList
	e.do("GET", "/api/admin/tenants?limit=2", nil).is(200).into(&list)
	require.Equal(t, "acme", list.Tenants[0].Slug)
	e.do("GET", "/api/admin/tenants?cursor="+list.NextCursor, nil).is(200).into(&list)
	require.Equal(t, "other", list.Tenants[0].Slug)
	single := newEnv(t, func(d *Deps) { d.SingleTenant = true })
	single.do("POST", "/api/admin/tenants", `{"slug":"acme"}`).problem(409, domain.CodeConflict)
}

func TestStoppingFinishesWhatRunsAndEndsStreams(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	made := e.create(map[string]any{"content": "x"})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.server.Run(ctx, listener) }()
	base := "http://" + listener.Addr().String()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/index/jobs/"+made.JobID.String()+"/events", nil)
	require.NoError(t, err)
	req.Header.Set("X-API-Key", e.admin)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 200, res.StatusCode)
	stop()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the server did not stop")
	}
	e.do("GET", "/readyz", nil).is(503) // through the other listener
	var list APIKeyList
	e.do("GET", "/api/admin/api-keys", nil).into(&list)
	require.Positive(t, list.APIKeys[0].RequestCount, "what was counted is written at the end")
}
