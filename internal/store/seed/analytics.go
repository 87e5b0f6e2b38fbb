package seed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rustassistant/rustassistant/internal/distinct"
)

// AnalyticsOptions say how much there is to be.
type AnalyticsOptions struct {
	URL    string // of the database; its user may use the system role
	Tenant uuid.UUID
	Now    time.Time
	// Days is how far back there are rollups, and EventDays searches, too. Both are
	// extended to whole weeks.
	Days, EventDays int
	// PerDay searches are made a day, of Queries different queries whose frequency
	// follows Zipf's law and of Users users that search equally often.
	PerDay, Queries, Users int
	// Ends are days back where ranges begin that will be asked for.
	Ends []int
	// Each is called after each day, or week before EventDays.
	Each func(at time.Time)
}

// Analytics stores searches and clicks of the last days, marked to be rolled up, and
// before them rollups: those of the first week are drawn, too, and the weeks that
// follow repeat it. They have every day where a range will begin; elsewhere the
// queries and documents of single days are left out, which nobody asks for then.
// What a seeded tenant has already is left alone, so that it can be interrupted.
func Analytics(ctx context.Context, o AnalyticsOptions) error {
	conn, err := pgx.Connect(ctx, o.URL)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range []string{
		"SET synchronous_commit = off", "SET work_mem = '128MB'", "SET plan_cache_mode = force_custom_plan", dayTable, "SET ROLE rustassistant_system",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare the connection: %w", err)
		}
	}
	s := &analytics{AnalyticsOptions: o, conn: conn, users: usersOf(o.Users)}
	first, events := monday(o.Now.AddDate(0, 0, -o.Days)), monday(o.Now.AddDate(0, 0, -o.EventDays))
	if first.Before(events) {
		if err := s.weeks(ctx, first, events); err != nil {
			return fmt.Errorf("fill weeks: %w", err)
		}
	}
	for day := events; day.Before(o.Now); day = day.AddDate(0, 0, 1) {
		if err := s.day(ctx, day, true); err != nil {
			return fmt.Errorf("fill %s: %w", day.Format(time.DateOnly), err)
		}
		o.Each(day)
	}
	return s.vacuum(ctx)
}

// weeks draws the first week and repeats it up to that of until.
func (s *analytics) weeks(ctx context.Context, first, until time.Time) error {
	for n := range 7 {
		day := first.AddDate(0, 0, n)
		if err := s.day(ctx, day, false); err != nil {
			return err
		}
		s.Each(day)
	}
	for week, n := first, 0; week.Before(until); week, n = week.AddDate(0, 0, 7), n+1 {
		if err := s.week(ctx, first, week, n); err != nil {
			return err
		}
		s.Each(week)
	}
	return nil
}

// week rolls up the first week, or repeats it n weeks later.
func (s *analytics) week(ctx context.Context, first, week time.Time, n int) error {
	return pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		var there bool
		if err := tx.QueryRow(ctx, weekIsThere, s.Tenant, week).Scan(&there); err != nil || there {
			return err
		}
		if n == 0 {
			if _, err := tx.Exec(ctx, rollWeek, s.Tenant, week); err != nil {
				return err
			}
			return s.sketchWeek(ctx, tx, week)
		}
		finest := 168
		for _, end := range s.Ends {
			if monday(s.Now.AddDate(0, 0, -end)).Equal(week) {
				finest = 24
			}
		}
		for _, statement := range copyWeek {
			if _, err := tx.Exec(ctx, statement, s.Tenant, first, n, finest); err != nil {
				return err
			}
		}
		return nil
	})
}

func monday(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

type analytics struct {
	AnalyticsOptions
	conn  *pgx.Conn
	users []byte
}

// day fills one day, from raw rows or as a rollup.
func (s *analytics) day(ctx context.Context, day time.Time, events bool) error {
	return pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		var there bool
		err := tx.QueryRow(ctx, dayIsThere, s.Tenant, day).Scan(&there)
		if err != nil || there {
			return err
		}
		until := day.Add(24 * time.Hour)
		if until.After(s.Now) {
			until = s.Now
		}
		n := int(float64(s.PerDay) * until.Sub(day).Hours() / 24)
		if _, err := tx.Exec(ctx, "TRUNCATE seed_day"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, drawDay, n, s.Queries, s.Users, day, until.Sub(day).Seconds()); err != nil {
			return err
		}
		statements := storeRollup
		if events {
			statements = storeEvents
		}
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement, s.Tenant, day); err != nil {
				return err
			}
		}
		if events {
			return nil
		}
		return s.sketch(ctx, tx, day)
	})
}

// sketch stores what is unique of a day that has a rollup only.
func (s *analytics) sketch(ctx context.Context, tx pgx.Tx, day time.Time) error {
	rows, err := tx.Query(ctx, "SELECT DISTINCT query FROM seed_day")
	if err != nil {
		return err
	}
	var queries distinct.Sketch
	var query string
	if _, err := pgx.ForEachRow(rows, []any{&query}, func() error { queries.Add(query); return nil }); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, storeSketch, s.Tenant, day, queries.AppendBinary(nil), s.users)
	return err
}

// sketchWeek merges what is unique of the days of a week.
func (s *analytics) sketchWeek(ctx context.Context, tx pgx.Tx, week time.Time) error {
	rows, err := tx.Query(ctx, daySketches, s.Tenant, week)
	if err != nil {
		return err
	}
	var queries distinct.Sketch
	var day []byte
	if _, err := pgx.ForEachRow(rows, []any{&day}, func() error { return queries.MergeBinary(day) }); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, storeWeekSketch, s.Tenant, week, queries.AppendBinary(nil), s.users)
	return err
}

func usersOf(n int) []byte {
	var s distinct.Sketch
	for i := range n {
		s.Add(fmt.Sprint("user-", i))
	}
	return s.AppendBinary(nil)
}

// vacuum does what the server does by itself some time later.
func (s *analytics) vacuum(ctx context.Context) error {
	_, err := s.conn.Exec(ctx, "RESET ROLE")
	for _, table := range []string{"search_events", "search_clicks", "analytics_queries", "analytics_documents", "analytics_totals", "analytics_positions", "analytics_sketches"} {
		if err == nil {
			_, err = s.conn.Exec(ctx, "VACUUM (ANALYZE) "+table)
		}
	}
	if err != nil {
		return errors.Join(errors.New("vacuum what was filled"), err)
	}
	return nil
}
