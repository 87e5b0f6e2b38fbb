package main

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/store/seed"
)

type benchAnalytics struct {
	seed.AnalyticsOptions
	slug    string
	repeats int
	limit   int
	ranges  []int
	noSeed  bool
}

func newBenchAnalyticsCommand() *cobra.Command {
	var b benchAnalytics
	cmd := &cobra.Command{
		Use:   "analytics",
		Short: "Measure the answers of analytics at the size of a year",
		Long: `Fills a tenant of its own in the database of DATABASE_URL with made-up searches and rollups, has them rolled up, and
measures what each endpoint asks of the database, for several ranges. 137,000 searches a day are 50 million a year. A
second run uses what the first has filled. A worker that runs beside it rolls up, too.

A year with two weeks of searches takes about 4 GB on disk. Never run it on a database that matters.`,
		Example: `  rustassistant bench analytics
  rustassistant bench analytics --days 28 --event-days 7 --searches 20000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(config.RoleMigrate)
			if err != nil {
				return err
			}
			b.URL, b.Now = cfg.DatabaseURL.Reveal(), time.Now().UTC()
			s, err := store.Open(cmd.Context(), store.Options{URL: b.URL, PoolSize: 2})
			if err != nil {
				return err
			}
			defer s.Close()
			return b.run(cmd, s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.slug, "tenant", "bench-analytics", "slug of the tenant that is filled")
	f.IntVar(&b.Days, "days", 365, "days of rollups")
	f.IntVar(&b.EventDays, "event-days", 7, "the last of them that have searches, too")
	f.IntVar(&b.PerDay, "searches", 137_000, "searches a day")
	f.IntVar(&b.Queries, "queries", 200_000, "different queries, by Zipf's law")
	f.IntVar(&b.Users, "users", 5000, "users")
	f.IntVar(&b.repeats, "repeats", 50, "answers that are measured of each kind")
	f.IntVar(&b.limit, "limit", 10, "length of rankings")
	f.IntSliceVar(&b.ranges, "range", []int{1, 7, 30, 90, 365}, "days that are asked for")
	f.BoolVar(&b.noSeed, "no-fill", false, "measure what is there")
	return cmd
}

func (b *benchAnalytics) run(cmd *cobra.Command, s *store.Store) error {
	ctx := cmd.Context()
	tenant, err := s.EnsureTenant(ctx, b.slug, "Benchmark of analytics")
	if err != nil {
		return err
	}
	b.Tenant = tenant.ID
	if !b.noSeed {
		if err := b.fill(cmd, s); err != nil {
			return err
		}
	}
	t := newTable(cmd.OutOrStdout(), []string{"answer", "days", "p50 ms", "p90", "p99", "max"})
	defer t.flush()
	for _, days := range b.ranges {
		for _, e := range b.endpoints(s) {
			h, err := b.measure(ctx, s, e, days)
			if err != nil {
				return fmt.Errorf("%s of %d days: %w", e.name, days, err)
			}
			t.row(append([]string{e.name, fmt.Sprint(days)}, quantiles(h, 50, 90, 99, 100)...)...)
		}
	}
	return nil
}

// fill makes the searches and rolls them up.
func (b *benchAnalytics) fill(cmd *cobra.Command, s *store.Store) error {
	out, start := cmd.ErrOrStderr(), time.Now()
	b.Each = func(day time.Time) {
		fmt.Fprintf(out, "%s: filled up to %s\n", time.Since(start).Round(time.Second), day.Format(time.DateOnly))
	}
	b.Ends = b.ranges
	if err := seed.Analytics(cmd.Context(), b.AnalyticsOptions); err != nil {
		return err
	}
	start = time.Now()
	var longest time.Duration
	last, said := start, start
	done, err := s.RollUpAnalytics(cmd.Context(), time.Now(), start.Add(24*time.Hour), func(done store.RolledUp) {
		longest, last = max(longest, time.Since(last)), time.Now()
		if time.Since(said) > 15*time.Second {
			said = time.Now()
			fmt.Fprintf(out, "%s: rolled up %d hours, %d days, %d weeks\n", time.Since(start).Round(time.Second), done.Hours, done.Days, done.Weeks)
		}
	})
	fmt.Fprintf(out, "rolled up %d hours, %d days and %d weeks in %s s, one in %s s at most\n",
		done.Hours, done.Days, done.Weeks, seconds(time.Since(start)), seconds(longest))
	return err
}

// analyticsAnswer asks what an endpoint asks of the store.
type analyticsAnswer struct {
	name string
	ask  func(ctx context.Context, r store.AnalyticsRange) error
}

func (b *benchAnalytics) endpoints(s *store.Store) []analyticsAnswer {
	top := func(by store.QuerySort) func(context.Context, store.AnalyticsRange) error {
		return func(ctx context.Context, r store.AnalyticsRange) error {
			_, err := s.TopQueries(ctx, b.Tenant, r, by, b.limit)
			return err
		}
	}
	return []analyticsAnswer{
		{"popular", top(store.BySearches)},
		{"zero-results", top(store.ByZeroResults)},
		{"trending", func(ctx context.Context, r store.AnalyticsRange) error {
			window := min(r.To.Sub(r.From), 7*24*time.Hour).Truncate(24 * time.Hour)
			_, err := s.TrendingQueries(ctx, b.Tenant, b.Now, window, 3, b.limit)
			return err
		}},
		{"stats", func(ctx context.Context, r store.AnalyticsRange) error {
			_, err := s.SearchReport(ctx, b.Tenant, r)
			return err
		}},
		{"timeseries", func(ctx context.Context, r store.AnalyticsRange) error {
			r.From = r.From.Truncate(24 * time.Hour)
			_, err := s.SearchSeries(ctx, b.Tenant, r, 24*time.Hour)
			return err
		}},
		{"latency", func(ctx context.Context, r store.AnalyticsRange) error {
			_, err := s.SearchLatency(ctx, b.Tenant, r)
			return err
		}},
		{"clicks", func(ctx context.Context, r store.AnalyticsRange) error {
			_, err := s.ClickReport(ctx, b.Tenant, r, b.limit)
			if err == nil {
				err = top(store.ByClicks)(ctx, r)
			}
			return err
		}},
		{"users", func(ctx context.Context, r store.AnalyticsRange) error {
			_, err := s.UserReport(ctx, b.Tenant, "user-7", r.From, r.To, b.limit)
			return err
		}},
	}
}

// measure asks for ranges that end now, in microseconds.
func (b *benchAnalytics) measure(ctx context.Context, s *store.Store, e analyticsAnswer, days int) (*hdrhistogram.Histogram, error) {
	h := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	for range b.repeats {
		start := time.Now()
		r, err := s.AnalyticsRange(ctx, b.Tenant, b.Now.AddDate(0, 0, -days), b.Now)
		if err != nil {
			return h, err
		}
		if err := e.ask(ctx, r); err != nil {
			return h, err
		}
		if err := h.RecordValue(time.Since(start).Microseconds()); err != nil {
			return h, fmt.Errorf("count a duration: %w", err)
		}
	}
	return h, nil
}
