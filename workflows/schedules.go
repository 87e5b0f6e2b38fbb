package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// scheduleCatchup is how far back missed rounds are made good: none is worth
// more than the next one.
const scheduleCatchup = time.Minute

// schedules lists what runs by itself.
func schedules() []client.ScheduleOptions {
	return []client.ScheduleOptions{
		schedule("recover-pending", 10*time.Second, "Start what was committed and not started", RecoverPending),
		schedule("recover-deliveries", 10*time.Second, "Wake webhooks that have deliveries to make", RecoverDeliveries),
		schedule("purge-expired", time.Hour, "Remove expired keys, sessions and old events", PurgeExpired),
		schedule("index-upkeep", time.Minute, "Rebuild outdated indexes, compact what deletes have left", IndexUpkeep),
		schedule("rollup-analytics", time.Minute, "Roll up recorded searches", RollupAnalytics),
		schedule("start-due-embeddings", time.Minute, "Make models and vectors where they are due", StartDueEmbeddings),
		schedule("purge-analytics", 24*time.Hour, "Make and drop partitions of recorded searches", PurgeAnalytics),
	}
}

func schedule(id string, every time.Duration, summary string, workflow any) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:   id,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}},
		Action: &client.ScheduleWorkflowAction{
			ID: id, Workflow: workflow, TaskQueue: MaintenanceQueue,
			WorkflowRunTimeout: max(10*every, 15*time.Minute), StaticSummary: summary,
		},
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: scheduleCatchup,
		// The first round must not wait for the interval to come around.
		TriggerImmediately: true,
	}
}

// EnsureSchedules creates the schedules and brings existing ones up to date.
// It keeps the pause of one that an operator has paused.
func (c *Client) EnsureSchedules(ctx context.Context) error {
	for _, want := range schedules() {
		_, err := c.temporal.ScheduleClient().Create(ctx, want)
		if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			err = c.updateSchedule(ctx, want)
		}
		if err != nil {
			return fmt.Errorf("create the schedule %s: %w", want.ID, err)
		}
	}
	return nil
}

func (c *Client) updateSchedule(ctx context.Context, want client.ScheduleOptions) error {
	return c.temporal.ScheduleClient().GetHandle(ctx, want.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			s := in.Description.Schedule
			s.Spec, s.Action = &want.Spec, want.Action
			s.Policy = &client.SchedulePolicies{Overlap: want.Overlap, CatchupWindow: want.CatchupWindow}
			return &client.ScheduleUpdate{Schedule: &s}, nil
		},
	})
}

// EnsureSearchAttributes registers the search attributes of our workflows.
func (c *Client) EnsureSearchAttributes(ctx context.Context) error {
	keyword := enumspb.INDEXED_VALUE_TYPE_KEYWORD
	_, err := c.temporal.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: c.namespace,
		SearchAttributes: map[string]enumspb.IndexedValueType{
			TenantID.GetName(): keyword, JobKind.GetName(): keyword, DocumentID.GetName(): keyword, EndpointID.GetName(): keyword,
		},
	})
	var exists *serviceerror.AlreadyExists
	if err == nil || errors.As(err, &exists) {
		return nil
	}
	return fmt.Errorf("register the search attributes: %w", err)
}
