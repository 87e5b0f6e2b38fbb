package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

// AnalyticsRange is the hours from From, which is the beginning of one, up to and
// without To.
type AnalyticsRange struct{ From, To time.Time }

// NewAnalyticsRange widens a range to whole hours.
func NewAnalyticsRange(from, to time.Time) AnalyticsRange {
	r := AnalyticsRange{From: from.UTC().Truncate(time.Hour), To: to.UTC().Truncate(time.Hour)}
	if r.To.Before(to) {
		r.To = r.To.Add(time.Hour)
	}
	return r
}

// analyticsParts says where the figures of a range are read from.
type analyticsParts struct {
	days, hours []time.Time // rollups that are up to date
	raw         []time.Time // hours to be counted
}

// readAnalytics calls fn with the parts of a range, all at one moment. With hourly
// there are no days among them.
func (s *Store) readAnalytics(
	ctx context.Context, tenant uuid.UUID, r AnalyticsRange, hourly bool, fn func(*db.Queries, analyticsParts) error,
) error {
	return s.reportInTenant(ctx, tenant, func(q *db.Queries) error {
		pending, err := q.AnalyticsPendingList(ctx, db.AnalyticsPendingListParams{
			TenantID: tenant, Since: r.From.Truncate(grainDay * time.Hour), Until: r.To,
		})
		if err != nil {
			return err
		}
		return fn(q, r.parts(pending, hourly))
	})
}

func (r AnalyticsRange) parts(pending []db.AnalyticsPendingListRow, hourly bool) (out analyticsParts) {
	const day = grainDay * time.Hour
	hours, days := map[time.Time]bool{}, map[time.Time]bool{}
	for _, p := range pending {
		at := p.At.UTC()
		days[at.Truncate(day)] = true
		if p.Grain == grainHour {
			hours[at] = true
		}
	}
	for at := r.From; at.Before(r.To); {
		if !hourly && at.Equal(at.Truncate(day)) && !at.Add(day).After(r.To) && !days[at] {
			out.days = append(out.days, at)
			at = at.Add(day)
			continue
		}
		if hours[at] {
			out.raw = append(out.raw, at)
		} else {
			out.hours = append(out.hours, at)
		}
		at = at.Add(time.Hour)
	}
	return out
}
