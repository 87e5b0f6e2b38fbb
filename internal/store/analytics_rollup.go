package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

// The sizes of rollups, in hours.
const (
	grainHour = 1
	grainDay  = 24
)

const (
	// rollupSettle is how long after its end an hour or a day is left alone: its
	// last events are still on their way, and would only have it rolled up again.
	rollupSettle = 30 * time.Second
	// rollupPage is how many marks one look takes.
	rollupPage = 200
	// partitionsAhead is how far ahead weekly partitions are made.
	partitionsAhead = 28 * 24 * time.Hour
)

// RolledUp counts what RollUpAnalytics did.
type RolledUp struct {
	Hours, Days int
	// More is set when time ran out before all was done.
	More bool
}

// RollUpAnalytics brings the rollups of ended hours and days up to date, of all
// tenants, until nothing is left to do or the deadline has come. Each hour is a
// transaction of its own, so it can end and start again at any point. beat is
// called after each.
func (s *Store) RollUpAnalytics(ctx context.Context, now, deadline time.Time, beat func(RolledUp)) (out RolledUp, err error) {
	for _, level := range []struct {
		grain int
		done  *int
	}{{grainHour, &out.Hours}, {grainDay, &out.Days}} {
		latest := now.Add(-rollupSettle - time.Duration(level.grain)*time.Hour)
		for {
			due, err := s.rollupsDue(ctx, level.grain, latest)
			if err != nil {
				return out, err
			}
			for _, d := range due {
				if time.Now().After(deadline) {
					out.More = true
					return out, nil
				}
				if err := s.rollUp(ctx, d.TenantID, level.grain, d.At); err != nil {
					return out, err
				}
				*level.done++
				beat(out)
			}
			if len(due) < rollupPage {
				break
			}
		}
	}
	return out, nil
}

func (s *Store) rollupsDue(ctx context.Context, grain int, latest time.Time) (due []db.AnalyticsPendingDueRow, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		due, err = q.AnalyticsPendingDue(ctx, db.AnalyticsPendingDueParams{Grain: int16(grain), Latest: latest, RowLimit: rollupPage})
		return err
	})
	return due, err
}

func (s *Store) rollUp(ctx context.Context, tenant uuid.UUID, grain int, at time.Time) error {
	return s.inSystem(ctx, func(q *db.Queries) error {
		_, err := q.AnalyticsRoll(ctx, db.AnalyticsRollParams{TenantID: tenant, Grain: int16(grain), At: at})
		return err
	})
}

// EnsureAnalyticsPartitions makes the weekly partitions of the next weeks and says
// how many were missing.
func (s *Store) EnsureAnalyticsPartitions(ctx context.Context, now time.Time) (made int, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		n, err := q.AnalyticsEnsurePartitions(ctx, now.Add(partitionsAhead))
		made = int(n)
		return err
	})
	return made, err
}

// PurgedAnalytics counts what PurgeAnalytics removed.
type PurgedAnalytics struct {
	Partitions int   // dropped, of events and of clicks
	Rows       int64 // deleted, of rollups and outside of weekly partitions
}

// PurgeAnalytics removes every week of events, clicks and rollups that ended
// before the given moment.
func (s *Store) PurgeAnalytics(ctx context.Context, before time.Time) (out PurgedAnalytics, err error) {
	week := weekOf(before)
	err = s.inSystem(ctx, func(q *db.Queries) error {
		n, err := q.AnalyticsDropPartitions(ctx, week)
		out.Partitions = int(n)
		return err
	})
	if err != nil {
		return out, err
	}
	for _, purge := range []func(*db.Queries, context.Context, time.Time) (int64, error){
		(*db.Queries).SearchEventPurge, (*db.Queries).SearchClickPurge, (*db.Queries).AnalyticsPendingPurge,
		(*db.Queries).AnalyticsTotalsPurge, (*db.Queries).AnalyticsQueriesPurge,
		(*db.Queries).AnalyticsClicksPurge, (*db.Queries).AnalyticsUsersPurge,
	} {
		err = s.inSystem(ctx, func(q *db.Queries) error {
			n, err := purge(q, ctx, week)
			out.Rows += n
			return err
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// weekOf is the Monday, 00:00 UTC, of t's week: where partitions begin.
func weekOf(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}
