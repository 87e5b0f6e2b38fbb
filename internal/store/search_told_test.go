package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// telling returns a store on the bundle's database that tells searches this way.
func (b *bundle) telling(how domain.SearchEvents) *store.Store {
	b.t.Helper()
	s, err := store.Open(b.ctx, store.Options{URL: b.url, PoolSize: 4, SearchEvents: how})
	require.NoError(b.t, err)
	b.t.Cleanup(s.Close)
	return s
}

type toldSearches struct {
	Searches []struct {
		QueryID      uuid.UUID `json:"query_id"`
		Query        string
		TotalResults int64     `json:"total_results"`
		SearchedAt   time.Time `json:"searched_at"`
	}
}

// told returns the searches of each event that an endpoint got, oldest first.
func (b *bundle) told(e domain.Endpoint) (out []toldSearches) {
	b.t.Helper()
	for _, d := range b.deliveries(e, "") {
		require.Equal(b.t, domain.EventSearchPerformed, d.EventType)
		var told toldSearches
		require.NoError(b.t, json.Unmarshal(d.Payload, &told))
		out = append([]toldSearches{told}, out...)
	}
	return out
}

func TestBatchedSearchesAreToldOnceInEventsOfAHundred(t *testing.T) {
	b := setup(t)
	s := b.telling(domain.SearchEvents{Emission: domain.SearchesBatched})
	e := b.endpoint("search.performed")
	deaf := b.endpoint("document.*")
	other, err := b.CreateTenant(b.ctx, "other", "Other")
	require.NoError(t, err)
	at := time.Now().Truncate(time.Millisecond)
	events := make([]domain.SearchEvent, 0, 260)
	ids := map[uuid.UUID]bool{}
	for n := range 250 {
		one := searched(b.tenant, at.Add(time.Duration(n)*time.Millisecond), "go")
		events = append(events, one)
		ids[one.ID] = true
	}
	for range 9 {
		events = append(events, searched(other.ID, at, "a secret of others"))
	}
	require.NoError(t, s.RecordSearches(b.ctx, events))
	check := func(wantEvents, wantSearches int) {
		t.Helper()
		told, seen := b.told(e), map[uuid.UUID]bool{}
		require.Len(t, told, wantEvents)
		for _, event := range told {
			require.LessOrEqual(t, len(event.Searches), domain.MaxSearchesPerEvent)
			for _, search := range event.Searches {
				require.True(t, ids[search.QueryID])
				require.False(t, seen[search.QueryID], "told once")
				seen[search.QueryID] = true
				require.Equal(t, "go", search.Query)
				require.Equal(t, int64(3), search.TotalResults)
				require.WithinDuration(t, at, search.SearchedAt, time.Second)
			}
		}
		require.Len(t, seen, wantSearches)
	}
	check(3, 250)
	for range 3 {
		require.NoError(t, s.RecordSearches(b.ctx, events), "the answer to the first was lost")
	}
	check(3, 250)
	late := searched(b.tenant, at, "go")
	ids[late.ID] = true
	require.NoError(t, s.RecordSearches(b.ctx, append(events, late, late)))
	check(4, 251)
	require.Empty(t, b.deliveries(deaf, ""))
}

func TestSampledSearchesAreToldAloneAndTheSameOnesAgain(t *testing.T) {
	b := setup(t)
	how := domain.SearchEvents{Emission: domain.SearchesSampled, SampleRate: 0.3}
	s := b.telling(how)
	e := b.endpoint("search.*")
	var events []domain.SearchEvent
	want := map[uuid.UUID]bool{}
	for range 200 {
		one := searched(b.tenant, time.Now(), "go")
		events = append(events, one)
		if how.Tells(one.ID) {
			want[one.ID] = true
		}
	}
	require.InDelta(t, 60, len(want), 40)
	require.NoError(t, s.RecordSearches(b.ctx, events))
	require.NoError(t, s.RecordSearches(b.ctx, events))
	got := map[uuid.UUID]bool{}
	for _, event := range b.told(e) {
		require.Len(t, event.Searches, 1)
		got[event.Searches[0].QueryID] = true
	}
	require.Equal(t, want, got)
	require.Len(t, b.told(e), len(want))
}

func TestSearchesAreNotToldWhenThatIsOff(t *testing.T) {
	b := setup(t)
	e := b.endpoint("*")
	for _, how := range []domain.SearchEvents{{}, {Emission: domain.SearchesOff}, {Emission: domain.SearchesSampled}} {
		require.NoError(t, b.telling(how).RecordSearches(b.ctx, []domain.SearchEvent{searched(b.tenant, time.Now(), "go")}))
	}
	require.Empty(t, b.told(e))
}
