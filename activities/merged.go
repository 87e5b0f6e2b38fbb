package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// merged is a merged segment, and the vectors of its chunks, in work files.
type merged struct {
	path, vectorsPath string
	meta              index.Meta
	// vectors is the zero value when no input had vectors.
	vectors index.VectorsMeta
}

func (s *Segments) writeMerged(ctx context.Context, inputs []index.MergeInput, beat *heartbeat) (*merged, error) {
	file, err := os.CreateTemp(s.WorkDir, "merge-*.segment")
	if err != nil {
		return nil, fmt.Errorf("create the merged segment: %w", err)
	}
	m := &merged{path: file.Name(), vectorsPath: file.Name() + ".vectors"}
	vectors, err := os.Create(m.vectorsPath)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create the merged vectors: %w", err), file.Close(), os.Remove(m.path))
	}
	m.meta, m.vectors, err = index.MergeWithVectors(ctx, inputs, newMergeProgress(file, inputs, beat), vectors)
	if err = errors.Join(err, file.Close(), vectors.Close()); err != nil {
		m.remove()
		return nil, err
	}
	return m, nil
}

func (m *merged) remove() {
	_ = os.Remove(m.path)
	_ = os.Remove(m.vectorsPath)
}

// stored describes the merged vectors, nil for none. A chunk without a vector is
// pending when it comes from a segment whose chunks the model has not all seen.
func (m *merged) stored(snapshot *index.Snapshot, group []uuid.UUID) *store.Vectors {
	ref, _ := snapshot.Model()
	if m.vectors.Bytes == 0 || m.meta.Docs == 0 || ref.ID == uuid.Nil {
		return nil
	}
	pending := 0
	for _, id := range group {
		s := findSegment(snapshot, id)
		switch {
		case s == nil || s.Vectors == nil:
			pending += snapshot.LiveChunks(id)
		default:
			pending += s.Vectors.Pending
		}
	}
	v := newVectors(ref.ID, m.vectors, min(pending, m.vectors.Missing), func() (io.ReadCloser, error) { return os.Open(m.vectorsPath) })
	return &v
}
