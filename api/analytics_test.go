package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/analytics"
	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// analyticsPaths are all lists and figures of analytics.
var analyticsPaths = []string{
	"popular", "trending", "stats", "timeseries", "zero-results", "latency", "clicks", "users/ann", "export", "export?format=ndjson",
}

// newAnalyticsEnv records what is searched for, and stores it at once.
func newAnalyticsEnv(t *testing.T, change ...func(*Deps)) *searchEnv {
	t.Helper()
	return newSearchEnv(t, func(d *Deps) {
		recorder := analytics.NewRecorder(d.Store, analytics.Options{Batch: 1})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); recorder.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
		d.Analytics = recorder
		for _, c := range change {
			c(d)
		}
	})
}

func (e *env) analytics(path string, into any, headers ...string) {
	e.t.Helper()
	e.do(http.MethodGet, "/api/admin/analytics/"+path, nil, headers...).is(http.StatusOK).into(into)
}

// eventually waits for what is stored beside the request.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, 20*time.Millisecond)
}

func TestAnalyticsWithoutSearchesAreEmptyAndNotAnError(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for _, path := range analyticsPaths {
		a := e.do(http.MethodGet, "/api/admin/analytics/"+path, nil).is(http.StatusOK)
		require.NotRegexp(t, `"(queries|recent|points|kinds|documents|positions)":null`, string(a.body), path)
		if !strings.HasPrefix(path, "export") {
			require.Equal(t, false, a.json()["enabled"], "%s: nothing is recorded here", path)
		}
	}
	click := map[string]any{"query_id": uuid.Must(uuid.NewV7()), "document_id": uuid.New(), "position": 1}
	e.do(http.MethodPost, "/api/search/click", click).is(http.StatusNoContent)
}

func TestASearchShowsInAnalyticsWithinSeconds(t *testing.T) {
	t.Parallel()
	e := newAnalyticsEnv(t)
	document := e.add(map[string]any{"title": "Async", "content": "rust async patterns"})
	var first SearchAnswer
	for range 3 {
		e.do(http.MethodPost, "/api/search", map[string]any{"query": "  Rust ASYNC", "user_id": "ann"}).is(http.StatusOK).into(&first)
	}
	e.do(http.MethodPost, "/api/search", map[string]any{"query": "nothing at all like it zzz"}).is(http.StatusOK)
	var popular QueryList
	eventually(t, func() bool {
		e.analytics("popular?limit=10", &popular)
		return len(popular.Queries) == 2
	})
	require.True(t, popular.Enabled)
	require.Equal(t, "rust async", popular.Queries[0].Query)
	require.Equal(t, int64(3), popular.Queries[0].Searches)

	e.do(http.MethodPost, "/api/search/click", map[string]any{"query_id": first.QueryID, "document_id": document.ID, "position": 1}).is(http.StatusNoContent)
	var stats SearchFigures
	e.analytics("stats?days=30", &stats)
	require.Equal(t, int64(4), stats.TotalSearches)
	require.Equal(t, int64(2), stats.UniqueQueries)
	require.Equal(t, int64(1), stats.UniqueUsers)
	require.Equal(t, int64(1), stats.ZeroResults)
	require.Equal(t, int64(2), stats.Cached)
	require.Equal(t, int64(1), stats.Clicks)
	require.InDelta(t, .25, stats.ClickThroughRate, 0)
	require.Equal(t, map[string]int64{"hybrid": 4}, stats.SearchesByType)
	require.Positive(t, stats.Latency.P99MS)
	require.LessOrEqual(t, stats.Latency.P99MS, stats.Latency.MaxMS)
	e.requireRest(t, document.ID)
}

