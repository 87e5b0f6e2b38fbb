package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// What may be suggested is asked for in the last days, and found something in most
// cases.
const (
	popularDays  = 30
	popularCount = 500
)

// PopularQueries lists what a tenant's users have searched for most in the last 30
// days and mostly with results.
func (s *Store) PopularQueries(ctx context.Context, tenant uuid.UUID, now time.Time) ([]QueryTotals, error) {
	found, err := s.TopQueries(ctx, tenant, NewAnalyticsRange(now.AddDate(0, 0, -popularDays), now), BySearches, popularCount)
	kept := found.Queries[:0]
	for _, q := range found.Queries {
		if 2*q.ZeroResults < q.Searches {
			kept = append(kept, q)
		}
	}
	return kept, err
}
