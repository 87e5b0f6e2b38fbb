package search

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

// subjects is a model of three dimensions: what a text is about, by words that mean
// the same.
var subjects = [][]string{{"car", "automobile", "vehicle"}, {"dog", "hound"}, {"tea", "infusion"}}

func embedText(text string) []float32 {
	v, known := make([]float32, len(subjects)), false
	for i, words := range subjects {
		for _, w := range words {
			if strings.Contains(strings.ToLower(text), w) {
				v[i], known = v[i]+1, true
			}
		}
	}
	if !known {
		return nil
	}
	return v
}

type openModel struct{}

func (openModel) Close() error { return nil }

// embedder embeds queries with subjects, or fails.
type embedder struct {
	mu     sync.Mutex
	err    error
	texts  []string
	reason *Reason
}

func (e *embedder) EmbedQuery(_ context.Context, _ uuid.UUID, _ index.ModelRef, _ index.Model, text string) ([]float32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.texts = append(e.texts, text)
	if e.err != nil {
		return nil, e.err
	}
	return embedText(text), nil
}

func (e *embedder) NoModel(uuid.UUID, int) *Reason { return e.reason }

// newVectorWorld is a world of texts with their vectors.
func newVectorWorld(t testing.TB, provider string, texts ...string) (*world, *embedder) {
	t.Helper()
	e := &embedder{reason: &Reason{Notice: "Not trained yet: 1 of 500 passages."}}
	w := newWorld(t, Deps{Embedder: e}, cache.Options{})
	for _, text := range texts {
		w.source.commit(t, w.tenant, document(text, text))
	}
	w.source.mu.Lock()
	state := w.source.tenants[w.tenant]
	state.Model = &index.ModelRef{ID: uuid.New(), Name: "subjects", Provider: provider, Dimensions: len(subjects)}
	for i := range state.Segments {
		ref := &state.Segments[i]
		s, err := index.OpenBytes(w.source.bytes[ref.ID])
		require.NoError(t, err)
		var vectors [][]float32
		require.NoError(t, s.ChunkTexts(func(_ int, title, heading, content string) error {
			require.Equal(t, "Intro", heading)
			vectors = append(vectors, embedText(title+content))
			return nil
		}))
		var out bytes.Buffer
		meta, err := index.WriteVectors(&out, len(subjects), len(vectors), func(chunk int) []float32 { return vectors[chunk] })
		require.NoError(t, err)
		ref.Vectors = &index.VectorsRef{
			ID: uuid.New(), Bytes: meta.Bytes, Checksum: meta.Checksum, Chunks: meta.Chunks, Missing: meta.Missing, Pending: meta.Missing,
		}
		w.source.bytes[ref.Vectors.ID] = out.Bytes()
	}
	w.source.mu.Unlock()
	manager, err := index.NewManager(w.source, index.ManagerOptions{
		CacheDir: t.TempDir(), OpenModel: func(index.ModelRef, string) (index.Model, error) { return openModel{}, nil },
	})
	require.NoError(t, err)
	t.Cleanup(manager.Close)
	w.deps.Index = manager
	return w, e
}

func titles(b body) (all []string) {
	for _, r := range b.Results {
		all = append(all, r.Title)
	}
	return all
}

func TestVectorsFindWhatWordsDoNot(t *testing.T) {
	t.Parallel()
	w, e := newVectorWorld(t, "builtin", "A red automobile", "My hound sleeps", "Infusion of mint", "A car and its dog")
	_, b := w.ask(t, `{"query": "\"dog\" vehicle -tea", "type": "semantic"}`)
	require.Equal(t, []string{"A car and its dog"}, titles(b), "phrases and exclusions filter vectors, too")
	require.Equal(t, []string{"dog vehicle"}, e.texts, "the text is embedded without its operators")
	_, b = w.ask(t, `{"query": "vehicle", "type": "semantic", "min_score": 0.5, "explain": true}`)
	require.Equal(t, []string{"A red automobile", "A car and its dog"}, titles(b))
	require.Equal(t, 2, b.Total)
	require.JSONEq(t, `{"vector": {"rank": 1, "score": 1}, "fusion": {"method": "none", "score": 1}}`, roundScores(b.Results[0].ScoreDetails))
	require.NotNil(t, b.Vectors)
	require.Equal(t, coverage{"subjects", 4, 5}, *b.Vectors)
	_, b = w.ask(t, `{"query": "dog", "explain": true}`)
	require.Equal(t, "A car and its dog", b.Results[0].Title)
	require.Contains(t, titles(b), "My hound sleeps")
	require.Empty(t, b.AnsweredBy)
	require.Contains(t, string(b.Results[0].ScoreDetails), `"method":"minmax"`)
	require.Contains(t, string(b.Results[0].ScoreDetails), `"weight":0.8`)
	_, b = w.ask(t, `{"query": "dog", "explain": true, "fusion": "rrf", "weights": {"keyword": 1, "vector": 3}}`)
	require.Contains(t, string(b.Results[0].ScoreDetails), `"method":"rrf"`)
	require.Contains(t, string(b.Results[0].ScoreDetails), `"weight":0.75`)
	real, _ := newVectorWorld(t, "openai", "dog")
	_, b = real.ask(t, `{"query": "dog", "explain": true}`)
	require.Contains(t, string(b.Results[0].ScoreDetails), `"method":"rrf"`, "a real model is fused by ranks")
}