// requireRest checks the endpoints that the first look did not need.
func (e *searchEnv) requireRest(t *testing.T, document uuid.UUID) {
	t.Helper()
	var zero QueryList
	e.analytics("zero-results", &zero)
	require.Len(t, zero.Queries, 1)
	require.InDelta(t, 1, zero.Queries[0].ZeroResultRate, 0)
	var trending TrendingList
	e.analytics("trending?limit=5", &trending)
	require.Len(t, trending.Queries, 1, "one is below the minimum")
	require.Equal(t, "rust async", trending.Queries[0].Query)
	require.InDelta(t, 4, trending.Queries[0].Growth, 0)
	var latency LatencyReport
	e.analytics("latency", &latency)
	require.Len(t, latency.Kinds, 2, "cached and not")
	require.Equal(t, int64(4), latency.Overall.Searches)
	var clicks ClickReport
	e.analytics("clicks", &clicks)
	require.Equal(t, []ClickedDocument{{DocumentID: document, Title: "Async", Clicks: 1, AveragePosition: 1}}, clicks.Documents)
	require.Equal(t, []PositionClicks{{Position: 1, Clicks: 1}}, clicks.Positions)
	require.Len(t, clicks.Queries, 1)
	var user UserSearches
	e.analytics("users/ann", &user)
	require.Equal(t, int64(3), user.TotalSearches)
	require.Len(t, user.Recent, 3)
	require.Len(t, user.Queries, 1)
	var series Series
	e.analytics("timeseries?interval_hours=24", &series)
	require.Len(t, series.Points, 31)
	require.Equal(t, int64(4), series.Points[30].Searches)
}

func TestAnalyticsOfOneTenantAreNotSeenByAnother(t *testing.T) {
	t.Parallel()
	e := newAnalyticsEnv(t)
	var answer SearchAnswer
	e.do(http.MethodPost, "/api/search", map[string]any{"query": "canary-1f3a", "user_id": "ann"}).is(http.StatusOK).into(&answer)
	eventually(t, func() bool {
		var popular QueryList
		e.analytics("popular", &popular)
		return len(popular.Queries) == 1
	})
	for _, path := range analyticsPaths {
		a := e.do(http.MethodGet, "/api/admin/analytics/"+path, nil, "X-API-Key", e.foreign).is(http.StatusOK)
		require.NotContains(t, string(a.body), "canary", path)
		require.NotContains(t, string(a.body), answer.QueryID.String(), path)
	}
	var before, after ClickReport
	e.analytics("clicks", &before)
	e.do(http.MethodPost, "/api/search/click", map[string]any{"query_id": answer.QueryID, "document_id": uuid.New(), "position": 1}, "X-API-Key", e.foreign)
	e.analytics("clicks", &after)
	require.Equal(t, before.Clicks, after.Clicks)
	e.analytics("clicks", &after, "X-API-Key", e.foreign)
	require.Zero(t, after.Clicks)
}

func TestBadRequestsToAnalyticsAreNamed(t *testing.T) {
	t.Parallel()
	e := newAnalyticsEnv(t)
	for path, field := range map[string]string{
		"popular?limit=-1": "limit", "popular?limit=0": "limit", "popular?limit=x": "limit", "popular?limit=1001": "limit",
		"stats?days=1000000000": "days", "stats?days=1e9": "days", "stats?days=-1": "days", "stats?days=3651": "days",
		"stats?days=3&from=2026-01-01": "days", "stats?from=yesterday": "from", "stats?to=2026-13-01": "to",
		"stats?from=2026-02-01&to=2026-01-01": "from", "stats?from=2026-01-01&to=2026-01-01": "from",
		"stats?from=1900-01-01&to=2026-01-01": "from", "stats?from=2026-01-01T00:00:00+02:00": "from",
		"timeseries?interval_hours=0": "interval_hours", "timeseries?interval_hours=1&days=3650": "interval_hours",
		"trending?window_hours=1000": "window_hours", "trending?minimum=0": "minimum", "trending?days=3": "days",
		"export?format=xlsx": "format", "popular?limt=3": "limt", "users/" + strings.Repeat("x", 257): "user_id",
	} {
		e.do(http.MethodGet, "/api/admin/analytics/"+path, nil).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, field)
	}
	for _, path := range []string{"stats?days=3650", "stats?from=2026-01-01T00:00:00%2B02:00&to=2026-01-02", "stats?from=9999-12-01&to=9999-12-31", "timeseries?interval_hours=8760&days=3650"} {
		e.do(http.MethodGet, "/api/admin/analytics/"+path, nil).is(http.StatusOK)
	}
	good := func() map[string]any {
		return map[string]any{"query_id": uuid.Must(uuid.NewV7()).String(), "document_id": uuid.NewString(), "position": 1}
	}
	for field, value := range map[string]any{"query_id": "x", "document_id": "", "position": 0} {
		click := good()
		click[field] = value
		e.do(http.MethodPost, "/api/search/click", click).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, field)
	}
	click := good()
	click["query_id"] = uuid.NewString()
	e.do(http.MethodPost, "/api/search/click", click).problem(http.StatusNotFound, domain.CodeNotFound)
}

