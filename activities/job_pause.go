package activities

import (
	"context"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// FollowPauseInput says that a workflow was paused or resumed by a signal.
type FollowPauseInput struct {
	TenantID uuid.UUID          `json:"tenant_id"`
	JobID    uuid.UUID          `json:"job_id"`
	Paused   bool               `json:"paused"`
	Reason   domain.PauseReason `json:"reason"`
}

// FollowPause makes the job's row follow a signal, which may have come from the
// Temporal CLI. A job that has ended or is gone stays as it is.
func (j *Jobs) FollowPause(ctx context.Context, in FollowPauseInput) error {
	var err error
	if in.Paused {
		_, err = j.Store.PauseJob(ctx, in.TenantID, in.JobID, in.Reason, nil)
	} else {
		_, err = j.Store.ResumeJob(ctx, in.TenantID, in.JobID, in.Reason, nil)
	}
	if code := domain.CodeOf(err); code == domain.CodeConflict || code == domain.CodeNotFound {
		return nil
	}
	return toTemporal(err)
}

// TenantJobsInput names a tenant, and why all of its jobs pause or go on.
type TenantJobsInput struct {
	TenantID uuid.UUID          `json:"tenant_id"`
	Reason   domain.PauseReason `json:"reason"`
}

// TenantJobsOutput counts the workflows that were told.
type TenantJobsOutput struct {
	Told int `json:"told"`
}

// PauseTenantJobs pauses every job of a tenant between two of its steps. What is
// committed at this moment stays. It may be repeated.
func (j *Jobs) PauseTenantJobs(ctx context.Context, in TenantJobsInput) (TenantJobsOutput, error) {
	jobs, err := j.Store.PauseJobs(ctx, in.TenantID, in.Reason)
	if err != nil {
		return TenantJobsOutput{}, toTemporal(err)
	}
	return j.tell(ctx, jobs, true, in.Reason)
}

// ResumeTenantJobs resumes what PauseTenantJobs has paused for the same reason, and
// nothing else.
func (j *Jobs) ResumeTenantJobs(ctx context.Context, in TenantJobsInput) (TenantJobsOutput, error) {
	jobs, err := j.Store.ResumeJobs(ctx, in.TenantID, in.Reason)
	if err != nil {
		return TenantJobsOutput{}, toTemporal(err)
	}
	out, err := j.tell(ctx, jobs, false, in.Reason)
	if err != nil {
		return out, err
	}
	return out, j.DispatchJobs(ctx, in.TenantID)
}

// tell signals workflows. One that hears nothing is found by its row: a batch looks
// there before it begins, and a sweep tells again what was resumed.
func (j *Jobs) tell(ctx context.Context, jobs []domain.Job, paused bool, reason domain.PauseReason) (out TenantJobsOutput, err error) {
	for _, job := range jobs {
		activity.RecordHeartbeat(ctx)
		if err := j.Starter.SignalJob(ctx, job, paused, reason); err != nil {
			return out, err
		}
		out.Told++
	}
	return out, nil
}

// DispatchJobs implements Dispatcher.
func (j *Jobs) DispatchJobs(ctx context.Context, tenant uuid.UUID) error {
	jobs, err := j.Store.DispatchJobs(ctx, tenant, j.Limit)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if _, err := j.Starter.StartOrDescribe(ctx, job); err != nil {
			return err // the others are found by RecoverPending, too
		}
	}
	return nil
}