// roundScores keeps rounding of codes out of a comparison.
func roundScores(details []byte) string {
	return strings.NewReplacer("0.9999999962747097", "1").Replace(string(details))
}

// Whatever is missing, words answer, and say why.
func TestSearchesWithoutVectorsAreAnsweredByKeyword(t *testing.T) {
	t.Parallel()
	w, e := newVectorWorld(t, "builtin", "A red automobile", "My hound sleeps")
	_, b := w.ask(t, `{"query": "sleeps", "type": "semantic"}`)
	require.Equal(t, []any{"keyword", noticeNoWords}, []any{b.AnsweredBy, b.Notice})
	require.Equal(t, []string{"My hound sleeps"}, titles(b))
	_, b = w.ask(t, `{"query": "hound", "sort": ["created_at"]}`)
	require.Equal(t, []any{"keyword", noticeOrdered}, []any{b.AnsweredBy, b.Notice})

	e.err = &Reason{Notice: "The provider is away.", Passing: true, Err: errors.New("key sk-123 refused")}
	_, b = w.ask(t, `{"query": "hound sleeps", "limit": 1}`)
	require.Equal(t, []any{"keyword", "The provider is away."}, []any{b.AnsweredBy, b.Notice})
	e.err = errors.New("password of 10.0.0.1")
	_, b = w.ask(t, `{"query": "hound automobile", "limit": 1}`)
	require.Equal(t, noticeFailed, b.Notice)
	require.NotNil(t, b.NextCursor)
	e.err = nil
	_, next := w.ask(t, `{"query": "hound automobile", "limit": 1, "cursor": "`+*b.NextCursor+`"}`)
	require.Equal(t, noticeContinued, next.Notice, "a list goes on as it began")
	require.NotEqual(t, titles(b), titles(next))

	_, b = w.ask(t, `{"query": "automobile hound", "limit": 1}`)
	require.Empty(t, b.AnsweredBy)
	e.err = errors.New("down again")
	_, err := w.Search(t.Context(), w.tenant, decode(t, `{"query": "automobile hound", "limit": 1, "cursor": "`+*b.NextCursor+`"}`), Options{})
	require.Equal(t, domain.CodeUnavailable, domain.CodeOf(err), "a list by vectors cannot go on without them")

	cold := newWorld(t, Deps{Embedder: e}, cache.Options{})
	_, b = cold.ask(t, `{"query": "async"}`)
	require.Equal(t, []any{"keyword", e.reason.Notice}, []any{b.AnsweredBy, b.Notice})
	bare := newWorld(t, Deps{}, cache.Options{})
	_, b = bare.ask(t, `{"query": "async", "type": "semantic"}`)
	require.Equal(t, noticeNotConfigured, b.Notice)
	_, b = bare.ask(t, `{"query": "async", "type": "keyword"}`)
	require.Empty(t, b.Notice)
}

func TestFusionOfARequestIsChecked(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{
		`"weights": {"keyword": 1}`: "weights", `"weights": {"keyword": -1, "vector": 1}`: "weights",
		`"weights": {"keyword": 0, "vector": 0}`: "weights", `"weights": 3`: "weights",
		`"weights": {"keyword": "a", "vector": 1}`: "weights.keyword", `"weights": {"x": 1, "vector": 1}`: "weights.x",
		`"fusion": "sum"`: "fusion", `"min_score": "a"`: "min_score",
	} {
		_, err := Decode([]byte(`{"query": "q", ` + body + `}`))
		var invalid *domain.Error
		require.ErrorAs(t, err, &invalid, body)
		require.Equal(t, field, invalid.Fields[0].Field, body)
	}
	plain := decode(t, `{"query": "q"}`)
	for _, other := range []string{
		`"weights": {"keyword": 1, "vector": 1}`, `"weights": {"keyword": 1, "vector": 2}`, `"fusion": "rrf"`, `"min_score": 0`, `"min_score": 1`,
	} {
		r := decode(t, `{"query": "q", `+other+`}`)
		require.NotEqual(t, plain.hash(), r.hash(), other)
		require.NotEqual(t, plain.binding(), r.binding(), other)
	}
}
