package store

import (
	"bytes"
	"cmp"
	"context"
	"slices"
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
	All   SearchTotals
	Kinds map[SearchKind]*SearchTotals
	// UniqueQueries and UniqueUsers are exact up to distinct.Exact of them.
	UniqueQueries, UniqueUsers Unique
}

// Unique is a number of different values.
type Unique struct {
	N     int64
	Exact bool // else an estimate with a standard error of 0.81 %
}

// SearchReport counts the searches of a range.
func (s *Store) SearchReport(ctx context.Context, tenant uuid.UUID, r AnalyticsRange) (out SearchReport, err error) {
	err = s.readAnalytics(ctx, tenant, r, grainWeek, func(q *db.Queries, p analyticsParts) error {
		if err := out.readTotals(ctx, q, tenant, p); err != nil {
			return err
		}
		return out.readUnique(ctx, q, tenant, p)
	})
	return out, err
}

// SearchLatency is SearchReport without what is unique.
func (s *Store) SearchLatency(ctx context.Context, tenant uuid.UUID, r AnalyticsRange) (out SearchReport, err error) {
	err = s.readAnalytics(ctx, tenant, r, grainWeek, func(q *db.Queries, p analyticsParts) error {
		return out.readTotals(ctx, q, tenant, p)
	})
	return out, err
}

// readUnique merges the sketches of rollups with those of hours to be counted.
func (out *SearchReport) readUnique(ctx context.Context, q *db.Queries, tenant uuid.UUID, p analyticsParts) error {
	var seen sketches
	rows, err := q.AnalyticsSketchesRead(ctx, db.AnalyticsSketchesReadParams{TenantID: tenant, Grains: p.grains, Ats: p.ats})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := seen.merge(r.Queries, r.Users); err != nil {
			return err
		}
	}
	if len(p.raw) > 0 {
		if err := seen.count(ctx, q, tenant, p.raw); err != nil {
			return err
		}
	}
	out.UniqueQueries.N, out.UniqueQueries.Exact = seen.queries.Count()
	out.UniqueUsers.N, out.UniqueUsers.Exact = seen.users.Count()
	return nil
}

func (out *SearchReport) readTotals(ctx context.Context, q *db.Queries, tenant uuid.UUID, p analyticsParts) error {
	rows, err := q.AnalyticsTotalsRead(ctx, db.AnalyticsTotalsReadParams{TenantID: tenant, Grains: p.grains, Ats: p.ats, Raw: p.raw})
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
	err = s.readAnalytics(ctx, tenant, r, stepGrain(r.From, step), func(q *db.Queries, p analyticsParts) error {
		rows, err := q.AnalyticsTotalsRead(ctx, db.AnalyticsTotalsReadParams{TenantID: tenant, Grains: p.grains, Ats: p.ats, Raw: p.raw})
		for i := range rows {
			out[rows[i].At.Sub(r.From)/step].add(&rows[i])
		}
		return err
	})
	return out, err
}

// stepGrain is the coarsest grain that does not reach over the end of a step.
func stepGrain(from time.Time, step time.Duration) int {
	const day, week = grainDay * time.Hour, grainWeek * time.Hour
	switch {
	case step%week == 0 && from.Equal(weekOf(from)):
		return grainWeek
	case step%day == 0 && from.Equal(from.Truncate(day)):
		return grainDay
	default:
		return grainHour
	}
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
	// Rest is the clicks that a document which is not listed may have at most, where
	// it could not be proven that none belongs among them; else 0.
	Rest      int64
	Positions []PositionClicks // by position
}

// maxPositions bounds the positions that are told apart in an answer.
const maxPositions = 100

// ClickReport lists the documents and positions with the most clicks.
func (s *Store) ClickReport(ctx context.Context, tenant uuid.UUID, r AnalyticsRange, limit int) (out ClickReport, err error) {
	err = s.readAnalytics(ctx, tenant, r, grainWeek, func(q *db.Queries, p analyticsParts) error {
		var report SearchReport
		if err := report.readTotals(ctx, q, tenant, p); err != nil {
			return err
		}
		out.Searches = report.All
		if err := out.readDocuments(ctx, q, tenant, p, limit); err != nil {
			return err
		}
		positions, err := q.AnalyticsPositions(ctx, db.AnalyticsPositionsParams{
			TenantID: tenant, Grains: p.grains, Ats: p.ats, Raw: p.raw, RowLimit: maxPositions,
		})
		for _, p := range positions {
			out.Positions = append(out.Positions, PositionClicks{Position: int(p.Position), Clicks: p.Clicks})
		}
		return err
	})
	return out, err
}

// readDocuments looks at the first documents of each part, and at all of them where
// that settles nothing and they are not too many.
func (out *ClickReport) readDocuments(ctx context.Context, q *db.Queries, tenant uuid.UUID, p analyticsParts, limit int) error {
	params := db.AnalyticsDocumentsTopParams{
		TenantID: tenant, Grains: p.grains, Ats: p.ats, Raw: p.raw, Depth: depthFor(limit), Most: mostFor(limit), Wanted: int32(limit),
	}
	if err := out.rankDocuments(ctx, q, params, limit); err != nil || out.Rest == 0 {
		return err
	}
	rows, err := q.AnalyticsPartRows(ctx, db.AnalyticsPartRowsParams{TenantID: tenant, Grains: p.grains, Ats: p.ats})
	if err != nil || rows.Documents > maxSummed {
		return err
	}
	params.Depth = maxSummed + 1 // no part has as many
	err = out.rankDocuments(ctx, q, params, limit)
	out.Rest = 0
	return err
}

func (out *ClickReport) rankDocuments(ctx context.Context, q *db.Queries, params db.AnalyticsDocumentsTopParams, limit int) error {
	rows, err := q.AnalyticsDocumentsTop(ctx, params)
	out.Documents, out.Rest = nil, 0
	for _, d := range rows {
		out.Rest = d.Rest // the same in each
		out.Documents = append(out.Documents, ClickedDocument{
			DocumentID: d.DocumentID, Title: d.Title, Clicks: d.Clicks, AveragePosition: float64(d.PositionSum) / float64(d.Clicks),
		})
	}
	slices.SortFunc(out.Documents, func(a, b ClickedDocument) int {
		return cmp.Or(cmp.Compare(b.Clicks, a.Clicks), bytes.Compare(a.DocumentID[:], b.DocumentID[:]))
	})
	if len(out.Documents) >= limit {
		out.Documents = out.Documents[:limit]
		if out.Documents[limit-1].Clicks > out.Rest {
			out.Rest = 0
		}
	}
	return err
}
