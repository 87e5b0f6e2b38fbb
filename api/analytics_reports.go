package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/store"
)

// LatencyFigures say how long searches took, in milliseconds.
type LatencyFigures struct {
	Searches  int64   `json:"searches"`
	AverageMS float64 `json:"average_ms"`
	P50MS     float64 `json:"p50_ms"`
	P90MS     float64 `json:"p90_ms"`
	P95MS     float64 `json:"p95_ms"`
	P99MS     float64 `json:"p99_ms"`
	MaxMS     float64 `json:"max_ms"`
}

func latencyFigures(t *store.SearchTotals) LatencyFigures {
	// A quantile is the top of its bucket, which may lie above the slowest search.
	quantile := func(share float64) float64 { return millis(min(t.Latency.Quantile(share), t.MaxTook)) }
	return LatencyFigures{
		Searches: t.Searches, AverageMS: averageMS(t.Took, t.Searches), MaxMS: millis(t.MaxTook),
		P50MS: quantile(.5), P90MS: quantile(.9), P95MS: quantile(.95), P99MS: quantile(.99),
	}
}

// SearchFigures is the answer of the search statistics.
type SearchFigures struct {
	AnalyticsRange
	TotalSearches    int64            `json:"total_searches"`
	UniqueQueries    int64            `json:"unique_queries" doc:"Exact up to 2,048; else an estimate with a standard error of 0.81 %."`
	UniqueUsers      int64            `json:"unique_users" doc:"By the user_id of the searches that had one; as exact as unique_queries."`
	UniqueExact      bool             `json:"unique_exact" doc:"Whether unique_queries and unique_users are exact."`
	ZeroResults      int64            `json:"zero_results"`
	ZeroResultRate   float64          `json:"zero_result_rate" doc:"From 0 to 1."`
	Cached           int64            `json:"cached" doc:"Searches answered from the cache."`
	CacheHitRate     float64          `json:"cache_hit_rate" doc:"From 0 to 1."`
	Clicks           int64            `json:"clicks"`
	ClickedSearches  int64            `json:"clicked_searches" doc:"Searches with a click."`
	ClickThroughRate float64          `json:"click_through_rate" doc:"Of all searches, from 0 to 1."`
	AveragePosition  float64          `json:"average_position" doc:"Of the clicks, from 1; 0 without any."`
	Latency          LatencyFigures   `json:"latency"`
	SearchesByType   map[string]int64 `json:"searches_by_type"`
}

type searchStatsOutput struct{ Body SearchFigures }

func (s *Server) getSearchStats(ctx context.Context, in *AnalyticsInput) (*searchStatsOutput, error) {
	r, err := s.hours(ctx, in)
	if err != nil {
		return nil, err
	}
	report, err := s.deps.Store.SearchReport(ctx, caller(ctx).TenantID, r)
	if err != nil {
		return nil, err
	}
	t := &report.All
	out := &searchStatsOutput{SearchFigures{
		AnalyticsRange: s.analyticsRange(r), TotalSearches: t.Searches, UniqueQueries: report.UniqueQueries.N,
		UniqueUsers: report.UniqueUsers.N, UniqueExact: report.UniqueQueries.Exact && report.UniqueUsers.Exact,
		ZeroResults: t.ZeroResults, ZeroResultRate: rate(t.ZeroResults, t.Searches), Cached: t.Cached, CacheHitRate: rate(t.Cached, t.Searches),
		Clicks: t.Clicks, ClickedSearches: t.Clicked, ClickThroughRate: rate(t.Clicked, t.Searches), AveragePosition: averagePosition(t),
		Latency: latencyFigures(t), SearchesByType: map[string]int64{},
	}}
	for kind, totals := range report.Kinds {
		out.Body.SearchesByType[kind.Type] += totals.Searches
	}
	return out, nil
}

// SeriesPoint is one step of a time series.
type SeriesPoint struct {
	At          time.Time `json:"at" doc:"Where the step begins."`
	Searches    int64     `json:"searches"`
	ZeroResults int64     `json:"zero_results"`
	Cached      int64     `json:"cached"`
	Clicks      int64     `json:"clicks"`
	AverageMS   float64   `json:"average_ms"`
	P95MS       float64   `json:"p95_ms"`
}

