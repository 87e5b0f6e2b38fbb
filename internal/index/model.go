package index

import (
	"errors"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Model is an open embedding model, as ManagerOptions.OpenModel returns it. The
// index keeps it with the snapshots whose vectors it made and knows nothing else
// of it: the caller of Search embeds the query. One that has its file mapped also
// has Verify() error, which reads it all again.
type Model interface {
	Close() error
}

// modelHandle counts the snapshots that use an open model and closes it after the
// last one.
type modelHandle struct {
	ref     ModelRef
	model   Model
	refs    atomic.Int64
	checked atomic.Int64 // when its file was last found good, Unix nanoseconds
}

// newModelHandle returns a handle to a model whose file was verified not before
// opened.
func newModelHandle(ref ModelRef, m Model, opened time.Time) *modelHandle {
	h := &modelHandle{ref: ref, model: m}
	h.refs.Store(1)
	h.checked.Store(opened.UnixNano())
	return h
}

// verify compares the model, and its file in the cache if it is there, with what
// was opened.
func (h *modelHandle) verify(c *cacheDir, tenant uuid.UUID) error {
	if h.ref.Bytes == 0 {
		return nil
	}
	now := time.Now()
	if v, ok := h.model.(interface{ Verify() error }); ok {
		if err := v.Verify(); err != nil {
			return err
		}
	}
	// A file that is gone says nothing against the model, which has it mapped.
	if _, err := modelFiles.cached(c.modelEntry(tenant, &h.ref)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	h.checked.Store(now.UnixNano())
	return nil
}

func (h *modelHandle) acquire() { h.refs.Add(1) }

func (h *modelHandle) release() {
	if h.refs.Add(-1) == 0 {
		_ = h.model.Close() // as with a segment, nobody could do anything about it
	}
}

// vectorsHandle does the same for a vectors file.
type vectorsHandle struct {
	id      uuid.UUID
	vectors *Vectors
	refs    atomic.Int64
}

func newVectorsHandle(id uuid.UUID, v *Vectors) *vectorsHandle {
	h := &vectorsHandle{id: id, vectors: v}
	h.refs.Store(1)
	return h
}

func (h *vectorsHandle) acquire() { h.refs.Add(1) }

func (h *vectorsHandle) release() {
	if h.refs.Add(-1) == 0 {
		_ = h.vectors.Close()
	}
}
