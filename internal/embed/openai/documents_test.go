package openai_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/embed/openai"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

var (
	_ embed.Embedder = (*openai.Model)(nil)
	_ openai.Cache   = (*store.Store)(nil)
)

// database is a real cache, with one tenant.
func database(t *testing.T) (*store.Store, uuid.UUID) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: testenv.DatabaseURL(t), PoolSize: 4})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	tenant, err := s.CreateTenant(t.Context(), "acme", "Acme")
	require.NoError(t, err)
	return s, tenant.ID
}

func texts(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("text number %d", i)
	}
	return out
}

func TestVectorsAreOfTheirTextsWhateverTheOrder(t *testing.T) {
	t.Parallel()
	shuffle := newServer(t, func(w http.ResponseWriter, _ *http.Request, in *asked) bool {
		var items []any
		for i := range slices.Backward(in.Input) {
			items = append(items, item(i, vectorOf(in.Input[i], testDims)))
		}
		reply(w, items)
		return true
	})
	straight := newServer(t, nil)
	in := texts(10)
	got, err := shuffle.model(nil).EmbedDocuments(t.Context(), in)
	require.NoError(t, err)
	want, err := straight.model(nil).EmbedDocuments(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, v := range got {
		requireUnit(t, v)
	}
	require.Equal(t, "Bearer "+canaryKey, straight.requests()[0].key)
}

func TestBatchesKeepToInputsAndTokens(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	m := s.model(func(o *openai.Options) { o.BatchInputs, o.BatchTokens = 4, 100 })
	in := append(texts(10), strings.Repeat("word ", 60), strings.Repeat("more ", 60), strings.Repeat("huge ", 500))
	vectors, err := m.EmbedDocuments(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, vectors, len(in))
	var sizes []int
	for _, r := range s.requests() {
		sizes = append(sizes, len(r.Input))
	}
	require.Equal(t, []int{4, 4, 3, 1, 1}, sizes)
}

func TestPrefixesAndDimensionsAreSent(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.client(func(o *openai.Options) {
		o.Spec = openai.Spec{Model: "e5", Dimensions: 16, DocumentPrefix: "passage: ", QueryPrefix: "query: "}
	})
	dims, err := c.Probe(t.Context(), c.Spec())
	require.NoError(t, err)
	require.Equal(t, 16, dims)
	m := c.Model(c.Spec(), dims)
	_, err = m.EmbedDocuments(t.Context(), []string{"a"})
	require.NoError(t, err)
	_, err = m.EmbedQuery(t.Context(), " b ")
	require.NoError(t, err)
	r := s.requests()
	require.Equal(t, []string{"passage: a"}, r[1].Input)
	require.Equal(t, []string{"query: b"}, r[2].Input)
	require.Equal(t, 16, r[2].Dimensions)
	require.Equal(t, "e5", r[2].Model)
}

func TestAModelThatIgnoresTheDimensionsIsFoundByTheProbe(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ *asked) bool {
		reply(w, []any{item(0, vectorOf("x", 32))})
		return true
	})
	c := s.client(nil)
	_, err := c.Probe(t.Context(), openai.Spec{Model: "m", Dimensions: 16})
	var e *openai.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, openai.CodeWrongDims, e.Code)
	require.False(t, e.Transient)
	require.Contains(t, e.Message, "32 dimensions where it has 16")
	dims, err := c.Probe(t.Context(), openai.Spec{Model: "m"})
	require.NoError(t, err)
	require.Equal(t, 32, dims)
}

