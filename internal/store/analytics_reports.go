package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// SearchTotals are the figures of some searches.
type SearchTotals struct {
	Searches    int64
	ZeroResults int64 // searches that found nothing
	Cached      int64 // searches answered from the cache
	Clicked     int64 // searches with a click
	Clicks      int64
	PositionSum int64 // of all clicks
	Took        time.Duration
	MaxTook     time.Duration
	Latency     domain.Latency
}

// add adds the figures of one row.
func (t *SearchTotals) add(r *db.AnalyticsTotalsReadRow) {
	t.Searches += r.Searches
	t.ZeroResults += r.ZeroResults
	if r.Cached {
		t.Cached += r.Searches
	}
	t.Clicked += r.Clicked
	t.Clicks += r.Clicks
	t.PositionSum += r.PositionSum
	t.Took += time.Duration(r.TookUs) * time.Microsecond
	t.MaxTook = max(t.MaxTook, time.Duration(r.MaxTookUs)*time.Microsecond)
	for i := range min(len(r.Buckets), len(r.Counts)) {
		t.Latency.Add(int(r.Buckets[i]), r.Counts[i])
	}
}

// SearchKind is one way of answering.
type SearchKind struct {
	Type   string
	Cached bool
}

// SearchReport is a range of searches as a whole and by how they were answered.
type SearchReport struct {
	All           SearchTotals
	Kinds         map[SearchKind]*SearchTotals
	UniqueQueries int64
	UniqueUsers   int64
}

// SearchReport counts the searches of a range.
func (s *Store) SearchReport(ctx context.Context, tenant uuid.UUID, r AnalyticsRange) (out SearchReport, err error) {
	err = s.readAnalytics(ctx, tenant, r, false, func(q *db.Queries, p analyticsParts) error {
		if err := out.readTotals(ctx, q, tenant, p); err != nil {
			return err
		}
		out.UniqueQueries, err = q.AnalyticsQueriesDistinct(ctx, db.AnalyticsQueriesDistinctParams{
			TenantID: tenant, Days: p.days, Hours: p.hours, Raw: p.raw,
		})
		if err != nil {
			return err
		}
		out.UniqueUsers, err = q.AnalyticsUsersDistinct(ctx, db.AnalyticsUsersDistinctParams{
			TenantID: tenant, Days: p.days, Hours: p.hours, Raw: p.raw,
		})
		return err
	})
	return out, err
}

// SearchLatency is SearchReport without what is unique, which takes longest.
func (s *Store) SearchLatency(ctx context.Context, tenant uuid.UUID, r AnalyticsRange) (out SearchReport, err error) {
	err = s.readAnalytics(ctx, tenant, r, false, func(q *db.Queries, p analyticsParts) error {
		return out.readTotals(ctx, q, tenant, p)
	})
	return out, err
}

func (out *SearchReport) readTotals(ctx context.Context, q *db.Queries, tenant uuid.UUID, p analyticsParts) error {
	rows, err := q.AnalyticsTotalsRead(ctx, db.AnalyticsTotalsReadParams{TenantID: tenant, Days: p.days, Hours: p.hours, Raw: p.raw})
	out.Kinds = map[SearchKind]*SearchTotals{}
	for i := range rows {
		kind := SearchKind{Type: rows[i].Type, Cached: rows[i].Cached}
		if out.Kinds[kind] == nil {
			out.Kinds[kind] = &SearchTotals{}
		}
		out.Kinds[kind].add(&rows[i])
		out.All.add(&rows[i])
	}
	return err
}

