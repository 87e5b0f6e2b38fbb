package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
)

// RecoverPending closes the gap between a commit and the start of its
// workflow: it starts every job that was committed and not started, and makes
// job rows follow workflows that an operator has ended.
func RecoverPending(ctx workflow.Context) (out activities.StartPendingJobsOutput, err error) {
	var jobs *activities.Jobs
	err = workflow.ExecuteActivity(sweepOptions(ctx), jobs.StartPendingJobs).Get(ctx, &out)
	return out, err
}

// PurgeExpired removes what has served its time.
func PurgeExpired(ctx workflow.Context) (out activities.PurgeExpiredOutput, err error) {
	var maintenance *activities.Maintenance
	err = workflow.ExecuteActivity(sweepOptions(ctx), maintenance.PurgeExpired).Get(ctx, &out)
	return out, err
}

// RollupAnalytics brings the rollups of recorded searches up to date. What one
// round does not get to, the next one does.
func RollupAnalytics(ctx workflow.Context) (out activities.RollUpAnalyticsOutput, err error) {
	var analytics *activities.Analytics
	err = workflow.ExecuteActivity(sweepOptions(ctx), analytics.RollUpAnalytics).Get(ctx, &out)
	return out, err
}

// PurgeAnalytics makes the partitions of the weeks to come, so that events never
// wait for them, and removes what is past its retention.
func PurgeAnalytics(ctx workflow.Context) (out activities.PurgeAnalyticsOutput, err error) {
	var analytics *activities.Analytics
	var made activities.EnsureAnalyticsPartitionsOutput
	if err = workflow.ExecuteActivity(sweepOptions(ctx), analytics.EnsureAnalyticsPartitions).Get(ctx, &made); err != nil {
		return out, err
	}
	err = workflow.ExecuteActivity(sweepOptions(ctx), analytics.PurgeAnalytics).Get(ctx, &out)
	return out, err
}

// IndexUpkeep asks for the rebuilds and compactions that no commit has asked for.
func IndexUpkeep(ctx workflow.Context) (out activities.RequestIndexUpkeepOutput, err error) {
	var upkeep *activities.Upkeep
	err = workflow.ExecuteActivity(sweepOptions(ctx), upkeep.RequestIndexUpkeep).Get(ctx, &out)
	return out, err
}