func TestATextWithoutAVectorHasNilAndHarmsNoOther(t *testing.T) {
	t.Parallel()
	db, tenant := database(t)
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, in *asked) bool {
		var items []any
		for i, text := range in.Input {
			switch text {
			case "zero":
				items = append(items, item(i, make([]float32, testDims)))
			case "null":
				items = append(items, item(i, []any{nil, 1, 1, 1, 1, 1, 1, 1}))
			case "infinite":
				items = append(items, item(i, []any{jsonNumber("1e999"), 1, 1, 1, 1, 1, 1, 1}))
			default:
				items = append(items, item(i, vectorOf(text, testDims)))
			}
		}
		reply(w, items)
		return true
	})
	m := s.model(nil).Cached(db, tenant)
	in := []string{"good", "zero", "null", "infinite", "", " \n", "good"}
	vectors, err := m.EmbedDocuments(t.Context(), in)
	require.NoError(t, err)
	requireUnit(t, vectors[0])
	require.Equal(t, vectors[0], vectors[6])
	for i := 1; i <= 5; i++ {
		require.Nil(t, vectors[i], in[i])
	}
	_, err = m.EmbedDocuments(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"good", "zero", "null", "infinite"}}, inputsOf(s.requests()),
		"blank texts are not sent, and nothing is asked again")
	vectors, err = m.EmbedDocuments(t.Context(), []string{"null"})
	require.NoError(t, err)
	require.Equal(t, [][]float32{nil}, vectors)

	_, err = s.model(nil).EmbedDocuments(t.Context(), []string{"null", "infinite"})
	_, ok := openai.Transient(err)
	require.True(t, ok, "a server that answers nothing but nonsense is broken")
}

type jsonNumber string

func (n jsonNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }

func inputsOf(list []asked) (out [][]string) {
	for _, r := range list {
		out = append(out, r.Input)
	}
	return out
}

