package store

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

// purgeStep bounds the rows one statement deletes, so that its locks are short.
const purgeStep = 5000

// failedModelRetention is how long it can be read why a model did not come to be.
const failedModelRetention = 30 * 24 * time.Hour

// Purged counts what PurgeExpired removed.
type Purged struct {
	IdempotencyKeys int64
	Sessions        int64
	Events          int64
	Deliveries      int64
	Recoveries      int64
	AttemptHours    int64
	Endpoints       int64
	Shadows         int64
	CachedVectors   int64
	EmbeddingModels int64
	Operations      int64
	UsageDays       int64 // whose deliveries were counted anew
	Recounted       int64 // tenants
	Corrected       int64 // tenants whose counters were wrong
}

// PurgeExpired removes what has served its time: idempotency keys and sessions
// past their expiry, events older than maxEventAge, ended deliveries and deleted
// endpoints older than maxDeliveryAge, cached vectors that were not used for
// embeddingCacheRetention, segments that never became live. beat is called after
// each step.
func (s *Store) PurgeExpired(ctx context.Context, maxEventAge, maxDeliveryAge time.Duration, beat func()) (out Purged, err error) {
	steps := []struct {
		total *int64
		run   func(*db.Queries) (int64, error)
	}{
		{&out.IdempotencyKeys, func(q *db.Queries) (int64, error) { return q.IdempotencyKeyPurge(ctx, purgeStep) }},
		{&out.Sessions, func(q *db.Queries) (int64, error) { return q.SessionPurge(ctx, purgeStep) }},
		{&out.Events, func(q *db.Queries) (int64, error) {
			return q.OutboxPurge(ctx, db.OutboxPurgeParams{MaxAge: interval(maxEventAge), RowLimit: purgeStep})
		}},
		{&out.Deliveries, func(q *db.Queries) (int64, error) {
			return q.DeliveryPurge(ctx, db.DeliveryPurgeParams{MaxAge: interval(maxDeliveryAge), RowLimit: purgeStep})
		}},
		{&out.Recoveries, func(q *db.Queries) (int64, error) {
			return q.RecoveryPurge(ctx, db.RecoveryPurgeParams{MaxAge: interval(maxDeliveryAge), RowLimit: purgeStep})
		}},
		{&out.AttemptHours, func(q *db.Queries) (int64, error) {
			return q.AttemptHourPurge(ctx, db.AttemptHourPurgeParams{MaxAge: interval(attemptHourRetention), RowLimit: purgeStep})
		}},
		{&out.Endpoints, func(q *db.Queries) (int64, error) {
			return q.WebhookEndpointPurge(ctx, db.WebhookEndpointPurgeParams{MaxAge: interval(maxDeliveryAge), RowLimit: purgeStep})
		}},
		{&out.CachedVectors, func(q *db.Queries) (int64, error) {
			return q.EmbeddingCachePurge(ctx, db.EmbeddingCachePurgeParams{MaxAge: interval(embeddingCacheRetention), RowLimit: purgeStep})
		}},
		{&out.EmbeddingModels, func(q *db.Queries) (int64, error) {
			return q.EmbeddingModelPurge(ctx, db.EmbeddingModelPurgeParams{MaxAge: interval(failedModelRetention), RowLimit: purgeStep})
		}},
		{&out.Shadows, func(q *db.Queries) (int64, error) {
			return q.IndexShadowPurge(ctx, db.IndexShadowPurgeParams{MaxAge: interval(shadowMaxAge), RowLimit: purgeStep})
		}},
	}
	for _, step := range steps {
		for n := int64(purgeStep); n == purgeStep; {
			err = s.inSystem(ctx, func(q *db.Queries) (err error) { n, err = step.run(q); return err })
			if err != nil {
				return out, err
			}
			*step.total += n
			beat()
		}
	}
	if out.Operations, err = s.expireOperations(ctx, beat); err != nil {
		return out, err
	}
	if out.UsageDays, err = s.RollUpDeliveries(ctx); err != nil {
		return out, err
	}
	out.Recounted, out.Corrected, err = s.RecountChanged(ctx, beat)
	return out, err
}
