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
