package apiclient

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// received is what the server saw of one request.
type received struct {
	method, path string
	header       http.Header
	body         string
}

// server answers each request with the next of the handlers, the last one for ever.
func server(t *testing.T, handlers ...http.HandlerFunc) (*Client, func() []received) {
	t.Helper()
	var mu sync.Mutex
	var seen []received
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		n := len(seen)
		seen = append(seen, received{r.Method, r.URL.RequestURI(), r.Header, string(body)})
		mu.Unlock()
		handlers[min(n, len(handlers)-1)](w, r)
	}))
	t.Cleanup(ts.Close)
	c, err := New(Options{BaseURL: ts.URL + "/", APIKey: "secret", Tenant: "acme", RetryFor: 5 * time.Second})
	require.NoError(t, err)
	return c, func() []received {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func problem(status int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("X-Request-Id", "r-1")
		if header != "" {
			w.Header().Set("Retry-After", header)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestEveryRequestNamesCallerAndTenant(t *testing.T) {
	t.Parallel()
	c, seen := server(t, answer(200, `{"id":"j1","state":"completed","total":3,"done":2,"failed":1}`))
	job, err := c.GetJob(t.Context(), "j/1")
	require.NoError(t, err)
	require.Equal(t, domain.JobCompleted, job.State)
	require.Equal(t, 2, job.Done)
	require.Equal(t, "/api/index/jobs/j%2F1", seen()[0].path)
	require.Equal(t, "secret", seen()[0].header.Get("X-API-Key"))
	require.Equal(t, "acme", seen()[0].header.Get("X-Tenant"))
}

func TestWriteIsRepeatedWithTheSameKeyAndBody(t *testing.T) {
	t.Parallel()
	c, seen := server(t, problem(503, "", `{}`), problem(429, "", `{}`),
		answer(202, `{"job_id":"j1","accepted":2,"queued":1,"unchanged":1,"rejected":[{"line":3,"code":"invalid_argument","error":"no"}]}`))
	res, err := c.BulkDocuments(t.Context(), strings.NewReader("{}\n{}\n"), BulkOptions{})
	require.NoError(t, err)
	require.Equal(t, &BulkResult{
		JobID: "j1", Accepted: 2, Queued: 1, Unchanged: 1, RejectedCount: 1,
		Rejected: []RejectedLine{{3, "invalid_argument", "no"}},
	}, res)
	require.Len(t, seen(), 3)
	key := seen()[0].header.Get("Idempotency-Key")
	require.NotEmpty(t, key)
	for _, r := range seen() {
		require.Equal(t, key, r.header.Get("Idempotency-Key"))
		require.Equal(t, "{}\n{}\n", r.body)
	}
}

func TestBulkRequestWithoutAGoodLineNamesThem(t *testing.T) {
	t.Parallel()
	c, _ := server(t, problem(422, "", `{"code":"invalid_argument","detail":"none of 2 documents could be accepted",
		"errors":[{"field":"line 1: content","message":"content must not be empty"},{"field":"line 2","message":"is broken"}]}`))
	res, err := c.BulkDocuments(t.Context(), strings.NewReader("{}\n{\n"), BulkOptions{})
	require.NoError(t, err)
	require.Equal(t, &BulkResult{RejectedCount: 2, Rejected: []RejectedLine{
		{1, "invalid_argument", "content must not be empty"}, {2, "invalid_argument", "is broken"},
	}}, res)

	c, _ = server(t, problem(422, "", `{"detail":"the request is not valid","errors":[{"field":"Idempotency-Key","message":"is bad"}]}`))
	_, err = c.BulkDocuments(t.Context(), strings.NewReader("{}\n"), BulkOptions{})
	require.Error(t, err)
}

func TestBulkBodyIsCompressed(t *testing.T) {
	t.Parallel()
	c, seen := server(t, answer(202, `{}`))
	_, err := c.BulkDocuments(t.Context(), strings.NewReader("{}\n"), BulkOptions{Gzip: true, IdempotencyKey: "k"})
	require.NoError(t, err)
	require.Equal(t, "gzip", seen()[0].header.Get("Content-Encoding"))
	require.Equal(t, "k", seen()[0].header.Get("Idempotency-Key"))
	z, err := gzip.NewReader(strings.NewReader(seen()[0].body))
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, "{}\n", string(plain))
}

func TestErrorTellsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	c, seen := server(t, problem(422, "", `{"code":"invalid_argument","detail":"not valid","errors":[{"field":"limit","message":"is 0"}]}`))
	_, err := c.Search(t.Context(), &SearchRequest{Query: "x"})
	require.EqualError(t, err, "the server answered 422 invalid_argument: not valid (limit is 0) [request r-1]")
	require.Len(t, seen(), 1, "a request that is wrong is not repeated")

	c, _ = server(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>proxy</html>", http.StatusUnauthorized)
	})
	_, err = c.Stats(t.Context())
	require.EqualError(t, err, "the server answered 401: Unauthorized; give a key with --api-key or RUSTASSISTANT_API_KEY")
}