// Series is searches over time.
type Series struct {
	AnalyticsRange
	IntervalHours int           `json:"interval_hours"`
	Points        []SeriesPoint `json:"points" nullable:"false"`
}

type seriesInput struct {
	AnalyticsInput
	IntervalHours int `query:"interval_hours" minimum:"1" maximum:"8760" default:"24" doc:"The length of a step."`
}

type seriesOutput struct{ Body Series }

// maxSeriesPoints bounds an answer.
const maxSeriesPoints = 2000

func (s *Server) getSearchSeries(ctx context.Context, in *seriesInput) (*seriesOutput, error) {
	r, err := s.hours(ctx, &in.AnalyticsInput)
	if err != nil {
		return nil, err
	}
	step := time.Duration(in.IntervalHours) * time.Hour
	if in.IntervalHours%24 == 0 { // whole days
		r.From = r.From.Truncate(24 * time.Hour)
	}
	if r.To.Sub(r.From) > maxSeriesPoints*step {
		return nil, invalidField("interval_hours", "is so short that there would be more than 2,000 steps")
	}
	totals, err := s.deps.Store.SearchSeries(ctx, caller(ctx).TenantID, r, step)
	if err != nil {
		return nil, err
	}
	out := &seriesOutput{Series{s.analyticsRange(r), in.IntervalHours, make([]SeriesPoint, len(totals))}}
	for i := range totals {
		t := &totals[i]
		l := latencyFigures(t)
		out.Body.Points[i] = SeriesPoint{
			At: r.From.Add(time.Duration(i) * step), Searches: t.Searches, ZeroResults: t.ZeroResults, Cached: t.Cached, Clicks: t.Clicks,
			AverageMS: l.AverageMS, P95MS: l.P95MS,
		}
	}
	return out, nil
}

// KindLatency is the latency of one way of answering.
type KindLatency struct {
	Type   string `json:"type"`
	Cached bool   `json:"cached" doc:"Answered from the cache."`
	LatencyFigures
}

// LatencyReport says how long searches took.
type LatencyReport struct {
	AnalyticsRange
	Overall LatencyFigures `json:"overall"`
	Kinds   []KindLatency  `json:"kinds" nullable:"false"`
}

type latencyOutput struct{ Body LatencyReport }

func (s *Server) getSearchLatency(ctx context.Context, in *AnalyticsInput) (*latencyOutput, error) {
	r, err := s.hours(ctx, in)
	if err != nil {
		return nil, err
	}
	report, err := s.deps.Store.SearchLatency(ctx, caller(ctx).TenantID, r)
	if err != nil {
		return nil, err
	}
	out := &latencyOutput{LatencyReport{s.analyticsRange(r), latencyFigures(&report.All), []KindLatency{}}}
	for kind, totals := range report.Kinds {
		out.Body.Kinds = append(out.Body.Kinds, KindLatency{kind.Type, kind.Cached, latencyFigures(totals)})
	}
	slices.SortFunc(out.Body.Kinds, func(a, b KindLatency) int {
		return cmp.Or(cmp.Compare(b.Searches, a.Searches), cmp.Compare(a.Type, b.Type))
	})
	return out, nil
}

// ClickedDocument is a document that was chosen among results.
type ClickedDocument struct {
	DocumentID      uuid.UUID `json:"document_id"`
	Title           string    `json:"title" doc:"Empty when the document is gone."`
	Clicks          int64     `json:"clicks"`
	AveragePosition float64   `json:"average_position"`
}

// PositionClicks are the clicks on one position.
type PositionClicks struct {
	Position int   `json:"position"`
	Clicks   int64 `json:"clicks"`
}

// ClickReport is what was chosen among results.
type ClickReport struct {
	AnalyticsRange
	Searches         int64             `json:"searches"`
	ClickedSearches  int64             `json:"clicked_searches"`
	Clicks           int64             `json:"clicks"`
	ClickThroughRate float64           `json:"click_through_rate"`
	AveragePosition  float64           `json:"average_position" doc:"Of the clicks, from 1; 0 without any."`
	Documents        []ClickedDocument `json:"documents" nullable:"false" doc:"By clicks."`
	Queries          []QueryFigures    `json:"queries" nullable:"false" doc:"By clicks."`
	Positions        []PositionClicks  `json:"positions" nullable:"false" doc:"The first hundred."`
	Exact            bool              `json:"exact" doc:"false: there were so many different documents or queries that another one may belong among these. The figures are exact."`
}

