package store

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

const (
	// hoursKept is how long rollups by hour are kept at least: twice the longest
	// window of trending queries, and the week that is dropped as a whole.
	hoursKept = 21 * 24 * time.Hour
	// purgePage is how many hours, days and weeks one transaction removes.
	purgePage = 50
)

// AnalyticsRetention says from when on searches and rollups are kept. Everything
// goes by whole weeks.
type AnalyticsRetention struct {
	Events  time.Time // searches and clicks, and rollups by hour
	Rollups time.Time // those by day and week; not after Events
}

// PurgedAnalytics counts what PurgeAnalytics removed.
type PurgedAnalytics struct {
	Partitions int   // dropped, of events and of clicks
	Rows       int64 // deleted outside of weekly partitions
	Rollups    int64 // hours, days and weeks
	// More is set when time ran out before all was done.
	More bool
}

// PurgeAnalytics removes every week of events and rollups that ended before its
// retention, until the deadline. What has not been rolled up yet is so before its
// events go: rollups outlive them. It may end and start again at any point.
func (s *Store) PurgeAnalytics(
	ctx context.Context, keep AnalyticsRetention, now, deadline time.Time, beat func(PurgedAnalytics),
) (out PurgedAnalytics, err error) {
	events := weekOf(keep.Events)
	hours := weekOf(now.Add(-hoursKept))
	if events.Before(hours) {
		hours = events
	}
	rolled, err := s.RollUpAnalytics(ctx, events.Add(rollupSettle), deadline, func(RolledUp) { beat(out) })
	if err != nil || rolled.More {
		out.More = rolled.More
		return out, err
	}
	if err := s.purgeEvents(ctx, events, hours, &out); err != nil {
		return out, err
	}
	beat(out)
	for {
		n, err := s.purgeRollups(ctx, hours, weekOf(keep.Rollups))
		if out.Rollups += int64(n); err != nil || n < purgePage {
			return out, err
		}
		beat(out)
		if time.Now().After(deadline) {
			out.More = true
			return out, nil
		}
	}
}

// purgeEvents drops weeks of events. That they are gone is known from the same
// moment on, so that nobody counts again what is not there.
func (s *Store) purgeEvents(ctx context.Context, events, hours time.Time, out *PurgedAnalytics) error {
	err := s.inSystem(ctx, func(q *db.Queries) error {
		n, err := q.AnalyticsDropPartitions(ctx, events) // its lock keeps rollups from running
		if err != nil {
			return err
		}
		left, err := q.AnalyticsPendingLeft(ctx, db.AnalyticsPendingLeftParams{Events: events, Hours: hours})
		if err != nil {
			return err
		}
		if left { // something was marked meanwhile
			return domain.Errorf(domain.CodeUnavailable, "searches past their retention have not been rolled up yet")
		}
		out.Partitions = int(n)
		return q.AnalyticsKeptAdvance(ctx, db.AnalyticsKeptAdvanceParams{RawFrom: events, HoursFrom: hours})
	})
	if err != nil {
		return err
	}
	err = s.inSystem(ctx, func(q *db.Queries) error {
		_, err := q.BackfillPurge(ctx, interval(backfillKept))
		return err
	})
	if err != nil {
		return err
	}
	for _, purge := range []func(*db.Queries, context.Context, time.Time) (int64, error){
		(*db.Queries).SearchEventPurge, (*db.Queries).SearchClickPurge,
	} {
		err = s.inSystem(ctx, func(q *db.Queries) error {
			n, err := purge(q, ctx, events)
			out.Rows += n
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// purgeRollups removes some hours, days and weeks, and says how many.
func (s *Store) purgeRollups(ctx context.Context, hours, rest time.Time) (n int, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		if _, err := q.AnalyticsPendingPurge(ctx, rest); err != nil {
			return err
		}
		parts, err := q.AnalyticsPartsExpired(ctx, db.AnalyticsPartsExpiredParams{HoursBefore: hours, Before: rest, RowLimit: purgePage})
		for _, p := range parts {
			if _, err := q.AnalyticsPartsPurge(ctx, db.AnalyticsPartsPurgeParams(p)); err != nil {
				return err
			}
		}
		n = len(parts)
		return err
	})
	return n, err
}
