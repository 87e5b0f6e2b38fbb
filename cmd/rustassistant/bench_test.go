package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchServer is an API that has everything already, and knows what it was asked.
type benchServer struct {
	mu    sync.Mutex
	types map[string]int
	seen  map[string]bool
}

func (s *benchServer) start(t *testing.T) string {
	t.Helper()
	s.types, s.seen = map[string]int{}, map[string]bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"ok"}`) })
	mux.HandleFunc("GET /api/stats", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"documents":{"total":50,"searchable":50}}`)
	})
	mux.HandleFunc("POST /api/admin/tenants", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) })
	mux.HandleFunc("POST /api/documents/bulk", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"unchanged":1}`) })
	mux.HandleFunc("POST /api/documents", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"id":"1","job_id":"2"}`)
	})
	mux.HandleFunc("DELETE /api/documents/1", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /api/index/jobs/2", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"done":1}`) })
	mux.HandleFunc("POST /api/search", func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Query, Type string }
		_ = json.NewDecoder(r.Body).Decode(&q)
		s.mu.Lock()
		state := "MISS"
		if s.seen[q.Type+q.Query] {
			state = "HIT"
		}
		s.types[q.Type]++
		s.seen[q.Type+q.Query] = true
		s.mu.Unlock()
		w.Header().Set("X-Cache", state)
		fmt.Fprint(w, `{"results":[{"document_id":"1"}]}`)
	})
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)
	return ts.URL
}

// bench runs a bench command and returns what it prints.
func bench(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := newBenchCommand()
	var out, errOut bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func benchQueries(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "queries.txt")
	require.NoError(t, os.WriteFile(path, []byte("alpha beta\ngamma delta\n"), 0o600))
	return path
}

func TestBenchSearchMeasuresSeveralTypesInOneTable(t *testing.T) {
	t.Parallel()
	var s benchServer
	out, err := bench(t, "search", "--server", s.start(t), "--queries", benchQueries(t), "--type", "keyword,hybrid",
		"--duration", "100ms", "--warmup", "0s", "--clients", "2")
	require.NoError(t, err)
	require.Contains(t, out, "keyword, uncached")
	require.Contains(t, out, "hybrid, uncached")
	require.Positive(t, s.types["keyword"])
	require.Positive(t, s.types["hybrid"])
	require.Len(t, s.types, 2)
}

func TestBenchSearchZipfShowsHitsAndMissesApart(t *testing.T) {
	t.Parallel()
	var s benchServer
	out, err := bench(t, "search", "--server", s.start(t), "--queries", benchQueries(t), "--workload", "zipf", "--distinct", "30",
		"--duration", "200ms", "--warmup", "0s")
	require.NoError(t, err)
	require.Contains(t, out, "keyword: 30 different queries, hit rate ")
	require.Contains(t, out, "hits are faster by")
	require.Contains(t, out, "misses")
}

func TestBenchSearchRefusesBadFlags(t *testing.T) {
	t.Parallel()
	queries := benchQueries(t)
	for problem, args := range map[string][]string{
		"use keyword, semantic or hybrid": {"--type", "keyword,magic"},
		"--distinct 1":                    {"--workload", "zipf", "--distinct", "1"},
		"none of the others can be":       {"--workload", "zipf", "--cached"},
	} {
		_, err := bench(t, append([]string{"search", "--server", "http://127.0.0.1:1", "--queries", queries}, args...)...)
		require.ErrorContains(t, err, problem)
	}
}

func TestBenchScaleComparesSizes(t *testing.T) {
	t.Parallel()
	var s benchServer
	url := s.start(t)
	out, err := bench(t, "scale", "--server", url, "--queries", benchQueries(t), "--passages", "10,50", "--duration", "100ms")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "p50 ×")
	require.Equal(t, []string{"1.00", "1.00"}, strings.Fields(lines[1])[len(strings.Fields(lines[1]))-2:], "the smallest is the measure")
	_, err = bench(t, "scale", "--server", url, "--passages", "50,10")
	require.ErrorContains(t, err, "the smallest first")
}

func TestBenchTenantsShowsFirstAndWarmSearches(t *testing.T) {
	t.Parallel()
	var s benchServer
	out, err := bench(t, "tenants", "--server", s.start(t), "--tenants", "5", "--documents", "2", "--duration", "100ms",
		"--pid", fmt.Sprintf("self=%d", os.Getpid()))
	require.NoError(t, err)
	require.Contains(t, out, "5 tenants of 2 documents")
	require.Contains(t, out, "first of each tenant")
	require.Contains(t, out, "warm tenants")
	require.Contains(t, out, "memory of self: at most")
}

func TestBenchStalenessAsksTheSecondServer(t *testing.T) {
	t.Parallel()
	var first, second benchServer
	out, err := bench(t, "staleness", "--server", first.start(t), "--second", second.start(t), "--count", "3", "--pause", "0s")
	require.NoError(t, err)
	require.Contains(t, out, "staleness after commit")
	require.Empty(t, first.types, "the first is not searched")
	require.Positive(t, second.types["keyword"])
	_, err = bench(t, "staleness", "--server", first.start(t), "--second", "http://127.0.0.1:1")
	require.Error(t, err)
}

func TestBenchWebhooksRefusesWhatMeasuresNothing(t *testing.T) {
	t.Parallel()
	var s benchServer
	url := s.start(t)
	_, err := bench(t, "webhooks", "latency", "--server", url, "--rate", "0")
	require.ErrorContains(t, err, "at least one event")
	_, err = bench(t, "webhooks", "throughput", "--server", url, "--endpoints", "0")
	require.ErrorContains(t, err, "at least one endpoint")
}
