package loadgen

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// cachingServer answers a query slowly the first time and at once later.
func cachingServer(t *testing.T, miss time.Duration) (*apiclient.Client, func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]int{}
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q apiclient.SearchRequest
		_ = json.NewDecoder(r.Body).Decode(&q)
		if r.Header.Get("Cache-Control") != "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		mu.Lock()
		seen[q.Query]++
		first := seen[q.Query] == 1
		mu.Unlock()
		w.Header().Set("X-Cache", "HIT")
		if first {
			w.Header().Set("X-Cache", "MISS")
			<-time.After(miss)
		}
	}))
	return c, func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func TestZipfMixesHitsAndMissesAndTellsThemApart(t *testing.T) {
	t.Parallel()
	c, seen := cachingServer(t, 10*time.Millisecond)
	var given []string
	for i := range 30 {
		given = append(given, fmt.Sprint("word", i))
	}
	queries := Distinct(given, 500, 1)
	require.Len(t, queries, 500)
	res, err := Search(t.Context(), SearchOptions{
		Client: c, Queries: queries, Clients: 2, Duration: 500 * time.Millisecond, Workload: WorkloadZipf, Zipf: 1.5,
	})
	require.NoError(t, err)
	require.Empty(t, res.Errors)
	asked := seen()
	require.Less(t, len(asked), len(queries), "not all are asked")
	require.EqualValues(t, len(asked), res.Misses.TotalCount()+1, "the first time of each, but for the one that tries the server")
	require.Equal(t, res.Latency.TotalCount(), res.Hits.TotalCount()+res.Misses.TotalCount())
	require.InDelta(t, float64(res.Hits.TotalCount())/float64(res.Requests), res.HitRate(), 1e-9)
	require.Greater(t, res.HitRate(), 0.5)
	require.GreaterOrEqual(t, res.Misses.ValueAtQuantile(50), int64(9_900))
	require.Greater(t, res.Faster(50), 0.3)
	require.Less(t, res.Faster(50), 1.0)
}

func TestFasterIsTheShareOfTimeThatAHitSaves(t *testing.T) {
	t.Parallel()
	hits, misses := newHistogram(), newHistogram()
	require.Zero(t, faster(hits, misses, 50), "nothing to compare")
	for range 100 {
		record(hits, 230*time.Microsecond)
		record(misses, 1000*time.Microsecond)
	}
	require.InDelta(t, 0.77, faster(hits, misses, 50), 0.002)
	require.InDelta(t, -3.35, faster(misses, hits, 95), 0.01, "slower is told, too")
}

func TestDistinctQueriesAreDistinctAndTheSameForASeed(t *testing.T) {
	t.Parallel()
	given := []string{"one two", "three", "one two"}
	got := Distinct(given, 50, 7)
	require.Equal(t, got, Distinct(given, 50, 7))
	require.NotEqual(t, got, Distinct(given, 50, 8))
	require.Equal(t, []string{"one two", "three"}, got[:2])
	seen := map[string]bool{}
	for _, q := range got {
		require.False(t, seen[q], q)
		seen[q] = true
	}
	require.Equal(t, []string{"one two"}, Distinct(given, 1, 7))
	require.LessOrEqual(t, len(Distinct([]string{"a"}, 100, 1)), 3, "a, a a, a a a")
	require.Empty(t, Distinct([]string{" "}, 3, 1)[1:])
}

func TestAWorkloadThatDoesNotExistIsRefused(t *testing.T) {
	t.Parallel()
	_, err := Search(t.Context(), SearchOptions{Queries: []string{"a"}, Workload: "burst"})
	require.ErrorContains(t, err, "use uncached, cached or zipf")
}

// tenantsServer is an API with tenants, jobs that take three questions, and searches.
type tenantsServer struct {
	mu       sync.Mutex
	tenants  map[string]int // documents
	jobs     map[string]int // how often asked
	searches map[string]int
}