type clicksOutput struct{ Body ClickReport }

func (s *Server) getSearchClicks(ctx context.Context, in *topInput) (*clicksOutput, error) {
	r, err := s.hours(ctx, &in.AnalyticsInput)
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	report, err := s.deps.Store.ClickReport(ctx, tenant, r, in.Limit)
	if err != nil {
		return nil, err
	}
	queries, err := s.deps.Store.TopQueries(ctx, tenant, r, store.ByClicks, in.Limit)
	if err != nil {
		return nil, err
	}
	t := &report.Searches
	out := &clicksOutput{ClickReport{
		AnalyticsRange: s.analyticsRange(r), Searches: t.Searches, ClickedSearches: t.Clicked, Clicks: t.Clicks,
		ClickThroughRate: rate(t.Clicked, t.Searches), AveragePosition: averagePosition(t), Queries: queryFigures(queries.Queries),
		Exact:     report.Rest == 0 && queries.Rest == 0,
		Documents: []ClickedDocument{}, Positions: []PositionClicks{},
	}}
	for _, d := range report.Documents {
		out.Body.Documents = append(out.Body.Documents, ClickedDocument(d))
	}
	for _, p := range report.Positions {
		out.Body.Positions = append(out.Body.Positions, PositionClicks(p))
	}
	return out, nil
}

type userInput struct {
	AnalyticsInput
	UserID string `path:"user_id" minLength:"1" maxLength:"256" doc:"The user_id of searches, also where only its hash is recorded." example:"user-42"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"10" doc:"How many queries and searches to list."`
}

// UserQuery is a query of one user.
type UserQuery struct {
	Query          string    `json:"query"`
	Searches       int64     `json:"searches"`
	ZeroResults    int64     `json:"zero_results"`
	LastSearchedAt time.Time `json:"last_searched_at"`
}

// UserSearches is what one user searched for.
type UserSearches struct {
	AnalyticsRange
	UserID          string      `json:"user_id"`
	TotalSearches   int64       `json:"total_searches" doc:"At most 10,000: of a user with more in the range, the newest are counted."`
	Complete        bool        `json:"complete" doc:"false: the user has more searches in the range than were counted."`
	UniqueQueries   int64       `json:"unique_queries"`
	ZeroResults     int64       `json:"zero_results"`
	AverageMS       float64     `json:"average_ms"`
	FirstSearchedAt *time.Time  `json:"first_searched_at" nullable:"true"`
	LastSearchedAt  *time.Time  `json:"last_searched_at" nullable:"true"`
	Queries         []UserQuery `json:"queries" nullable:"false" doc:"By searches."`
	Recent          []SearchRow `json:"recent" nullable:"false" doc:"Newest first."`
}

type userOutput struct{ Body UserSearches }

func (s *Server) getUserSearches(ctx context.Context, in *userInput) (*userOutput, error) {
	r, err := s.hours(ctx, &in.AnalyticsInput)
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	report, err := s.deps.Store.UserReport(ctx, tenant, s.deps.UserIDs.Hash(tenant, in.UserID), r.From, r.To, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &userOutput{UserSearches{
		AnalyticsRange: s.analyticsRange(r), UserID: in.UserID, TotalSearches: report.Searches, Complete: report.Complete,
		UniqueQueries: report.UniqueQueries, ZeroResults: report.ZeroResults, AverageMS: averageMS(report.Took, report.Searches), Queries: []UserQuery{}, Recent: []SearchRow{},
	}}
	if report.Searches > 0 {
		out.Body.FirstSearchedAt, out.Body.LastSearchedAt = &report.FirstAt, &report.LastAt
	}
	for _, q := range report.Queries {
		out.Body.Queries = append(out.Body.Queries, UserQuery{q.Query, q.Searches, q.ZeroResults, q.LastAt})
	}
	for i := range report.Recent {
		out.Body.Recent = append(out.Body.Recent, searchRow(&report.Recent[i]))
	}
	return out, nil
}
