package store_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// queryID is a query_id of the given moment.
func queryID(at time.Time) (id uuid.UUID) {
	_, _ = rand.Read(id[:])
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = 0x70 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id
}

func searched(tenant uuid.UUID, at time.Time, query string) domain.SearchEvent {
	return domain.SearchEvent{ID: queryID(at), TenantID: tenant, Query: query, Type: "hybrid", Results: 3, Took: 2 * time.Millisecond}
}

// rollAll rolls up everything, as if a month had passed.
func (b *bundle) rollAll() store.RolledUp {
	b.t.Helper()
	out, err := b.RollUpAnalytics(b.ctx, time.Now().Add(30*24*time.Hour), time.Now().Add(time.Minute), func(store.RolledUp) {})
	require.NoError(b.t, err)
	return out
}

func (b *bundle) popular(tenant uuid.UUID, r store.AnalyticsRange) map[string]int64 {
	b.t.Helper()
	rows, err := b.TopQueries(b.ctx, tenant, r, store.BySearches, 1000)
	require.NoError(b.t, err)
	out := map[string]int64{}
	require.Zero(b.t, rows.Rest)
	for _, q := range rows.Queries {
		out[q.Query] = q.Searches
	}
	return out
}

func TestASearchIsCountedAtOnceAndStaysWhenRolledUp(t *testing.T) {
	b := setup(t)
	now := time.Now().UTC()
	r := store.NewAnalyticsRange(now.Add(-72*time.Hour), now.Add(time.Minute))
	require.Empty(t, b.popular(b.tenant, r))
	at := now.Add(-30 * time.Hour)
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{
		searched(b.tenant, at, "go"), searched(b.tenant, at.Add(time.Second), "go"), searched(b.tenant, now, "rust"),
	}))
	want := map[string]int64{"go": 2, "rust": 1}
	require.Equal(t, want, b.popular(b.tenant, r), "before any rollup")
	rolled, err := b.RollUpAnalytics(t.Context(), now, now.Add(time.Minute), func(store.RolledUp) {})
	require.NoError(t, err)
	require.Equal(t, 1, rolled.Hours, "the running hour is left alone")
	require.Equal(t, want, b.popular(b.tenant, r))
	b.rollAll()
	require.Equal(t, want, b.popular(b.tenant, r), "from days")
	require.Equal(t, store.RolledUp{}, b.rollAll(), "nothing is left to do")
}

func TestEventsThatComeTwiceCountOnce(t *testing.T) {
	b := setup(t)
	now := time.Now()
	events := []domain.SearchEvent{searched(b.tenant, now, "go"), searched(b.tenant, now, "rust")}
	for range 3 {
		require.NoError(t, b.RecordSearches(t.Context(), events))
		b.rollAll()
	}
	require.Equal(t, map[string]int64{"go": 1, "rust": 1}, b.popular(b.tenant, store.NewAnalyticsRange(now.Add(-time.Hour), now.Add(time.Hour))))
}

func TestLateEventsAndClicksReachRollupsThatWereMade(t *testing.T) {
	b := setup(t)
	at := time.Now().UTC().Add(-50 * time.Hour)
	r := store.NewAnalyticsRange(at.Add(-24*time.Hour), at.Add(48*time.Hour))
	first := searched(b.tenant, at, "go")
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{first}))
	b.rollAll()
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{searched(b.tenant, at, "go")}))
	click := domain.SearchClick{QueryID: first.ID, DocumentID: uuid.New(), Position: 2}
	require.NoError(t, b.RecordClick(t.Context(), b.tenant, click))
	require.NoError(t, b.RecordClick(t.Context(), b.tenant, click), "a repeated click is no error")
	check := func() {
		report, err := b.SearchReport(t.Context(), b.tenant, r)
		require.NoError(t, err)
		require.Equal(t, int64(2), report.All.Searches)
		require.Equal(t, int64(1), report.All.Clicked)
		require.Equal(t, int64(1), report.All.Clicks)
		clicks, err := b.ClickReport(t.Context(), b.tenant, r, 10)
		require.NoError(t, err)
		require.Equal(t, []store.ClickedDocument{{DocumentID: click.DocumentID, Clicks: 1, AveragePosition: 2}}, clicks.Documents)
		require.Equal(t, []store.PositionClicks{{Position: 2, Clicks: 1}}, clicks.Positions)
	}
	check()
	b.rollAll()
	check()
}

