package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	// pendingGrace is how long a job may show no sign of life before it is looked at.
	pendingGrace = 10 * time.Second
	pendingLimit = 500
)

// Execution is what became of a workflow, as far as a job cares.
type Execution string

// The states of an execution.
const (
	ExecutionMissing    Execution = "missing"
	ExecutionRunning    Execution = "running"
	ExecutionCompleted  Execution = "completed"
	ExecutionCanceled   Execution = "canceled"
	ExecutionTerminated Execution = "terminated"
	ExecutionFailed     Execution = "failed"
)

// Starter starts the workflow of a job unless it was started before, and tells
// what its execution is doing.
type Starter interface {
	StartOrDescribe(ctx context.Context, job domain.Job) (Execution, error)
	// SignalJob tells the workflow of a job that it is paused or resumed for a
	// reason. A workflow that is not there is no error.
	SignalJob(ctx context.Context, job domain.Job, paused bool, reason domain.PauseReason) error
}

// Jobs keeps job rows true.
type Jobs struct {
	Store   *store.Store
	Starter Starter
	// Tenants, when set, has what the platform does with tenants swept, too.
	Tenants *Tenants
	// Limit is how many jobs of a tenant run at once; 0 for any number.
	Limit int
}

// CancelJobInput names a job.
type CancelJobInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	JobID    uuid.UUID `json:"job_id"`
}

// CancelJob makes the job's row follow a canceled workflow. A job that has
// ended already stays as it is.
func (j *Jobs) CancelJob(ctx context.Context, in CancelJobInput) error {
	_, err := j.Store.CancelJob(ctx, in.TenantID, in.JobID)
	if domain.CodeOf(err) == domain.CodeConflict {
		job, getErr := j.Store.Job(ctx, in.TenantID, in.JobID)
		if getErr == nil && job.State.Final() {
			return nil
		}
	}
	return toTemporal(err)
}

// StartPendingJobsOutput counts what was found.
type StartPendingJobsOutput struct {
	Seen    int `json:"seen"`
	Started int `json:"started"`
	Ended   int `json:"ended"`
}

// StartPendingJobs starts every job that was committed and never started, and
// ends those whose workflow was ended from outside.
func (j *Jobs) StartPendingJobs(ctx context.Context) (out StartPendingJobsOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	if err := j.dispatchWaiting(ctx); err != nil {
		return out, toTemporal(err)
	}
	jobs, err := j.Store.PendingJobs(ctx, pendingGrace, pendingLimit)
	if err != nil {
		return out, toTemporal(err)
	}
	out.Seen = len(jobs)
	alive := make([]domain.Job, 0, len(jobs))
	for n, job := range jobs {
		beat.set(Progress{Done: n, Total: len(jobs)})
		state, err := j.Starter.StartOrDescribe(ctx, job)
		if err != nil {
			return out, err
		}
		if state == ExecutionRunning && resumedUnheard(&job) {
			if err := j.Starter.SignalJob(ctx, job, false, domain.ResumedByRow); err != nil {
				return out, err
			}
		}
		if state == ExecutionRunning || state == ExecutionMissing {
			alive = append(alive, job)
			if state == ExecutionMissing {
				out.Started++
			}
			continue
		}
		out.Ended++
		if err := j.follow(ctx, job, state); err != nil {
			return out, toTemporal(err)
		}
	}
	if err := j.Store.TouchJobs(ctx, alive); err != nil || j.Tenants == nil {
		return out, toTemporal(err)
	}
	return out, toTemporal(j.Tenants.FollowQuiet(ctx))
}

// resumedUnheard reports that nothing has come of resuming a job yet: its workflow
// may not have heard of it.
func resumedUnheard(j *domain.Job) bool {
	return j.ResumedAt != nil && (j.HeartbeatAt == nil || j.HeartbeatAt.Before(*j.ResumedAt))
}

// follow makes a job's row follow a workflow that ended without finishing it.
func (j *Jobs) follow(ctx context.Context, job domain.Job, state Execution) error {
	activity.GetLogger(ctx).Warn("a job's workflow ended before the job did", "job", job.ID, "execution", state)
	return endWith(ctx, j.Store, job, state)
}
