package domain

import (
	"fmt"
	"time"
)

// Why a job waits, as its own work tells it.
const (
	// WaitProvider: the embeddings server is away, or asks to be left alone.
	WaitProvider = "provider"
	// WaitRetry: an attempt failed and the next one is due later.
	WaitRetry = "retry"
	// WaitCancel: it was asked to end.
	WaitCancel = "cancel"
)

// JobCondition tells jobs apart that look the same by their state.
type JobCondition string

// The conditions of a job.
const (
	// ConditionQueuedBehind: other jobs of the tenant, or of others, come first.
	ConditionQueuedBehind JobCondition = "queued_behind"
	// ConditionNoWorker: no worker polls its queue.
	ConditionNoWorker JobCondition = "no_worker"
	// ConditionTemporalAway: Temporal does not answer, so that it cannot start or go on.
	ConditionTemporalAway JobCondition = "temporal_away"
	ConditionWorking      JobCondition = "working"
	// ConditionWaiting: for what is outside, such as the embeddings server.
	ConditionWaiting  JobCondition = "waiting"
	ConditionRetrying JobCondition = "retrying"
	ConditionPaused   JobCondition = "paused"
	ConditionEnding   JobCondition = "ending"
	// ConditionStuck: it runs, and has shown no sign of life for StuckAfter.
	ConditionStuck JobCondition = "stuck"
	ConditionEnded JobCondition = "ended"
)

// StuckAfter is how long a running job may show no sign of life. Attempts tell of
// theirs every few seconds, and a dead worker is noticed within half a minute.
const StuckAfter = 2 * time.Minute

// JobSurroundings are what a job's row does not know.
type JobSurroundings struct {
	// Ahead is how many jobs of the tenant come first, -1 when that is not known.
	Ahead int
	// Limit is how many jobs of a tenant run at once; 0 for any number.
	Limit int
	// Workers poll the job's queue; -1 when that is not known.
	Workers      int
	TemporalAway bool
}

// JobStanding is a condition with its reason and since when it holds.
type JobStanding struct {
	Condition JobCondition
	Reason    string
	Since     *time.Time
}

// Standing says how a job stands at the given moment.
func (j *Job) Standing(now time.Time, s JobSurroundings) JobStanding {
	switch {
	case j.State.Final():
		return JobStanding{ConditionEnded, "", j.FinishedAt}
	case j.State == JobPaused:
		return JobStanding{ConditionPaused, pausedReason(j.PauseReasons), j.PausedAt}
	case j.State == JobQueued:
		return j.queuedStanding(s)
	case j.Wait.Reason == WaitProvider:
		return JobStanding{ConditionWaiting, "the provider: " + j.Wait.Detail, j.Wait.Since}
	case j.HeartbeatAt != nil && now.Sub(*j.HeartbeatAt) > StuckAfter && j.Wait.Reason != WaitCancel && !j.waitsOutside():
		return j.stuckStanding(now, s)
	case j.Wait.Reason == WaitRetry:
		return JobStanding{ConditionRetrying, j.Wait.Detail, j.Wait.Since}
	case j.Wait.Reason == WaitCancel:
		return JobStanding{ConditionEnding, "it was asked to end", j.Wait.Since}
	case j.Wait.Reason != "":
		return JobStanding{ConditionWaiting, "the " + j.Wait.Reason, j.Wait.Since}
	}
	return JobStanding{ConditionWorking, "", j.StartedAt}
}

// waitsOutside is for work that waits without a heartbeat.
func (j *Job) waitsOutside() bool {
	return j.Wait.Reason != "" && j.Wait.Reason != WaitRetry
}

func (j *Job) queuedStanding(s JobSurroundings) JobStanding {
	since := &j.CreatedAt
	switch {
	case j.DispatchedAt == nil && s.Ahead > 0:
		return JobStanding{ConditionQueuedBehind, fmt.Sprintf("%d jobs of the tenant come first; %d of them run at once", s.Ahead, s.Limit), since}
	case s.TemporalAway:
		return JobStanding{ConditionTemporalAway, "Temporal does not answer; the job starts when it is back", since}
	case s.Workers == 0:
		return JobStanding{ConditionNoWorker, "no worker polls its queue: start one with rustassistant worker", since}
	}
	return JobStanding{ConditionQueuedBehind, "the workers are busy with others", since}
}

func (j *Job) stuckStanding(now time.Time, s JobSurroundings) JobStanding {
	reason := fmt.Sprintf("no sign of life for %s", now.Sub(*j.HeartbeatAt).Round(time.Second))
	switch {
	case s.TemporalAway:
		return JobStanding{ConditionTemporalAway, reason + ", and Temporal does not answer", j.HeartbeatAt}
	case s.Workers == 0:
		return JobStanding{ConditionNoWorker, reason + ": no worker polls its queue", j.HeartbeatAt}
	}
	return JobStanding{ConditionStuck, reason + "; its workflow shows what it waits for", j.HeartbeatAt}
}

func pausedReason(reasons []PauseReason) string {
	out := ""
	for n, r := range reasons {
		if n > 0 {
			out += ", "
		}
		out += string(r)
	}
	return out
}
