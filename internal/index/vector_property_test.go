package index

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// covers returns which copies of documents are in a segment with vectors.
func (l *lab) covers(s *Snapshot) func(id uuid.UUID, version uint64) bool {
	type copyOf struct {
		id      uuid.UUID
		version uint64
	}
	covered := map[copyOf]bool{}
	for _, v := range s.views {
		for doc := range v.meta.Docs {
			if v.hidden != nil && v.hidden.Contains(uint32(doc)) {
				continue
			}
			first, end := v.chunksOf(doc)
			for c := first; c < end && v.vectors != nil; c++ {
				if v.vectors.vectors.Has(c) {
					covered[copyOf{v.docID(doc), v.docVersion(doc)}] = true
				}
			}
		}
	}
	return func(id uuid.UUID, version uint64) bool { return covered[copyOf{id, version}] }
}

// checkVectors pages through the whole list and compares it with the reference.
func (l *lab) checkVectors(s *Snapshot, r Request) {
	l.ref.languages, l.ref.settings = s.languages, s.settings
	ref := refVectors{reference: l.ref, dims: l.dims, req: r, covered: l.covers(s)}
	require.NoError(l.t, ref.query.set(r.Vector, l.dims))
	want, total, atLeast := ref.list()
	what := fmt.Sprintf("%+v %v %v", r, r.Weights, r.MinScore)
	for at := 0; ; {
		got, err := s.Search(context.Background(), r)
		require.NoError(l.t, err, what)
		require.Equal(l.t, s.stats.Vectors > 0, got.Vectors.Used)
		if !got.Vectors.Used {
			return
		}
		if got.TotalIsLowerBound {
			require.True(l.t, atLeast, what)
			require.LessOrEqual(l.t, got.Total, total, what)
		} else {
			require.Equal(l.t, total, got.Total, what)
		}
		page := want[at:min(at+r.Limit, len(want))]
		hits := make([]refListed, len(got.Hits))
		for i := range got.Hits {
			h := &got.Hits[i]
			hits[i] = refListed{refHit{h.DocumentID, h.ChunkOrdinal, h.Score}, h.phase}
			checkFusion(l.t, h)
		}
		require.Equal(l.t, append([]refListed{}, page...), hits, what)
		if at += len(page); len(page) < r.Limit {
			require.Equal(l.t, len(want), at)
			return
		}
		after := got.Hits[len(hits)-1].Cursor()
		r.After = &after
	}
}

// checkFusion compares a score with its explanation.
func checkFusion(t require.TestingT, h *Hit) {
	f := h.Explanation.Fusion
	require.NotNil(t, f)
	require.Equal(t, h.Score, f.Score)
	sum := 0.0
	for _, b := range []*BranchScore{f.Keyword, f.Vector} {
		if b != nil {
			sum += b.Contribution
		}
	}
	if h.phase == PhaseVectors {
		require.InDelta(t, h.Score, sum, 1e-9)
	}
	if f.Keyword != nil {
		require.InDelta(t, h.Explanation.Score, f.Keyword.Score, 1e-9)
	}
}

func genVectorRequest(t *rapid.T, dims int) Request {
	r := genRequest(t)
	r.Mode = rapid.SampledFrom([]Mode{ModeSemantic, ModeHybrid}).Draw(t, "mode")
	r.Fusion = rapid.SampledFrom([]Fusion{FusionMinMax, FusionRRF}).Draw(t, "fusion")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
	for range dims {
		r.Vector = append(r.Vector, float32(rng.NormFloat64()))
	}
	if rapid.Bool().Draw(t, "weighted") {
		r.Weights = &Weights{Keyword: rapid.Float64Range(0, 1).Draw(t, "keyword"), Vector: rapid.Float64Range(0.1, 1).Draw(t, "vector")}
	}
	if rapid.IntRange(0, 3).Draw(t, "min") == 0 {
		least := rapid.Float64Range(-0.5, 1).Draw(t, "score")
		r.MinScore = &least
	}
	if rapid.Bool().Draw(t, "shallow") {
		r.depth = &vectorDepth{hits: rapid.IntRange(1, 5).Draw(t, "depth"), nearest: rapid.IntRange(1, 8).Draw(t, "nearest"), beside: rapid.IntRange(0, 30).Draw(t, "beside")}
	}
	return r
}

// Whatever the history, the filters and the depth, semantic and hybrid lists are
// those of the reference, page by page to their end: nothing is lost or repeated.
func TestVectorSearchEqualsReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := newLab(t)
		l.dims = rapid.SampledFrom([]int{3, 64, 70, 256}).Draw(t, "dims")
		version := uint64(0)
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 5).Draw(t, "step"); {
			case step <= 2:
				docs := map[int]Document{}
				for range rapid.IntRange(1, 8).Draw(t, "batch") {
					id := rapid.IntRange(0, 12).Draw(t, "id")
					version++
					docs[id] = genDocument(t, id, version)
				}
				var batch []Document
				for _, id := range slices.Sorted(maps.Keys(docs)) {
					batch = append(batch, docs[id])
				}
				l.commit(batch...)
			case step == 3:
				l.fill()
			case step == 4:
				l.remove(testID(rapid.IntRange(0, 12).Draw(t, "id")), rapid.Uint64Range(0, version).Draw(t, "version"))
			case len(l.refs) > 0:
				l.merge(rapid.SliceOfNDistinct(rapid.IntRange(0, len(l.refs)-1), 1, len(l.refs), rapid.ID[int]).Draw(t, "merge"))
			}
		}
		cold := l.cold()
		defer cold.Release()
		require.Equal(t, stripSegments(l.current.Stats()), stripSegments(cold.Stats()))
		for range rapid.IntRange(1, 4).Draw(t, "queries") {
			r := genVectorRequest(t, l.dims)
			l.checkVectors(l.current, r)
			l.checkVectors(cold, r)
		}
	})
}

// The same with enough chunks for several blocks of vectors, windows and skips, a
// keyword list that goes on behind the pool, and the depth that users get.
func TestVectorSearchEqualsReferenceAtSize(t *testing.T) {
	t.Parallel()
	for _, chunksPerDoc := range []int{1, 5} {
		t.Run(fmt.Sprint(chunksPerDoc, " chunks per document"), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(chunksPerDoc)))
			l := newLab(t)
			l.dims = 256
			largeHistory(l, rng, 4000/chunksPerDoc, chunksPerDoc)
			for i := range 6 {
				if i == 3 {
					l.merge([]int{0, 1, 2})
					l.fill()
				}
				r := largeRequest(rng)
				r.Limit, r.Mode = 100+rng.IntN(100), []Mode{ModeSemantic, ModeHybrid}[i%2]
				for range l.dims {
					r.Vector = append(r.Vector, float32(rng.NormFloat64()))
				}
				l.checkVectors(l.current, r)
			}
		})
	}
}
