package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// figures are all that is asked of a range.
type figures struct {
	Report  store.SearchReport
	Queries map[string]int64
	Clicks  store.ClickReport
}

func (b *bundle) figures(r store.AnalyticsRange) (out figures) {
	b.t.Helper()
	var err error
	out.Report, err = b.SearchReport(b.ctx, b.tenant, r)
	require.NoError(b.t, err)
	out.Clicks, err = b.ClickReport(b.ctx, b.tenant, r, 10)
	require.NoError(b.t, err)
	out.Queries = b.popular(b.tenant, r)
	return out
}

func TestRollupsOutliveTheirEventsAndStayAsTheyAre(t *testing.T) {
	b := setup(t)
	now := time.Now().UTC()
	old, week := now.Add(-100*24*time.Hour), 7*24*time.Hour
	var events []domain.SearchEvent
	for i := range 60 {
		e := searched(b.tenant, old.Add(time.Duration(i)*5*time.Hour), fmt.Sprint(i%7))
		e.UserID = fmt.Sprint(i % 5)
		events = append(events, e)
	}
	require.NoError(t, b.RecordSearches(t.Context(), events)) // and nobody rolls them up before they go
	r := store.NewAnalyticsRange(monday(old), monday(old).Add(4*week))
	want := b.figures(r)
	purged := b.purge(now.Add(-30*24*time.Hour), now.Add(-300*24*time.Hour))
	require.Equal(t, int64(60), purged.Rows)
	require.Zero(t, countEvents(t, b))
	require.Equal(t, want, b.figures(r))
	require.Equal(t, int64(7), want.Report.UniqueQueries.N)
	require.Equal(t, int64(5), want.Report.UniqueUsers.N)

	// What comes late for a week without events changes nothing of it.
	require.NoError(t, b.RecordSearches(t.Context(), events[:3]))
	b.rollAll()
	require.Equal(t, want, b.figures(r))
	kept, err := b.AnalyticsKept(t.Context(), b.tenant)
	require.NoError(t, err)
	require.Equal(t, monday(now.Add(-30*24*time.Hour)), kept.Events)
	require.Equal(t, kept.Events, kept.Hours)

	b.purge(now.Add(-30*24*time.Hour), now.Add(-60*24*time.Hour))
	require.Empty(t, b.figures(r).Queries, "past the retention of rollups")
	require.Zero(t, countEvents(t, b))
}

func TestARangeIsWidenedToDaysWhereHoursAreGone(t *testing.T) {
	b := setup(t)
	now := time.Now().UTC()
	old := now.Add(-100 * 24 * time.Hour).Truncate(24 * time.Hour).Add(13*time.Hour + time.Minute)
	require.NoError(t, b.RecordSearches(t.Context(), []domain.SearchEvent{searched(b.tenant, old, "go")}))
	hours, err := b.AnalyticsRange(t.Context(), b.tenant, old, old.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, store.AnalyticsRange{From: old.Truncate(time.Hour), To: old.Truncate(time.Hour).Add(time.Hour)}, hours)
	b.purge(now.Add(-30*24*time.Hour), now.Add(-300*24*time.Hour))
	days, err := b.AnalyticsRange(t.Context(), b.tenant, old, old.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, store.AnalyticsRange{From: old.Truncate(24 * time.Hour), To: old.Truncate(24 * time.Hour).Add(24 * time.Hour)}, days)
	require.Equal(t, map[string]int64{"go": 1}, b.popular(b.tenant, days))
	recent, err := b.AnalyticsRange(t.Context(), b.tenant, now.Add(-90*time.Minute), now)
	require.NoError(t, err)
	require.Less(t, recent.To.Sub(recent.From), 4*time.Hour, "and nowhere else")
}

// Beyond what is counted exactly, an answer from rollups is still that from events.
func TestAnEstimateIsTheSameFromEventsAndFromRollups(t *testing.T) {
	b := setup(t)
	from := monday(time.Now()).Add(-14 * 24 * time.Hour)
	for batch := range 6 {
		var events []domain.SearchEvent
		for i := range 1000 {
			e := searched(b.tenant, from.Add(time.Duration(batch*29+i%5)*time.Hour), fmt.Sprint("query ", batch*700+i))
			e.UserID = fmt.Sprint("user ", i)
			events = append(events, e)
		}
		require.NoError(t, b.RecordSearches(t.Context(), events))
	}
	r := store.NewAnalyticsRange(from, from.Add(7*24*time.Hour))
	before, err := b.SearchReport(t.Context(), b.tenant, r)
	require.NoError(t, err)
	require.False(t, before.UniqueQueries.Exact)
	require.InEpsilon(t, 5*700+1000, before.UniqueQueries.N, 0.03)
	require.Equal(t, store.Unique{N: 1000, Exact: true}, before.UniqueUsers)
	b.rollAll()
	after, err := b.SearchReport(t.Context(), b.tenant, r)
	require.NoError(t, err)
	require.Equal(t, before, after)
}
