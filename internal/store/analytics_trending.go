package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

// TrendingQuery is a query that is searched for more than before.
type TrendingQuery struct {
	Query            string
	Searches, Before int64 // in the window, and in the one before it
	Score            float64
	LastAt           time.Time
}

// TrendingRanking are the first of them. The figures are exact.
type TrendingRanking struct {
	Queries []TrendingQuery
	// Rest is the score that a query which is not listed may have at most, where it
	// could not be proven that none belongs among them; else 0.
	Rest float64
}

// hourlyWindow is up to how long a window is weighed hour by hour, and a longer one
// day by day.
const hourlyWindow = 48 * time.Hour

// What trends need not be frequent: more queries are looked at and summed up than
// for other rankings.
const (
	trendingDepth = 200
	trendingMost  = 50
)

// TrendingQueries compares the window that ends with now's hour with the one
// before it. Queries with less than minimum searches in it are left out. A search
// counts half after a quarter of the window, by the beginning of its hour, in a
// window of more than two days by that of its day.
func (s *Store) TrendingQueries(
	ctx context.Context, tenant uuid.UUID, now time.Time, window time.Duration, minimum, limit int,
) (out TrendingRanking, err error) {
	t := trending{tenant: tenant, now: now, window: window, minimum: minimum, limit: limit}
	end := upTo(now.Add(time.Nanosecond), time.Hour)
	t.middle = end.Add(-window)
	r := AnalyticsRange{From: t.middle.Add(-window), To: end}
	err = s.reportInTenant(ctx, tenant, func(q *db.Queries) error {
		marks, err := pendingMarks(ctx, q, tenant, r)
		if err != nil {
			return err
		}
		// No part reaches over the middle.
		t.parts = AnalyticsRange{r.From, t.middle}.parts(marks, t.grain()).and(AnalyticsRange{t.middle, r.To}.parts(marks, t.grain()))
		if out, err = t.heads(ctx, q); err != nil || out.Rest == 0 {
			return err
		}
		rows, err := q.AnalyticsPartRows(ctx, db.AnalyticsPartRowsParams{TenantID: tenant, Grains: t.parts.grains, Ats: t.parts.ats})
		if err != nil || rows.Queries > maxSummed {
			return err
		}
		out, err = t.all(ctx, q)
		return err
	})
	return out, err
}

type trending struct {
	tenant         uuid.UUID
	now, middle    time.Time
	window         time.Duration
	minimum, limit int
	parts          analyticsParts
}

// grain is the coarsest that the weights can tell apart.
func (t *trending) grain() int {
	if t.window > hourlyWindow {
		return grainDay
	}
	return grainHour
}

// weights says what a search in each part counts.
func (t *trending) weights(parts []time.Time) []float64 {
	out := make([]float64, len(parts))
	for i, at := range parts {
		age := max(0, t.now.Sub(at.Truncate(time.Duration(t.grain())*time.Hour)))
		out[i] = math.Exp2(-float64(age) / (float64(t.window) / 4))
	}
	return out
}

// heads looks only at the first queries of each part.
func (t *trending) heads(ctx context.Context, q *db.Queries) (TrendingRanking, error) {
	rows, err := q.AnalyticsTrendingTop(ctx, db.AnalyticsTrendingTopParams{
		TenantID: t.tenant, Grains: t.parts.grains, Ats: t.parts.ats, Weights: t.weights(t.parts.ats), Raw: t.parts.raw,
		RawWeights: t.weights(t.parts.raw), Middle: t.middle, Minimum: int64(t.minimum), Depth: max(trendingDepth, depthFor(t.limit)), Most: mostFor(t.limit) + trendingMost,
	})
	var out TrendingRanking
	for _, r := range rows {
		out.Rest = r.Rest // the same in each
		out.Queries = t.add(out.Queries, db.AnalyticsTrendingAllRow{
			Query: r.Query, Searches: r.Searches, SearchesBefore: r.SearchesBefore, Decayed: r.Decayed, LastAt: r.LastAt,
		})
	}
	out.Queries = t.first(out.Queries)
	if len(out.Queries) == t.limit && out.Queries[t.limit-1].Score > out.Rest {
		out.Rest = 0
	}
	return out, err
}

// all sums up every query.
func (t *trending) all(ctx context.Context, q *db.Queries) (out TrendingRanking, err error) {
	rows, err := q.AnalyticsTrendingAll(ctx, db.AnalyticsTrendingAllParams{
		TenantID: t.tenant, Grains: t.parts.grains, Ats: t.parts.ats, Raw: t.parts.raw, Middle: t.middle, Minimum: int64(t.minimum),
		Weights: append(t.weights(t.parts.ats), t.weights(t.parts.raw)...),
	})
	for _, r := range rows {
		out.Queries = t.add(out.Queries, r)
	}
	out.Queries = t.first(out.Queries)
	return out, err
}

// add appends a query that is searched for more than before.
func (t *trending) add(out []TrendingQuery, r db.AnalyticsTrendingAllRow) []TrendingQuery {
	if r.Searches < int64(t.minimum) || r.Searches <= r.SearchesBefore {
		return out
	}
	score := r.Decayed * math.Log2(float64(r.Searches+1)/float64(r.SearchesBefore+1))
	return append(out, TrendingQuery{
		Query: r.Query, Searches: r.Searches, Before: r.SearchesBefore, LastAt: r.LastAt.UTC(),
		// In which order it was summed up must not show.
		Score: math.Round(score*1e6) / 1e6,
	})
}

func (t *trending) first(found []TrendingQuery) []TrendingQuery {
	slices.SortFunc(found, func(a, b TrendingQuery) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Searches, a.Searches), cmp.Compare(a.Query, b.Query))
	})
	return found[:min(len(found), t.limit)]
}
