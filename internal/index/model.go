package index

import (
	"sync/atomic"

	"github.com/google/uuid"
)

// Model is an open embedding model, as ManagerOptions.OpenModel returns it. The
// index keeps it with the snapshots whose vectors it made and knows nothing else
// of it: the caller of Search embeds the query.
type Model interface {
	Close() error
}

// modelHandle counts the snapshots that use an open model and closes it after the
// last one.
type modelHandle struct {
	ref   ModelRef
	model Model
	refs  atomic.Int64
}

func newModelHandle(ref ModelRef, m Model) *modelHandle {
	h := &modelHandle{ref: ref, model: m}
	h.refs.Store(1)
	return h
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
