package domain

import (
	"time"

	"github.com/google/uuid"
)

// BackfillState says how a back-fill stands.
type BackfillState string

// The states of a back-fill. Only a running one changes.
const (
	BackfillRunning   BackfillState = "running"
	BackfillCompleted BackfillState = "completed"
	BackfillFailed    BackfillState = "failed"
	BackfillCanceled  BackfillState = "canceled"
)

// Backfill is a request to count the hours of a range again from their events, and
// with them the days and weeks that they are part of.
type Backfill struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	// Since and Until are the hours from Since up to and without Until.
	Since, Until time.Time
	// Next is the first hour that has not been counted yet.
	Next time.Time
	// Hours counts those that were.
	Hours int64
	// RequestedBy is the API key that asked for it.
	RequestedBy uuid.UUID
	WorkflowID  string
	State       BackfillState
	Error       string
	StartedAt   time.Time
	UpdatedAt   time.Time
	FinishedAt  *time.Time
}