func TestClicksOnForeignOrUnknownSearchesCountNowhere(t *testing.T) {
	b := setup(t)
	other, err := b.CreateTenant(t.Context(), "other", "Other")
	require.NoError(t, err)
	now := time.Now()
	old, fresh := searched(other.ID, now.Add(-time.Hour), "secret"), searched(other.ID, now, "secret")
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{old, fresh}))
	click := func(id uuid.UUID) error {
		return b.RecordClick(t.Context(), b.tenant, domain.SearchClick{QueryID: id, DocumentID: uuid.New(), Position: 1})
	}
	for _, id := range []uuid.UUID{old.ID, uuid.New(), uuid.Nil, queryID(now.Add(24 * time.Hour))} {
		require.Equal(t, domain.CodeNotFound, domain.CodeOf(click(id)))
	}
	require.NoError(t, click(fresh.ID), "it might be on its way")
	r := store.NewAnalyticsRange(now.Add(-3*time.Hour), now.Add(time.Hour))
	for range 2 {
		for _, tenant := range []uuid.UUID{b.tenant, other.ID} {
			report, err := b.ClickReport(t.Context(), tenant, r, 10)
			require.NoError(t, err)
			require.Zero(t, report.Searches.Clicks)
			require.Empty(t, report.Documents)
		}
		b.rollAll()
	}
}

func TestAClickMayComeBeforeItsSearch(t *testing.T) {
	b := setup(t)
	e := searched(b.tenant, time.Now(), "go")
	require.NoError(t, b.RecordClick(t.Context(), b.tenant, domain.SearchClick{QueryID: e.ID, DocumentID: uuid.New(), Position: 1}))
	b.rollAll()
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{e}))
	b.rollAll()
	report, err := b.SearchReport(t.Context(), b.tenant, store.NewAnalyticsRange(time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	require.NoError(t, err)
	require.Equal(t, int64(1), report.All.Clicks)
}

func TestAnalyticsOfTenantsAreApart(t *testing.T) {
	b := setup(t)
	other, err := b.CreateTenant(t.Context(), "other", "Other")
	require.NoError(t, err)
	now := time.Now()
	mine, theirs := searched(b.tenant, now, "mine"), searched(other.ID, now, "theirs")
	mine.UserID, theirs.UserID = "ann", "ann"
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{mine, theirs}))
	r := store.NewAnalyticsRange(now.Add(-time.Hour), now.Add(time.Hour))
	for range 2 {
		require.Equal(t, map[string]int64{"mine": 1}, b.popular(b.tenant, r))
		require.Equal(t, map[string]int64{"theirs": 1}, b.popular(other.ID, r))
		user, err := b.UserReport(t.Context(), b.tenant, "ann", r.From, r.To, 10)
		require.NoError(t, err)
		require.Equal(t, int64(1), user.Searches)
		require.Equal(t, "mine", user.Queries[0].Query)
		page, err := b.RecordedSearches(t.Context(), b.tenant, r.From, r.To, store.SearchCursor{}, 10)
		require.NoError(t, err)
		require.Len(t, page, 1)
		trending, err := b.TrendingQueries(t.Context(), b.tenant, now, time.Hour, 1, 10)
		require.NoError(t, err)
		require.Len(t, trending.Queries, 1)
		require.Equal(t, "mine", trending.Queries[0].Query)
		b.rollAll()
	}
}

