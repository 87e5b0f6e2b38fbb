package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func scrape(t *testing.T, m *Metrics, accept string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

func TestMetricsExistBeforeTheFirstEvent(t *testing.T) {
	t.Parallel()
	text := scrape(t, NewMetrics("1.2.3", "abc"), "text/plain")
	for _, want := range []string{
		`search_duration_seconds_bucket{cache="hit",type="hybrid",le="1"} 0`,
		`index_documents_total{outcome="failed"} 0`, `index_lag_seconds_count 0`, `index_segments 0`,
		`build_info{commit="abc",go_version="go`, `version="1.2.3"} 1`, `go_goroutines`, `process_resident_memory_bytes`,
	} {
		require.Contains(t, text, want)
	}
}

func TestRequestsAndSearchesAreCounted(t *testing.T) {
	t.Parallel()
	m := NewMetrics("v", "c")
	ctx := t.Context()
	m.ObserveRequest(ctx, "POST", "/api/search", 200, 3*time.Millisecond)
	m.ObserveRequest(ctx, "GET", "", 404, time.Millisecond)
	m.ObserveSearch(ctx, "keyword", "HIT", 300*time.Microsecond)
	m.CountDocuments(domain.ItemIndexed, 5)
	m.CountDocuments("invented", 5)
	m.ObserveIndexLag(ctx, 250*time.Millisecond)
	m.SetJobs([]JobCount{{Kind: domain.JobIndexDocuments, State: domain.JobRunning, Jobs: 2}, {Kind: "gone", State: domain.JobQueued, Jobs: 1, Oldest: time.Minute}})
	m.SetJobs([]JobCount{{Kind: domain.JobIndexDocuments, State: domain.JobRunning, Jobs: 2}})
	m.RegisterPool("app", func() PoolStats { return PoolStats{Max: 20, InUse: 3, Idle: 2, Waited: time.Second} })
	m.RegisterPool("system", func() PoolStats { return PoolStats{Max: 5} })
	text := scrape(t, m, "text/plain")
	for _, want := range []string{
		`http_requests_total{method="POST",route="/api/search",status="200"} 1`,
		`http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		`http_request_duration_seconds_bucket{method="POST",route="/api/search",le="0.005"} 1`,
		`search_duration_seconds_bucket{cache="hit",type="keyword",le="0.0005"} 1`,
		`index_documents_total{outcome="indexed"} 5`, `index_lag_seconds_sum 0.25`,
		`jobs{kind="index_documents",state="running"} 2`, `jobs{kind="gone",state="queued"} 0`,
		`database_pool_connections{pool="app",state="in_use"} 3`, `database_pool_max_connections{pool="system"} 5`,
		`database_pool_wait_seconds_total{pool="app"} 1`,
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "invented")
}

func TestClientsCannotAddSeries(t *testing.T) {
	t.Parallel()
	m := NewMetrics("v", "c")
	count := func() int {
		families, err := m.Registry.Gather()
		require.NoError(t, err)
		n := 0
		for _, f := range families {
			n += len(f.GetMetric())
		}
		return n
	}
	send := func(i int) {
		m.ObserveRequest(t.Context(), fmt.Sprint("M", i), "", 405, 0)
		m.ObserveSearch(t.Context(), fmt.Sprint(i), fmt.Sprint(i), 0)
		m.CountDocuments(domain.ItemState(fmt.Sprint(i)), 1)
	}
	send(0)
	before := count()
	for i := range 1000 {
		send(i)
	}
	require.Equal(t, before, count())
	require.Less(t, before, 150)
}

func TestNamesAreGoodNames(t *testing.T) {
	t.Parallel()
	families, err := NewMetrics("v", "c").Registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		require.NotEmpty(t, f.GetHelp(), f.GetName())
		require.Equal(t, f.GetType().String() == "COUNTER", strings.HasSuffix(f.GetName(), "_total"), f.GetName())
	}
}

func TestSlowBucketsLeadToATrace(t *testing.T) {
	t.Parallel()
	m := NewMetrics("v", "c")
	traceID := trace.TraceID{1, 2, 3}
	sampled := trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{4}, TraceFlags: trace.FlagsSampled})
	m.ObserveSearch(trace.ContextWithSpanContext(context.Background(), sampled), "hybrid", "miss", 2*time.Second)
	require.Contains(t, scrape(t, m, "application/openmetrics-text"), `# {trace_id="`+traceID.String()+`"} 2.0`)
}

func BenchmarkObserveSearch(b *testing.B) {
	m := NewMetrics("v", "c")
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		m.ObserveSearch(ctx, "hybrid", "hit", time.Millisecond)
	}
}

func BenchmarkObserveRequest(b *testing.B) {
	m := NewMetrics("v", "c")
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		m.ObserveRequest(ctx, "POST", "/api/search", 200, time.Millisecond)
	}
}

var _ prometheus.Collector = (*poolCollector)(nil)
