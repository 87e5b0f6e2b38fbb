package search

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/index"
)

func BenchmarkDecode(b *testing.B) {
	for name, body := range map[string]string{
		"short":    `{"query": "rust async patterns", "type": "semantic"}`,
		"filtered": `{"query": "rust async patterns", "limit": 20, "filters": {"doc_type": ["guide", "api"], "tags": "rust", "metadata": {"lang": "en"}}}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := Decode([]byte(body))
				if err != nil {
					b.Fatal(err)
				}
				_ = r.hash()
			}
		})
	}
}

// tenHits is a page of passages of the size of real documentation.
func tenHits() *index.Result {
	text := strings.Repeat("The \"executor\" polls futures\nuntil they are ready; see `tokio::spawn` für mehr. ", 14)
	res := &index.Result{Total: 1000, TotalIsLowerBound: true, Generation: 7}
	for i := range 10 {
		res.Hits = append(res.Hits, index.Hit{
			DocumentID: uuid.New(), ExternalID: "mdn/games/anatomy#0", ChunkOrdinal: i, Title: "Async in Rust",
			Content: text, Tags: []string{"rust", "async"}, SourceURL: "https://example.com/docs/async",
			CreatedAt: 1769860800000, UpdatedAt: 1769860800000, Score: 12.34567 / float64(i+1),
			Highlights: []index.Fragment{{Text: text[:200], Matches: [][2]int{{4, 8}, {20, 27}}}, {Text: text[300:500], Start: 300, Matches: [][2]int{{4, 8}}}},
		})
	}
	return res
}

func BenchmarkEncode(b *testing.B) {
	r, res := NewRequest("rust async patterns"), tenHits()
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(encodeAnswer(r, res, branches{}))))
	}
}

func BenchmarkAppendKept(b *testing.B) {
	a := Answer{QueryID: uuid.New(), Query: "rust async patterns"}
	if err := a.open(encodeAnswer(NewRequest(a.Query), tenHits(), branches{})); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, a.Size())
	b.ReportAllocs()
	for b.Loop() {
		buf = a.AppendJSON(buf[:0])
	}
}

func BenchmarkSearch(b *testing.B) {
	w := newWorld(b, Deps{}, cache.Options{})
	var docs []index.Document
	for i := range 2000 {
		docs = append(docs, document(fmt.Sprintf("Page %d", i), strings.Repeat("The executor polls futures until they are ready. ", 1+i%20)))
	}
	w.source.commit(b, w.tenant, docs...)
	r := decode(b, `{"query": "executor of futures", "type": "keyword"}`)
	for name, options := range map[string]Options{"hit": {}, "miss": {NoCache: true}} {
		b.Run(name, func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				a, err := w.Search(b.Context(), w.tenant, r, options)
				if err != nil {
					b.Fatal(err)
				}
				buf = a.AppendJSON(buf[:0])
			}
		})
	}
}
