package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/importer"
)

// results is how many documents a search answers.
const results = 10

// engine is one that is measured.
type engine interface {
	// name tells the engine with its version.
	name() string
	// index takes all documents and returns when each of them can be found.
	index(ctx context.Context, docs *corpus) (count int, err error)
	// search asks the queries in turn until the time is over.
	search(ctx context.Context, load load) (*measured, error)
	// close takes away what index made.
	close(ctx context.Context) error
}

// load is one measurement.
type load struct {
	queries          []string
	clients          int
	warmup, duration time.Duration
}

// measured is what came of it; latencies are microseconds.
type measured struct {
	latency *hdrhistogram.Histogram
	elapsed time.Duration
	errors  int64
}

// rate is answers a second.
func (m *measured) rate() float64 {
	if m.elapsed <= 0 {
		return 0
	}
	return float64(m.latency.TotalCount()) / m.elapsed.Seconds()
}

// corpus is the documents of a file, the first limit of them when it is not 0.
type corpus struct {
	path  string
	limit int
}

// documents reads the file anew.
func (c *corpus) documents() iter.Seq2[apiclient.Document, error] {
	return func(yield func(apiclient.Document, error) bool) {
		n := 0
		for doc, err := range importer.Read(c.path) {
			if n++; c.limit > 0 && n > c.limit || !yield(doc, err) {
				return
			}
		}
	}
}

// ndjson streams the documents as a bulk request takes them.
func (c *corpus) ndjson() io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		encoder := json.NewEncoder(w)
		for doc, err := range c.documents() {
			if err == nil {
				err = encoder.Encode(doc)
			}
			if err != nil {
				_ = w.CloseWithError(err)
				return
			}
		}
		_ = w.Close()
	}()
	return r
}

// check says at once when there is nothing to measure.
func (c *corpus) check() error {
	if info, err := os.Stat(c.path); err != nil || info.IsDir() {
		return errors.New("--file " + c.path + " is not a file of documents (NDJSON, plain or .gz or .zst)")
	}
	for _, err := range c.documents() {
		return err
	}
	return errors.New("--file " + c.path + " holds no documents")
}