func TestRetryAfterIsRespected(t *testing.T) {
	t.Parallel()
	c, _ := server(t, problem(429, "1", `{}`), answer(200, `{}`))
	var waits []time.Duration
	c.options.OnRetry = func(_ error, wait time.Duration) { waits = append(waits, wait) }
	_, err := c.Health(t.Context())
	require.NoError(t, err)
	require.Len(t, waits, 1)
	require.GreaterOrEqual(t, waits[0], time.Second)
}

func TestBudgetOfRetriesEnds(t *testing.T) {
	t.Parallel()
	c, seen := server(t, problem(503, "", `{"detail":"away"}`))
	c.options.RetryFor = time.Nanosecond
	_, err := c.Health(t.Context())
	require.ErrorContains(t, err, "503: away")
	require.NotEmpty(t, seen())
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	ts := httptest.NewServer(nil)
	ts.Close()
	c, err := New(Options{BaseURL: ts.URL, RetryFor: -1})
	require.NoError(t, err)
	_, err = c.Health(t.Context())
	require.ErrorContains(t, err, "no server listens at "+ts.URL)
}

func TestFailedItemsFollowsCursors(t *testing.T) {
	t.Parallel()
	c, seen := server(t, answer(200, `{"items":[{"external_id":"a"}],"next_cursor":"n"}`), answer(200, `{"items":[{"external_id":"b"}]}`))
	var got []string
	require.NoError(t, c.FailedItems(t.Context(), "j", func(i JobItem) error {
		got = append(got, i.ExternalID)
		return nil
	}))
	require.Equal(t, []string{"a", "b"}, got)
	require.Equal(t, "/api/index/jobs/j/items?cursor=n&limit=100&state=failed", seen()[1].path)
}

func TestSearchKeepsTheAnswer(t *testing.T) {
	t.Parallel()
	c, seen := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Cache", "BYPASS")
		answer(200, `{"type":"keyword","results":[{"external_id":"e","score":1.5,"highlights":[{"text":"ab","start":0,"matches":[[0,1]]}]}],"total_results":1}`)(w, r)
	})
	res, err := c.Search(t.Context(), &SearchRequest{Query: "q", Limit: 3, NoCache: true})
	require.NoError(t, err)
	require.Equal(t, "BYPASS", res.Cache)
	require.Equal(t, [][2]int{{0, 1}}, res.Results[0].Highlights[0].Matches)
	require.JSONEq(t, `{"query":"q","limit":3}`, seen()[0].body)
	require.Equal(t, "no-cache", seen()[0].header.Get("Cache-Control"))
	require.Contains(t, string(res.Raw), "total_results")
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"localhost:8080", "ftp://x", "http://", "::"} {
		_, err := New(Options{BaseURL: address})
		require.Error(t, err, address)
	}
	_, err := New(Options{APIKey: "a\nb"})
	require.Error(t, err)
}
