package store

import (
	"context"
	"math"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// dispatchStep bounds the jobs that take a place in one transaction.
const dispatchStep = 500

// DispatchJobs gives the tenant's free places to the jobs that have waited longest
// and returns these: their workflows are to be started. What its caller does not
// start is listed by PendingJobs. limit is how many jobs of a tenant run at once, 0
// for any number.
func (s *Store) DispatchJobs(ctx context.Context, tenant uuid.UUID, limit int) (out []domain.Job, err error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if err := q.JobDispatchLock(ctx, tenant); err != nil {
			return err
		}
		taken, err := q.JobCountDispatched(ctx, tenant)
		if err != nil || int(taken) >= limit {
			return err
		}
		rows, err := q.JobDispatch(ctx, db.JobDispatchParams{TenantID: tenant, RowLimit: int32(min(limit-int(taken), dispatchStep))})
		out = jobsFrom(rows)
		return err
	})
	return out, err
}

// JobsAhead is how many jobs of the tenant get a place before the given one.
func (s *Store) JobsAhead(ctx context.Context, tenant, id uuid.UUID) (n int, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		ahead, err := q.JobCountAhead(ctx, db.JobCountAheadParams{TenantID: tenant, ID: id})
		n = int(ahead)
		return err
	})
	return n, err
}

// TenantsWithWaitingJobs lists active tenants that have jobs without a place.
func (s *Store) TenantsWithWaitingJobs(ctx context.Context, limit int) (out []uuid.UUID, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		out, err = q.JobTenantsWaiting(ctx, int32(limit))
		return err
	})
	return out, err
}
