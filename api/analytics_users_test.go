package api

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/analytics"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// rollUp rolls up everything that has ended.
func rollUp(t *testing.T, e *env) {
	t.Helper()
	_, err := e.store.RollUpAnalytics(t.Context(), time.Now().Add(24*time.Hour), time.Now().Add(time.Minute), func(store.RolledUp) {})
	require.NoError(t, err)
}

// With hashing on, the user that was sent is nowhere: not in the database, an export
// or a webhook; and can be asked for all the same.
func TestHashedUsersAreFoundAndNotShown(t *testing.T) {
	t.Parallel()
	hasher, err := analytics.NewUserHasher(bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	e := newAnalyticsEnv(t, func(d *Deps) { d.UserIDs = hasher })
	const user = "ann.canary@example.org"
	require.NoError(t, e.store.RecordSearches(t.Context(), []domain.SearchEvent{searchedAt(e.tenant.ID, time.Now().Add(-time.Hour), "before", user)}))
	for range 3 {
		e.do(http.MethodPost, "/api/search", map[string]any{"query": "rust", "user_id": user}).is(http.StatusOK)
	}
	var found UserSearches
	eventually(t, func() bool {
		e.analytics("users/"+user, &found)
		return found.TotalSearches == 3
	})
	require.True(t, found.Complete)
	require.Equal(t, hasher.Hash(e.tenant.ID, user), found.Recent[0].UserID)
	var again UserSearches
	e.analytics("users/"+found.Recent[0].UserID, &again)
	require.Equal(t, found.TotalSearches, again.TotalSearches, "by the hash that an export shows")
	from := time.Now().Add(-10 * time.Minute).UTC().Format(time.RFC3339)
	for _, format := range []string{"csv", "ndjson"} {
		body := string(e.do(http.MethodGet, "/api/admin/analytics/export?format="+format+"&from="+from, nil).is(http.StatusOK).body)
		require.Contains(t, body, "h1:")
		require.NotContains(t, body, "canary")
	}
	var foreign UserSearches
	e.analytics("users/"+found.Recent[0].UserID, &foreign, "X-API-Key", e.foreign)
	require.Zero(t, foreign.TotalSearches)
	recorded, err := e.store.RecordedSearches(t.Context(), e.tenant.ID, time.Now().Add(-10*time.Minute), time.Now().Add(time.Minute), store.SearchCursor{}, 10)
	require.NoError(t, err)
	require.Len(t, recorded, 3)
	for _, r := range recorded {
		require.Regexp(t, "^h1:", r.UserID)
	}
}

func TestAUserWithVeryManySearchesIsAnsweredFromTheNewest(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	now := time.Now()
	const searches = 10_050
	var events []domain.SearchEvent
	for i := range searches {
		events = append(events, searchedAt(e.tenant.ID, now.Add(-time.Duration(i)*time.Second), "go", "bot"))
	}
	for start := 0; start < searches; start += 5000 {
		require.NoError(t, e.store.RecordSearches(t.Context(), events[start:min(start+5000, searches)]))
	}
	var bot UserSearches
	e.analytics("users/bot", &bot)
	require.Equal(t, int64(10_000), bot.TotalSearches)
	require.False(t, bot.Complete)
	e.analytics("users/bot?from="+now.Add(-time.Hour).UTC().Format(time.RFC3339), &bot)
	require.True(t, bot.Complete)
}
