package workflows

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// RedriveJobsInput names a redrive by its job.
type RedriveJobsInput struct {
	TenantID uuid.UUID           `json:"tenant_id"`
	JobID    uuid.UUID           `json:"job_id"`
	Progress RedriveJobsProgress `json:"progress,omitzero"`
}

// RedriveJobsProgress is the answer to ProgressQuery, and the result.
type RedriveJobsProgress struct {
	Seen    int `json:"seen"`
	Retried int `json:"retried"`
}

// RedriveJobs retries the jobs that a filter leaves, step by step, through any
// number. How far it is is in its row. Canceling it leaves what it has retried.
func RedriveJobs(ctx workflow.Context, in RedriveJobsInput) (RedriveJobsProgress, error) {
	w := &redriveJobs{in: in}
	w.pauses = listenPauses(ctx, in.TenantID, func() uuid.UUID { return in.JobID })
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (RedriveJobsProgress, error) { return w.in.Progress, nil })
	if err != nil {
		return w.in.Progress, err
	}
	if err = w.run(ctx); !workflow.IsContinueAsNewError(err) {
		err = w.end(ctx, err)
	}
	return w.in.Progress, err
}

type redriveJobs struct {
	in     RedriveJobsInput
	pauses *pauser
}

func (w *redriveJobs) run(ctx workflow.Context) error {
	var jobs *activities.Jobs
	in := activities.RedriveInput{TenantID: w.in.TenantID, JobID: w.in.JobID}
	for range roundsPerRun {
		if err := w.pauses.wait(ctx); err != nil {
			return err
		}
		var out activities.RedriveOutput
		resumes := w.pauses.resumes
		if err := workflow.ExecuteActivity(batchOptions(ctx), jobs.RedriveSome, in).Get(ctx, &out); err != nil {
			return err
		}
		if out.Paused {
			w.pauses.sawPaused(resumes)
			continue
		}
		w.in.Progress.Seen += out.Seen
		w.in.Progress.Retried += out.Retried
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d jobs seen, %d of them retried", w.in.Progress.Seen, w.in.Progress.Retried))
		if !out.More {
			return nil
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	return workflow.NewContinueAsNewError(ctx, RedriveJobs, w.in)
}

// end makes the row follow how the workflow ends.
func (w *redriveJobs) end(ctx workflow.Context, cause error) error {
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	in := activities.FollowJobInput{
		TenantID: w.in.TenantID, JobID: w.in.JobID, Kind: domain.JobRedrive, State: domain.JobCompleted,
		WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, Total: w.in.Progress.Seen, Done: w.in.Progress.Seen,
	}
	switch {
	case temporal.IsCanceledError(cause):
		in.State = domain.JobCanceled
	case cause != nil:
		in.State = domain.JobFailed
		in.Code, in.Message = reasonOf(cause, "internal", unfinished)
	}
	var jobs *activities.Jobs
	if err := workflow.ExecuteActivity(rowOptions(ctx), jobs.FollowJob, in).Get(ctx, nil); err != nil {
		return err
	}
	return cause
}

func startRedrive(ctx context.Context, c *Client, job domain.Job) error {
	_, err := c.execute(ctx, client.StartWorkflowOptions{
		ID:                    job.WorkflowID,
		TaskQueue:             MaintenanceQueue,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(job.TenantID.String()), JobKind.ValueSet(string(job.Kind))),
		StaticSummary: job.Title,
		Priority:      temporal.Priority{PriorityKey: priorityBulk, FairnessKey: job.TenantID.String()},
	}, RedriveJobs, RedriveJobsInput{TenantID: job.TenantID, JobID: job.ID})
	return err
}
