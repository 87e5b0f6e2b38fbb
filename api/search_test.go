package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/search"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

const asyncDocument = "Rust async patterns: futures, tasks and executors. Use tokio for async runtimes."

func TestTheGuidesQuickTestOfCaching(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	e.add(map[string]any{"title": "Async in Rust", "content": asyncDocument})
	const request = `{"query": "rust async patterns", "type": "semantic"}`
	first, one := e.search(request)
	second, two := e.search(request)
	require.Equal(t, "MISS", first.header.Get("X-Cache"))
	require.Equal(t, "HIT", second.header.Get("X-Cache"))
	require.Regexp(t, `^cache;dur=[\d.]+, index;dur=[\d.]+, total;dur=[\d.]+$`, first.header.Get("Server-Timing"))
	require.Regexp(t, `^cache;dur=[\d.]+, total;dur=[\d.]+$`, second.header.Get("Server-Timing"))
	require.Equal(t, "Async in Rust", two.Results[0].Title)
	require.Equal(t, one.Results, two.Results)
	require.True(t, two.Cached)
	require.Equal(t, "keyword", two.AnsweredBy)
	require.Contains(t, two.Notice, "answered by keyword")

	stats := e.do("GET", "/api/stats", nil).is(200).json()
	cached := stats["cache"].(map[string]any)
	require.Equal(t, true, cached["enabled"])
	require.EqualValues(t, 1, cached["hits"])
	require.EqualValues(t, 1, cached["misses"])
	require.InDelta(t, 0.5, cached["hit_rate"], 1e-9)
	require.EqualValues(t, 1, cached["memory_items"])
	require.Equal(t, true, cached["redis"].(map[string]any)["configured"])
	require.EqualValues(t, 1, stats["documents"].(map[string]any)["searchable"])
	require.EqualValues(t, 1, stats["chunks"].(map[string]any)["total"])
	require.EqualValues(t, 2, stats["search"].(map[string]any)["requests"])
	require.NotNil(t, stats["search"].(map[string]any)["p95_ms"])

	metrics := string(e.do("GET", "/metrics", nil).is(200).body)
	require.Contains(t, metrics, `search_duration_seconds_count{cache="hit",type="semantic"} 1`)
	require.Contains(t, metrics, `cache_requests_total{result="hit",tier="memory"} 1`)
	require.Contains(t, metrics, `cache_requests_total{result="miss",tier="redis"} 1`)
}

func TestNoCacheBypasses(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	e.add(map[string]any{"content": asyncDocument})
	e.search(`{"query": "rust"}`)
	a, out := e.search(`{"query": "rust"}`, "Cache-Control", "max-age=0, No-Cache")
	require.Equal(t, "BYPASS", a.header.Get("X-Cache"))
	require.False(t, out.Cached)
	require.Regexp(t, `^index;dur=[\d.]+, total;dur=[\d.]+$`, a.header.Get("Server-Timing"))
	a, _ = e.search(`{"query": "rust"}`, "Cache-Control", "max-age=0")
	require.Equal(t, "HIT", a.header.Get("X-Cache"))
}

func TestCommitsAndDeletesShowWithinASecond(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	made := e.add(map[string]any{"content": asyncDocument})
	_, out := e.search(`{"query": "tokio zebra"}`)
	require.EqualValues(t, 1, out.TotalResults)
	become := func(total int64, since time.Time) {
		require.Eventually(t, func() bool {
			_, out := e.search(`{"query": "tokio zebra"}`)
			return out.TotalResults == total
		}, 5*time.Second, 10*time.Millisecond)
		require.Less(t, time.Since(since), time.Second, "without any notification")
	}
	e.add(map[string]any{"content": "a zebra"})
	become(2, time.Now())
	e.do("DELETE", "/api/documents/"+made.ID.String(), nil).is(http.StatusNoContent)
	become(1, time.Now())
}

func TestAnotherProcessFindsTheAnswerInRedis(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	e.add(map[string]any{"content": asyncDocument})
	other := e.newService(t, e.store)
	server, err := New(Deps{
		Store: e.store, Verifier: e.verifier, Starter: e.starter, Search: other, Metrics: telemetry.NewMetrics("test", "test"),
	})
	require.NoError(t, err)
	second := httptest.NewServer(server)
	t.Cleanup(second.Close)
	e.search(`{"query": "rust"}`)
	require.Eventually(t, func() bool { return e.service.Stats().Cache.Redis.Written == 1 }, 5*time.Second, time.Millisecond)
	e.http.URL, second.URL = second.URL, e.http.URL
	a, out := e.search(`{"query": "rust"}`)
	require.Equal(t, "HIT", a.header.Get("X-Cache"))
	require.True(t, out.Cached)
	require.EqualValues(t, 1, other.Stats().Cache.Redis.Hits)
}

func TestWithoutNewsSearchGoesOnAndSaysStale(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	e.add(map[string]any{"content": asyncDocument})
	e.search(`{"query": "rust"}`)
	e.deaf.Store(true)
	require.Eventually(t, func() bool {
		a, out := e.search(`{"query": "rust"}`)
		return a.header.Get("X-Cache") == "STALE" && out.Stale && len(out.Results) == 1
	}, 10*time.Second, 20*time.Millisecond)
	e.deaf.Store(false)
	require.Eventually(t, func() bool {
		a, out := e.search(`{"query": "rust"}`)
		return a.header.Get("X-Cache") == "HIT" && !out.Stale
	}, 10*time.Second, 20*time.Millisecond)
}

