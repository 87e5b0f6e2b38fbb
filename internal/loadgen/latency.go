package loadgen

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// LatencyOptions says how the way of one document is measured.
type LatencyOptions struct {
	Client *apiclient.Client
	// Count documents are sent one after the other, with a Pause between them.
	Count int
	Pause time.Duration
	// PollEvery is how often a search looks for the document; it bounds the precision.
	PollEvery time.Duration
	// Each, if set, hears of each document.
	Each func(n int, searchable time.Duration)
}

// LatencyResult is what was measured, in microseconds.
type LatencyResult struct {
	Accept     *hdrhistogram.Histogram // from sending a document to its 202
	Searchable *hdrhistogram.Histogram // from the 202 to the first search that finds it
}

// searchableTimeout is when a document counts as lost.
const searchableTimeout = time.Minute

// Latency sends documents with a word of their own and searches for it until it is found. The documents are deleted.
func Latency(ctx context.Context, o LatencyOptions) (*LatencyResult, error) {
	r := &LatencyResult{Accept: newHistogram(), Searchable: newHistogram()}
	for n := range o.Count {
		if err := latencyOnce(ctx, o, n, r); err != nil {
			return r, err
		}
		select {
		case <-time.After(o.Pause):
		case <-ctx.Done():
			return r, ctx.Err()
		}
	}
	return r, nil
}

func latencyOnce(ctx context.Context, o LatencyOptions, n int, r *LatencyResult) error {
	var nonce [8]byte
	_, _ = rand.Read(nonce[:]) // never fails
	word := "latency" + hex.EncodeToString(nonce[:])
	doc := &apiclient.Document{
		ExternalID: "bench/" + word, Title: "Latency " + word, DocType: "bench",
		Content: "A document that measures how long it takes to be found by the word " + word + ".",
	}
	begin := time.Now()
	accepted, err := o.Client.CreateDocument(ctx, doc, "")
	if err != nil {
		return err
	}
	answered := time.Now()
	record(r.Accept, answered.Sub(begin))
	found, err := waitSearchable(ctx, o, word, answered)
	if err != nil {
		return fmt.Errorf("document %s: %w", accepted.ID, err)
	}
	record(r.Searchable, found)
	if o.Each != nil {
		o.Each(n, found)
	}
	return o.Client.DeleteDocument(ctx, accepted.ID)
}

var errLost = errors.New("was not found within a minute after it was accepted")

func waitSearchable(ctx context.Context, o LatencyOptions, word string, since time.Time) (time.Duration, error) {
	off := false
	tick := time.NewTicker(max(o.PollEvery, time.Millisecond))
	defer tick.Stop()
	for {
		res, err := o.Client.Search(ctx, &apiclient.SearchRequest{Query: word, Type: "keyword", Limit: 1, Highlight: &off, NoCache: true})
		passed := time.Since(since)
		switch {
		case err != nil:
			return passed, err
		case len(res.Results) > 0:
			return passed, nil
		case passed > searchableTimeout:
			return passed, errLost
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return passed, ctx.Err()
		}
	}
}