func TestAnalyticsNeedTheirScope(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	search, reader := e.key(e.tenant, auth.ScopeSearch), e.key(e.tenant, auth.ScopeAnalyticsRead)
	for _, path := range analyticsPaths {
		path = "/api/admin/analytics/" + path
		e.do(http.MethodGet, path, nil, "X-API-Key", "").problem(http.StatusUnauthorized, domain.CodeUnauthenticated)
		e.do(http.MethodGet, path, nil, "X-API-Key", search).problem(http.StatusForbidden, domain.CodePermissionDenied)
		e.do(http.MethodGet, path, nil, "X-API-Key", reader).is(http.StatusOK)
	}
	e.do(http.MethodPost, "/api/search/click", map[string]any{}, "X-API-Key", reader).problem(http.StatusForbidden, domain.CodePermissionDenied)
}

func TestAnExportHasEveryLineInBothFormats(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const events = 2*exportPage + 17
	var batch []domain.SearchEvent
	for i := range events {
		batch = append(batch, domain.SearchEvent{
			ID: uuid.Must(uuid.NewV7()), TenantID: e.tenant.ID, Query: fmt.Sprintf("=sum(%d) \"a\", b", i), Type: "hybrid", Results: 1,
		})
	}
	require.NoError(t, e.store.RecordSearches(t.Context(), batch))
	a := e.do(http.MethodGet, "/api/admin/analytics/export", nil).is(http.StatusOK)
	require.Contains(t, a.header.Get("Content-Type"), "text/csv")
	require.Contains(t, a.header.Get("Content-Disposition"), "searches.csv")
	lines, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, events+1)
	require.Equal(t, `'=sum(0) "a", b`, lines[1][2], "no formula for a spreadsheet")

	a = e.do(http.MethodGet, "/api/admin/analytics/export?format=ndjson", nil).is(http.StatusOK)
	decoder := json.NewDecoder(strings.NewReader(string(a.body)))
	seen := map[uuid.UUID]bool{}
	var last SearchRow
	for decoder.More() {
		require.NoError(t, decoder.Decode(&last))
		seen[last.QueryID] = true
	}
	require.Len(t, seen, events)
	a = e.do(http.MethodGet, "/api/admin/analytics/export?format=ndjson&from="+last.At.Format(time.RFC3339Nano), nil).is(http.StatusOK)
	require.LessOrEqual(t, strings.Count(string(a.body), "\n"), events, "it goes on from the last line's time")
	require.Contains(t, string(a.body), last.QueryID.String())
}

func TestAnInterruptedExportIsACutConnection(t *testing.T) {
	t.Parallel()
	first := make([]store.RecordedSearch, exportPage)
	failing := func(context.Context, store.SearchCursor) ([]store.RecordedSearch, error) {
		return nil, domain.Errorf(domain.CodeUnavailable, "the database went away")
	}
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) { streamExport(humagin.NewContext(&huma.Operation{}, c), "csv", first, failing) })
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	response, err := http.Get(server.URL)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotEmpty(t, body)
}
