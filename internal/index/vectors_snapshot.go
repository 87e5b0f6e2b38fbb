package index

import (
	"math/bits"

	"github.com/google/uuid"
)

// adopt makes a model and settings part of a snapshot that nobody uses yet.
func (s *Snapshot) adopt(model *modelHandle, settings *querySettings) {
	s.model, s.settings = model, settings
	if model != nil {
		s.stats.Bytes += model.ref.Bytes
	}
}

// Model returns the active embedding model, nil when there is none or it could
// not be opened. It is valid until the snapshot is released.
func (s *Snapshot) Model() (ModelRef, Model) {
	if s.model == nil {
		return ModelRef{}, nil
	}
	return s.model.ref, s.model.model
}

// Dimensions returns those of the vectors of the snapshot, 0 when there are none.
func (s *Snapshot) Dimensions() int { return s.dimensions }

// vectorsID returns the id of the segment's vectors, uuid.Nil for none.
func (r *SegmentRef) vectorsID() uuid.UUID {
	if r.Vectors == nil {
		return uuid.Nil
	}
	return r.Vectors.ID
}

// pending returns how many chunks of the segment the model has not seen yet.
func (r *SegmentRef) pending() int {
	if r.Vectors == nil {
		return 0
	}
	return r.Vectors.Pending
}

// vectorsFile returns the view's vectors, nil for none.
func (v *view) vectorsFile() *Vectors {
	if v.vectors == nil {
		return nil
	}
	return v.vectors.vectors
}

// liveVectors counts the live chunks that have a vector.
func (v *view) liveVectors() int {
	present := v.vectors.vectors.present
	switch {
	case present == nil:
		return v.liveChunks
	case v.live == nil:
		return present.count()
	}
	n := 0
	for i, w := range present {
		n += bits.OnesCount64(w & v.live[i])
	}
	return n
}
