package workflows

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// parallelBatches is how many batches of one job are in hand at once: enough
// to keep a worker busy while one of them commits, few enough to let other
// tenants in between.
const parallelBatches = 2

// A job up to this size is one batch and needs no planning. The numbers are
// part of every recorded history: change them only under workflow.GetVersion.
const (
	singleBatchItems = 2000
	singleBatchBytes = 8 << 20
)

// ProgressQuery answers with IndexDocumentsProgress.
const ProgressQuery = "progress"

// IndexDocumentsInput names a job. Total and Bytes spare small jobs the
// planning; After is the last item that an earlier run has dealt with.
type IndexDocumentsInput struct {
	TenantID uuid.UUID               `json:"tenant_id"`
	JobID    uuid.UUID               `json:"job_id"`
	Total    int                     `json:"total"`
	Bytes    int64                   `json:"bytes"`
	After    int                     `json:"after,omitempty"`
	Progress *IndexDocumentsProgress `json:"progress,omitempty"`
}

// IndexDocumentsProgress counts documents.
type IndexDocumentsProgress struct {
	Total   int `json:"total"`
	Indexed int `json:"indexed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Chunks  int `json:"chunks"`
}

// IndexDocuments indexes the documents of one job, batch by batch. A batch that
// cannot be indexed fails with its reason and the others go on. Canceling it
// cancels the job: what is committed stays, what is not will not be.
func IndexDocuments(ctx workflow.Context, in IndexDocumentsInput) (IndexDocumentsProgress, error) {
	w := &indexDocuments{in: in, progress: IndexDocumentsProgress{Total: in.Total}}
	w.pauses = listenPauses(ctx, in.TenantID, func() uuid.UUID { return in.JobID })
	if in.Progress != nil {
		w.progress = *in.Progress
	}
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (IndexDocumentsProgress, error) { return w.progress, nil })
	if err != nil {
		return w.progress, err
	}
	err = w.run(ctx)
	if temporal.IsCanceledError(err) || errors.Is(ctx.Err(), workflow.ErrCanceled) {
		return w.progress, w.cancel(ctx, err)
	}
	return w.progress, err
}

// indexDocuments is one run of the workflow.
type indexDocuments struct {
	in       IndexDocumentsInput
	progress IndexDocumentsProgress
	pauses   *pauser
}

func (w *indexDocuments) run(ctx workflow.Context) error {
	plan, err := w.plan(ctx)
	if err != nil {
		return err
	}
	if err := w.index(ctx, plan.Batches); err != nil {
		return err
	}
	if !plan.More {
		return nil
	}
	if err := w.pauses.wait(ctx); err != nil {
		return err
	}
	next := w.in
	next.After = plan.Batches[len(plan.Batches)-1].To
	next.Progress = &w.progress
	return workflow.NewContinueAsNewError(ctx, IndexDocuments, next)
}

// plan returns the next batches. A job that is one batch needs no look at its items.
func (w *indexDocuments) plan(ctx workflow.Context) (activities.PlanBatchesOutput, error) {
	var out activities.PlanBatchesOutput
	if w.in.After == 0 && w.in.Total <= singleBatchItems && w.in.Bytes <= singleBatchBytes {
		out.Batches = []domain.SeqRange{{From: 1, To: w.in.Total}}
		return out, nil
	}
	var documents *activities.Documents
	in := activities.PlanBatchesInput{TenantID: w.in.TenantID, JobID: w.in.JobID, After: w.in.After}
	err := workflow.ExecuteActivity(rowOptions(ctx), documents.PlanBatches, in).Get(ctx, &out)
	return out, err
}

// index runs the batches, a few at a time, and waits for all of them.
func (w *indexDocuments) index(ctx workflow.Context, batches []domain.SeqRange) error {
	slots := workflow.NewSemaphore(ctx, parallelBatches)
	wg := workflow.NewWaitGroup(ctx)
	var failure error
	for _, b := range batches {
		if err := slots.Acquire(ctx, 1); err != nil {
			failure = err
			break
		}
		if failure != nil {
			slots.Release(1)
			break
		}
		wg.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wg.Done()
			defer slots.Release(1)
			if err := w.indexBatch(ctx, b); err != nil {
				failure = err
			}
		})
	}
	wg.Wait(ctx)
	return failure
}

func (w *indexDocuments) indexBatch(ctx workflow.Context, b domain.SeqRange) error {
	out, err := w.runBatch(ctx, b)
	if temporal.IsCanceledError(err) {
		return err
	}
	if err != nil {
		workflow.GetLogger(ctx).Error("a batch is given up", "from", b.From, "to", b.To, "error", err)
		return w.failBatch(ctx, b, err)
	}
	w.progress.Indexed += out.Indexed
	w.progress.Failed += out.Failed
	w.progress.Skipped += out.Skipped
	w.progress.Chunks += out.Chunks
	p := w.progress
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d of %d indexed, %d failed, %d skipped", p.Indexed, p.Total, p.Failed, p.Skipped))
	return nil
}

// runBatch indexes a batch when the job is not paused. The job's row is what counts:
// a signal only spares the look at it.
func (w *indexDocuments) runBatch(ctx workflow.Context, b domain.SeqRange) (out activities.IndexBatchOutput, err error) {
	var documents *activities.Documents
	info := workflow.GetInfo(ctx)
	in := activities.IndexBatchInput{
		TenantID: w.in.TenantID, JobID: w.in.JobID, Batch: b,
		Reset: info.OriginalRunID != "" && info.OriginalRunID != info.WorkflowExecution.RunID,
	}
	for {
		if err := w.pauses.wait(ctx); err != nil {
			return out, err
		}
		out = activities.IndexBatchOutput{}
		resumes := w.pauses.resumes
		err := workflow.ExecuteActivity(batchOptions(ctx), documents.IndexBatch, in).Get(ctx, &out)
		if err != nil || !out.Paused {
			return out, err
		}
		w.pauses.sawPaused(resumes)
	}
}

// failBatch records why a batch is given up, in words a user may read.
func (w *indexDocuments) failBatch(ctx workflow.Context, b domain.SeqRange, cause error) error {
	code, message := reasonOf(cause, "indexing_failed", "the documents could not be indexed in time; see the workflow for every attempt")
	var documents *activities.Documents
	in := activities.FailBatchInput{TenantID: w.in.TenantID, JobID: w.in.JobID, Batch: b, Code: code, Message: message}
	return workflow.ExecuteActivity(rowOptions(ctx), documents.FailBatch, in).Get(ctx, nil)
}

// cancel makes the job's row follow the cancellation.
func (w *indexDocuments) cancel(ctx workflow.Context, cause error) error {
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	var jobs *activities.Jobs
	in := activities.CancelJobInput{TenantID: w.in.TenantID, JobID: w.in.JobID}
	if err := workflow.ExecuteActivity(rowOptions(ctx), jobs.CancelJob, in).Get(ctx, nil); err != nil {
		return err
	}
	return cause
}
