package evaluation

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

func TestNDCGByHand(t *testing.T) {
	t.Parallel()
	judged := Judgements{"a": 3, "b": 2, "c": 1, "d": 0, "e": -1}
	log3, log5 := math.Log2(3), math.Log2(5)
	for _, c := range []struct {
		name    string
		ranking []string
		k       int
		want    float64
	}{
		{"best order", []string{"a", "b", "c"}, 10, 1},
		// 2/log2(2) + 3/log2(3) + 1/log2(5), over 3/log2(2) + 2/log2(3) + 1/log2(4)
		{"other order", []string{"b", "a", "x", "c"}, 10, (2 + 3/log3 + 1/log5) / (3 + 2/log3 + 0.5)},
		{"cut", []string{"x", "a", "b"}, 2, (3 / log3) / (3 + 2/log3)},
		{"nothing relevant", []string{"d", "e", "x"}, 10, 0},
		{"no results", nil, 10, 0},
		{"the same again", []string{"a", "a", "a"}, 10, 3 / (3 + 2/log3 + 0.5)},
	} {
		require.InDelta(t, c.want, NDCG(c.ranking, judged, c.k), 1e-12, c.name)
	}
	require.InDelta(t, 0.907937, NDCG([]string{"b", "a", "x", "c"}, judged, 10), 1e-6, "4.323466 / 4.761860")
	require.Zero(t, NDCG([]string{"a"}, Judgements{"a": 0}, 10))
	more := Judgements{}
	for i := range 20 {
		more[fmt.Sprint(i)] = 1
	}
	require.InDelta(t, 1/4.543559338088346, NDCG([]string{"3"}, more, 10), 1e-9, "the best order is cut, too")
}

func TestRecallByHand(t *testing.T) {
	t.Parallel()
	judged := Judgements{"a": 1, "b": 2, "c": 1, "d": 0}
	require.InDelta(t, 2.0/3, Recall([]string{"x", "a", "d", "b"}, judged, 100), 1e-12)
	require.InDelta(t, 1.0/3, Recall([]string{"x", "a", "d", "b"}, judged, 3), 1e-12)
	require.InDelta(t, 1.0/3, Recall([]string{"a", "a"}, judged, 100), 1e-12)
	require.Zero(t, Recall(nil, judged, 100))
	require.Zero(t, Recall([]string{"a"}, Judgements{}, 100))
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := 1; i <= 100; i++ {
		all = append(all, time.Duration(i)*time.Millisecond)
	}
	require.InDelta(t, 50, percentile(all, 50), 0)
	require.InDelta(t, 95, percentile(all, 95), 0)
	require.InDelta(t, 1, percentile(all[:1], 95), 0)
}

// collection writes one in the layout of BEIR.
func collection(t *testing.T, dir, qrelsName, qrels string) {
	t.Helper()
	for name, content := range map[string]string{
		"corpus.jsonl":  `{"_id":"d1","title":"","text":"apple"}` + "\n" + `{"_id":"d2","title":"","text":"pear"}` + "\n",
		"queries.jsonl": `{"_id":"q1","text":"apple"}` + "\n" + `{"_id":2,"text":"plum"}` + "\n" + `{"_id":"q3","text":"unjudged"}` + "\n",
		qrelsName:       qrels,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
}

func TestLoadReadsEachFormOfJudgements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, qrels string }{
		{"qrels.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n2\td2\t1\n"},
		{"qrels/test.tsv", "q1\td1\t2\nq1\td2\t0\n2\td2\t1\n"},
		{"qrels.txt", "q1 0 d1 2\nq1 0 d2 0\n2 0 d2 1\n"},
	} {
		dir := t.TempDir()
		collection(t, dir, c.name, c.qrels)
		got, err := Load(dir)
		require.NoError(t, err)
		require.Equal(t, []Query{{"2", "plum", Judgements{"d2": 1}}, {"q1", "apple", Judgements{"d1": 2, "d2": 0}}}, got.Queries)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "q.tsv")
	require.NoError(t, os.WriteFile(path, []byte("query7 d1 1\n"), 0o600))
	judged, err := loadJudgements(path)
	require.NoError(t, err)
	require.Len(t, judged, 1, "an id that begins like the head's is an id")
	_, err = Load(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
	collection(t, dir, "qrels.tsv", "q1\td1\t2\nbroken\n")
	_, err = Load(dir)
	require.ErrorContains(t, err, "qrels.tsv:2: is not query-id")
}

func TestFindLooksOneLevelDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b", "a"} {
		collection(t, filepath.Join(dir, name), "qrels.tsv", "q1 d1 1\n")
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "other"), 0o700))
	found, err := Find(dir)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}, found)
	found, err = Find(filepath.Join(dir, "a"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	_, err = Find(filepath.Join(dir, "other"))
	require.ErrorContains(t, err, "is no collection")
}

// searchServer finds documents that hold the query as a word.
func searchServer(t *testing.T) *apiclient.Client {
	t.Helper()
	var mu sync.Mutex
	docs := map[string]string{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/stats", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(w, `{"documents":{"total":%d}}`, len(docs))
	})
	mux.HandleFunc("POST /api/documents/bulk", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		lines, n := bufio.NewScanner(r.Body), 0
		for ; lines.Scan(); n++ {
			var d apiclient.Document
			_ = json.Unmarshal(lines.Bytes(), &d)
			docs[d.ExternalID] = d.Content
		}
		fmt.Fprintf(w, `{"job_id":"j","accepted":%d,"queued":%d}`, n, n)
	})
	mux.HandleFunc("GET /api/index/jobs/j", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"state":"completed","done":2,"total":2}`)
	})
	mux.HandleFunc("POST /api/search", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var q apiclient.SearchRequest
		_ = json.NewDecoder(r.Body).Decode(&q)
		out := apiclient.SearchResponse{Type: q.Type, AnsweredBy: "keyword", Results: []apiclient.SearchResult{}}
		for id, content := range docs {
			if strings.Contains(content, q.Query) {
				out.Results = append(out.Results, apiclient.SearchResult{ExternalID: id})
			}
		}
		_ = json.NewEncoder(w).Encode(out)
	})
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)
	c, err := apiclient.New(apiclient.Options{BaseURL: ts.URL, RetryFor: -1})
	require.NoError(t, err)
	return c
}

func TestRunMeasuresEachType(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	collection(t, dir, "qrels.tsv", "q1\td1\t2\n2\td2\t1\n")
	c, err := Load(dir)
	require.NoError(t, err)
	client := searchServer(t)
	results, err := Run(t.Context(), c, Options{Client: client, Types: []string{"keyword", "hybrid"}})
	require.NoError(t, err)
	require.Len(t, results, 2)
	for _, r := range results {
		require.Equal(t, 2, r.Documents)
		require.InDelta(t, 0.5, r.NDCG10, 1e-12)
		require.InDelta(t, 0.5, r.Recall100, 1e-12)
		require.Positive(t, r.P50)
	}
	require.Empty(t, results[0].AnsweredBy)
	require.Equal(t, "keyword", results[1].AnsweredBy)

	_, err = Run(t.Context(), c, Options{Client: client, Types: []string{"keyword"}})
	require.ErrorContains(t, err, "holds 2 documents already")
	_, err = Run(t.Context(), c, Options{Client: client, Types: []string{"keyword"}, Keep: true})
	require.NoError(t, err)
}

func TestMeansAreOverCollections(t *testing.T) {
	t.Parallel()
	means := Means([]Result{
		{Type: "keyword", NDCG10: 0.2, Queries: 100, Documents: 5},
		{Type: "hybrid", NDCG10: 1},
		{Type: "keyword", NDCG10: 0.4, Queries: 1, Documents: 6},
	})
	require.Len(t, means, 2)
	require.InDelta(t, 0.3, means[0].NDCG10, 1e-12)
	require.Equal(t, 11, means[0].Documents)
	require.InDelta(t, 1, means[1].NDCG10, 1e-12)
}

func TestPlainQueryHasNoOperators(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`what is "type safety"?`: "what is  type safety ?", "-not  --this but zero-one": "not  this but zero-one", "plain": "plain",
	} {
		require.Equal(t, want, plainQuery(in))
	}
}

func TestTenantSlug(t *testing.T) {
	t.Parallel()
	require.Equal(t, "eval-nfcorpus", TenantSlug("eval-", "NFCorpus"))
	require.Equal(t, "eval-trec-covid", TenantSlug("eval-", "trec_covid!"))
	require.LessOrEqual(t, len(TenantSlug("eval-", strings.Repeat("x", 100))), 63)
}
