package workflows

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// BackfillAnalyticsInput names a back-fill.
type BackfillAnalyticsInput struct {
	TenantID   uuid.UUID `json:"tenant_id"`
	BackfillID uuid.UUID `json:"backfill_id"`
	// Progress is what earlier runs have come to.
	Progress BackfillProgress `json:"progress,omitzero"`
}

// BackfillProgress is the answer to ProgressQuery, and the result.
type BackfillProgress struct {
	Hours int64     `json:"hours"` // counted again
	Next  time.Time `json:"next"`  // the first hour that has not been
	Until time.Time `json:"until"`
}

// BackfillAnalytics counts the hours of a range again from the recorded searches,
// and the days and weeks that they are part of. How far it is is in its row,
// committed with each day; the workflow is what goes on with it, and what an
// operator watches and cancels. At every moment all answers are right: an hour that
// is about to be counted is read from its searches. What it has counted stays so
// when it ends early.
func BackfillAnalytics(ctx workflow.Context, in BackfillAnalyticsInput) (BackfillProgress, error) {
	w := &backfillAnalytics{in: in}
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (BackfillProgress, error) { return w.in.Progress, nil })
	if err != nil {
		return w.in.Progress, err
	}
	if err = w.run(ctx); err != nil && !workflow.IsContinueAsNewError(err) {
		err = w.end(ctx, err)
	}
	return w.in.Progress, err
}

type backfillAnalytics struct{ in BackfillAnalyticsInput }

func (w *backfillAnalytics) run(ctx workflow.Context) error {
	var analytics *activities.Analytics
	ids := activities.BackfillSomeInput{TenantID: w.in.TenantID, BackfillID: w.in.BackfillID}
	for range roundsPerRun {
		var out activities.BackfillSomeOutput
		if err := workflow.ExecuteActivity(batchOptions(ctx), analytics.BackfillSome, ids).Get(ctx, &out); err != nil {
			return err
		}
		w.in.Progress = BackfillProgress{Hours: out.Hours, Next: out.Next, Until: out.Until}
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d hours counted again, up to %s of %s",
			out.Hours, out.Next.Format(time.RFC3339), out.Until.Format(time.RFC3339)))
		switch out.State {
		case domain.BackfillRunning:
		case domain.BackfillCompleted:
			return nil
		case domain.BackfillCanceled:
			return temporal.NewCanceledError()
		case domain.BackfillFailed:
			return temporal.NewNonRetryableApplicationError("the back-fill is failed: "+out.Error, string(out.State), nil)
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	return workflow.NewContinueAsNewError(ctx, BackfillAnalytics, w.in)
}

// end makes the row follow a workflow that was canceled or cannot go on.
func (w *backfillAnalytics) end(ctx workflow.Context, cause error) error {
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	in := activities.EndBackfillInput{TenantID: w.in.TenantID, BackfillID: w.in.BackfillID, State: domain.BackfillCanceled}
	if !temporal.IsCanceledError(cause) {
		in.State = domain.BackfillFailed
		_, in.Message = reasonOf(cause, "", "the back-fill could not be finished; see the workflow for every attempt")
	}
	var analytics *activities.Analytics
	if err := workflow.ExecuteActivity(rowOptions(ctx), analytics.EndBackfill, in).Get(ctx, nil); err != nil {
		return err
	}
	return cause
}
