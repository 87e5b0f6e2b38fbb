package index

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// A snapshot answers the same for ever, whatever later snapshots of the same
// segments hide, and in whichever order they are asked.
func TestOldSnapshotsDoNotChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := newLab(t)
		var docs []Document
		for i := range 30 {
			docs = append(docs, genDocument(t, i, 1))
		}
		l.commit(docs...)
		type answer struct {
			snapshot *Snapshot
			results  []*Result
		}
		var answers []answer
		requests := []Request{
			{Query: "alpha beta javascript", Explain: true},
			{Query: "bar 日本語", Explain: true, Group: GroupNone, CountLimit: 1 << 20},
		}
		ask := func(s *Snapshot) (results []*Result) {
			for _, r := range requests {
				result, err := s.Search(t.Context(), r)
				require.NoError(t, err)
				results = append(results, result)
			}
			return results
		}
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			require.True(t, l.current.acquire())
			a := answer{snapshot: l.current}
			if rapid.Bool().Draw(t, "ask now") {
				a.results = ask(l.current)
			}
			answers = append(answers, a)
			for range rapid.IntRange(1, 4).Draw(t, "deletes") {
				l.remove(testID(rapid.IntRange(0, 29).Draw(t, "id")), 1)
			}
			for _, r := range requests {
				l.check(l.current, r)
			}
		}
		for i, a := range answers {
			again := ask(a.snapshot)
			if a.results != nil {
				require.Equal(t, a.results, again, "snapshot %d", i)
			}
			require.Equal(t, len(l.refs), a.snapshot.Stats().Segments)
			a.snapshot.Release()
		}
	})
}

// Of two copies with one version the one that was committed later is shown,
// and only that one.
func TestEqualVersionsAreShownOnce(t *testing.T) {
	t.Parallel()
	open := func(applied uint64, text string) LoadedSegment {
		data, _ := build(t, Document{ID: testID(1), Version: 5, ExternalID: text, Chunks: []Chunk{{Content: "word " + text}}})
		s, err := OpenBytes(data)
		require.NoError(t, err)
		return LoadedSegment{Ref: SegmentRef{ID: uuid.New(), AppliedGeneration: applied}, Segment: s}
	}
	early, late := open(3, "early"), open(4, "late")
	for _, order := range [][]LoadedSegment{{early, late}, {late, early}} {
		s := NewSnapshot(4, order, nil)
		require.Equal(t, "late", found(t, s, Request{Query: "word"}))
		require.Equal(t, Stats{Generation: 4, Segments: 2, Docs: 1, Chunks: 1, HiddenDocs: 1, Analysis: analysis.Version, Bytes: s.Stats().Bytes, TextLength: 2}, s.Stats())
	}
}

// Parameters come in any number; the norms of few are kept.
func TestNormsOfManyParams(t *testing.T) {
	t.Parallel()
	s := texts(t, "word in a text", "word")
	for i := range 50 {
		p := Params{K1: float64(i+1) / 10, B: 0.5}
		require.Equal(t, "1 0", found(t, s, Request{Query: "word", Params: &p, Limit: 2 + i})[:3], "k1 %v", p.K1)
	}
	require.LessOrEqual(t, len(s.norms.norms), maxCachedParams)
}
