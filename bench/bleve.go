package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/mapping"
)

// bleveBatch is the number of documents that are indexed together.
const bleveBatch = 1000

// bleveEngine is Bleve as a library, on disk.
type bleveEngine struct {
	dir string
	idx bleve.Index
}

func newBleve(dir string) (*bleveEngine, error) {
	dir, err := os.MkdirTemp(dir, "beside-bleve-")
	return &bleveEngine{dir: dir}, err
}

func (b *bleveEngine) name() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/blevesearch/bleve/v2" {
				return "Bleve " + m.Version + " (library)"
			}
		}
	}
	return "Bleve (library)"
}

// bleveMapping has English stems and stop words, and the positions that
// highlighting needs; the text is stored for the snippets. Scores are BM25.
func bleveMapping() mapping.IndexMapping {
	text := bleve.NewTextFieldMapping()
	text.Analyzer = en.AnalyzerName
	text.Store, text.IncludeTermVectors, text.IncludeInAll, text.DocValues = true, true, false, false
	doc := bleve.NewDocumentStaticMapping()
	doc.AddFieldMappingsAt("title", text)
	doc.AddFieldMappingsAt("text", text)
	m := bleve.NewIndexMapping()
	m.DefaultMapping = doc
	m.ScoringModel = "bm25"
	return m
}

func (b *bleveEngine) index(ctx context.Context, docs *corpus) (count int, err error) {
	if b.idx, err = bleve.New(b.dir+"/index", bleveMapping()); err != nil {
		return 0, err
	}
	batch := b.idx.NewBatch()
	for doc, err := range docs.documents() {
		if err != nil {
			return count, err
		}
		if ctx.Err() != nil {
			return count, ctx.Err()
		}
		id := doc.ExternalID
		if id == "" {
			id = fmt.Sprint("line ", count)
		}
		if err := batch.Index(id, map[string]any{"title": doc.Title, "text": doc.Content}); err != nil {
			return count, err
		}
		if count++; batch.Size() == bleveBatch {
			if err := b.idx.Batch(batch); err != nil {
				return count, err
			}
			batch.Reset()
		}
	}
	return count, b.idx.Batch(batch)
}

func (b *bleveEngine) search(ctx context.Context, l load) (*measured, error) {
	return closedLoop(ctx, l, func(ctx context.Context, query string) error {
		_, err := b.ask(ctx, query)
		return err
	})
}

func (b *bleveEngine) ask(ctx context.Context, query string) (*bleve.SearchResult, error) {
	title, text := bleve.NewMatchQuery(query), bleve.NewMatchQuery(query)
	title.SetField("title")
	text.SetField("text")
	r := bleve.NewSearchRequestOptions(bleve.NewDisjunctionQuery(title, text), results, 0, false)
	r.Fields = []string{"title"}
	r.Highlight = bleve.NewHighlight()
	r.Highlight.AddField("text")
	return b.idx.SearchInContext(ctx, r)
}

func (b *bleveEngine) close(context.Context) (err error) {
	if b.idx != nil {
		err = b.idx.Close()
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}
