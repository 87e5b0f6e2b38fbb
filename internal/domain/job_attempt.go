package domain

import (
	"time"

	"github.com/google/uuid"
)

// AttemptState says how an attempt at a step of a job ended.
type AttemptState string

// The states of an attempt.
const (
	AttemptRunning   AttemptState = "running"
	AttemptSucceeded AttemptState = "succeeded"
	AttemptFailed    AttemptState = "failed"
	// AttemptLost: its worker has not said how it ended.
	AttemptLost AttemptState = "lost"
)

// JobAttempt is one attempt at one step of a job.
type JobAttempt struct {
	ID   uuid.UUID
	Step string // the activity, such as IndexBatch
	// Items are the documents of the step; zero for steps without.
	Items   SeqRange
	Attempt int // from 1
	State   AttemptState
	// Stage is where it is, or ended.
	Stage     string
	ErrorCode string
	Error     string
	Worker    string
	RunID     string
	StartedAt time.Time
	EndedAt   *time.Time
}
