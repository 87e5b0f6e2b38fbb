package store

import (
	"context"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// ReconcileTurn runs fn unless another process does so at this moment, or no job has
// been handed to Temporal that has not ended.
func (s *Store) ReconcileTurn(ctx context.Context, fn func(context.Context) error) error {
	return s.inSystem(ctx, func(q *db.Queries) error {
		mine, err := q.JobReconcileLock(ctx)
		if err != nil || !mine {
			return err
		}
		open, err := q.JobOpenExists(ctx)
		if err != nil || !open {
			return err
		}
		return fn(ctx)
	})
}

// OpenJobsOf lists the jobs of workflows, of all tenants, that have not ended.
func (s *Store) OpenJobsOf(ctx context.Context, workflowIDs []string) (out []domain.Job, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.JobOpenOfWorkflows(ctx, workflowIDs)
		out = jobsFrom(rows)
		return err
	})
	return out, err
}
