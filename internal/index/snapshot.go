package index

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// Snapshot is a tenant's index at one generation. It is safe for concurrent
// use until it is released.
type Snapshot struct {
	generation  uint64
	views       []*view     // by their lowest document id
	tombstones  []Tombstone // by document
	stats       Stats
	maxLength   int
	maxTitle    int
	model       *modelHandle // nil for none
	dimensions  int          // of the vectors; 0 when there are none
	refs        atomic.Int64
	norms       normCache
	languages   languageSet // of all segments
	rules       queryRules  // for queries that name no language
	settings    *querySettings
	suggestions suggestCache
	expansions  expansionCache
}

// Stats describes a Snapshot.
type Stats struct {
	Generation uint64
	Segments   int
	// Docs and Chunks are live; HiddenDocs are superseded or deleted copies
	// that a merge will drop.
	Docs, Chunks, HiddenDocs int
	// Bytes are those of the segments, the vectors and the model.
	Bytes int64
	// Analysis is the lowest Meta.Analysis of the segments. Terms of a version
	// older than analysis.Version may not be found.
	Analysis int
	// Vectors are the live chunks with a vector of the active model.
	Vectors int
	// Seen are the live chunks that the active model has seen: those with a vector,
	// and those in which it found no word that it knows.
	Seen int
	// TextLength and TitleLength are the words of all live chunks, and of the
	// titles of all live documents.
	TextLength, TitleLength uint64
}

// LoadedSegment is an open segment with its place in the tenant's index.
type LoadedSegment struct {
	Ref     SegmentRef
	Segment *Segment
	// Vectors are the segment's vectors of the active model, nil for none.
	Vectors *Vectors
}

// NewSnapshot puts segments and tombstones together. The snapshot owns the
// segments from then on: it closes them when it is released. Hidden documents
// are found by looking only where the ranges of ids overlap.
func NewSnapshot(generation uint64, segments []LoadedSegment, tombstones []Tombstone) *Snapshot {
	handles := make([]refHandle, len(segments))
	for i, s := range segments {
		handles[i] = refHandle{ref: s.Ref, handle: newSegmentHandle(s.Ref.ID, s.Segment)}
		if s.Vectors != nil {
			handles[i].vectors = newVectorsHandle(s.Ref.vectorsID(), s.Vectors)
		}
	}
	return buildSnapshot(nil, generation, handles, tombstones)
}

type refHandle struct {
	ref     SegmentRef
	handle  *segmentHandle
	vectors *vectorsHandle // nil for none
}

// buildSnapshot takes over one reference to each handle. What old has found
// hidden stays hidden and is not looked for again.
func buildSnapshot(old *Snapshot, generation uint64, segments []refHandle, tombstones []Tombstone) *Snapshot {
	h := newHider(old, segments)
	h.tombstones(tombstones)
	h.segments()
	s := &Snapshot{generation: generation, tombstones: pruneTombstones(h.dead, segments)}
	s.refs.Store(1)
	for i, seg := range segments {
		s.views = append(s.views, h.view(i, seg))
	}
	slices.SortFunc(s.views, func(a, b *view) int {
		if c := bytes.Compare(a.meta.MinID[:], b.meta.MinID[:]); c != 0 {
			return c
		}
		return bytes.Compare(a.ref.ID[:], b.ref.ID[:])
	})
	s.summarise()
	return s
}

// pruneTombstones drops what every segment has worked in, as the store does: a
// tenant that stays loaded must not keep every delete there ever was. What is
// committed from then on brings tombstones of its own for what is gone.
func pruneTombstones(dead []Tombstone, segments []refHandle) []Tombstone {
	applied := ^uint64(0)
	for _, s := range segments {
		applied = min(applied, s.ref.AppliedGeneration)
	}
	if !slices.ContainsFunc(dead, func(t Tombstone) bool { return t.Generation <= applied }) {
		return dead
	}
	kept := make([]Tombstone, 0, len(dead))
	for _, t := range dead {
		if t.Generation > applied {
			kept = append(kept, t)
		}
	}
	return kept
}

