package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func openAll(t testing.TB, batches ...[]Document) []MergeInput {
	t.Helper()
	var inputs []MergeInput
	for _, docs := range batches {
		data, _ := build(t, docs...)
		s, err := OpenBytes(data)
		require.NoError(t, err)
		inputs = append(inputs, MergeInput{Segment: s})
	}
	return inputs
}

// sectionsOf returns the sections that do not depend on how texts were cut
// into compressed blocks.
func sectionsOf(t testing.TB, data []byte) map[sectionKind][]byte {
	t.Helper()
	s, err := OpenBytes(data)
	require.NoError(t, err)
	delete(s.sections, sectionStored)
	delete(s.sections, sectionStoredIndex)
	return s.sections
}

// A merge gives the bytes that a Builder would have given for all documents at
// once, whether ids of the inputs interleave or not.
func TestMergeEqualsBuild(t *testing.T) {
	t.Parallel()
	docs := goldenDocuments()
	want, _ := build(t, docs...)
	apart := [][]Document{docs[:200], docs[200:450], docs[450:]}
	mixed := make([][]Document, 3)
	for i, d := range docs {
		mixed[i%3] = append(mixed[i%3], d)
	}
	for _, batches := range [][][]Document{apart, mixed, {docs}} {
		var out bytes.Buffer
		meta, err := Merge(t.Context(), openAll(t, batches...), &out)
		require.NoError(t, err)
		require.Equal(t, len(docs), meta.Docs)
		require.Equal(t, sectionsOf(t, want), sectionsOf(t, out.Bytes()))
		checkStored(t, out.Bytes(), docs)
	}
}

// checkStored reads every document and chunk of a segment.
func checkStored(t testing.TB, data []byte, docs []Document) {
	t.Helper()
	s, err := OpenBytes(data)
	require.NoError(t, err)
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b Document) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	reader := hitReader{block: &storedBlock{}}
	for i, d := range docs {
		first, end := s.chunksOf(i)
		require.Equal(t, len(d.Chunks), end-first)
		for c, chunk := range d.Chunks {
			var h Hit
			require.NoError(t, reader.read(s, first+c, &h))
			require.Equal(t, []any{d.ID, d.Version, d.Title, chunk.Ordinal, chunk.Content}, []any{h.DocumentID, h.Version, h.Title, h.ChunkOrdinal, h.Content})
		}
	}
}

// Hidden documents leave no trace: the result is that of a build without them.
func TestMergeDropsHiddenDocuments(t *testing.T) {
	t.Parallel()
	docs := goldenDocuments()
	inputs := openAll(t, docs[:300], docs[300:])
	rng := rand.New(rand.NewPCG(4, 4))
	var kept []Document
	for i := range inputs {
		inputs[i].Hidden = roaring.New()
		for doc := range inputs[i].Segment.meta.Docs {
			if rng.IntN(3) == 0 {
				inputs[i].Hidden.Add(uint32(doc))
				continue
			}
			id := inputs[i].Segment.docID(doc)
			kept = append(kept, docs[slices.IndexFunc(docs, func(d Document) bool { return d.ID == id })])
		}
	}
	var out bytes.Buffer
	meta, err := Merge(t.Context(), inputs, &out)
	require.NoError(t, err)
	require.Equal(t, len(kept), meta.Docs)
	want, _ := build(t, kept...)
	require.Equal(t, sectionsOf(t, want), sectionsOf(t, out.Bytes()))
	checkStored(t, out.Bytes(), kept)
}

// A merge of which nothing is left is a valid, empty segment.
func TestMergeOfNothing(t *testing.T) {
	t.Parallel()
	inputs := openAll(t, []Document{{ID: testID(1), Chunks: []Chunk{{Content: "x"}}}})
	inputs[0].Hidden = roaring.BitmapOf(0)
	var out bytes.Buffer
	meta, err := Merge(t.Context(), inputs, &out)
	require.NoError(t, err)
	require.Zero(t, meta.Docs)
	_, err = OpenBytes(out.Bytes())
	require.NoError(t, err)
}