func TestPartitionsAreMadeAheadAndDroppedWithTheirRetention(t *testing.T) {
	b := setup(t)
	now := time.Now().UTC()
	made, err := b.EnsureAnalyticsPartitions(t.Context(), now.Add(7*24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, made, "one week of events and of clicks more than the migration made")
	again, err := b.EnsureAnalyticsPartitions(t.Context(), now.Add(7*24*time.Hour))
	require.NoError(t, err)
	require.Zero(t, again)

	// Far from any weekly partition, and in the weeks ahead.
	ats := []time.Time{now.Add(-400 * 24 * time.Hour), now, now.Add(14 * 24 * time.Hour), now.Add(60 * 24 * time.Hour)}
	for _, at := range ats {
		require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{searched(b.tenant, at, "go")}))
	}
	b.rollAll()
	all := store.NewAnalyticsRange(ats[0].Add(-24*time.Hour), ats[3].Add(24*time.Hour))
	require.Equal(t, map[string]int64{"go": 4}, b.popular(b.tenant, all))

	// A week with rows in the default partition stays there, and is no error.
	_, err = b.EnsureAnalyticsPartitions(t.Context(), now.Add(60*24*time.Hour))
	require.NoError(t, err)

	purged := b.purge(now.Add(-90*24*time.Hour), now.Add(-90*24*time.Hour))
	require.Zero(t, purged.Partitions)
	require.Positive(t, purged.Rows)
	require.Equal(t, map[string]int64{"go": 3}, b.popular(b.tenant, all))
	purged = b.purge(now.Add(22*24*time.Hour), now.Add(22*24*time.Hour))
	require.Positive(t, purged.Partitions)
	require.Equal(t, map[string]int64{"go": 1}, b.popular(b.tenant, all))
	require.Equal(t, int64(1), countEvents(t, b))
}

// purge removes events and rollups before the given moments, as if it were 90 days
// after the first.
func (b *bundle) purge(events, rollups time.Time) store.PurgedAnalytics {
	b.t.Helper()
	out, err := b.PurgeAnalytics(b.ctx, store.AnalyticsRetention{Events: events, Rollups: rollups}, events.Add(90*24*time.Hour),
		time.Now().Add(time.Minute), func(store.PurgedAnalytics) {})
	require.NoError(b.t, err)
	require.False(b.t, out.More)
	return out
}

func countEvents(t *testing.T, b *bundle) (n int64) {
	t.Helper()
	require.NoError(t, connect(t, b.url, "rustassistant_system").QueryRow(t.Context(), "SELECT count(*) FROM search_events").Scan(&n))
	return n
}

func TestThePartitionFunctionsAreNotForTheApplicationRole(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "rustassistant_app")
	for _, call := range []string{"analytics_drop_partitions", "analytics_ensure_partitions"} {
		_, err := conn.Exec(t.Context(), "SELECT "+call+"(now())")
		require.ErrorContains(t, err, "permission denied")
	}
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{searched(b.tenant, time.Now(), "go")}))
	rows, err := conn.Query(t.Context(), "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'search\\_%\\_%'")
	require.NoError(t, err)
	var partitions []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		partitions = append(partitions, name)
	}
	require.Greater(t, len(partitions), 4)
	for _, p := range partitions { // also directly a partition shows nothing without a tenant
		var n int
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM "+p).Scan(&n))
		require.Zero(t, n, p)
	}
}

func TestTrendingComparesWithTheTimeBefore(t *testing.T) {
	b := setup(t)
	now := time.Now().UTC()
	var events []domain.SearchEvent
	add := func(query string, age time.Duration, n int) {
		for range n {
			events = append(events, searched(b.tenant, now.Add(-age), query))
		}
	}
	add("steady", 30*time.Hour, 20)
	add("steady", 3*time.Hour, 20)
	add("rising", 30*time.Hour, 2)
	add("rising", 3*time.Hour, 10)
	add("old news", 20*time.Hour, 10)
	add("rare", time.Hour, 2)
	add("falling", 30*time.Hour, 9)
	add("falling", 3*time.Hour, 5)
	require.NoError(t, b.RecordSearches(t.Context(), events))
	for range 2 {
		got, err := b.TrendingQueries(t.Context(), b.tenant, now, 24*time.Hour, 3, 10)
		require.NoError(t, err)
		require.Zero(t, got.Rest)
		require.Len(t, got.Queries, 2, "neither steady nor falling nor below the minimum")
		require.Equal(t, "rising", got.Queries[0].Query)
		require.Equal(t, int64(10), got.Queries[0].Searches)
		require.Equal(t, int64(2), got.Queries[0].Before)
		require.Equal(t, "old news", got.Queries[1].Query, "older searches count less")
		b.rollAll()
	}
}

