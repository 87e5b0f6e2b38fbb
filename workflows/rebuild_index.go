package workflows

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
)

// RebuildIndexInput names a rebuild and says why there is one.
type RebuildIndexInput struct {
	TenantID  uuid.UUID `json:"tenant_id"`
	RebuildID uuid.UUID `json:"rebuild_id"`
	Reason    string    `json:"reason"`
}

// RebuildIndexProgress is the answer to ProgressQuery, and the result.
type RebuildIndexProgress struct {
	Stage     string `json:"stage"`
	Documents int64  `json:"documents"`
	Total     int64  `json:"total"`
	// Rounds is how often it had to catch up with commits.
	Rounds     int    `json:"rounds"`
	Generation uint64 `json:"generation,omitempty"`
}

// catchUpPause is between two rounds of catching up with a tenant that commits
// faster than a round takes.
const catchUpPause = time.Second

// maxCatchUpRounds bounds the history. Each round has less to do than the one
// before unless the tenant is flooded.
const maxCatchUpRounds = 200

// RebuildIndex builds all segments of a tenant anew from its documents, in shadow,
// and makes them the index in one commit. Until then, and when it fails or is
// canceled, the index stays as it was.
//
//	start ─► build ──more──┐   ┌─────────── behind ──────────┐
//	           ▲───────────┘   ▼                             │
//	           └─ done ────► catch up ─► swap (under the lock of commits) ─► follow up
func RebuildIndex(ctx workflow.Context, in RebuildIndexInput) (RebuildIndexProgress, error) {
	w := &rebuildIndex{in: in, ids: activities.RebuildInput{TenantID: in.TenantID, RebuildID: in.RebuildID}}
	w.pauses = listenPauses(ctx, in.TenantID, func() uuid.UUID { return in.RebuildID })
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (RebuildIndexProgress, error) { return w.progress, nil })
	if err != nil {
		return w.progress, err
	}
	if err = w.run(ctx); err != nil {
		return w.progress, w.end(ctx, err)
	}
	return w.progress, nil
}

type rebuildIndex struct {
	in       RebuildIndexInput
	ids      activities.RebuildInput
	progress RebuildIndexProgress
	pauses   *pauser
}

func (w *rebuildIndex) run(ctx workflow.Context) error {
	var rebuilds *activities.Rebuilds
	start := activities.StartRebuildInput{
		TenantID: w.in.TenantID, RebuildID: w.in.RebuildID, Reason: w.in.Reason, WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID,
	}
	var out activities.RebuildOutput
	if err := workflow.ExecuteActivity(rowOptions(ctx), rebuilds.StartRebuild, start).Get(ctx, &out); err != nil {
		return err
	}
	w.tell(ctx, "build", out)
	for out.More = true; out.More; {
		if err := w.pauses.wait(ctx); err != nil {
			return err
		}
		out = activities.RebuildOutput{}
		if err := workflow.ExecuteActivity(batchOptions(ctx), rebuilds.BuildShadow, w.ids).Get(ctx, &out); err != nil {
			return err
		}
		w.tell(ctx, "build", out)
	}
	if err := w.swap(ctx); err != nil {
		return err
	}
	// The index is rebuilt; what follows is a matter of speed and of vectors.
	return workflow.ExecuteActivity(rowOptions(ctx), rebuilds.FollowRebuild, w.ids).Get(ctx, nil)
}

// swap catches up with what is committed until little enough is left.
func (w *rebuildIndex) swap(ctx workflow.Context) error {
	var rebuilds *activities.Rebuilds
	for w.progress.Rounds < maxCatchUpRounds {
		if err := w.pauses.wait(ctx); err != nil {
			return err
		}
		w.progress.Rounds++
		var out activities.RebuildOutput
		if err := workflow.ExecuteActivity(batchOptions(ctx), rebuilds.CatchUpRebuild, w.ids).Get(ctx, &out); err != nil {
			return err
		}
		w.tell(ctx, "catch_up", out)
		out = activities.RebuildOutput{}
		if err := workflow.ExecuteActivity(batchOptions(ctx), rebuilds.SwapRebuild, w.ids).Get(ctx, &out); err != nil {
			return err
		}
		if out.Generation > 0 {
			w.tell(ctx, "done", out)
			return nil
		}
		if err := workflow.Sleep(ctx, catchUpPause); err != nil {
			return err
		}
	}
	return temporal.NewApplicationError("documents are committed faster than they can be built again: pause the import", "overloaded")
}

func (w *rebuildIndex) tell(ctx workflow.Context, stage string, out activities.RebuildOutput) {
	w.progress.Stage, w.progress.Documents, w.progress.Total = stage, out.Documents, out.Total
	w.progress.Generation = out.Generation
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%s: %d of %d documents, %d behind", stage, out.Documents, out.Total, out.Behind))
}

// end drops what was built, whatever has happened. A rebuild that is live already
// stays: only what follows it has failed.
func (w *rebuildIndex) end(ctx workflow.Context, cause error) error {
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	in := activities.EndRebuildInput{TenantID: w.in.TenantID, RebuildID: w.in.RebuildID, Canceled: temporal.IsCanceledError(cause)}
	if !in.Canceled {
		_, in.Message = reasonOf(cause, "", "the rebuild could not be finished; see the workflow for every attempt")
	}
	var rebuilds *activities.Rebuilds
	if err := workflow.ExecuteActivity(rowOptions(ctx), rebuilds.EndRebuild, in).Get(ctx, nil); err != nil {
		return err
	}
	return cause
}