func (s *tenantsServer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/admin/tenants", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Slug string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.tenants[in.Slug]; ok {
			w.WriteHeader(http.StatusConflict)
			return
		}
		s.tenants[in.Slug] = 0
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("POST /api/documents/bulk", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		slug := r.Header.Get("X-Tenant")
		lines := strings.Count(string(raw), "\n")
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.tenants[slug] == lines {
			fmt.Fprintf(w, `{"unchanged":%d}`, lines)
			return
		}
		s.tenants[slug] = lines
		fmt.Fprintf(w, `{"job_id":"%s","accepted":%d}`, slug, lines)
	})
	mux.HandleFunc("GET /api/index/jobs/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.jobs[r.PathValue("id")]++; s.jobs[r.PathValue("id")] < 3 {
			fmt.Fprint(w, `{"state":"running"}`)
			return
		}
		fmt.Fprint(w, `{"state":"completed","finished_at":"2026-01-01T00:00:00Z"}`)
	})
	mux.HandleFunc("POST /api/search", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		slug := r.Header.Get("X-Tenant")
		if s.jobs[slug] < 3 || r.Header.Get("Cache-Control") != "no-cache" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		s.searches[slug]++
		w.Header().Set("X-Cache", "BYPASS")
	})
	return mux
}

func TestEachTenantIsFilledOnceAndSearched(t *testing.T) {
	t.Parallel()
	s := &tenantsServer{tenants: map[string]int{}, jobs: map[string]int{}, searches: map[string]int{}}
	o := TenantsOptions{
		Client: client(t, s.handler()), Prefix: "many", Tenants: 12, Documents: 5, Parallel: 4, Clients: 2,
		Duration: 300 * time.Millisecond, Seed: 1, Processes: []Process{{"self", os.Getpid()}},
	}
	for range 2 { // the second run finds everything there
		res, err := Tenants(t.Context(), o)
		require.NoError(t, err)
		require.EqualValues(t, 12, res.First.TotalCount())
		require.Greater(t, res.Warm.TotalCount(), int64(20))
		require.Empty(t, res.Errors)
		require.Greater(t, res.Memory[0].Peak, int64(1<<20))
	}
	require.Len(t, s.tenants, 12)
	for slug, documents := range s.tenants {
		require.True(t, strings.HasPrefix(slug, "many-"))
		require.Equal(t, 5, documents)
		require.Equal(t, 3, s.jobs[slug], "indexed once")
		require.Greater(t, s.searches[slug], 1)
	}
	o.Documents = 0
	_, err := Tenants(t.Context(), o)
	require.Error(t, err)
}

func TestStalenessCountsFromTheCommit(t *testing.T) {
	t.Parallel()
	var committed, shown atomic.Int64 // Unix nanoseconds
	var deleted, cachedAsks atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/documents", func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now()
		committed.Store(now.Add(50 * time.Millisecond).UnixNano())
		shown.Store(now.Add(150 * time.Millisecond).UnixNano())
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"id":"1","job_id":"2"}`)
	})
	mux.HandleFunc("GET /api/index/jobs/2", func(w http.ResponseWriter, _ *http.Request) {
		done := 0
		if time.Now().UnixNano() > committed.Load() {
			done = 1
		}
		fmt.Fprintf(w, `{"state":"running","done":%d}`, done)
	})
	mux.HandleFunc("DELETE /api/documents/1", func(w http.ResponseWriter, _ *http.Request) {
		deleted.Add(1)
		shown.Store(0)
		w.WriteHeader(http.StatusNoContent)
	})
	second := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cache-Control") == "" {
			cachedAsks.Add(1)
		}
		if at := shown.Load(); at > 0 && time.Now().UnixNano() > at {
			fmt.Fprint(w, `{"results":[{"document_id":"1"}]}`)
			return
		}
		fmt.Fprint(w, `{"results":[]}`)
	}))
	h, err := Staleness(t.Context(), StalenessOptions{First: client(t, mux), Second: second, Count: 3, PollEvery: 2 * time.Millisecond})
	require.NoError(t, err)
	require.EqualValues(t, 3, h.TotalCount())
	require.EqualValues(t, 3, deleted.Load())
	require.Positive(t, cachedAsks.Load(), "through the cache")
	require.GreaterOrEqual(t, h.Min(), int64(99_000), "never less than the staleness")
	require.Less(t, h.Min(), int64(140_000), "and not from when it was sent")
}
