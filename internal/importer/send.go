package importer

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// send reads the source and sends what the server does not have, until the end or the first error.
func (im *importer) send(ctx context.Context) error {
	// Batches that are on their way at an interrupt are given time to be answered, so that the state says what is true.
	graceful, finish := afterGrace(ctx, graceOnInterrupt)
	defer finish()
	senders, sending := errgroup.WithContext(graceful)
	work := make(chan *batch)
	flight := newFlight()
	for range im.Parallel {
		senders.Go(func() error {
			for b := range work {
				if err := im.sendBatch(sending, b); err != nil {
					return err
				}
				flight.land(b)
			}
			return nil
		})
	}
	err := im.dispatch(ctx, sending, flight, work)
	close(work)
	if e := senders.Wait(); e != nil {
		return e
	}
	return err
}

// dispatch hands batches to the senders. A batch waits while one with an id in common is on its way.
func (im *importer) dispatch(ctx, sending context.Context, flight *flight, work chan<- *batch) error {
	for b, err := range batches(im.source.records(), im.BatchLines, im.BatchBytes) {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !im.folder && im.state.knowsSlot(b.number, b.hash()):
			im.report.known(len(b.origins), b.input)
			continue
		}
		if err := flight.take(sending, b); err != nil {
			return err
		}
		select {
		case work <- b:
		case <-sending.Done():
			return context.Cause(sending)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// sendBatch sends one batch and writes the answer down.
func (im *importer) sendBatch(ctx context.Context, b *batch) error {
	hash := b.hash()
	key, err := im.state.keyFor(hash)
	if err != nil {
		return err
	}
	res, err := im.Client.BulkDocuments(ctx, bytes.NewReader(b.body), apiclient.BulkOptions{IdempotencyKey: key, Gzip: im.Gzip})
	if err != nil {
		return err
	}
	rejected := im.reject(b, res)
	entry := &stateEntry{Sent: hash, Job: res.JobID, Accepted: res.Queued}
	switch {
	case im.folder && len(rejected) == res.RejectedCount:
		entry.Files = filesOf(b, rejected)
	case !im.folder && res.RejectedCount == 0:
		entry.Slot, entry.Lines = &b.number, len(b.origins)
	}
	if err := im.state.append(entry); err != nil {
		return err
	}
	im.report.update(func(c *counts) {
		c.batches++
		c.accepted += res.Queued
		c.unchanged += res.Unchanged + res.Duplicates
	})
	im.report.progressed(b.input)
	if res.Queued > 0 && res.JobID != "" {
		im.jobs.add(res.JobID, res.Queued)
	}
	return nil
}

// reject writes down the lines that the server refused, and returns their indices.
func (im *importer) reject(b *batch, res *apiclient.BulkResult) map[int]bool {
	rejected := make(map[int]bool, len(res.Rejected))
	for _, line := range res.Rejected {
		i := line.Line - 1
		if i < 0 || i >= len(b.origins) {
			continue
		}
		rejected[i] = true
		im.report.fail(b.origins[i], b.ids[i], line.Code, line.Error)
	}
	if more := res.RejectedCount - len(rejected); more > 0 { // the answer names the first thousand
		im.report.failMore(more, b.origins[0], b.origins[len(b.origins)-1])
	}
	return rejected
}

// filesOf maps the files of a batch that were not rejected to their hashes.
func filesOf(b *batch, rejected map[int]bool) map[string]string {
	files := make(map[string]string, len(b.ids))
	for i, line := range bytes.Split(bytes.TrimSuffix(b.body, []byte("\n")), []byte("\n")) {
		if !rejected[i] {
			sum := lineHash(line)
			files[b.ids[i]] = hex.EncodeToString(sum[:])
		}
	}
	return files
}

// flight knows the ids of the batches on their way.
type flight struct {
	mu     sync.Mutex
	ids    map[*batch]map[uint64]struct{}
	landed chan struct{} // closed and replaced at each landing
}

func newFlight() *flight {
	return &flight{ids: map[*batch]map[uint64]struct{}{}, landed: make(chan struct{})}
}

// take registers a batch once no other holds one of its ids.
func (f *flight) take(ctx context.Context, b *batch) error {
	keys := b.keys()
	for {
		f.mu.Lock()
		if !f.overlaps(keys) {
			f.ids[b] = keys
			f.mu.Unlock()
			return nil
		}
		landed := f.landed
		f.mu.Unlock()
		select {
		case <-landed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (f *flight) overlaps(keys map[uint64]struct{}) bool {
	for _, other := range f.ids {
		for k := range other {
			if _, ok := keys[k]; ok {
				return true
			}
		}
	}
	return false
}

// land removes a batch that was answered.
func (f *flight) land(b *batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ids, b)
	close(f.landed)
	f.landed = make(chan struct{})
}

// errGraceOver ends requests that an interrupt did not get an answer to in time.
var errGraceOver = errors.New("interrupted")

// afterGrace returns a context that ends a while after ctx.
func afterGrace(ctx context.Context, grace time.Duration) (context.Context, func()) {
	late, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var mu sync.Mutex
	var timer *time.Timer
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		timer = time.AfterFunc(grace, func() { cancel(errGraceOver) })
	})
	return late, func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		if timer != nil {
			timer.Stop()
		}
		cancel(context.Canceled)
	}
}
