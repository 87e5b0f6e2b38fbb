package api

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/search"
	"github.com/rustassistant/rustassistant/internal/store"
)

// SearchRecorder takes what was searched for: *analytics.Recorder.
type SearchRecorder interface {
	// Record neither blocks nor fails.
	Record(e domain.SearchEvent)
}

// recordSearch records an answered search, when that is wanted.
func (s *Server) recordSearch(tenant uuid.UUID, r *search.Request, a *search.Answer) {
	if s.deps.Analytics == nil {
		return
	}
	s.deps.Analytics.Record(domain.SearchEvent{
		ID: a.QueryID, TenantID: tenant, Query: r.Query, Type: string(a.Type), Cached: a.Tier != cache.TierNone,
		Results: a.Total, Took: a.Took, UserID: s.deps.UserIDs.Hash(tenant, r.UserID),
	})
}

// topInput asks for the first entries of a ranking.
type topInput struct {
	AnalyticsInput
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"10" doc:"How many to list."`
}

// QueryFigures are the figures of one query.
type QueryFigures struct {
	Query            string    `json:"query" doc:"In lower case, with single spaces, cut after 256 bytes."`
	Searches         int64     `json:"searches"`
	ZeroResults      int64     `json:"zero_results" doc:"Searches that found nothing."`
	ZeroResultRate   float64   `json:"zero_result_rate" doc:"Of all searches, from 0 to 1."`
	Clicks           int64     `json:"clicks"`
	ClickThroughRate float64   `json:"click_through_rate" doc:"Searches with a click, of all, from 0 to 1."`
	AverageMS        float64   `json:"average_ms"`
	LastSearchedAt   time.Time `json:"last_searched_at"`
}

// QueryList is a ranking of queries.
type QueryList struct {
	AnalyticsRange
	Queries      []QueryFigures `json:"queries" nullable:"false"`
	Exact        bool           `json:"exact" doc:"false: there were so many different queries that another one may belong among these. The figures are exact."`
	OthersAtMost int64          `json:"others_at_most,omitempty" doc:"Where exact is false: no query that is not listed has more than that."`
}

type queryListOutput struct{ Body QueryList }

func (s *Server) getPopular(ctx context.Context, in *topInput) (*queryListOutput, error) {
	return s.topQueries(ctx, in, store.BySearches)
}

func (s *Server) getZeroResults(ctx context.Context, in *topInput) (*queryListOutput, error) {
	return s.topQueries(ctx, in, store.ByZeroResults)
}

func (s *Server) topQueries(ctx context.Context, in *topInput, by store.QuerySort) (*queryListOutput, error) {
	r, err := s.hours(ctx, &in.AnalyticsInput)
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.TopQueries(ctx, caller(ctx).TenantID, r, by, in.Limit)
	if err != nil {
		return nil, err
	}
	return &queryListOutput{QueryList{s.analyticsRange(r), queryFigures(found.Queries), found.Rest == 0, found.Rest}}, nil
}

func queryFigures(found []store.QueryTotals) []QueryFigures {
	out := make([]QueryFigures, len(found))
	for i, q := range found {
		out[i] = QueryFigures{
			Query: q.Query, Searches: q.Searches, ZeroResults: q.ZeroResults, ZeroResultRate: rate(q.ZeroResults, q.Searches),
			Clicks: q.Clicks, ClickThroughRate: rate(q.Clicked, q.Searches), AverageMS: averageMS(q.Took, q.Searches), LastSearchedAt: q.LastAt,
		}
	}
	return out
}

// rate is a share of a whole, to four digits.
func rate(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Round(float64(part)/float64(whole)*10_000) / 10_000
}

// millis is a duration in milliseconds, to the microsecond.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func averageMS(sum time.Duration, n int64) float64 {
	if n == 0 {
		return 0
	}
	return millis(sum / time.Duration(n))
}

func averagePosition(t *store.SearchTotals) float64 {
	if t.Clicks == 0 {
		return 0
	}
	return math.Round(float64(t.PositionSum)/float64(t.Clicks)*100) / 100
}

type trendingInput struct {
	Limit       int `query:"limit" minimum:"1" maximum:"1000" default:"10" doc:"How many to list."`
	WindowHours int `query:"window_hours" minimum:"1" maximum:"168" default:"24" doc:"How many hours are compared with as many before."`
	Minimum     int `query:"minimum" minimum:"1" maximum:"1000000" default:"3" doc:"Searches that a query needs."`
}

// TrendingFigures are the figures of one query that is searched for more than before.
type TrendingFigures struct {
	Query            string    `json:"query"`
	Searches         int64     `json:"searches" doc:"In the window."`
	PreviousSearches int64     `json:"previous_searches" doc:"In the window before."`
	Growth           float64   `json:"growth" doc:"How many times as often as before, both counted one up: (searches + 1) / (previous_searches + 1)."`
	Score            float64   `json:"score"`
	LastSearchedAt   time.Time `json:"last_searched_at"`
}

// TrendingList is a ranking of queries by their growth.
type TrendingList struct {
	AnalyticsRange
	WindowHours  int               `json:"window_hours"`
	Queries      []TrendingFigures `json:"queries" nullable:"false"`
	Exact        bool              `json:"exact" doc:"false: there were so many different queries that another one may belong among these. The figures are exact."`
	OthersAtMost float64           `json:"others_at_most,omitempty" doc:"Where exact is false: no query that is not listed has a higher score."`
}

type trendingOutput struct{ Body TrendingList }

func (s *Server) getTrending(ctx context.Context, in *trendingInput) (*trendingOutput, error) {
	now, window := time.Now().UTC(), time.Duration(in.WindowHours)*time.Hour
	found, err := s.deps.Store.TrendingQueries(ctx, caller(ctx).TenantID, now, window, in.Minimum, in.Limit)
	if err != nil {
		return nil, err
	}
	hour := store.NewAnalyticsRange(now, now.Add(time.Nanosecond))
	out := &trendingOutput{TrendingList{
		s.analyticsRange(store.AnalyticsRange{From: hour.To.Add(-window), To: hour.To}), in.WindowHours, make([]TrendingFigures, len(found.Queries)),
		found.Rest == 0, math.Ceil(found.Rest*1000) / 1000,
	}}
	for i, q := range found.Queries {
		out.Body.Queries[i] = TrendingFigures{
			Query: q.Query, Searches: q.Searches, PreviousSearches: q.Before, Score: math.Round(q.Score*1000) / 1000,
			Growth: math.Round(float64(q.Searches+1)/float64(q.Before+1)*100) / 100, LastSearchedAt: q.LastAt,
		}
	}
	return out, nil
}
