package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestJobsOfTheSameStateAreToldApart(t *testing.T) {
	t.Parallel()
	now := time.Now()
	old, fresh := now.Add(-time.Hour), now.Add(-time.Second)
	waits := func(reason string) JobWait { return JobWait{Reason: reason, Detail: "429", Since: &fresh} }
	for name, c := range map[string]struct {
		job    Job
		around JobSurroundings
		want   JobCondition
	}{
		"waits for a place":      {Job{State: JobQueued}, JobSurroundings{Ahead: 3, Limit: 2, Workers: 1}, ConditionQueuedBehind},
		"workers are busy":       {Job{State: JobQueued, DispatchedAt: &old}, JobSurroundings{Workers: 1}, ConditionQueuedBehind},
		"nobody works":           {Job{State: JobQueued, DispatchedAt: &old}, JobSurroundings{Workers: 0}, ConditionNoWorker},
		"Temporal is away":       {Job{State: JobQueued, DispatchedAt: &old}, JobSurroundings{Workers: 0, TemporalAway: true}, ConditionTemporalAway},
		"works":                  {Job{State: JobRunning, HeartbeatAt: &fresh}, JobSurroundings{Workers: 1}, ConditionWorking},
		"provider away":          {Job{State: JobRunning, HeartbeatAt: &old, Wait: waits(WaitProvider)}, JobSurroundings{Workers: 1}, ConditionWaiting},
		"retries":                {Job{State: JobRunning, HeartbeatAt: &fresh, Wait: waits(WaitRetry)}, JobSurroundings{Workers: 1}, ConditionRetrying},
		"silent":                 {Job{State: JobRunning, HeartbeatAt: &old}, JobSurroundings{Workers: 1}, ConditionStuck},
		"silent, retrying":       {Job{State: JobRunning, HeartbeatAt: &old, Wait: waits(WaitRetry)}, JobSurroundings{Workers: 1}, ConditionStuck},
		"silent without workers": {Job{State: JobRunning, HeartbeatAt: &old}, JobSurroundings{Workers: 0}, ConditionNoWorker},
		"silent, Temporal away":  {Job{State: JobRunning, HeartbeatAt: &old}, JobSurroundings{TemporalAway: true}, ConditionTemporalAway},
		"endpoint is paused":     {Job{State: JobRunning, HeartbeatAt: &old, Wait: waits("endpoint")}, JobSurroundings{Workers: 1}, ConditionWaiting},
		"asked to end":           {Job{State: JobRunning, HeartbeatAt: &fresh, Wait: waits(WaitCancel)}, JobSurroundings{Workers: 1}, ConditionEnding},
		"paused":                 {Job{State: JobPaused, PauseReasons: []PauseReason{PausedByOperator}}, JobSurroundings{}, ConditionPaused},
		"ended":                  {Job{State: JobFailed, FinishedAt: &old}, JobSurroundings{}, ConditionEnded},
	} {
		got := c.job.Standing(now, c.around)
		require.Equal(t, c.want, got.Condition, name)
		if c.want != ConditionWorking && c.want != ConditionEnded {
			require.NotEmpty(t, got.Reason, name)
		}
	}
}
