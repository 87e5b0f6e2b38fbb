package domain

import (
	"time"

	"github.com/google/uuid"
)

// JobKind names what a job does.
type JobKind string

// The kinds of jobs.
const (
	JobIndexDocuments JobKind = "index_documents"
)

// JobState is a job's state as users see it.
//
//	queued ──▶ running ──▶ completed | completed_with_errors | failed
//	   └──────────┴──────▶ canceled
type JobState string

// The states of a job.
const (
	JobQueued              JobState = "queued"
	JobRunning             JobState = "running"
	JobCompleted           JobState = "completed"
	JobCompletedWithErrors JobState = "completed_with_errors"
	JobFailed              JobState = "failed"
	JobCanceled            JobState = "canceled"
)

// JobStates lists every state, in the order of a job's life.
var JobStates = []JobState{JobQueued, JobRunning, JobCompleted, JobCompletedWithErrors, JobFailed, JobCanceled}

// Final reports whether a job in state s will not change any more.
func (s JobState) Final() bool { return s != JobQueued && s != JobRunning }

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

// Job is one piece of durable work.
type Job struct {
	ID           uuid.UUID
	TenantID     uuid.UUID
	Kind         JobKind
	State        JobState
	Stage        string
	Total        int
	Done         int
	Failed       int
	Bytes        int64
	ErrorCode    string
	ErrorMessage string
	WorkflowID   string
	CreatedAt    time.Time
	StartedAt    *time.Time
	FinishedAt   *time.Time
	HeartbeatAt  *time.Time
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