func (s *Snapshot) summarise() {
	st := Stats{Generation: s.generation, Segments: len(s.views), Analysis: analysis.Version}
	for _, v := range s.views {
		st.Docs += v.liveDocs
		st.Chunks += v.liveChunks
		st.HiddenDocs += v.meta.Docs - v.liveDocs
		st.Bytes += v.file.Bytes
		st.Analysis = min(st.Analysis, v.file.Analysis)
		s.languages |= v.languages
		if v.vectors != nil {
			st.Bytes += v.vectors.vectors.file.Bytes
			vectors := v.liveVectors()
			st.Vectors += vectors
			st.Seen += v.liveChunks - min(v.liveChunks-vectors, v.ref.pending())
			s.dimensions = v.vectors.vectors.dims
		}
		st.TextLength += v.textLength
		st.TitleLength += v.titleLength
		s.maxLength = max(s.maxLength, v.meta.MaxLength)
		s.maxTitle = max(s.maxTitle, v.meta.MaxTitleLength)
	}
	s.rules = rulesFor("", s.languages, nil)
	s.stats = st
}

// Generation returns the commit the snapshot shows.
func (s *Snapshot) Generation() uint64 { return s.generation }

// Stats describes the snapshot.
func (s *Snapshot) Stats() Stats { return s.stats }

// Segments returns the stored segments of the snapshot.
func (s *Snapshot) Segments() []SegmentRef {
	refs := make([]SegmentRef, len(s.views))
	for i, v := range s.views {
		refs[i] = v.ref
	}
	return refs
}

// Infos returns what PlanMerge needs to know of the segments.
func (s *Snapshot) Infos() []SegmentInfo {
	infos := make([]SegmentInfo, len(s.views))
	for i, v := range s.views {
		infos[i] = SegmentInfo{ID: v.ref.ID, Docs: v.meta.Docs, LiveDocs: v.liveDocs, Bytes: v.file.Bytes}
	}
	return infos
}

// MergeInputs returns segments of the snapshot with what is hidden in them, in
// the given order. They are valid until the snapshot is released.
func (s *Snapshot) MergeInputs(ids ...uuid.UUID) ([]MergeInput, error) {
	inputs := make([]MergeInput, 0, len(ids))
	for _, id := range ids {
		i := slices.IndexFunc(s.views, func(v *view) bool { return v.ref.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("segment %s is not in generation %d", id, s.generation)
		}
		v := s.views[i]
		inputs = append(inputs, MergeInput{Segment: v.Segment, Hidden: v.hidden, Vectors: v.vectorsFile()})
	}
	return inputs, nil
}

// acquire adds a user; it fails when the snapshot was released meanwhile.
func (s *Snapshot) acquire() bool {
	for {
		n := s.refs.Load()
		if n == 0 {
			return false
		}
		if s.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release ends the use of the snapshot. Every snapshot must be released once.
func (s *Snapshot) Release() {
	if s.refs.Add(-1) != 0 {
		return
	}
	for _, v := range s.views {
		v.handle.release()
		if v.vectors != nil {
			v.vectors.release()
		}
	}
	if s.model != nil {
		s.model.release()
	}
}

// normCache keeps the length norms of the parameters used last.
type normCache struct {
	mu    sync.RWMutex
	norms map[Params]*norms
}

// norms are 1/(k1*(1-b+b*length/average)) by length, per field.
type norms struct{ text, title []float32 }

// maxCachedParams bounds a normCache.
const maxCachedParams = 8

func (s *Snapshot) normsOf(p Params) *norms {
	p.TitleBoost = 0
	s.norms.mu.RLock()
	n, ok := s.norms.norms[p]
	s.norms.mu.RUnlock()
	if ok {
		return n
	}
	n = &norms{
		text:  inverseNorms(p, s.maxLength, s.averageLength()),
		title: inverseNorms(p, s.maxTitle, s.averageTitle()),
	}
	s.norms.mu.Lock()
	defer s.norms.mu.Unlock()
	next := maps.Clone(s.norms.norms)
	if next == nil || len(next) >= maxCachedParams {
		next = make(map[Params]*norms)
	}
	next[p] = n
	s.norms.norms = next
	return n
}

func (s *Snapshot) averageLength() float64 {
	return float64(s.stats.TextLength) / float64(max(1, s.stats.Chunks))
}

func (s *Snapshot) averageTitle() float64 {
	return float64(s.stats.TitleLength) / float64(max(1, s.stats.Docs))
}

func inverseNorms(p Params, maxLength int, average float64) []float32 {
	n := make([]float32, maxLength+1)
	for length := range n {
		relative := 1.0
		if average > 0 {
			relative = float64(length) / average
		}
		n[length] = float32(1 / (p.K1 * (1 - p.B + p.B*relative)))
	}
	return n
}
