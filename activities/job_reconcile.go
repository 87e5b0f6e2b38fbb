package activities

import (
	"context"
	"log/slog"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	// reconcileOverlap is how late the end of a workflow may show in Temporal's lists.
	reconcileOverlap = time.Minute
	// reconcileRemembered bounds the ends that were dealt with and are not looked at
	// again.
	reconcileRemembered = 20_000
)

// EndedRun is a run of a workflow that did not end by itself.
type EndedRun struct {
	WorkflowID, RunID string
}

// Executions tells what became of workflows.
type Executions interface {
	// EndedSince lists runs of jobs' workflows that were canceled or terminated, have
	// failed or timed out since then.
	EndedSince(ctx context.Context, since time.Time) ([]EndedRun, error)
	// DescribeWorkflow says what the last run of a workflow is doing.
	DescribeWorkflow(ctx context.Context, workflowID string) (Execution, error)
}

// Reconciler makes job rows follow what operators do with the Temporal CLI and UI. It
// asks Temporal one question a round, however many jobs there are, and none while no
// job runs. It is no workflow: nothing of it has to outlive the process, and a
// schedule of every two seconds would leave 43,000 executions a day in the lists.
type Reconciler struct {
	Jobs       *Jobs
	Executions Executions

	since time.Time
	seen  map[string]bool
}

// Round looks once. It is not for concurrent use.
func (r *Reconciler) Round(ctx context.Context) error {
	if err := r.Jobs.dispatchWaiting(ctx); err != nil {
		return err
	}
	started := time.Now()
	if r.since.IsZero() {
		r.since = started.Add(-reconcileOverlap)
	}
	if r.seen == nil || len(r.seen) > reconcileRemembered {
		r.seen = map[string]bool{}
	}
	err := r.Jobs.Store.ReconcileTurn(ctx, r.look)
	if err == nil {
		r.since = started.Add(-reconcileOverlap)
	}
	return err
}

func (r *Reconciler) look(ctx context.Context) error {
	ended, err := r.Executions.EndedSince(ctx, r.since)
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range ended {
		if !r.seen[e.RunID] {
			ids = append(ids, e.WorkflowID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	open, err := r.Jobs.Store.OpenJobsOf(ctx, ids)
	if err != nil {
		return err
	}
	for _, job := range open {
		if err := r.follow(ctx, job); err != nil {
			return err
		}
	}
	for _, e := range ended {
		r.seen[e.RunID] = true
	}
	return nil
}

// follow ends the row of a job whose workflow is over. A workflow that runs again,
// since an operator has reset it, goes on with its row by itself.
func (r *Reconciler) follow(ctx context.Context, job domain.Job) error {
	state, err := r.Executions.DescribeWorkflow(ctx, job.WorkflowID)
	if err != nil {
		return err
	}
	if state == ExecutionRunning {
		return nil
	}
	slog.WarnContext(ctx, "a job's workflow ended before the job did", "job", job.ID, "kind", job.Kind, "execution", state)
	return endWith(ctx, r.Jobs.Store, job, state)
}

// endWith ends a job as its workflow has.
func endWith(ctx context.Context, s *store.Store, job domain.Job, state Execution) error {
	switch state {
	case ExecutionRunning:
		return nil
	case ExecutionCanceled:
		return s.EndJob(ctx, job, domain.JobCanceled, "", "the workflow of this job was canceled")
	case ExecutionTerminated:
		return s.EndJob(ctx, job, domain.JobFailed, "terminated", "an operator terminated the workflow of this job")
	case ExecutionMissing, ExecutionCompleted, ExecutionFailed:
	}
	return s.EndJob(ctx, job, domain.JobFailed, "workflow_failed", "the workflow of this job ended before the job was done")
}

// dispatchWaiting starts jobs of every tenant that has a place for them.
func (j *Jobs) dispatchWaiting(ctx context.Context) error {
	tenants, err := j.Store.TenantsWithWaitingJobs(ctx, pendingLimit)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		if err := j.DispatchJobs(ctx, tenant); err != nil {
			return err
		}
	}
	return nil
}
