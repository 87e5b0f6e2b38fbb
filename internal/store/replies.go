package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// Replay returns the answer that was remembered for the same request, or false. An
// idempotency key of another request is CodeIdempotencyMismatch. It is for what is
// done elsewhere, such as by a workflow that finds out by itself what it has done;
// changes of the database use Ingest.
func (s *Store) Replay(ctx context.Context, tenant uuid.UUID, o IngestOptions) (out IngestResult, found bool, err error) {
	if o.IdempotencyKey == "" {
		return out, false, nil
	}
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		key := db.IdempotencyKeyDeleteExpiredParams{TenantID: tenant, Key: o.IdempotencyKey}
		if err := q.IdempotencyKeyDeleteExpired(ctx, key); err != nil {
			return err
		}
		out, err = replay(ctx, q, tenant, o)
		if found = err == nil; noRows(err) {
			return nil
		}
		return err
	})
	return out, found, err
}

// Remember keeps an answer for Replay. The first one of a key stays.
func (s *Store) Remember(ctx context.Context, tenant uuid.UUID, o IngestOptions, r Reply) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if first, err := s.reserve(ctx, q, tenant, o); err != nil || !first {
			return err
		}
		return q.IdempotencyKeyComplete(ctx, db.IdempotencyKeyCompleteParams{
			TenantID: tenant, Key: o.IdempotencyKey, RequestHash: r.RequestHash[:], Status: int32(r.Status), Response: r.Body,
		})
	})
}

// TenantRequest returns which request a tenant was made for, uuid.Nil when that is
// not known.
func (s *Store) TenantRequest(ctx context.Context, tenant uuid.UUID) (request uuid.UUID, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantGet(ctx, tenant)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		if row.RequestID != nil {
			request = *row.RequestID
		}
		return err
	})
	return request, err
}
