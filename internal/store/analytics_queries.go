package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

// QuerySort is what a list of queries is sorted by, descending.
type QuerySort string

// The sorts of TopQueries. Queries that have none of it are left out.
const (
	BySearches    QuerySort = "searches"
	ByZeroResults QuerySort = "zero_results"
	ByClicks      QuerySort = "clicks"
)

// QueryTotals are the figures of one query.
type QueryTotals struct {
	Query       string
	Searches    int64
	ZeroResults int64
	Clicked     int64
	Clicks      int64
	PositionSum int64
	Took        time.Duration
	LastAt      time.Time
}

func (q *QueryTotals) figure(by QuerySort) int64 {
	switch by {
	case ByZeroResults:
		return q.ZeroResults
	case ByClicks:
		return q.Clicks
	default:
		return q.Searches
	}
}

// QueryRanking are the first queries of a range. The figures are exact.
type QueryRanking struct {
	Queries []QueryTotals
	// Rest is what a query that is not listed may have at most, where it could not
	// be proven that none belongs among them; else 0.
	Rest int64
}

// Rankings look at the first headDepth of each part, and further for longer lists.
// They sum up everything where that cannot settle them and parts have at most
// maxSummed rows: what more have could not be answered in time.
const (
	headDepth = 80
	maxSummed = 50_000
)

// depthFor is how many queries are looked at in each part for a list, and mostFor
// how many of them are summed up.
func depthFor(limit int) int32 { return int32(max(headDepth, 2*limit)) }
func mostFor(limit int) int32  { return int32(2*limit + 30) }

// TopQueries lists the first queries of a range.
func (s *Store) TopQueries(
	ctx context.Context, tenant uuid.UUID, r AnalyticsRange, by QuerySort, limit int,
) (out QueryRanking, err error) {
	err = s.readAnalytics(ctx, tenant, r, grainWeek, func(q *db.Queries, p analyticsParts) error {
		top := topQueries{q: q, tenant: tenant, parts: p, by: by, limit: limit}
		if out, err = top.heads(ctx); err != nil || out.Rest == 0 {
			return err
		}
		rows, err := q.AnalyticsPartRows(ctx, db.AnalyticsPartRowsParams{TenantID: tenant, Grains: p.grains, Ats: p.ats})
		if err != nil || rows.Queries > maxSummed {
			return err
		}
		out, err = top.all(ctx)
		return err
	})
	return out, err
}

// topQueries finds the first queries of a range with very many different ones.
type topQueries struct {
	q      *db.Queries
	tenant uuid.UUID
	parts  analyticsParts
	by     QuerySort
	limit  int
}

// heads looks only at the first queries of each part (the threshold algorithm).
func (t *topQueries) heads(ctx context.Context) (out QueryRanking, err error) {
	rows, err := t.q.AnalyticsQueriesTop(ctx, db.AnalyticsQueriesTopParams{
		TenantID: t.tenant, Grains: t.parts.grains, Ats: t.parts.ats, Raw: t.parts.raw, Figure: string(t.by),
		Depth: depthFor(t.limit), Most: mostFor(t.limit), Wanted: int32(t.limit),
	})
	for _, r := range rows {
		out.Rest = r.Rest // the same in each
		out.Queries = append(out.Queries, queryTotals(db.AnalyticsQueriesAllRow{
			Query: r.Query, Searches: r.Searches, ZeroResults: r.ZeroResults, TookUs: r.TookUs, Clicked: r.Clicked, Clicks: r.Clicks,
			PositionSum: r.PositionSum, LastAt: r.LastAt,
		}))
	}
	slices.SortFunc(out.Queries, func(a, b QueryTotals) int {
		return cmp.Or(cmp.Compare(b.figure(t.by), a.figure(t.by)), b.LastAt.Compare(a.LastAt), cmp.Compare(a.Query, b.Query))
	})
	if len(out.Queries) >= t.limit {
		out.Queries = out.Queries[:t.limit]
		if out.Queries[t.limit-1].figure(t.by) > out.Rest {
			out.Rest = 0
		}
	}
	return out, err
}

// all sums up every query.
func (t *topQueries) all(ctx context.Context) (out QueryRanking, err error) {
	rows, err := t.q.AnalyticsQueriesAll(ctx, db.AnalyticsQueriesAllParams{
		TenantID: t.tenant, Grains: t.parts.grains, Ats: t.parts.ats, Raw: t.parts.raw, Sort: string(t.by), RowLimit: int32(t.limit),
	})
	for _, r := range rows {
		out.Queries = append(out.Queries, queryTotals(r))
	}
	return out, err
}

func queryTotals(r db.AnalyticsQueriesAllRow) QueryTotals {
	return QueryTotals{
		Query: r.Query, Searches: r.Searches, ZeroResults: r.ZeroResults, Clicked: r.Clicked, Clicks: r.Clicks,
		PositionSum: r.PositionSum, Took: time.Duration(r.TookUs) * time.Microsecond, LastAt: r.LastAt.UTC(),
	}
}
