package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// backfill runs a whole back-fill and returns how it ended.
func (b *bundle) backfill(since, until time.Time) domain.Backfill {
	b.t.Helper()
	f, err := b.StartBackfill(b.ctx, b.tenant, uuid.New(), since, until, time.Now())
	require.NoError(b.t, err)
	for range 1000 {
		if f.State != domain.BackfillRunning {
			return f
		}
		f, err = b.StepBackfill(b.ctx, b.tenant, f.ID, time.Now())
		require.NoError(b.t, err)
	}
	b.t.Fatal("the back-fill does not end")
	return f
}

// Whatever has happened to rollups, a back-fill brings them back to what the events say.
func TestABackfillMendsDamagedRollups(t *testing.T) {
	b := setup(t)
	from := monday(time.Now()).Add(-14 * 24 * time.Hour)
	var events []domain.SearchEvent
	for i := range 120 {
		e := searched(b.tenant, from.Add(time.Duration(i)*3*time.Hour), fmt.Sprint(i%9))
		if at, _ := domain.QueryTime(e.ID); at.After(time.Now().Add(-2 * time.Hour)) {
			break
		}
		e.UserID = fmt.Sprint(i % 4)
		events = append(events, e)
	}
	require.NoError(t, b.RecordSearches(t.Context(), events))
	require.NoError(t, b.RecordClick(t.Context(), b.tenant, domain.SearchClick{QueryID: events[1].ID, DocumentID: uuid.New(), Position: 3}))
	b.rollAll()
	ranges := []time.Duration{0, 5 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}
	want := map[time.Duration]figures{}
	for _, skip := range ranges {
		r, err := b.AnalyticsRange(t.Context(), b.tenant, from.Add(skip), time.Now())
		require.NoError(t, err)
		want[skip] = b.figures(r)
	}
	conn := connect(t, b.url, "rustassistant_system")
	for _, damage := range []string{
		"DELETE FROM analytics_queries WHERE query = '3'", "UPDATE analytics_totals SET searches = searches + 5, counts = counts || 5::bigint, buckets = buckets || 9::smallint",
		"DELETE FROM analytics_documents", "UPDATE analytics_positions SET clicks = 9", "UPDATE analytics_sketches SET queries = '\\x', users = '\\x'",
		"INSERT INTO analytics_queries SELECT tenant_id, grain, at, 'invented', 99, 0, 0, 0, 0, 0, last_at FROM analytics_queries WHERE query = '4'",
	} {
		_, err := conn.Exec(t.Context(), damage)
		require.NoError(t, err)
	}
	done := b.backfill(time.Time{}, time.Time{})
	require.Equal(t, domain.BackfillCompleted, done.State)
	require.Equal(t, from, done.Since, "from the first search")
	require.Equal(t, int64(done.Until.Sub(done.Since)/time.Hour), done.Hours)
	b.rollAll() // the running day and week
	for _, skip := range ranges {
		r, err := b.AnalyticsRange(t.Context(), b.tenant, from.Add(skip), time.Now())
		require.NoError(t, err)
		require.Equal(t, want[skip], b.figures(r), "from %s on", skip)
	}
}

func TestABackfillRefusesWhatItCannotCount(t *testing.T) {
	b := setup(t)
	now := time.Now().UTC()
	start := func(since, until time.Time) error {
		_, err := b.StartBackfill(t.Context(), b.tenant, uuid.New(), since, until, now)
		return err
	}
	refused := func(err error, field string) {
		t.Helper()
		require.Equal(t, domain.CodeInvalid, domain.CodeOf(err))
		var e *domain.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, field, e.Fields[0].Field)
	}
	refused(start(time.Time{}, time.Time{}), "from") // nothing is recorded
	old := now.Add(-100 * 24 * time.Hour)
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{searched(b.tenant, old, "gone"), searched(b.tenant, now.Add(-5*time.Hour), "there")}))
	all, err := b.AnalyticsRange(t.Context(), b.tenant, old.Add(-48*time.Hour), now)
	require.NoError(t, err)
	b.purge(now.Add(-30*24*time.Hour), now.Add(-300*24*time.Hour))
	want := map[string]int64{"gone": 1, "there": 1}
	require.Equal(t, want, b.popular(b.tenant, all))

	refused(start(now.Add(time.Hour), time.Time{}), "from")
	refused(start(time.Time{}, now.Add(time.Hour)), "to")
	refused(start(old, now.Add(-time.Hour)), "from")
	refused(start(monday(now.Add(-30*24*time.Hour)).Add(-time.Nanosecond), time.Time{}), "from")
	refused(start(now.Add(-20*24*time.Hour), now.Add(-19*24*time.Hour)), "to") // before all searches
	refused(start(now.Truncate(time.Hour), time.Time{}), "to")                 // no hour of it has ended

	done := b.backfill(time.Time{}, time.Time{})
	require.Equal(t, domain.BackfillCompleted, done.State)
	b.rollAll()
	require.Equal(t, want, b.popular(b.tenant, all), "everything: what has no searches any more stays")
}

func TestOneBackfillOfATenantRunsAtATime(t *testing.T) {
	b := setup(t)
	other, err := b.CreateTenant(t.Context(), "other", "Other")
	require.NoError(t, err)
	now := time.Now()
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{
		searched(b.tenant, now.Add(-50*time.Hour), "a"), searched(other.ID, now.Add(-50*time.Hour), "a"),
	}))
	started := make(chan error, 8)
	for range cap(started) {
		go func() {
			_, err := b.StartBackfill(t.Context(), b.tenant, uuid.New(), time.Time{}, time.Time{}, now)
			started <- err
		}()
	}
	ok := 0
	for range cap(started) {
		if err := <-started; err == nil {
			ok++
		} else {
			require.Equal(t, domain.CodeConflict, domain.CodeOf(err))
		}
	}
	require.Equal(t, 1, ok)
	_, err = b.StartBackfill(t.Context(), other.ID, uuid.New(), time.Time{}, time.Time{}, now)
	require.NoError(t, err, "of another tenant")

	list, err := b.Backfills(t.Context(), b.tenant, uuid.Nil, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, err = b.CancelBackfill(t.Context(), other.ID, list[0].ID)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	canceled, err := b.CancelBackfill(t.Context(), b.tenant, list[0].ID)
	require.NoError(t, err)
	require.Equal(t, domain.BackfillCanceled, canceled.State)
	require.NotNil(t, canceled.FinishedAt)
	_, err = b.CancelBackfill(t.Context(), b.tenant, list[0].ID)
	require.Equal(t, domain.CodeConflict, domain.CodeOf(err))
	still, err := b.StepBackfill(t.Context(), b.tenant, list[0].ID, now)
	require.NoError(t, err)
	require.Zero(t, still.Hours, "a canceled one goes no further")
	var audited int
	require.NoError(t, connect(t, b.url, "rustassistant_system").QueryRow(t.Context(),
		"SELECT count(*) FROM audit_log WHERE tenant_id = $1 AND action LIKE 'analytics.backfill%'", b.tenant).Scan(&audited))
	require.Equal(t, 2, audited)
}
