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
	return AnalyticsRange{From: from.UTC().Truncate(time.Hour), To: upTo(to, time.Hour)}
}

// upTo is the first multiple of step that is not before t.
func upTo(t time.Time, step time.Duration) time.Time {
	down := t.UTC().Truncate(step)
	if down.Before(t) {
		return down.Add(step)
	}
	return down
}

// AnalyticsRange widens a range to whole hours, and to whole days where a tenant's
// rollups by hour are not kept any more.
func (s *Store) AnalyticsRange(ctx context.Context, tenant uuid.UUID, from, to time.Time) (AnalyticsRange, error) {
	r := NewAnalyticsRange(from, to)
	kept, err := s.AnalyticsKept(ctx, tenant)
	if r.From.Before(kept.Hours) {
		r.From = r.From.Truncate(grainDay * time.Hour)
	}
	if r.To.Before(kept.Hours) {
		r.To = upTo(r.To, grainDay*time.Hour)
	}
	return r, err
}

// KeptAnalytics says from when on a tenant's events and rollups by hour are there;
// both begin with a week. Zero times mean that nothing has been dropped yet.
type KeptAnalytics struct{ Events, Hours time.Time }

// AnalyticsKept says what is there of a tenant's analytics.
func (s *Store) AnalyticsKept(ctx context.Context, tenant uuid.UUID) (out KeptAnalytics, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.AnalyticsKept(ctx, tenant)
		if noRows(err) {
			return nil
		}
		out = KeptAnalytics{Events: row.RawFrom.UTC(), Hours: row.HoursFrom.UTC()}
		return err
	})
	return out, err
}

// analyticsParts says where the figures of a range are read from: rollups that are
// up to date, by grain and beginning, and hours to be counted.
type analyticsParts struct {
	grains []int16
	ats    []time.Time
	raw    []time.Time
}

// readAnalytics calls fn with the parts of a range, none of them coarser than the
// given grain, all at one moment.
func (s *Store) readAnalytics(
	ctx context.Context, tenant uuid.UUID, r AnalyticsRange, coarsest int, fn func(*db.Queries, analyticsParts) error,
) error {
	return s.reportInTenant(ctx, tenant, func(q *db.Queries) error {
		marks, err := pendingMarks(ctx, q, tenant, r)
		if err != nil {
			return err
		}
		return fn(q, r.parts(marks, coarsest))
	})
}

// changed holds the hours, days and weeks whose rollups are out of date.
type changed struct{ hours, days, weeks map[time.Time]bool }

func pendingMarks(ctx context.Context, q *db.Queries, tenant uuid.UUID, r AnalyticsRange) (changed, error) {
	rows, err := q.AnalyticsPendingList(ctx, db.AnalyticsPendingListParams{TenantID: tenant, Since: weekOf(r.From), Until: r.To})
	out := changed{map[time.Time]bool{}, map[time.Time]bool{}, map[time.Time]bool{}}
	for _, p := range rows {
		out.add(int(p.Grain), p.At.UTC())
	}
	return out, err
}

// add notes a mark: what is made of an hour or a day is out of date with it.
func (c *changed) add(grain int, at time.Time) {
	if grain == grainHour {
		c.hours[at] = true
	}
	if grain <= grainDay {
		c.days[at.Truncate(grainDay*time.Hour)] = true
	}
	c.weeks[weekOf(at)] = true
}

// parts takes as few rollups as there can be: whole weeks, then days, then hours.
func (r AnalyticsRange) parts(marks changed, coarsest int) (out analyticsParts) {
	const day, week = grainDay * time.Hour, grainWeek * time.Hour
	fits := func(at time.Time, size time.Duration) bool { return !at.Add(size).After(r.To) }
	take := func(grain int, at time.Time) time.Time {
		out.grains, out.ats = append(out.grains, int16(grain)), append(out.ats, at)
		return at.Add(time.Duration(grain) * time.Hour)
	}
	for at := r.From; at.Before(r.To); {
		switch {
		case coarsest >= grainWeek && at.Equal(weekOf(at)) && fits(at, week) && !marks.weeks[at]:
			at = take(grainWeek, at)
		case coarsest >= grainDay && at.Equal(at.Truncate(day)) && fits(at, day) && !marks.days[at]:
			at = take(grainDay, at)
		case marks.hours[at]:
			out.raw = append(out.raw, at)
			at = at.Add(time.Hour)
		default:
			at = take(grainHour, at)
		}
	}
	return out
}

// and appends the parts of a range that follows.
func (p analyticsParts) and(o analyticsParts) analyticsParts {
	return analyticsParts{append(p.grains, o.grains...), append(p.ats, o.ats...), append(p.raw, o.raw...)}
}