// Should hiding have been forgotten, the highest version survives.
func TestMergeKeepsTheHighestVersion(t *testing.T) {
	t.Parallel()
	doc := func(version uint64, text string) []Document {
		return []Document{{ID: testID(1), Version: version, Chunks: []Chunk{{Content: text}}}, {ID: testID(2), Chunks: []Chunk{{Content: "other"}}}}
	}
	for _, order := range [][]uint64{{1, 2, 3}, {3, 2, 1}, {2, 3, 1}} {
		var batches [][]Document
		for _, v := range order {
			batches = append(batches, doc(v, fmt.Sprint("text", v)))
		}
		var out bytes.Buffer
		meta, err := Merge(t.Context(), openAll(t, batches...), &out)
		require.NoError(t, err)
		require.Equal(t, 2, meta.Docs)
		want, _ := build(t, doc(3, "text3")...)
		require.Equal(t, sectionsOf(t, want), sectionsOf(t, out.Bytes()))
	}
}

type failingWriter struct{ left int }

func (f *failingWriter) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errors.New("disk full")
	}
	return len(b), nil
}

func TestMergeAndBuildReportWriteErrors(t *testing.T) {
	t.Parallel()
	inputs := openAll(t, goldenDocuments())
	size := int(inputs[0].Segment.Meta().Bytes)
	for _, room := range []int{0, 100, size / 2, size - 1} {
		_, err := Merge(t.Context(), inputs, &failingWriter{room})
		require.ErrorContains(t, err, "disk full")
		b := NewBuilder(Options{})
		for _, d := range goldenDocuments() {
			require.NoError(t, b.Add(d))
		}
		_, err = b.WriteTo(&failingWriter{room})
		require.ErrorContains(t, err, "disk full")
	}
}

func TestMergeStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Merge(ctx, openAll(t, goldenDocuments()), &bytes.Buffer{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = Merge(t.Context(), []MergeInput{{}}, &bytes.Buffer{})
	require.Error(t, err)
	_, err = texts(t, "x").MergeInputs(uuid.Max)
	require.Error(t, err)
}

// Single documents, thousands of them, never leave many segments behind, and
// each byte is rewritten only a few times.
func TestTailMergesKeepSegmentsFew(t *testing.T) {
	t.Parallel()
	const commits, size = 20_000, 3000
	var segments []SegmentInfo
	written, most, next := int64(0), 0, uint64(0)
	add := func(docs int, bytes int64) {
		next++
		var id uuid.UUID
		id[6], id[7], id[8], id[9] = byte(next>>24), byte(next>>16), byte(next>>8), byte(next)
		segments = append(segments, SegmentInfo{ID: id, Docs: docs, LiveDocs: docs, Bytes: bytes})
	}
	for range commits {
		add(1, size)
		for _, policy := range []MergePolicy{TailMergePolicy(), DefaultMergePolicy()} {
			for _, group := range PlanMerge(segments, policy) {
				docs, bytes := 0, int64(0)
				segments = slices.DeleteFunc(segments, func(s SegmentInfo) bool {
					if !slices.Contains(group, s.ID) {
						return false
					}
					docs += s.Docs
					bytes += s.Bytes
					return true
				})
				add(docs, bytes)
				written += bytes
			}
		}
		most = max(most, len(segments))
	}
	require.LessOrEqual(t, most, 50)
	require.LessOrEqual(t, written, int64(commits*size*8))
}

// Plans are deterministic, groups are disjoint, of two or more segments unless
// one is mostly dead, and no result is larger than allowed.
func TestPlanMergeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := DefaultMergePolicy()
		p.MaxBytes = 64 << 20
		var segments []SegmentInfo
		for i := range rapid.IntRange(0, 60).Draw(t, "segments") {
			docs := rapid.IntRange(1, 1000).Draw(t, "docs")
			segments = append(segments, SegmentInfo{
				ID: testID(i), Docs: docs, LiveDocs: rapid.IntRange(0, docs).Draw(t, "live"),
				Bytes: rapid.Int64Range(1000, 100<<20).Draw(t, "bytes"),
			})
		}
		groups := PlanMerge(segments, p)
		shuffled := slices.Clone(segments)
		slices.Reverse(shuffled)
		require.Equal(t, groups, PlanMerge(shuffled, p))
		seen := map[uuid.UUID]bool{}
		for _, g := range groups {
			size := int64(0)
			for _, id := range g {
				require.False(t, seen[id])
				seen[id] = true
				s := segments[slices.IndexFunc(segments, func(s SegmentInfo) bool { return s.ID == id })]
				size += s.liveBytes()
				if len(g) == 1 {
					require.Greater(t, float64(s.Docs-s.LiveDocs), p.MaxDead*float64(s.Docs))
				}
			}
			require.True(t, len(g) == 1 || size <= p.MaxBytes)
			require.LessOrEqual(t, len(g), p.MaxSegments)
		}
		for _, s := range segments {
			require.True(t, seen[s.ID] || float64(s.Docs-s.LiveDocs) <= p.MaxDead*float64(s.Docs), "a mostly dead segment is rewritten")
		}
	})
}

