package domain

import (
	"time"

	"github.com/google/uuid"
)

// JobState is a job's state as users see it.
//
//	queued ──▶ running ──▶ completed | completed_with_errors | failed
//	   │ ▲        │ ▲
//	   ▼ │        ▼ │
//	  paused ◀──▶ paused      canceled: from every state that is not an end
type JobState string

// The states of a job.
const (
	JobQueued              JobState = "queued"
	JobRunning             JobState = "running"
	JobPaused              JobState = "paused"
	JobCompleted           JobState = "completed"
	JobCompletedWithErrors JobState = "completed_with_errors"
	JobFailed              JobState = "failed"
	JobCanceled            JobState = "canceled"
)

// JobStates lists every state, in the order of a job's life.
var JobStates = []JobState{JobQueued, JobRunning, JobPaused, JobCompleted, JobCompletedWithErrors, JobFailed, JobCanceled}

// Final reports whether a job in state s will not change any more.
func (s JobState) Final() bool { return s != JobQueued && s != JobRunning && s != JobPaused }

// FinishedState is the state of a job all of whose items have ended.
func FinishedState(total, failed int) JobState {
	switch {
	case failed == 0:
		return JobCompleted
	case failed >= total:
		return JobFailed
	default:
		return JobCompletedWithErrors
	}
}

// PauseReason says who paused a job. A job is paused while there is one, and each
// is taken away by whoever gave it: resuming a tenant does not resume what an
// operator has paused.
type PauseReason string

// The reasons of a pause.
const (
	PausedByOperator    PauseReason = "operator"
	PausedWithItsTenant PauseReason = "tenant_suspended"
	// ResumedByRow takes every reason away from a workflow whose row is not paused.
	ResumedByRow         PauseReason = "row"
	defaultPauseReason               = PausedByOperator
	maxPauseReasonLength             = 64
)

// OrDefault is the reason, or that of a person who gave none.
func (r PauseReason) OrDefault() PauseReason {
	if r == "" || len(r) > maxPauseReasonLength {
		return defaultPauseReason
	}
	return r
}

// Job is one piece of durable work.
type Job struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	Kind     JobKind
	State    JobState
	// Title says in words what it does; empty for kinds whose name says it.
	Title string
	Stage string
	// Total, Done and Failed count documents, or what the kind works on.
	Total        int
	Done         int
	Failed       int
	Bytes        int64
	ErrorCode    string
	ErrorMessage string
	WorkflowID   string
	// RunID and Worker are of the last attempt.
	RunID   string
	Worker  string
	TraceID string
	// PauseReasons are not empty exactly while it is paused.
	PauseReasons []PauseReason
	PausedAt     *time.Time
	ResumedAt    *time.Time
	Wait         JobWait
	// RetryOf is the job that this one repeats, RetriedBy the one that repeats it.
	RetryOf    *uuid.UUID
	RetriedBy  *uuid.UUID
	CreatedAt  time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
	// DispatchedAt is when it was handed to Temporal; nil while it waits for one of
	// the tenant's places.
	DispatchedAt *time.Time
	HeartbeatAt  *time.Time
}

// JobWait is why nothing happens to a job, as the work itself tells it.
type JobWait struct {
	Reason string // one of the Wait constants; "" while something happens
	Detail string
	Since  *time.Time
}

// ItemState is the outcome of one document of a job.
type ItemState string

// The states of a job item.
const (
	ItemQueued     ItemState = "queued"
	ItemIndexed    ItemState = "indexed"
	ItemSuperseded ItemState = "superseded" // a newer version was accepted meanwhile
	ItemDeleted    ItemState = "deleted"    // the document was deleted meanwhile
	ItemFailed     ItemState = "failed"
	ItemCanceled   ItemState = "canceled"
)

// SeqRange is a run of a job's items, both ends included.
type SeqRange struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// JobItem is one document version within a job.
type JobItem struct {
	Seq          int
	DocumentID   uuid.UUID
	ExternalID   string
	Title        string
	Version      int64
	State        ItemState
	Stage        string
	ErrorCode    string
	ErrorMessage string
	Attempts     int
	UpdatedAt    time.Time
}

// The stages of indexing, in order.
const (
	StageLoad   = "load"
	StageChunk  = "chunk"
	StageBuild  = "build"
	StageEmbed  = "embed"
	StageCommit = "commit"
)
