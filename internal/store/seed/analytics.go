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
	// Each is called after each day.
	Each func(day time.Time)
}

// Analytics stores searches and clicks of the last days, marked to be rolled up, and
// before them the rollups of days, whose weeks are marked. Searches are drawn by the
// database from the same distribution in both. What a seeded tenant has already is
// left alone, day by day, so that it can be interrupted.
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
	events := monday(o.Now.AddDate(0, 0, -o.EventDays))
	for day := monday(o.Now.AddDate(0, 0, -o.Days)); day.Before(o.Now); day = day.AddDate(0, 0, 1) {
		if err := s.day(ctx, day, !day.Before(events)); err != nil {
			return fmt.Errorf("fill %s: %w", day.Format(time.DateOnly), err)
		}
		o.Each(day)
	}
	return s.vacuum(ctx)
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
