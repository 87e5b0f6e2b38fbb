package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// settleKeys holds a transaction that has added live keys, or taken some away, to the
// tenant's quota.
func (s *Store) settleKeys(ctx context.Context, q *db.Queries, tenant uuid.UUID, added int64) error {
	return s.settlePlaces(ctx, q, tenant, domain.QuotaAPIKeys, added, q.APIKeyCountLive)
}

// settleEndpoints is settleKeys for webhooks.
func (s *Store) settleEndpoints(ctx context.Context, q *db.Queries, tenant uuid.UUID, added int64) error {
	return s.settlePlaces(ctx, q, tenant, domain.QuotaWebhooks, added, q.WebhookEndpointCount)
}

// settlePlaces counts rows that are few instead of keeping a counter of them: keys
// expire without a transaction. Whoever comes second counts after the first has
// committed, because both lock the tenant's usage. Call it last.
func (s *Store) settlePlaces(
	ctx context.Context, q *db.Queries, tenant uuid.UUID, quota domain.QuotaName, added int64, count func(context.Context, uuid.UUID) (int64, error),
) error {
	row, err := q.UsageLock(ctx, tenant)
	if err != nil {
		return err
	}
	plan := planFrom(row.Tier, row.Quota)
	limits := s.tiers.Limits(plan)
	limit := limits.Of(quota)
	if limit == nil {
		return nil
	}
	after, err := count(ctx, tenant)
	if err != nil {
		return err
	}
	l := ledger{tenant, plan.Tier, levelsFrom(row.Levels)}
	return l.settle(ctx, q, counted{quota, after - added, after, limit})
}
