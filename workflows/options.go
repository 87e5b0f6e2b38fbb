package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The task queues, by the shape of resource that their work needs.
const (
	IndexingQueue    = "indexing"
	MaintenanceQueue = "maintenance"
	WebhooksQueue    = "webhooks"
	EmbeddingsQueue  = "embeddings"
)

// retryPolicy is shared by all activities: quick at first, a minute at most.
// How long it goes on is bounded by each profile's ScheduleToClose.
func retryPolicy() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: time.Minute}
}

// batchOptions is for the work itself: minutes at most, a heartbeat well inside
// of 12 s, and a day of patience with a database that is away.
func batchOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    15 * time.Minute,
		ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout:       12 * time.Second,
		RetryPolicy:            retryPolicy(),
	})
}

// embedOptions is for models and vectors: hours for a large segment and a slow
// provider, a week of patience with a fault of ours. The patience with a provider
// that is away is the workflow's.
func embedOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    24 * time.Hour,
		ScheduleToCloseTimeout: 7 * 24 * time.Hour,
		HeartbeatTimeout:       30 * time.Second,
		RetryPolicy:            retryPolicy(),
	})
}

// rowOptions is for short changes of rows.
func rowOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: 24 * time.Hour,
		RetryPolicy:            retryPolicy(),
	})
}

// provisionOptions is for steps that somebody waits for: given up, and taken back,
// while they may still be asked about.
func provisionOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 10 * time.Minute,
		RetryPolicy:            retryPolicy(),
	})
}

// deliverOptions is for sending events: slices of minutes, with a heartbeat, and
// a day of patience with a fault of ours.
func deliverOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Minute,
		ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout:       20 * time.Second,
		RetryPolicy:            retryPolicy(),
	})
}

// sweepOptions is for scheduled rounds: the next round tries again anyway.
func sweepOptions(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    5 * time.Minute,
		ScheduleToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout:       12 * time.Second,
		RetryPolicy:            retryPolicy(),
	})
}
