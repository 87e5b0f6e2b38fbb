package workflows

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// StartRecovery starts the workflow of a recovery. That it was started before is
// success.
func (c *Client) StartRecovery(ctx context.Context, r domain.Recovery) error {
	return unlessStarted(c.startRecovery(ctx, r))
}

// StartOrDescribeRecovery implements activities.RecoveryStarter: it starts the
// workflow of a recovery that has none yet, and then returns ExecutionMissing;
// else it says what the workflow is doing.
func (c *Client) StartOrDescribeRecovery(ctx context.Context, r domain.Recovery) (activities.Execution, error) {
	return c.orDescribe(ctx, c.startRecovery(ctx, r), r.WorkflowID)
}

func (c *Client) startRecovery(ctx context.Context, r domain.Recovery) error {
	_, err := c.execute(ctx, client.StartWorkflowOptions{
		ID:                    r.WorkflowID,
		TaskQueue:             WebhooksQueue,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(r.TenantID.String()), EndpointID.ValueSet(r.EndpointID.String()), JobKind.ValueSet("recover_webhook")),
		StaticSummary: "Send again what a webhook did not get",
		Priority:      temporal.Priority{PriorityKey: priorityBackground, FairnessKey: r.TenantID.String()},
	}, RecoverWebhook, RecoverWebhookInput{TenantID: r.TenantID, EndpointID: r.EndpointID, RecoveryID: r.ID})
	return err
}
