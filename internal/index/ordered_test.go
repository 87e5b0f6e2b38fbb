package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func genSort(t *rapid.T) (keys []Sort) {
	fields := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
		FieldScore, FieldCreatedAt, FieldUpdatedAt, "metadata.year", "metadata.a.b", "metadata.none",
	}), 0, MaxSortKeys, rapid.ID[string]).Draw(t, "sort")
	for _, f := range fields {
		keys = append(keys, Sort{f, rapid.Bool().Draw(t, "descending")})
	}
	return keys
}

// genHistory commits, replaces, removes and merges documents.
func genHistory(t *rapid.T) *lab {
	l := newLab(t)
	for version := range rapid.Uint64Range(1, 6).Draw(t, "steps") {
		var batch []Document
		ids := rapid.SliceOfNDistinct(rapid.IntRange(0, 12), 1, 8, rapid.ID[int]).Draw(t, "ids")
		for _, id := range ids {
			batch = append(batch, genDocument(t, id, version+1))
		}
		l.commit(batch...)
		if rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
			l.remove(testID(rapid.IntRange(0, 12).Draw(t, "id")), version+1)
		}
		if rapid.IntRange(0, 3).Draw(t, "merge") == 0 {
			l.merge(rapid.SliceOfNDistinct(rapid.IntRange(0, len(l.refs)-1), 1, len(l.refs), rapid.ID[int]).Draw(t, "merged"))
		}
	}
	return l
}

func (l *lab) checkSorted(s *Snapshot, r Request) {
	want := l.ref.sorted(r)
	for at := 0; ; {
		got, err := s.Search(context.Background(), r)
		require.NoError(l.t, err)
		context := fmt.Sprintf("%+v", r)
		require.Equal(l.t, len(want), got.Total, context)
		require.False(l.t, got.TotalIsLowerBound)
		hits := []refHit{}
		for _, h := range got.Hits {
			hits = append(hits, refHit{h.DocumentID, h.ChunkOrdinal, h.Score})
		}
		require.Equal(l.t, append([]refHit{}, want[at:min(at+r.Limit, len(want))]...), hits, context)
		if at += len(hits); len(hits) < r.Limit {
			require.Equal(l.t, len(want), at)
			return
		}
		after := got.Hits[len(hits)-1].Cursor()
		r.After = &after
	}
}

func (l *lab) checkGrouped(s *Snapshot, r Request) {
	want := l.ref.grouped(r)
	for at := 0; ; {
		got, err := s.Search(context.Background(), r)
		require.NoError(l.t, err)
		context := fmt.Sprintf("%+v", r)
		require.Equal(l.t, len(want), got.TotalGroups, context)
		require.Len(l.t, got.Groups, min(r.Limit, len(want)-at), context)
		hits := got.Hits
		for _, g := range got.Groups {
			w := want[at]
			require.Equal(l.t, w.value, g.Value.any(), context)
			require.Equal(l.t, len(w.hits), g.Total, context)
			require.Equal(l.t, min(len(w.hits), r.GroupSize), g.Hits, context)
			for i, h := range hits[:g.Hits] {
				have := refHit{h.DocumentID, h.ChunkOrdinal, h.Score}
				require.Equal(l.t, w.hits[i], have, context)
			}
			after := hits[0].Cursor()
			r.After = &after
			hits = hits[g.Hits:]
			at++
		}
		require.Empty(l.t, hits)
		if len(got.Groups) < r.Limit {
			return
		}
	}
}

// Whatever the history, hits that are sorted by fields, or grouped by one, are
// those of the reference, in its order, on every page.
func TestOrderEqualsReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := genHistory(t)
		cold := l.cold()
		defer cold.Release()
		for range rapid.IntRange(1, 3).Draw(t, "queries") {
			r := genRequest(t)
			r.Explain = false
			if r.Sort = genSort(t); rapid.IntRange(0, 2).Draw(t, "min") == 0 {
				least := rapid.SampledFrom([]float64{0, 0.5, 2}).Draw(t, "min_score")
				r.MinScore = &least
			}
			if len(r.Sort) > 0 {
				l.checkSorted(l.current, r)
				l.checkSorted(cold, r)
			}
			r.Group, r.GroupSize = GroupDocument, rapid.IntRange(1, 4).Draw(t, "size")
			r.GroupBy = rapid.SampledFrom([]string{FieldDocType, "metadata.year", "metadata.ok", "metadata.a.b", "metadata.none"}).Draw(t, "group_by")
			l.checkGrouped(l.current, r)
			l.checkGrouped(cold, r)
		}
	})
}

// Facets count exactly the documents that match, also without the filter on the
// facet's own field, and never mix a number with a text.
func TestFacetsEqualReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := genHistory(t)
		for range rapid.IntRange(1, 3).Draw(t, "queries") {
			r := genRequest(t)
			r.Highlight, r.Explain = false, false
			if rapid.Bool().Draw(t, "sorted") {
				r.Sort = genSort(t)
			}
			if rapid.Bool().Draw(t, "both") {
				r.Filter = And(Eq(FieldDocType, String("guide")), genFilter(t, 1))
			}
			for _, field := range []string{FieldDocType, FieldTags, "metadata.year", "metadata.ok", "metadata.a.b", "metadata.none"} {
				r.Facets = append(r.Facets, Facet{
					Field: field, ExcludeOwnFilter: rapid.Bool().Draw(t, "exclude"), ByValue: rapid.Bool().Draw(t, "by value"), Limit: 50,
				})
			}
			got, err := l.current.Search(context.Background(), r)
			require.NoError(t, err)
			for i, f := range r.Facets {
				own := r
				if f.ExcludeOwnFilter {
					own.Filter = r.Filter.withoutField(f.Field)
				}
				want, have := l.ref.counts(own, f.Field), map[any]int{}
				for _, v := range got.Facets[i].Values {
					have[v.Value.any()] = v.Count
				}
				require.Equal(t, want, have, "%+v", own)
				require.True(t, got.Facets[i].Exact)
				require.Equal(t, len(want), got.Facets[i].TotalValues)
			}
		}
	})
}

// The same with enough documents for several windows and blocks.
func TestOrderEqualsReferenceAtSize(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	l := newLab(t)
	largeHistory(l, rng, 6000, 3)
	for range 4 {
		r := largeRequest(rng)
		r.Limit, r.Explain = 500, false
		r.Sort = []Sort{{FieldCreatedAt, true}}
		l.checkSorted(l.current, r)
		r.Sort = []Sort{{FieldScore, false}, {FieldCreatedAt, false}}
		l.checkSorted(l.current, r)
		r.Sort, r.Group, r.GroupBy, r.GroupSize, r.Limit = nil, GroupDocument, FieldDocType, 10, 7
		l.checkGrouped(l.current, r)
	}
}