func TestPagesThroughTheAPI(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	var lines strings.Builder
	for i := range 25 {
		fmt.Fprintf(&lines, "{\"title\":\"Zebra %d\",\"content\":\"zebra %s %d\"}\n", i%3, strings.Repeat("x ", i%4), i)
	}
	bulk := e.do("POST", "/api/documents/bulk", lines.String(), "Content-Type", "application/x-ndjson").is(202).json()
	e.commit(e.tenant.ID, uuid.MustParse(bulk["job_id"].(string)))
	seen, cursor, pages := map[uuid.UUID]bool{}, "", 0
	for {
		_, out := e.search(`{"query": "zebra"` + cursor + `}`)
		require.EqualValues(t, 25, out.TotalResults)
		for _, r := range out.Results {
			require.False(t, seen[r.DocumentID])
			seen[r.DocumentID] = true
		}
		pages++
		if out.NextCursor == nil {
			break
		}
		cursor = `, "cursor": "` + *out.NextCursor + `"`
	}
	require.Len(t, seen, 25)
	require.Equal(t, 3, pages)
	e.do("POST", "/api/search", `{"query": "another"`+cursor+`}`).problem(422, domain.CodeInvalid).names(t, "cursor")
}

func TestSearchesOfOneTenantNeverSeeAnother(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	e.add(map[string]any{"content": asyncDocument})
	e.search(`{"query": "rust"}`)
	for _, headers := range [][]string{{"X-API-Key", e.foreign}, {"X-Tenant", "other"}} {
		a, out := e.search(`{"query": "rust"}`, headers...)
		require.Empty(t, out.Results)
		require.NotEqual(t, "STALE", a.header.Get("X-Cache"))
	}
}

func TestBadSearchesAreRefusedByName(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	for body, field := range map[string]string{
		`{}`: "query", `{"query": "` + strings.Repeat("x", 100<<10) + `"}`: "query", `{"query": "a\u0000"}`: "query",
		"{\"query\": \"\xff\"}": "query", `{"query": "q", "colour": 1}`: "colour", `{"query": "q", "limit": 101}`: "limit",
		`{"query": "q", "filters": {"colour": "red"}}`: "filters.colour", `{"query": "q", "cursor": "AAAA"}`: "cursor",
	} {
		e.do("POST", "/api/search", body).problem(422, domain.CodeInvalid).names(t, field)
	}
	e.do("POST", "/api/search", `{"query": `).problem(400, domain.CodeMalformed)
	e.do("POST", "/api/search", "").problem(400, domain.CodeMalformed)
	e.do("POST", "/api/search", `{"query": "`+strings.Repeat("x", searchBody)+`"}`).problem(413, domain.CodeTooLarge)
	e.do("POST", "/api/search", bytes.NewReader(bytes.Repeat([]byte("x"), 2<<20)), "Content-Type", "application/json").problem(413, domain.CodeTooLarge)
	e.do("POST", "/api/search", `query=q`, "Content-Type", "application/x-www-form-urlencoded").problem(415, domain.CodeUnsupportedMedia)
	e.do("GET", "/api/search", nil).problem(405, codeMethodNotAllowed)
}

func TestSearchAndStatsNeedTheirScopes(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	const request = `{"query": "q"}`
	for scope, want := range map[auth.Scope][2]int{
		auth.ScopeSearch: {200, 200}, auth.ScopeDocumentsRead: {403, 200}, auth.ScopeWebhooks: {403, 403},
	} {
		key := e.key(e.tenant, scope)
		e.do("POST", "/api/search", request, "X-API-Key", key).is(want[0])
		e.do("GET", "/api/stats", nil, "X-API-Key", key).is(want[1])
	}
	e.do("POST", "/api/search", request, "X-API-Key", "").problem(401, domain.CodeUnauthenticated)
	e.do("GET", "/api/stats", nil, "X-API-Key", "").problem(401, domain.CodeUnauthenticated)
}

// The documented types are not what reads and writes the bytes; this holds them together.
func TestTheDocumentedTypesAreTheRealOnes(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	e.add(map[string]any{
		"title": "Async", "content": asyncDocument, "doc_type": "guide", "tags": []string{"a"}, "metadata": map[string]any{"n": 1},
		"source_type": "web", "source_url": "https://example.com", "repo_id": "r", "external_id": "x", "language": "en",
	})
	request := SearchRequest{
		Query: "rust", Type: search.TypeHybrid, SearchType: search.TypeHybrid, Limit: 1, Highlight: true, GroupBy: search.GroupDocument,
		Explain: true, UserID: "u", Filters: &SearchFilters{
			DocType: []string{"guide"}, Tags: []string{"a"}, SourceType: []string{"web"}, RepoID: []string{"r"}, ExternalID: []string{"x"},
			Language: []string{"en"}, Metadata: map[string]any{"n": 1}, DateFrom: "2020-01-01", DateTo: "2999-12-31",
			And: []SearchFilters{{Tags: []string{"a"}}}, Or: []SearchFilters{{Tags: []string{"a"}}}, Not: &SearchFilters{Tags: []string{"b"}},
		},
	}
	a := e.do("POST", "/api/search", request).is(200)
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.DisallowUnknownFields()
	var out SearchAnswer
	require.NoError(t, dec.Decode(&out), "%s", a.body)
	require.Len(t, out.Results, 1)
	again, err := json.Marshal(out)
	require.NoError(t, err)
	require.JSONEq(t, string(a.body), string(again), "no documented field is missing")

	request.Cursor = *out.NextCursor
	_, rest := e.search(string(must(json.Marshal(request))))
	require.Empty(t, rest.Results)
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}
