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

// recoverPause is between two looks at an endpoint that is paused, or a tenant
// that is suspended.
const recoverPause = 30 * time.Second

// RecoverWebhookInput names a recovery.
type RecoverWebhookInput struct {
	TenantID   uuid.UUID `json:"tenant_id"`
	EndpointID uuid.UUID `json:"endpoint_id"`
	RecoveryID uuid.UUID `json:"recovery_id"`
	// Progress is what earlier runs have come to.
	Progress RecoverWebhookProgress `json:"progress,omitzero"`
}

// RecoverWebhookProgress is the answer to ProgressQuery, and the result. Resent
// deliveries were made due again, Created ones were made for events without one.
type RecoverWebhookProgress struct {
	Stage    string `json:"stage"`
	Seen     int64  `json:"seen"`
	Resent   int64  `json:"resent"`
	Created  int64  `json:"created"`
	WaitsFor string `json:"waits_for,omitempty"`
}

// RecoverWebhook makes due again what an endpoint did not get in a range of
// time, no faster than its receiver takes it. How far it is is in its row,
// committed with each step; the workflow is what goes on with it, through any
// number of rows, and what an operator watches and cancels. What it has made due
// stays due when it ends early.
func RecoverWebhook(ctx workflow.Context, in RecoverWebhookInput) (RecoverWebhookProgress, error) {
	w := &recoverWebhook{in: in}
	w.pauses = listenPauses(ctx, in.TenantID, func() uuid.UUID { return in.RecoveryID })
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (RecoverWebhookProgress, error) { return w.in.Progress, nil })
	if err != nil {
		return w.in.Progress, err
	}
	if err = w.run(ctx); err != nil && !workflow.IsContinueAsNewError(err) {
		err = w.end(ctx, err)
	}
	return w.in.Progress, err
}

type recoverWebhook struct {
	in     RecoverWebhookInput
	pauses *pauser
}

func (w *recoverWebhook) run(ctx workflow.Context) error {
	var recoveries *activities.Recoveries
	ids := activities.RecoverSomeInput{TenantID: w.in.TenantID, RecoveryID: w.in.RecoveryID}
	for range roundsPerRun {
		if err := w.pauses.wait(ctx); err != nil {
			return err
		}
		var out activities.RecoverSomeOutput
		if err := workflow.ExecuteActivity(batchOptions(ctx), recoveries.RecoverSome, ids).Get(ctx, &out); err != nil {
			return err
		}
		w.tell(ctx, out)
		switch {
		case out.State == domain.RecoveryCompleted:
			return nil
		case out.State == domain.RecoveryCanceled:
			return temporal.NewCanceledError()
		case out.State != domain.RecoveryRunning:
			return temporal.NewNonRetryableApplicationError("the recovery is "+string(out.State)+": "+out.Error, string(out.State), nil)
		case out.WaitsFor == domain.RecoveryWaitsForEndpoint, out.WaitsFor == domain.RecoveryWaitsForTenant:
			if err := workflow.Sleep(ctx, recoverPause); err != nil {
				return err
			}
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	if err := w.pauses.wait(ctx); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, RecoverWebhook, w.in)
}

func (w *recoverWebhook) tell(ctx workflow.Context, out activities.RecoverSomeOutput) {
	w.in.Progress = RecoverWebhookProgress{
		Stage: out.Stage, Seen: out.Seen, Resent: out.Resent, Created: out.Created, WaitsFor: out.WaitsFor,
	}
	waits := ""
	switch out.WaitsFor {
	case domain.RecoveryWaitsForReceiver:
		waits = "; the receiver has enough to do"
	case domain.RecoveryWaitsForEndpoint:
		waits = "; it waits until the webhook is active again"
	case domain.RecoveryWaitsForTenant:
		waits = "; it waits until the tenant is active again"
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%s: %d deliveries made due again, %d made for missed events, %d rows seen%s",
		out.Stage, out.Resent, out.Created, out.Seen, waits))
}

// end makes the row follow a workflow that was canceled or cannot go on.
func (w *recoverWebhook) end(ctx workflow.Context, cause error) error {
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	in := activities.EndRecoveryInput{TenantID: w.in.TenantID, RecoveryID: w.in.RecoveryID, State: domain.RecoveryCanceled}
	if !temporal.IsCanceledError(cause) {
		in.State = domain.RecoveryFailed
		_, in.Message = reasonOf(cause, "", "the recovery could not be finished; see the workflow for every attempt")
	}
	var recoveries *activities.Recoveries
	if err := workflow.ExecuteActivity(rowOptions(ctx), recoveries.EndRecovery, in).Get(ctx, nil); err != nil {
		return err
	}
	return cause
}