// Whatever the sizes: a quiet merge is of several segments, none larger than the
// others together, and it ends.
func TestPlanQuietMergeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := DefaultMergePolicy()
		p.MaxBytes = 64 << 20
		var segments []SegmentInfo
		for i := range rapid.IntRange(0, 60).Draw(t, "segments") {
			docs := rapid.IntRange(1, 1000).Draw(t, "docs")
			segments = append(segments, SegmentInfo{ID: testID(i), Docs: docs, LiveDocs: docs, Bytes: rapid.Int64Range(1000, 20<<20).Draw(t, "bytes")})
		}
		for next := 1000; ; next++ {
			group := PlanQuietMerge(segments, p)
			if group == nil {
				return
			}
			require.GreaterOrEqual(t, len(group), quietSegments)
			require.LessOrEqual(t, len(group), p.MaxSegments)
			total, largest := int64(0), int64(0)
			segments = slices.DeleteFunc(segments, func(s SegmentInfo) bool {
				if !slices.Contains(group, s.ID) {
					return false
				}
				total += s.Bytes
				largest = max(largest, s.Bytes)
				return true
			})
			require.LessOrEqual(t, 2*largest, total)
			require.LessOrEqual(t, total, p.MaxBytes)
			require.GreaterOrEqual(t, total, int64(quietBytes))
			segments = append(segments, SegmentInfo{ID: testID(next), Docs: 1, LiveDocs: 1, Bytes: total})
		}
	})
}

// What a bulk import leaves becomes few segments; a large one is not touched for
// the sake of small ones, nor is anything tiny.
func TestPlanQuietMerge(t *testing.T) {
	t.Parallel()
	plan := func(sizes ...int64) (merged []int64) {
		var segments []SegmentInfo
		for i, size := range sizes {
			segments = append(segments, SegmentInfo{ID: testID(i), Docs: 10, LiveDocs: 10, Bytes: size})
		}
		for _, id := range PlanQuietMerge(segments, DefaultMergePolicy()) {
			merged = append(merged, sizes[slices.IndexFunc(segments, func(s SegmentInfo) bool { return s.ID == id })])
		}
		return merged
	}
	const mb = 1 << 20
	require.Equal(t, []int64{mb, mb, mb, mb + 1, 2 * mb}, plan(95*mb, mb, 29*mb, mb, mb+1, mb, 2*mb))
	require.Equal(t, []int64{2 * mb, 3 * mb, 4 * mb, 5 * mb}, plan(5*mb, 4*mb, 3*mb, 2*mb, 1000))
	require.Nil(t, plan(95*mb, mb, mb, mb))
	require.Nil(t, plan(1000, 1000, 1000, 1000, 1000))
	require.Nil(t, plan(mb, 4*mb, 16*mb, 64*mb, 256*mb))
}
