package loadgen

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// StalenessOptions says between which servers is measured.
type StalenessOptions struct {
	// First takes the documents, Second is searched; they may be one server.
	First, Second *apiclient.Client
	// Count documents are sent one after the other, with a Pause between them.
	Count int
	Pause time.Duration
	// PollEvery bounds the precision: of the commit, and of its showing.
	PollEvery time.Duration
}

// Staleness measures how long after the commit of a document another server's answers show it, in microseconds. Searches
// go through that server's cache, as users' do, and have been answered without the document before.
//
// The commit is seen by asking for the job. It happened after the last question that found it unfinished, so what is
// measured is at least the staleness, and at most one poll more.
func Staleness(ctx context.Context, o StalenessOptions) (*hdrhistogram.Histogram, error) {
	h := newHistogram()
	for range o.Count {
		took, err := stalenessOnce(ctx, o)
		if err != nil {
			return h, err
		}
		record(h, took)
		select {
		case <-time.After(o.Pause):
		case <-ctx.Done():
			return h, ctx.Err()
		}
	}
	return h, nil
}

func stalenessOnce(ctx context.Context, o StalenessOptions) (time.Duration, error) {
	var nonce [8]byte
	_, _ = rand.Read(nonce[:]) // never fails
	word := "staleness" + hex.EncodeToString(nonce[:])
	if _, err := finds(ctx, o.Second, word); err != nil { // so that its cache has an answer without the document
		return 0, fmt.Errorf("search the second server: %w", err)
	}
	accepted, err := o.First.CreateDocument(ctx, &apiclient.Document{
		ExternalID: "bench/" + word, Title: "Staleness " + word, DocType: "bench",
		Content: "A document that measures when another server shows the word " + word + ".",
	}, "")
	if err != nil {
		return 0, err
	}
	sent := time.Now()
	var committed, shown time.Time
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		committed, err = o.watchCommit(groupCtx, accepted.JobID, sent)
		return err
	})
	group.Go(func() error {
		return poll(groupCtx, o.PollEvery, func() (bool, error) {
			found, err := finds(groupCtx, o.Second, word)
			shown = time.Now()
			return found, err
		})
	})
	if err := group.Wait(); err != nil {
		return 0, fmt.Errorf("document %s: %w", accepted.ID, err)
	}
	return shown.Sub(committed), o.First.DeleteDocument(ctx, accepted.ID)
}

// watchCommit returns the last moment at which the document was not yet committed.
func (o *StalenessOptions) watchCommit(ctx context.Context, job string, sent time.Time) (time.Time, error) {
	last := sent
	err := poll(ctx, o.PollEvery, func() (bool, error) {
		asked := time.Now()
		j, err := o.First.GetJob(ctx, job)
		if err != nil {
			return false, err
		}
		if j.Failed > 0 {
			return false, fmt.Errorf("it could not be indexed: %s", j.ErrorMessage)
		}
		if j.Done > 0 || j.FinishedAt != nil {
			return true, nil
		}
		last = asked
		return false, nil
	})
	return last, err
}

func finds(ctx context.Context, client *apiclient.Client, word string) (bool, error) {
	off := false
	res, err := client.Search(ctx, &apiclient.SearchRequest{Query: word, Type: "keyword", Limit: 1, Highlight: &off})
	return err == nil && len(res.Results) > 0, err
}

// poll asks until done, for a minute at most.
func poll(ctx context.Context, every time.Duration, done func() (bool, error)) error {
	begin := time.Now()
	tick := time.NewTicker(max(every, time.Millisecond))
	defer tick.Stop()
	for {
		ok, err := done()
		switch {
		case err != nil || ok:
			return err
		case time.Since(begin) > searchableTimeout:
			return errLost
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
