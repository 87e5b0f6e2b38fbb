package store

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// searchesEvent is the payload of search.performed.
type searchesEvent struct {
	Searches []searchTold `json:"searches"`
}

type searchTold struct {
	QueryID      uuid.UUID `json:"query_id"`
	Query        string    `json:"query"`
	Type         string    `json:"type"`
	TotalResults int64     `json:"total_results"`
	TookMS       float64   `json:"took_ms"`
	Cached       bool      `json:"cached"`
	UserID       string    `json:"user_id,omitempty"`
	SearchedAt   time.Time `json:"searched_at"`
}

// tellSearches writes the events of searches that this transaction has stored.
// One that was stored before was told with it. A batch without a subscriber costs
// one look at an index, and each tenant that has one a statement.
func (s *Store) tellSearches(ctx context.Context, q *db.Queries, events []domain.SearchEvent, stored []uuid.UUID) error {
	told := s.chooseTold(events, stored)
	if len(told) == 0 {
		return nil
	}
	tenants := make([]uuid.UUID, 0, len(told))
	for tenant := range told {
		tenants = append(tenants, tenant)
	}
	subscribed, err := q.WebhookSubscribers(ctx, db.WebhookSubscribersParams{TenantIds: tenants, Type: string(domain.EventSearchPerformed)})
	if err != nil {
		return err
	}
	for _, tenant := range subscribed {
		var out outbox
		for searches := range slices.Chunk(told[tenant], s.searchEvents.PerEvent()) {
			if err := out.add(domain.EventSearchPerformed, searchesEvent{searches}); err != nil {
				return err
			}
		}
		if err := out.write(ctx, q, tenant); err != nil {
			return err
		}
	}
	return nil
}

// chooseTold returns the searches to be told, by tenant, in the order they came.
func (s *Store) chooseTold(events []domain.SearchEvent, stored []uuid.UUID) map[uuid.UUID][]searchTold {
	if s.searchEvents.Emission != domain.SearchesBatched && s.searchEvents.Emission != domain.SearchesSampled {
		return nil
	}
	fresh := make(map[uuid.UUID]bool, len(stored))
	for _, id := range stored {
		fresh[id] = s.searchEvents.Tells(id)
	}
	told := map[uuid.UUID][]searchTold{}
	for i := range events {
		e := &events[i]
		if !fresh[e.ID] {
			continue
		}
		fresh[e.ID] = false // a batch may hold one twice
		at, _ := domain.QueryTime(e.ID)
		told[e.TenantID] = append(told[e.TenantID], searchTold{
			QueryID: e.ID, Query: e.Query, Type: e.Type, TotalResults: e.Results, Cached: e.Cached, UserID: e.UserID,
			TookMS: float64(max(0, e.Took.Microseconds())) / 1000, SearchedAt: at.UTC(),
		})
	}
	return told
}
