package activities

import (
	"context"
	"io"
	"sync"

	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/index"
)

const (
	// textsPerCall is how many chunks an embedder is given at once.
	textsPerCall = 256
	// callsAhead is how many calls of an embedder one segment has on their way.
	callsAhead = 4
)

// textSource yields the chunks of a segment in their order.
type textSource func(yield func(index.ChunkText) error) (int, error)

// vectorStream makes the vectors of a segment's chunks, a few calls ahead of
// who takes them in order. Memory is bounded by those calls.
type vectorStream struct {
	embedder embed.Embedder
	source   textSource
	progress func(done int)

	ctx    context.Context //nolint:containedctx // of the goroutines behind one call of write
	cancel context.CancelCauseFunc
	ready  chan *textCall
	now    *textCall
	next   int // of now
	seen   int
	gone   sync.WaitGroup
}

// textCall is one call of the embedder: the vectors of consecutive chunks.
type textCall struct {
	texts   []string // of the chunks that are not hidden
	at      []int    // index into texts by chunk, -1 for a hidden one
	vectors [][]float32
	done    chan struct{}
}

// write writes the vectors file of a segment with that many chunks.
func (s *vectorStream) write(ctx context.Context, w io.Writer, chunks int) (index.VectorsMeta, error) {
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	// The caller unmaps segment and model: nobody may read in them any more.
	defer s.gone.Wait()
	defer s.cancel(nil)
	s.ready = make(chan *textCall, callsAhead)
	s.gone.Go(s.read)
	meta, err := index.WriteVectors(w, s.embedder.Dimensions(), chunks, s.at)
	if cause := context.Cause(s.ctx); cause != nil {
		return meta, cause
	}
	return meta, err
}

// at returns the vector of the next chunk. After a failure it returns nil: the
// file is not used then.
func (s *vectorStream) at(int) []float32 {
	for s.now == nil || s.next == len(s.now.at) {
		call, ok := <-s.ready
		if !ok {
			return nil
		}
		select {
		case <-call.done:
		case <-s.ctx.Done():
			return nil
		}
		s.now, s.next = call, 0
		s.seen += len(call.at)
		s.progress(s.seen)
	}
	i := s.now.at[s.next]
	s.next++
	if i < 0 || s.now.vectors == nil {
		return nil
	}
	return s.now.vectors[i]
}

// read cuts the texts into calls and makes them.
func (s *vectorStream) read() {
	defer close(s.ready)
	slots := make(chan struct{}, callsAhead)
	call := &textCall{done: make(chan struct{})}
	send := func() error {
		select {
		case slots <- struct{}{}:
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
		now := call
		s.gone.Go(func() { s.embed(now, slots) })
		select {
		case s.ready <- call:
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
		call = &textCall{done: make(chan struct{})}
		return nil
	}
	_, err := s.source(func(c index.ChunkText) error {
		if c.Hidden {
			call.at = append(call.at, -1)
		} else {
			call.at = append(call.at, len(call.texts))
			call.texts = append(call.texts, embed.ChunkText(c.Title, c.Heading, c.Content))
		}
		if len(call.at) < textsPerCall {
			return nil
		}
		return send()
	})
	if err == nil && len(call.at) > 0 {
		err = send()
	}
	if err != nil {
		s.cancel(err)
	}
}

func (s *vectorStream) embed(call *textCall, slots chan struct{}) {
	defer func() { <-slots; close(call.done) }()
	if len(call.texts) == 0 {
		return
	}
	vectors, err := s.embedder.EmbedDocuments(s.ctx, call.texts)
	if err != nil {
		s.cancel(err) // the first failure is the one that counts
		return
	}
	call.vectors = vectors
}
