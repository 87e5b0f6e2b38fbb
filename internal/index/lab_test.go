package index

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// lab drives the real index and the reference through the same history.
type lab struct {
	t          require.TestingT
	ref        *reference
	generation uint64
	refs       []SegmentRef
	bytes      map[uuid.UUID][]byte
	tombstones []Tombstone
	current    *Snapshot // grown step by step, as a Manager does
	segments   int
	dims       int // of the vectors; 0 for none
}

func newLab(t require.TestingT) *lab {
	l := &lab{t: t, ref: newReference(), bytes: map[uuid.UUID][]byte{}}
	l.current = NewSnapshot(0, nil, nil)
	return l
}

func (l *lab) addSegment(data []byte, meta Meta, applied uint64) {
	l.segments++
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], uint64(l.segments))
	l.bytes[id] = data
	l.refs = append(l.refs, SegmentRef{ID: id, Bytes: meta.Bytes, Checksum: meta.Checksum, Docs: meta.Docs, Chunks: meta.Chunks, AppliedGeneration: applied})
}

func (l *lab) commit(docs ...Document) {
	b := NewBuilder(Options{})
	for _, d := range docs {
		require.NoError(l.t, b.Add(d))
		l.ref.add(d)
	}
	data, meta, err := b.Bytes()
	require.NoError(l.t, err)
	l.generation++
	l.addSegment(data, meta, l.generation)
	if l.dims > 0 && l.generation%4 != 0 { // others get theirs later
		l.embed(len(l.refs) - 1)
	}
	l.refresh(l.bury(docs))
}

// bury returns new tombstones for the documents that were deleted already, as the
// store writes them with every commit.
func (l *lab) bury(docs []Document) (added []Tombstone) {
	for _, d := range docs {
		if version, ok := l.ref.dead[d.ID]; ok && d.Version <= version {
			added = append(added, Tombstone{DocumentID: d.ID, Version: version, Generation: l.generation})
		}
	}
	l.tombstones = append(l.tombstones, added...)
	return added
}

func (l *lab) remove(id uuid.UUID, version uint64) {
	l.generation++
	tomb := Tombstone{DocumentID: id, Version: version, Generation: l.generation}
	l.tombstones = append(l.tombstones, tomb)
	l.ref.remove(id, version)
	l.refresh([]Tombstone{tomb})
}

// merge replaces the chosen segments by their merge.
func (l *lab) merge(chosen []int) {
	var ids []uuid.UUID
	for _, i := range chosen {
		ids = append(ids, l.refs[i].ID)
	}
	inputs, err := l.current.MergeInputs(ids...)
	require.NoError(l.t, err)
	var out, vectors strings.Builder
	meta, vmeta, err := MergeWithVectors(context.Background(), inputs, &out, &vectors)
	require.NoError(l.t, err)
	applied := l.generation
	l.refs = slices.DeleteFunc(l.refs, func(r SegmentRef) bool { return slices.Contains(ids, r.ID) })
	l.generation++
	if meta.Docs > 0 {
		l.addSegment([]byte(out.String()), meta, applied)
		if vmeta.Dims > 0 {
			l.addVectors(len(l.refs)-1, []byte(vectors.String()), vmeta)
		}
	}
	l.refresh(nil)
}

// rebuild replaces all segments by one that is built of what is live.
func (l *lab) rebuild() {
	b := NewBuilder(Options{})
	live, err := l.current.LiveDocuments()
	require.NoError(l.t, err)
	for _, d := range live {
		full, ok, err := l.current.Document(d.ID)
		require.NoError(l.t, err)
		require.True(l.t, ok)
		require.NoError(l.t, b.Add(full))
	}
	data, meta, err := b.Bytes()
	require.NoError(l.t, err)
	l.refs = nil
	applied := l.generation
	l.generation++
	if meta.Docs > 0 {
		l.addSegment(data, meta, applied)
	}
	l.refresh(nil)
}

// digest stands for all that is live.
func (l *lab) digest(s *Snapshot) [32]byte {
	var all []DocumentDigest
	for _, ref := range s.Segments() {
		part, err := s.Digests(context.Background(), ref.ID)
		require.NoError(l.t, err)
		all = append(all, part...)
	}
	return Digest(all)
}

// reopen forgets the grown snapshot for one that is opened from files.
func (l *lab) reopen(dir string) {
	next := make([]LoadedSegment, len(l.refs))
	for i, ref := range l.refs {
		path := filepath.Join(dir, ref.ID.String())
		require.NoError(l.t, os.WriteFile(path, l.bytes[ref.ID], 0o600))
		s, err := Open(path)
		require.NoError(l.t, err)
		next[i] = LoadedSegment{Ref: ref, Segment: s}
	}
	l.current.Release()
	l.current = NewSnapshot(l.generation, next, l.tombstones)
}

func (l *lab) open(ref SegmentRef) *Segment {
	s, err := OpenBytes(l.bytes[ref.ID])
	require.NoError(l.t, err)
	require.Equal(l.t, ref.Checksum, s.Meta().Checksum)
	return s
}

func (l *lab) refresh(added []Tombstone) {
	var handles []refHandle
	for _, ref := range l.refs {
		h, v := l.current.share(ref)
		if h == nil {
			h = newSegmentHandle(ref.ID, l.open(ref))
		}
		if v == nil && ref.Vectors != nil {
			v = newVectorsHandle(ref.Vectors.ID, l.openVectors(ref))
		}
		handles = append(handles, refHandle{ref, h, v})
	}
	next := buildSnapshot(l.current, l.generation, handles, added)
	l.current.Release()
	l.current, l.ref.languages = next, next.languages
}

// cold returns a snapshot built at once from everything.
func (l *lab) cold() *Snapshot {
	var list []LoadedSegment
	for _, ref := range l.refs {
		list = append(list, LoadedSegment{Ref: ref, Segment: l.open(ref), Vectors: l.openVectors(ref)})
	}
	return NewSnapshot(l.generation, list, l.tombstones)
}
