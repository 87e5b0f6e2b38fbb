package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// However events, late events, repeated events, clicks and rollups follow on each
// other, an answer is what a plain count of the events is.
func TestAnAnswerAlwaysEqualsARecount(t *testing.T) {
	b := setup(t)
	day := monday(time.Now()).Add(-2 * 7 * 24 * time.Hour)
	const runs = 25 // of some 30 steps, each with a whole recount
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		if run++; run > runs {
			return
		}
		tenant, err := b.CreateTenant(b.ctx, fmt.Sprintf("t%d", run), "T")
		require.NoError(t, err)
		m := &recount{b: b, tenant: tenant.ID, day: day}
		rt.Repeat(map[string]func(*rapid.T){
			"search": m.search, "search twice": m.searchTwice, "click": m.click, "roll up": m.rollUp, "": m.check,
		})
	})
}

// monday is where t's week begins.
func monday(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// recount is the model: a list of all events.
type recount struct {
	b      *bundle
	tenant uuid.UUID
	day    time.Time
	events []domain.SearchEvent
	clicks map[uuid.UUID]map[uuid.UUID]int
}

func (m *recount) search(t *rapid.T) {
	var batch []domain.SearchEvent
	for range rapid.IntRange(1, 5).Draw(t, "events") {
		e := searched(m.tenant, m.day.Add(time.Duration(rapid.IntRange(0, 180).Draw(t, "hour"))*time.Hour+
			time.Duration(rapid.IntRange(0, 3_599_999).Draw(t, "ms"))*time.Millisecond), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "query"))
		e.Type = rapid.SampledFrom([]string{"hybrid", "keyword"}).Draw(t, "type")
		e.Cached = rapid.Bool().Draw(t, "cached")
		e.Results = int64(rapid.IntRange(0, 2).Draw(t, "results"))
		e.Took = time.Duration(rapid.IntRange(0, 5000).Draw(t, "us")) * time.Microsecond
		e.UserID = rapid.SampledFrom([]string{"", "u1", "u2"}).Draw(t, "user")
		batch = append(batch, e)
	}
	require.NoError(t, m.b.RecordSearches(m.b.ctx, batch))
	m.events = append(m.events, batch...)
}

func (m *recount) searchTwice(t *rapid.T) {
	if len(m.events) > 0 {
		e := rapid.SampledFrom(m.events).Draw(t, "event")
		require.NoError(t, m.b.RecordSearches(m.b.ctx, []domain.SearchEvent{e}))
	}
}

func (m *recount) click(t *rapid.T) {
	if len(m.events) == 0 {
		return
	}
	c := domain.SearchClick{
		QueryID: rapid.SampledFrom(m.events).Draw(t, "event").ID, Position: rapid.IntRange(1, 3).Draw(t, "position"),
		DocumentID: uuid.UUID{byte(rapid.IntRange(1, 2).Draw(t, "document"))},
	}
	require.NoError(t, m.b.RecordClick(m.b.ctx, m.tenant, c))
	if m.clicks == nil {
		m.clicks = map[uuid.UUID]map[uuid.UUID]int{}
	}
	if m.clicks[c.QueryID] == nil {
		m.clicks[c.QueryID] = map[uuid.UUID]int{}
	}
	if _, repeated := m.clicks[c.QueryID][c.DocumentID]; !repeated {
		m.clicks[c.QueryID][c.DocumentID] = c.Position
	}
}

func (m *recount) rollUp(t *rapid.T) {
	now := m.day.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "now")) * time.Hour)
	_, err := m.b.RollUpAnalytics(m.b.ctx, now, time.Now().Add(time.Minute), func(store.RolledUp) {})
	require.NoError(t, err)
}

func (m *recount) check(t *rapid.T) {
	from := m.day.Add(time.Duration(rapid.IntRange(-2, 40).Draw(t, "from")) * time.Hour)
	r := store.NewAnalyticsRange(from, from.Add(time.Duration(rapid.SampledFrom([]int{1, 7, 24, 30, 80, 168, 200, 400}).Draw(t, "hours"))*time.Hour))
	want, queries, users := m.count(r)
	got, err := m.b.SearchReport(m.b.ctx, m.tenant, r)
	require.NoError(t, err)
	require.Equal(t, want, got.All)
	require.Equal(t, store.Unique{N: int64(len(queries)), Exact: true}, got.UniqueQueries)
	require.Equal(t, store.Unique{N: int64(len(users)), Exact: true}, got.UniqueUsers)
	require.Equal(t, queries, m.b.popular(m.tenant, r))
	clicks, err := m.b.ClickReport(m.b.ctx, m.tenant, r, 10)
	require.NoError(t, err)
	require.Zero(t, clicks.Rest)
	var byDocument, byPosition int64
	for _, d := range clicks.Documents {
		byDocument += d.Clicks
	}
	for _, p := range clicks.Positions {
		byPosition += p.Clicks
	}
	require.Equal(t, want.Clicks, byDocument)
	require.Equal(t, want.Clicks, byPosition)
	step := time.Duration(rapid.SampledFrom([]int{1, 5, 24, 48, 168}).Draw(t, "step")) * time.Hour
	series, err := m.b.SearchSeries(m.b.ctx, m.tenant, r, step)
	require.NoError(t, err)
	for i := range series {
		at := r.From.Add(time.Duration(i) * step)
		end := at.Add(step)
		if end.After(r.To) {
			end = r.To
		}
		part, _, _ := m.count(store.AnalyticsRange{From: at, To: end})
		require.Equal(t, part, series[i])
	}
}

func (m *recount) count(r store.AnalyticsRange) (out store.SearchTotals, queries map[string]int64, users map[string]bool) {
	queries, users = map[string]int64{}, map[string]bool{}
	for _, e := range m.events {
		at, _ := domain.QueryTime(e.ID)
		if at.Before(r.From) || !at.Before(r.To) {
			continue
		}
		out.Searches++
		queries[e.Query]++
		if e.UserID != "" {
			users[e.UserID] = true
		}
		if e.Results == 0 {
			out.ZeroResults++
		}
		if e.Cached {
			out.Cached++
		}
		out.Took += e.Took
		out.MaxTook = max(out.MaxTook, e.Took)
		out.Latency.Add(domain.LatencyBucket(e.Took), 1)
		clicks := m.clicks[e.ID]
		if len(clicks) > 0 {
			out.Clicked++
		}
		for _, position := range clicks {
			out.Clicks++
			out.PositionSum += int64(position)
		}
	}
	return out, queries, users
}