// SearchSeries counts the searches of a range in steps of some hours, the first of
// which begins at r.From. Steps without searches are there too.
func (s *Store) SearchSeries(ctx context.Context, tenant uuid.UUID, r AnalyticsRange, step time.Duration) (out []SearchTotals, err error) {
	out = make([]SearchTotals, (r.To.Sub(r.From)+step-1)/step)
	const day = grainDay * time.Hour
	hourly := step%day != 0 || !r.From.Equal(r.From.Truncate(day))
	err = s.readAnalytics(ctx, tenant, r, hourly, func(q *db.Queries, p analyticsParts) error {
		rows, err := q.AnalyticsTotalsRead(ctx, db.AnalyticsTotalsReadParams{TenantID: tenant, Days: p.days, Hours: p.hours, Raw: p.raw})
		for i := range rows {
			out[rows[i].At.Sub(r.From)/step].add(&rows[i])
		}
		return err
	})
	return out, err
}

// TrendingQuery is a query that is searched for more than before.
type TrendingQuery struct {
	Query            string
	Searches, Before int64 // in the window, and in the one before it
	Score            float64
	LastAt           time.Time
}

// TrendingQueries compares the window that ends with now's hour with the one
// before it. Queries with less than minimum searches in it are left out. A search
// counts half after a quarter of the window.
func (s *Store) TrendingQueries(
	ctx context.Context, tenant uuid.UUID, now time.Time, window time.Duration, minimum, limit int,
) (out []TrendingQuery, err error) {
	r := NewAnalyticsRange(now, now.Add(time.Nanosecond))
	r.From = r.To.Add(-2 * window)
	err = s.readAnalytics(ctx, tenant, r, true, func(q *db.Queries, p analyticsParts) error {
		rows, err := q.AnalyticsQueriesTrending(ctx, db.AnalyticsQueriesTrendingParams{
			TenantID: tenant, Hours: p.hours, Raw: p.raw, Middle: r.To.Add(-window), Now: now,
			HalfLifeSeconds: (window / 4).Seconds(), Minimum: int64(minimum), RowLimit: int32(limit),
		})
		for _, r := range rows {
			out = append(out, TrendingQuery{Query: r.Query, Searches: r.Searches, Before: r.SearchesBefore, Score: r.Score, LastAt: r.LastAt.UTC()})
		}
		return err
	})
	return out, err
}

// ClickedDocument is a document that was chosen among results.
type ClickedDocument struct {
	DocumentID      uuid.UUID
	Title           string // "" when the document is gone
	Clicks          int64
	AveragePosition float64
}

// PositionClicks are the clicks on one position of the results.
type PositionClicks struct {
	Position int
	Clicks   int64
}

// ClickReport is what was clicked in a range.
type ClickReport struct {
	Searches  SearchTotals
	Documents []ClickedDocument // by clicks, descending
	Positions []PositionClicks  // by position
}

// maxPositions bounds the positions that are told apart in an answer.
const maxPositions = 100

// ClickReport lists the documents and positions with the most clicks.
func (s *Store) ClickReport(ctx context.Context, tenant uuid.UUID, r AnalyticsRange, limit int) (out ClickReport, err error) {
	err = s.readAnalytics(ctx, tenant, r, false, func(q *db.Queries, p analyticsParts) error {
		var report SearchReport
		if err := report.readTotals(ctx, q, tenant, p); err != nil {
			return err
		}
		out.Searches = report.All
		documents, err := q.AnalyticsClicksByDocument(ctx, db.AnalyticsClicksByDocumentParams{
			TenantID: tenant, Days: p.days, Hours: p.hours, Raw: p.raw, RowLimit: int32(limit),
		})
		if err != nil {
			return err
		}
		for _, d := range documents {
			out.Documents = append(out.Documents, ClickedDocument{
				DocumentID: d.DocumentID, Title: d.Title, Clicks: d.Clicks, AveragePosition: d.AveragePosition,
			})
		}
		positions, err := q.AnalyticsClicksByPosition(ctx, db.AnalyticsClicksByPositionParams{
			TenantID: tenant, Days: p.days, Hours: p.hours, Raw: p.raw, RowLimit: maxPositions,
		})
		for _, p := range positions {
			out.Positions = append(out.Positions, PositionClicks{Position: int(p.Position), Clicks: p.Clicks})
		}
		return err
	})
	return out, err
}
