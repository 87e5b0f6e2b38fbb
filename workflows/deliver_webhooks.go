package workflows

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
)

// deliverSignal says that an endpoint got deliveries to make.
const deliverSignal = "due"

// roundsPerRun bounds the history of one run.
const roundsPerRun = 100

// DeliverWebhooksInput names an endpoint.
type DeliverWebhooksInput struct {
	TenantID   uuid.UUID `json:"tenant_id"`
	EndpointID uuid.UUID `json:"endpoint_id"`
	// Delivered and Failed count the attempts of earlier runs.
	Delivered int `json:"delivered,omitempty"`
	Failed    int `json:"failed,omitempty"`
}

// DeliverWebhooks delivers events to one endpoint. It lives while there is
// something to deliver now or later: it sends what is due, sleeps until the
// next delivery is due or a signal comes, and ends when nothing is left.
func DeliverWebhooks(ctx workflow.Context, in DeliverWebhooksInput) error {
	due := workflow.GetSignalChannel(ctx, deliverSignal)
	for range roundsPerRun {
		for due.ReceiveAsync(nil) {
		}
		var webhooks *activities.Webhooks
		var out activities.DeliverDueOutput
		round := activities.DeliverDueInput{TenantID: in.TenantID, EndpointID: in.EndpointID}
		if err := workflow.ExecuteActivity(deliverOptions(ctx), webhooks.DeliverDue, round).Get(ctx, &out); err != nil {
			return err
		}
		in.Delivered += out.Delivered
		in.Failed += out.Failed
		workflow.SetCurrentDetails(ctx, deliveryDetails(in, out))
		switch {
		case out.More || due.Len() > 0:
		case out.Wait < 0:
			return nil
		default:
			if due.ReceiveWithTimeout(ctx, max(out.Wait, time.Second), nil); ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	return workflow.NewContinueAsNewError(ctx, DeliverWebhooks, in)
}

func deliveryDetails(in DeliverWebhooksInput, out activities.DeliverDueOutput) string {
	next := "nothing is waiting"
	switch {
	case out.More:
		next = "there is more to send"
	case out.Wait >= 0:
		next = "the next attempt is due in " + out.Wait.Round(time.Second).String()
	}
	return fmt.Sprintf("%d attempts succeeded, %d failed; %s", in.Delivered, in.Failed, next)
}

// RecoverDeliveries wakes every endpoint with deliveries that should be on
// their way and are not.
func RecoverDeliveries(ctx workflow.Context) (out activities.WakeDueOutput, err error) {
	var webhooks *activities.Webhooks
	err = workflow.ExecuteActivity(sweepOptions(ctx), webhooks.WakeDue).Get(ctx, &out)
	return out, err
}
