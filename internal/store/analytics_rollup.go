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
	grainWeek = 168
)

const (
	// rollupSettle is how long after its end an hour or a day is left alone: its
	// last events are still on their way, and would only have it rolled up again.
	rollupSettle = 30 * time.Second
	// rollupQuiet is how old the mark of a week must be: a week that has ended is
	// large, and what changes in it late is counted once an hour.
	rollupQuiet = time.Hour
	// rollupPage is how many marks one look takes.
	rollupPage = 200
	// partitionsAhead is how far ahead weekly partitions are made.
	partitionsAhead = 28 * 24 * time.Hour
)

// RolledUp counts what RollUpAnalytics did.
type RolledUp struct {
	Hours, Days, Weeks int
	// More is set when time ran out before all was done.
	More bool
}

// RollUpAnalytics brings the rollups of ended hours, days and weeks up to date, of
// all tenants, until nothing is left to do or the deadline has come. Each is a
// transaction of its own, so it can end and start again at any point. beat is
// called after each.
func (s *Store) RollUpAnalytics(ctx context.Context, now, deadline time.Time, beat func(RolledUp)) (out RolledUp, err error) {
	for _, level := range []struct {
		grain int
		quiet time.Duration
		done  *int
	}{{grainHour, 0, &out.Hours}, {grainDay, 0, &out.Days}, {grainWeek, rollupQuiet, &out.Weeks}} {
		due := db.AnalyticsPendingDueParams{
			Grain: int16(level.grain), Latest: now.Add(-rollupSettle - time.Duration(level.grain)*time.Hour),
			Quiet: laterOf(now, time.Now()).Add(-level.quiet), RowLimit: rollupPage,
		}
		for {
			marks, err := s.rollupsDue(ctx, due)
			if err != nil {
				return out, err
			}
			for _, m := range marks {
				if time.Now().After(deadline) {
					out.More = true
					return out, nil
				}
				if err := s.rollUp(ctx, m.TenantID, level.grain, m.At); err != nil {
					return out, err
				}
				*level.done++
				beat(out)
			}
			if len(marks) < rollupPage {
				break
			}
		}
	}
	return out, nil
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *Store) rollupsDue(ctx context.Context, p db.AnalyticsPendingDueParams) (due []db.AnalyticsPendingDueRow, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		due, err = q.AnalyticsPendingDue(ctx, p)
		return err
	})
	return due, err
}

// rollUp counts one hour, day or week again if it is marked.
func (s *Store) rollUp(ctx context.Context, tenant uuid.UUID, grain int, at time.Time) error {
	return s.inSystem(ctx, func(q *db.Queries) error {
		rolled, err := q.AnalyticsRoll(ctx, db.AnalyticsRollParams{TenantID: tenant, Grain: int16(grain), At: at})
		if err != nil || !rolled {
			return err
		}
		return rollUpSketches(ctx, q, tenant, grain, at.UTC())
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

// weekOf is the Monday, 00:00 UTC, of t's week: where partitions begin.
func weekOf(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}
