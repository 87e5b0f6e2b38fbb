package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// FollowJob stores how a job of a kind without documents stands: ID, TenantID,
// Kind, State, Stage, Title, Total, Done, ErrorCode, ErrorMessage and WorkflowID. The
// first call makes the job, each is a sign of life, and the one with a final state
// ends it. A job that has ended stays as it is. It may be repeated.
func (s *Store) FollowJob(ctx context.Context, j domain.Job) error {
	return s.inTenant(ctx, j.TenantID, func(q *db.Queries) error { return followJob(ctx, q, &j) })
}

func followJob(ctx context.Context, q *db.Queries, j *domain.Job) error {
	stage := j.Stage
	if j.State.Final() {
		stage = "done"
	}
	return q.JobFollow(ctx, db.JobFollowParams{
		TenantID: j.TenantID, ID: j.ID, Kind: string(j.Kind), State: string(j.State), Stage: stage, Total: int64(j.Total), Done: int64(j.Done),
		ErrorCode: j.ErrorCode, ErrorMessage: j.ErrorMessage, WorkflowID: j.WorkflowID, Title: j.Title,
	})
}

// EndJob ends a job whose workflow has ended without saying so, whatever its kind:
// state is canceled or failed.
func (s *Store) EndJob(ctx context.Context, j domain.Job, state domain.JobState, code, message string) error {
	switch j.Kind {
	case domain.JobIndexDocuments:
		if state == domain.JobCanceled {
			_, err := s.CancelJob(ctx, j.TenantID, j.ID)
			if domain.CodeOf(err) == domain.CodeConflict {
				return nil
			}
			return err
		}
		return s.FailJob(ctx, j.TenantID, j.ID, code, message)
	case domain.JobRebuildIndex:
		end := RebuildFailed
		if state == domain.JobCanceled {
			end = RebuildCanceled
		}
		return s.EndRebuild(ctx, j.TenantID, j.ID, end, message)
	case domain.JobTrainEmbeddings:
		if state == domain.JobCanceled {
			code = "canceled"
		}
		return s.FailModel(ctx, j.TenantID, j.ID, code, message)
	case domain.JobRecoverWebhook:
		end := domain.RecoveryFailed
		if state == domain.JobCanceled {
			end = domain.RecoveryCanceled
		}
		_, err := s.EndRecovery(ctx, j.TenantID, j.ID, end, message)
		return err
	default: // the row is all there is
	}
	j.State, j.ErrorCode, j.ErrorMessage = state, code, message
	return s.FollowJob(ctx, j)
}

// RequestCancel notes that a job was asked to end. tell asks its workflow, in the
// same transaction; the workflow ends the job. One that has ended is a conflict.
func (s *Store) RequestCancel(ctx context.Context, tenant, id uuid.UUID, tell TellJob) (domain.Job, error) {
	return s.steerJob(ctx, tenant, id, "job.canceled", func(q *db.Queries, job domain.Job) (db.Job, bool, error) {
		if job.State.Final() {
			return db.Job{}, false, domain.Errorf(domain.CodeConflict, "the job has ended already: it is %s", job.State)
		}
		if err := q.JobWait(ctx, db.JobWaitParams{TenantID: tenant, ID: id, Waiting: domain.WaitCancel}); err != nil {
			return db.Job{}, false, err
		}
		row, err := q.JobGet(ctx, db.JobGetParams{TenantID: tenant, ID: id})
		return row, true, err
	}, tell)
}