func TestATooLongTextIsEmbeddedByItsBeginning(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("日本", 60) // 360 bytes
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"OpenAI":            {400, `{"error":{"message":"This model's maximum context length is 100 tokens, however you requested 300 tokens"}}`},
		"OpenAI's tokens":   {429, `{"error":{"message":"Request too large for m on tokens per min (TPM): Limit 100, Requested 300","code":"rate_limit_exceeded"}}`},
		"TEI":               {413, `{"error":"Input validation error: inputs must have less than 100 tokens","error_type":"Validation"}`},
		"llama.cpp, Ollama": {500, `{"error":{"code":500,"message":"input is too large to process. increase the physical batch size"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request, in *asked) bool {
				if len(strings.Join(in.Input, "")) <= 100 {
					return false
				}
				w.Header().Set("Retry-After-Ms", "1")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
				return true
			})
			in := append(texts(4), long)
			vectors, err := s.model(nil).EmbedDocuments(t.Context(), in)
			require.NoError(t, err)
			for _, v := range vectors {
				requireUnit(t, v)
			}
			for text, times := range s.paid() {
				require.Equal(t, 1, times, text)
				require.True(t, slices.Contains(in, text) || strings.HasPrefix(long, text))
			}
			require.Contains(t, s.logged(), "a text was too long")
			require.NotContains(t, s.logged(), "日本")
		})
	}

	never := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ *asked) bool {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return true
	})
	vectors, err := never.model(nil).EmbedDocuments(t.Context(), []string{"x", long})
	require.NoError(t, err)
	require.Equal(t, [][]float32{nil, nil}, vectors)
}

func TestNoTextIsPaidForTwice(t *testing.T) {
	t.Parallel()
	db, tenant := database(t)
	in := texts(100)
	in = append(in, in[:50]...) // the same again
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, r *asked) bool {
		if r.number%3 != 0 {
			return false
		}
		http.Error(w, "no", http.StatusInternalServerError)
		return true
	})
	var vectors [][]float32
	tries := 0
	for {
		tries++
		// A new process each time: nothing but the database remembers.
		m := s.model(func(o *openai.Options) { o.BatchInputs = 7 }).Cached(db, tenant)
		var err error
		if vectors, err = m.EmbedDocuments(t.Context(), in); err == nil {
			break
		}
		_, ok := openai.Transient(err)
		require.True(t, ok, err)
		require.Less(t, tries, 50)
	}
	require.Greater(t, tries, 3)
	paid := s.paid()
	require.Len(t, paid, 100)
	for text, times := range paid {
		require.Equal(t, 1, times, text)
	}
	again, err := s.model(nil).Cached(db, tenant).EmbedDocuments(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, vectors, again, "the same to the bit, from the cache")
	require.Len(t, s.paid(), 100)
}

func TestACancelledCallLosesNothingThatWasAsked(t *testing.T) {
	t.Parallel()
	db, tenant := database(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request, in *asked) bool {
		if in.number == 3 {
			cancel() // while the answer is being made
			timer := time.NewTimer(100 * time.Millisecond)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
			}
		}
		return false
	})
	change := func(o *openai.Options) { o.BatchInputs = 10 }
	in := texts(60)
	_, err := s.model(change).Cached(db, tenant).EmbedDocuments(ctx, in)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, s.requests(), 3, "and nothing is asked after it")
	vectors, err := s.model(change).Cached(db, tenant).EmbedDocuments(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, vectors, 60)
	require.Len(t, s.requests(), 6)
	for text, times := range s.paid() {
		require.Equal(t, 1, times, text)
	}
}

// flakyCache fails its first writes.
type flakyCache struct {
	openai.Cache
	mu    sync.Mutex
	fails int
}

func (f *flakyCache) EmbeddingCachePutMany(ctx context.Context, tenant uuid.UUID, model string, hashes, vectors [][]byte) error {
	f.mu.Lock()
	f.fails--
	fail := f.fails >= 0
	f.mu.Unlock()
	if fail {
		return errors.New("the database is away")
	}
	return f.Cache.EmbeddingCachePutMany(ctx, tenant, model, hashes, vectors)
}

func TestAnAnswerOutlivesAShortFailureOfTheDatabase(t *testing.T) {
	t.Parallel()
	db, tenant := database(t)
	s := newServer(t, nil)
	_, err := s.model(nil).Cached(&flakyCache{Cache: db, fails: 3}, tenant).EmbedDocuments(t.Context(), texts(5))
	require.NoError(t, err)
	_, err = s.model(nil).Cached(db, tenant).EmbedDocuments(t.Context(), texts(5))
	require.NoError(t, err)
	require.Len(t, s.requests(), 1)
}

func TestCachedVectorsOfAnotherModelAreNotUsed(t *testing.T) {
	t.Parallel()
	db, tenant := database(t)
	s := newServer(t, nil)
	c := s.client(nil)
	for _, spec := range []openai.Spec{
		{Model: "a"}, {Model: "b"}, {Model: "a", Dimensions: 16}, {Model: "a", DocumentPrefix: "p: "},
	} {
		dims, err := c.Probe(t.Context(), spec)
		require.NoError(t, err)
		_, err = c.Model(spec, dims).Cached(db, tenant).EmbedDocuments(t.Context(), []string{"x"})
		require.NoError(t, err)
	}
	require.Len(t, s.requests(), 8)
	_, err := c.Model(openai.Spec{Model: "a", QueryPrefix: "q: "}, testDims).Cached(db, tenant).EmbedDocuments(t.Context(), []string{"x"})
	require.NoError(t, err)
	require.Len(t, s.requests(), 8, "the vectors of documents do not depend on the query prefix")
}

func TestAnIdentityCanBeReadBack(t *testing.T) {
	t.Parallel()
	for _, spec := range []openai.Spec{
		{Model: "text-embedding-3-small"},
		{Model: "nomic-embed-text:v1.5", Dimensions: 512, DocumentPrefix: "search_document: ", QueryPrefix: "a?b&c=d #"},
		{Model: "odd?name=1", QueryPrefix: "x"},
	} {
		got, err := openai.ParseSpec(spec.Identity())
		require.NoError(t, err)
		require.Equal(t, spec, got)
	}
	require.Equal(t, "m?dimensions=8&query_prefix=q", openai.Spec{Model: "m", Dimensions: 8, QueryPrefix: "q"}.Identity())
	for _, bad := range []string{"", "?x=1", "m?dimensions=-1", "m?dimensions=08", "m?other=1", "m?%zz"} {
		_, err := openai.ParseSpec(bad)
		require.Error(t, err, bad)
	}
}
