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

// TopQueries lists the first queries of a range.
func (s *Store) TopQueries(
	ctx context.Context, tenant uuid.UUID, r AnalyticsRange, by QuerySort, limit int,
) (out []QueryTotals, err error) {
	err = s.readAnalytics(ctx, tenant, r, false, func(q *db.Queries, p analyticsParts) error {
		top := topQueries{q: q, tenant: tenant, parts: p, by: by, limit: limit}
		var proven bool
		if out, proven, err = top.threshold(ctx); err != nil || proven {
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

// The threshold algorithm looks at headDepth queries of each day and hour, and
// more for longer lists.
const headDepth = 200

// threshold looks only at the first queries of each day and hour. It reports
// whether nothing further down could be among the answer: any query has at most
// what it has there and, beyond that, the last value that was looked at in each.
func (t *topQueries) threshold(ctx context.Context) (out []QueryTotals, proven bool, err error) {
	most := 4*t.limit + 50
	heads, err := t.q.AnalyticsQueryHeads(ctx, db.AnalyticsQueryHeadsParams{
		TenantID: t.tenant, Days: t.parts.days, Hours: t.parts.hours, Raw: t.parts.raw, Figure: string(t.by),
		Depth: int32(max(headDepth, 2*t.limit)), Most: int32(most + 1),
	})
	if err != nil || len(heads) == 0 {
		return nil, true, err
	}
	// What the best of the others may have.
	rest, left := heads[0].Beyond, false
	if len(heads) > most {
		rest, left = rest+heads[most].Total, true
		heads = heads[:most]
	}
	queries := make([]string, len(heads))
	for i, h := range heads {
		queries[i] = h.Query
	}
	rows, err := t.q.AnalyticsQueriesOf(ctx, db.AnalyticsQueriesOfParams{
		TenantID: t.tenant, Days: t.parts.days, Hours: t.parts.hours, Raw: t.parts.raw, Queries: queries,
	})
	for _, r := range rows {
		out = append(out, queryTotals(db.AnalyticsQueriesTopRow(r)))
	}
	slices.SortFunc(out, func(a, b QueryTotals) int {
		return cmp.Or(cmp.Compare(b.figure(t.by), a.figure(t.by)), b.LastAt.Compare(a.LastAt), cmp.Compare(a.Query, b.Query))
	})
	if !left && rest == 0 {
		return out[:min(len(out), t.limit)], true, err
	}
	if len(out) < t.limit {
		return nil, false, err
	}
	return out[:t.limit], out[t.limit-1].figure(t.by) > rest, err
}

// all sums up every query.
func (t *topQueries) all(ctx context.Context) (out []QueryTotals, err error) {
	rows, err := t.q.AnalyticsQueriesTop(ctx, db.AnalyticsQueriesTopParams{
		TenantID: t.tenant, Days: t.parts.days, Hours: t.parts.hours, Raw: t.parts.raw, Sort: string(t.by), RowLimit: int32(t.limit),
	})
	for _, r := range rows {
		out = append(out, queryTotals(r))
	}
	return out, err
}

func queryTotals(r db.AnalyticsQueriesTopRow) QueryTotals {
	return QueryTotals{
		Query: r.Query, Searches: r.Searches, ZeroResults: r.ZeroResults, Clicked: r.Clicked, Clicks: r.Clicks,
		PositionSum: r.PositionSum, Took: time.Duration(r.TookUs) * time.Microsecond, LastAt: r.LastAt.UTC(),
	}
}
