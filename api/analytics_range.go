package api

import (
	"context"
	"strings"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	defaultAnalyticsDays = 30
	maxAnalyticsDays     = 3650
)

// AnalyticsInput is the range of time that analytics are asked for. It is exported for
// huma, which sees no other embedded fields.
type AnalyticsInput struct {
	Days int    `query:"days" minimum:"1" maximum:"3650" doc:"The days up to now. Not together with from or to." example:"30"`
	From string `query:"from" maxLength:"40" doc:"RFC 3339 or a day in UTC; 30 days before to when left out." example:"2026-01-01"`
	To   string `query:"to" maxLength:"40" doc:"RFC 3339 or a day in UTC, which is not part of the range; now when left out." example:"2026-02-01T00:00:00Z"`
}

// AnalyticsRange is what an answer is about.
type AnalyticsRange struct {
	Enabled bool      `json:"enabled" doc:"Whether searches are being recorded; false with ANALYTICS_ENABLED=false."`
	From    time.Time `json:"from"`
	To      time.Time `json:"to" doc:"The first moment that is not part of it."`
}

func (s *Server) analyticsRange(r store.AnalyticsRange) AnalyticsRange {
	return AnalyticsRange{Enabled: s.deps.Analytics != nil, From: r.From, To: r.To}
}

// hours is the range, widened to whole hours, or to whole days where only those
// are known.
func (s *Server) hours(ctx context.Context, in *AnalyticsInput) (store.AnalyticsRange, error) {
	from, to, err := in.times(time.Now())
	if err != nil {
		return store.AnalyticsRange{}, err
	}
	return s.deps.Store.AnalyticsRange(ctx, caller(ctx).TenantID, from, to)
}

// times is the range as it was asked for.
func (in *AnalyticsInput) times(now time.Time) (from, to time.Time, err error) {
	if in.Days != 0 && (in.From != "" || in.To != "") {
		return from, to, invalidField("days", "cannot be given together with from or to")
	}
	to = now.UTC()
	if in.To != "" {
		if to, err = parseMoment("to", in.To); err != nil {
			return from, to, err
		}
	}
	days := in.Days
	if days == 0 {
		days = defaultAnalyticsDays
	}
	from = to.AddDate(0, 0, -days)
	if in.From != "" {
		if from, err = parseMoment("from", in.From); err != nil {
			return from, to, err
		}
	}
	switch {
	case !from.Before(to):
		return from, to, invalidField("from", "must be before to")
	case to.Sub(from) > (maxAnalyticsDays+1)*24*time.Hour:
		return from, to, invalidField("from", "must be at most 3650 days before to")
	}
	return from, to, nil
}

// parseMoment reads a time or a day.
func parseMoment(field, text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	message := "must be a time as 2026-01-31T12:00:00Z or a day as 2026-01-31"
	if strings.Contains(text, " ") { // what "+" in a query string turns into
		message += "; write the + of a time zone as %2B"
	}
	return time.Time{}, invalidField(field, message)
}

func invalidField(field, message string) error {
	return &domain.Error{
		Code: domain.CodeInvalid, Message: "the request is not valid", Fields: []domain.FieldError{{Field: field, Message: message}},
	}
}
