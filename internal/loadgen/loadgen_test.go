package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

func client(t *testing.T, h http.Handler) *apiclient.Client {
	t.Helper()
	ts := httptest.NewServer(h)
	t.Cleanup(ts.Close)
	c, err := apiclient.New(apiclient.Options{BaseURL: ts.URL, APIKey: "k", Tenant: "t", RetryFor: -1})
	require.NoError(t, err)
	return c
}

func TestClosedLoopAsksTheQueriesInTurn(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q apiclient.SearchRequest
		if json.NewDecoder(r.Body).Decode(&q) != nil || r.Header.Get("X-API-Key") != "k" || r.Header.Get("X-Tenant") != "t" ||
			r.Header.Get("Cache-Control") != "no-cache" || q.Limit != 5 || q.Type != "keyword" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		mu.Lock()
		seen[q.Query]++
		mu.Unlock()
		w.Header().Set("X-Cache", "BYPASS")
		fmt.Fprint(w, `{"results":[]}`)
	}))
	res, err := Search(t.Context(), SearchOptions{
		Client: c, Queries: []string{"a", "b", "c"}, Type: "keyword", Limit: 5, Clients: 2, Duration: 300 * time.Millisecond,
	})
	require.NoError(t, err)
	require.Empty(t, res.Errors)
	require.Equal(t, res.Requests, res.Latency.TotalCount())
	require.Equal(t, res.Requests, res.Cache["bypass"])
	require.Greater(t, res.Requests, int64(20))
	require.Len(t, seen, 3)
	require.InDelta(t, seen["a"], seen["b"], 3)
}

func TestCachedPrefersFewQueries(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q apiclient.SearchRequest
		_ = json.NewDecoder(r.Body).Decode(&q)
		mu.Lock()
		defer mu.Unlock()
		seen[q.Query]++
		state := "MISS"
		if seen[q.Query] > 1 {
			state = "HIT"
		}
		w.Header().Set("X-Cache", state)
	}))
	queries := make([]string, 50)
	for i := range queries {
		queries[i] = fmt.Sprint("q", i)
	}
	o := SearchOptions{Client: c, Queries: queries, Clients: 3, Duration: 300 * time.Millisecond, Workload: WorkloadCached, Zipf: 1.3}
	res, err := Search(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, seen, 50, "each is asked before")
	require.Equal(t, map[string]int64{"hit": res.Requests}, res.Cache)
	most := 0
	for _, n := range seen {
		most = max(most, n)
	}
	require.Greater(t, int64(most), res.Requests/10)
	o.Zipf = 1
	_, err = Search(t.Context(), o)
	require.ErrorContains(t, err, "above 1")
}

// TestOpenLoopCountsFromWhenARequestWasDue stalls the server once: in a closed loop one request would be slow, in an
// open one all that were due meanwhile are.
func TestOpenLoopCountsFromWhenARequestWasDue(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	c := client(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if n.Add(1) == 50 {
			<-time.After(300 * time.Millisecond)
		}
	}))
	res, err := Search(t.Context(), SearchOptions{Client: c, Queries: []string{"a"}, Clients: 1, Rate: 200, Duration: time.Second})
	require.NoError(t, err)
	require.InDelta(t, 200, float64(res.Requests), 20)
	require.Greater(t, res.Latency.ValueAtQuantile(90), int64(100_000), "60 of 200 were due during the stall")
}

func TestErrorsAreCounted(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch n.Add(1) % 4 {
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			panic(http.ErrAbortHandler)
		}
	}))
	res, err := Search(t.Context(), SearchOptions{Client: c, Queries: []string{"a"}, Clients: 2, Duration: 200 * time.Millisecond})
	require.NoError(t, err)
	require.Positive(t, res.Errors["status 503"])
	require.Positive(t, res.Errors["connection lost"])
	require.Equal(t, res.Requests, res.Latency.TotalCount()+res.Errors["status 503"]+res.Errors["connection lost"])

	_, err = Search(t.Context(), SearchOptions{Client: client(t, http.NotFoundHandler()), Queries: []string{"a"}})
	require.ErrorContains(t, err, "status 404")
	_, err = Search(t.Context(), SearchOptions{})
	require.ErrorContains(t, err, "no queries")
}

