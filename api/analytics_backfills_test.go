package api

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
)

const backfillPath = "/api/admin/analytics/backfill"

// searchedAt is a recorded search of some time ago.
func searchedAt(tenant uuid.UUID, at time.Time, query, user string) domain.SearchEvent {
	id := uuid.Must(uuid.NewV7())
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	return domain.SearchEvent{ID: id, TenantID: tenant, Query: query, Type: "hybrid", Results: 1, UserID: user}
}

func TestABackfillIsStartedOnceAndCanBeCanceled(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	now := time.Now().UTC()
	require.NoError(t, e.store.RecordSearches(t.Context(), []domain.SearchEvent{searchedAt(e.tenant.ID, now.Add(-50*time.Hour), "go", "")}))
	var started, got Backfill
	e.do(http.MethodPost, backfillPath, map[string]any{}).is(http.StatusAccepted).into(&started)
	require.Equal(t, domain.BackfillRunning, started.State)
	require.Equal(t, now.Add(-50*time.Hour).Truncate(time.Hour), started.From)
	require.Positive(t, started.TotalHours)
	require.Len(t, e.starter.backfills, 1)
	e.do(http.MethodPost, backfillPath, map[string]any{}).problem(http.StatusConflict, domain.CodeConflict)

	path := backfillPath + "s/" + started.ID.String()
	e.do(http.MethodGet, path, nil).is(http.StatusOK).into(&got)
	require.Equal(t, started, got)
	for _, ask := range []string{http.MethodGet, http.MethodPost} {
		foreign := path
		if ask == http.MethodPost {
			foreign += "/cancel"
		}
		e.do(ask, foreign, nil, "X-API-Key", e.foreign).problem(http.StatusNotFound, domain.CodeNotFound)
	}
	var list BackfillList
	e.do(http.MethodGet, backfillPath+"s", nil).is(http.StatusOK).into(&list)
	require.Equal(t, []Backfill{started}, list.Backfills)
	e.do(http.MethodPost, path+"/cancel", nil).is(http.StatusOK).into(&got)
	require.Equal(t, domain.BackfillCanceled, got.State)
	require.Contains(t, e.starter.canceled, started.WorkflowID)
	e.do(http.MethodPost, path+"/cancel", nil).problem(http.StatusConflict, domain.CodeConflict)
	e.do(http.MethodPost, backfillPath, map[string]any{"from": now.Add(-24 * time.Hour).Format(time.DateOnly)}).is(http.StatusAccepted)
}

func TestBadBackfillsAreNamed(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	now := time.Now().UTC()
	require.NoError(t, e.store.RecordSearches(t.Context(), []domain.SearchEvent{searchedAt(e.tenant.ID, now.Add(-50*time.Hour), "go", "")}))
	for _, bad := range []struct {
		from, to, field string
	}{
		{"yesterday", "", "from"},
		{"2026-01-01", "2025-01-01", "from"},
		{"2026-01-01", "2026-01-01", "from"},
		{now.Add(time.Hour).Format(time.RFC3339), "", "from"},
		{"", now.Add(48 * time.Hour).Format(time.DateOnly), "to"},
		{"", "9999-12-31", "to"},
		{"", "1900-01-01", "to"},
	} {
		body := map[string]any{"from": bad.from, "to": bad.to}
		e.do(http.MethodPost, backfillPath, body).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, bad.field)
	}
	e.do(http.MethodPost, backfillPath, map[string]any{"days": 3}).problem(http.StatusUnprocessableEntity, domain.CodeInvalid)
	reader := e.key(e.tenant, auth.ScopeAnalyticsRead)
	e.do(http.MethodPost, backfillPath, map[string]any{}, "X-API-Key", reader).problem(http.StatusForbidden, domain.CodePermissionDenied)
	e.do(http.MethodGet, backfillPath+"s/x", nil).problem(http.StatusNotFound, domain.CodeNotFound)
	e.do(http.MethodGet, backfillPath+"s?limit=-1", nil).problem(http.StatusUnprocessableEntity, domain.CodeInvalid)
	require.Empty(t, e.starter.backfills)
}

// A range in another zone begins and ends at the same moments as in UTC.
func TestATimeZoneIsRightAtTheEdges(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	day := time.Now().UTC().Truncate(24 * time.Hour).Add(-10 * 24 * time.Hour)
	var events []domain.SearchEvent
	for hour := range 48 {
		events = append(events, searchedAt(e.tenant.ID, day.Add(time.Duration(hour)*time.Hour), "go", ""))
	}
	require.NoError(t, e.store.RecordSearches(t.Context(), events))
	ask := func(zone *time.Location, from, to time.Duration) (out SearchFigures) {
		write := func(at time.Duration) string { return day.Add(at).In(zone).Format("2006-01-02T15:04:05") }
		offset := map[bool]string{true: "%2B", false: "-"}
		_, seconds := day.In(zone).Zone()
		sign := offset[seconds >= 0]
		if seconds < 0 {
			seconds = -seconds
		}
		suffix := sign + time.Unix(int64(seconds), 0).UTC().Format("15:04")
		e.analytics("stats?from="+write(from)+suffix+"&to="+write(to)+suffix, &out)
		return out
	}
	for _, step := range []context.CancelFunc{func() {}, func() { rollUp(t, e) }} {
		step()
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 2*3600), time.FixedZone("", -11*3600), time.FixedZone("", 14*3600)} {
			require.Equal(t, int64(24), ask(zone, 0, 24*time.Hour).TotalSearches, "%s", zone)
			require.Equal(t, int64(5), ask(zone, 3*time.Hour, 8*time.Hour).TotalSearches)
			require.Equal(t, int64(1), ask(zone, 23*time.Hour, 24*time.Hour).TotalSearches)
		}
		half := time.FixedZone("", 5*3600+1800) // its hours begin at half past: widened to whole ones of UTC
		got := ask(half, 3*time.Hour+30*time.Minute, 4*time.Hour+30*time.Minute)
		require.Equal(t, int64(2), got.TotalSearches)
		require.Equal(t, day.Add(3*time.Hour), got.From.UTC())
		require.Equal(t, day.Add(5*time.Hour), got.To.UTC())
	}
}