func TestAnExportGoesOnWhereItStopped(t *testing.T) {
	b := setup(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	var events []domain.SearchEvent
	for i := range 25 { // several in one millisecond
		events = append(events, searched(b.tenant, now.Add(time.Duration(i/5)*time.Millisecond), fmt.Sprint(i)))
	}
	require.NoError(t, b.RecordSearches(t.Context(), events))
	seen := map[string]bool{}
	var cursor store.SearchCursor
	for {
		page, err := b.RecordedSearches(t.Context(), b.tenant, now, now.Add(time.Hour), cursor, 7)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			require.False(t, seen[e.Query])
			seen[e.Query] = true
			cursor = store.SearchCursor{At: e.At, ID: e.ID}
		}
	}
	require.Len(t, seen, 25)
}

// Writers and rollups at the same time: nothing is lost between them.
func TestRollupsBesideWritersLoseNothing(t *testing.T) {
	b := setup(t)
	at := time.Now().UTC().Add(-30 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	rolling := make(chan error, 2)
	for range 2 {
		go func() {
			for ctx.Err() == nil {
				_, err := b.RollUpAnalytics(context.WithoutCancel(ctx), time.Now(), time.Now().Add(time.Minute), func(store.RolledUp) {})
				if err != nil {
					rolling <- err
					return
				}
			}
			rolling <- nil
		}()
	}
	const writers, each = 4, 30
	writing := make(chan error, writers)
	for w := range writers {
		go func() {
			for range each {
				if err := b.RecordSearches(t.Context(), []domain.SearchEvent{searched(b.tenant, at, fmt.Sprint(w)), searched(b.tenant, at.Add(-time.Hour), fmt.Sprint(w))}); err != nil {
					writing <- err
					return
				}
			}
			writing <- nil
		}()
	}
	for range writers {
		require.NoError(t, <-writing)
	}
	cancel()
	for range 2 {
		require.NoError(t, <-rolling)
	}
	b.rollAll()
	r := store.NewAnalyticsRange(at.Add(-48*time.Hour), at.Add(48*time.Hour))
	require.Equal(t, map[string]int64{"0": 2 * each, "1": 2 * each, "2": 2 * each, "3": 2 * each}, b.popular(b.tenant, r))
}

// With more queries than are looked at of each day, the first ones are still those
// of a whole count, also where the same query is never among the first of a day.
func TestTheFirstOfVeryManyQueriesAreExact(t *testing.T) {
	b := setup(t)
	day := time.Now().UTC().Truncate(24 * time.Hour).Add(-10 * 24 * time.Hour)
	var events []domain.SearchEvent
	for d := range 4 {
		at := day.Add(time.Duration(d)*24*time.Hour + 5*time.Hour)
		add := func(n int, query string) {
			for range n {
				events = append(events, searched(b.tenant, at, query))
			}
		}
		for i := range 250 { // different ones each day
			add(3, fmt.Sprintf("day %d query %d", d, i))
		}
		add(2, "steady") // the most frequent, and on no day among the first
		for i := range 5 {
			add(30+i, fmt.Sprintf("frequent %d", i))
		}
	}
	require.NoError(t, b.RecordSearches(t.Context(), events))
	r := store.NewAnalyticsRange(day, day.Add(5*24*time.Hour))
	for _, limit := range []int{1, 3, 5, 6, 50} {
		before, err := b.TopQueries(t.Context(), b.tenant, r, store.BySearches, limit)
		require.NoError(t, err)
		b.rollAll()
		after, err := b.TopQueries(t.Context(), b.tenant, r, store.BySearches, limit)
		require.NoError(t, err)
		require.Zero(t, after.Rest)
		require.Len(t, after.Queries, limit)
		require.Equal(t, before, after)
		if limit > 5 {
			require.Equal(t, "steady", after.Queries[5].Query)
		}
		require.NoError(t, b.RecordSearches(t.Context(), events[:1]))
	}
}