func TestConnectionReadsEachFormOfAnswer(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 300_000)
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		switch {
		case bytes.Contains(raw, []byte("chunked")):
			for range 3 {
				fmt.Fprint(w, big)
				_ = http.NewResponseController(w).Flush()
			}
		case bytes.Contains(raw, []byte("close")):
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, "bye")
		case bytes.Contains(raw, []byte("empty")):
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("x-cache", "Stale")
			fmt.Fprint(w, "ok")
		}
	}))
	target, err := newTarget(c)
	require.NoError(t, err)
	connection := &conn{target: target}
	defer connection.shut()
	for _, body := range []string{"plain", "chunked", "empty", "plain", "close", "plain"} {
		request, err := target.request(body)
		require.NoError(t, err)
		a, err := connection.do(t.Context(), request)
		require.NoError(t, err, body)
		require.Equal(t, body == "plain", a.cache == cacheStale, body)
		require.Equal(t, map[bool]int{true: 204, false: 200}[body == "empty"], a.status)
	}
}

func TestLatencyWaitsUntilTheDocumentIsFound(t *testing.T) {
	t.Parallel()
	var deleted atomic.Int64
	var searchable time.Time
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/documents", func(w http.ResponseWriter, _ *http.Request) {
		searchable = time.Now().Add(30 * time.Millisecond)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"id":"1","job_id":"2"}`)
	})
	mux.HandleFunc("POST /api/search", func(w http.ResponseWriter, _ *http.Request) {
		if time.Now().After(searchable) {
			fmt.Fprint(w, `{"results":[{"document_id":"1"}]}`)
			return
		}
		fmt.Fprint(w, `{"results":[]}`)
	})
	mux.HandleFunc("DELETE /api/documents/1", func(w http.ResponseWriter, _ *http.Request) {
		deleted.Add(1)
		w.WriteHeader(http.StatusNoContent)
	})
	res, err := Latency(t.Context(), LatencyOptions{Client: client(t, mux), Count: 3, PollEvery: 2 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, int64(3), deleted.Load())
	require.Equal(t, int64(3), res.Searchable.TotalCount())
	require.GreaterOrEqual(t, res.Searchable.Min(), int64(25_000))
}

func TestMemoryIsSampled(t *testing.T) {
	t.Parallel()
	p, err := ParseProcess(fmt.Sprintf("self=%d", os.Getpid()))
	require.NoError(t, err)
	stop := watchMemory(context.WithoutCancel(t.Context()), []Process{p})
	require.Eventually(t, func() bool { rss, err := residentBytes(p.PID); return err == nil && rss > 1<<20 }, time.Second, time.Millisecond)
	seen := stop()
	require.Equal(t, "self", seen[0].Name)
	require.Greater(t, seen[0].Peak, int64(1<<20))
	for _, bad := range []string{"x", "a=b", "-1", ""} {
		_, err := ParseProcess(bad)
		require.Error(t, err, bad)
	}
}

func TestCorpusIsTheSameForASeed(t *testing.T) {
	t.Parallel()
	read := func() []byte {
		raw, err := io.ReadAll(NewCorpus(7).Documents(200, "mark"))
		require.NoError(t, err)
		return raw
	}
	first := read()
	require.Equal(t, first, read())
	lines := bytes.Split(bytes.TrimSpace(first), []byte("\n"))
	require.Len(t, lines, 200)
	size := 0
	for _, line := range lines {
		var d apiclient.Document
		require.NoError(t, json.Unmarshal(line, &d))
		require.Contains(t, d.Content, "mark")
		size += len(d.Content)
	}
	require.InDelta(t, 1000, size/200, 300)
	queries := NewCorpus(7).Queries(10, 3)
	require.Len(t, queries, 10)
	require.Len(t, strings.Fields(queries[0]), 3)
}
