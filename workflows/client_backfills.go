package workflows

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// StartBackfill starts the workflow of a back-fill. That it was started before is
// success.
func (c *Client) StartBackfill(ctx context.Context, b domain.Backfill) error {
	return unlessStarted(c.startBackfill(ctx, b))
}

// StartOrDescribeBackfill implements activities.BackfillStarter: it starts the
// workflow of a back-fill that has none yet, and then returns ExecutionMissing; else
// it says what the workflow is doing.
func (c *Client) StartOrDescribeBackfill(ctx context.Context, b domain.Backfill) (activities.Execution, error) {
	return c.orDescribe(ctx, c.startBackfill(ctx, b), b.WorkflowID)
}

func (c *Client) startBackfill(ctx context.Context, b domain.Backfill) error {
	_, err := c.execute(ctx, client.StartWorkflowOptions{
		ID:                    b.WorkflowID,
		TaskQueue:             MaintenanceQueue,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(b.TenantID.String()), JobKind.ValueSet("backfill_analytics")),
		StaticSummary: "Count recorded searches again",
		Priority:      temporal.Priority{PriorityKey: priorityBackground, FairnessKey: b.TenantID.String()},
	}, BackfillAnalytics, BackfillAnalyticsInput{TenantID: b.TenantID, BackfillID: b.ID})
	return err
}
