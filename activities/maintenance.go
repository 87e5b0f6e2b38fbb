package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Maintenance removes what has served its time.
type Maintenance struct {
	Store *store.Store
}

// PurgeExpiredOutput counts removed rows.
type PurgeExpiredOutput struct {
	IdempotencyKeys int64 `json:"idempotency_keys"`
	Sessions        int64 `json:"sessions"`
	Events          int64 `json:"events"`
	Deliveries      int64 `json:"deliveries"`
	Recoveries      int64 `json:"recoveries"`
	AttemptHours    int64 `json:"attempt_hours"`
	Endpoints       int64 `json:"endpoints"`
	Shadows         int64 `json:"shadows"`
	CachedVectors   int64 `json:"cached_vectors"`
	EmbeddingModels int64 `json:"embedding_models"`
	Operations      int64 `json:"operations,omitempty"`
	UsageDays       int64 `json:"usage_days"`
	Recounted       int64 `json:"recounted_tenants"`
	Corrected       int64 `json:"corrected_tenants"`
}

// PurgeExpired removes expired idempotency keys and sessions, old events, old deliveries
// and cached vectors that nobody uses, and keeps the usage of tenants in order.
func (m *Maintenance) PurgeExpired(ctx context.Context) (PurgeExpiredOutput, error) {
	out, err := m.Store.PurgeExpired(ctx, domain.EventRetention, domain.DeliveryRetention, func() { activity.RecordHeartbeat(ctx) })
	return PurgeExpiredOutput(out), toTemporal(err)
}
