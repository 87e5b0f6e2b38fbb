package domain

import (
	"time"

	"github.com/google/uuid"
)

// How long is kept what can be sent again: events in the outbox from when they
// occurred, deliveries from when they ended.
const (
	EventRetention    = 7 * 24 * time.Hour
	DeliveryRetention = 30 * 24 * time.Hour
)

// RecoveryState says how a recovery stands.
type RecoveryState string

// The states of a recovery. Only a running one changes.
const (
	RecoveryRunning   RecoveryState = "running"
	RecoveryCompleted RecoveryState = "completed"
	RecoveryFailed    RecoveryState = "failed"
	RecoveryCanceled  RecoveryState = "canceled"
)

// The stages of a recovery.
const (
	RecoveryStageDeliveries = "deliveries" // ended deliveries become due again
	RecoveryStageMissed     = "missed"     // events without a delivery get one
	RecoveryStageDone       = "done"
)

// What a recovery may wait for.
const (
	RecoveryWaitsForReceiver = "receiver" // enough is due already
	RecoveryWaitsForEndpoint = "endpoint" // it is paused
	RecoveryWaitsForTenant   = "tenant"   // it is suspended
)

// RecoveryRange says which deliveries of an endpoint are to be sent again.
type RecoveryRange struct {
	// Since and Until bound when the event occurred; Until is not in the range.
	Since, Until time.Time
	// States are those of deliveries that are made due again.
	States []DeliveryState
	// Missed also makes deliveries of events that the endpoint subscribes to now
	// and never got.
	Missed bool
}

// Recovery is a request to send again what an endpoint did not get.
type Recovery struct {
	ID         uuid.UUID
	TenantID   uuid.UUID
	EndpointID uuid.UUID
	RecoveryRange
	// RequestedBy is the API key that asked for it, KeyName its name where the
	// key is the tenant's own.
	RequestedBy uuid.UUID
	KeyName     string
	WorkflowID  string
	State       RecoveryState
	Stage       string
	// Seen counts the rows that were looked at; Resent deliveries were made due
	// again, Created ones were made for events without one.
	Seen, Resent, Created int64
	// WaitsFor is what keeps it from going on, "" for nothing.
	WaitsFor   string
	Error      string
	StartedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time
}

// RecoveryCount is what a recovery would do now.
type RecoveryCount struct {
	Exhausted, Canceled, Delivered, Missed int64
	// Complete is false when there was no time to count all.
	Complete bool
}

// EndpointStats is what became of an endpoint's attempts since a moment.
type EndpointStats struct {
	Since               time.Time
	Attempts, Succeeded int64
	// Failed counts attempts by error code.
	Failed map[string]int64
	// P50 and P95 are of the durations of all attempts, within 15 %; 0 without attempts.
	P50, P95 time.Duration
	// Pending counts open deliveries, up to MaxPendingCounted.
	Pending int64
	// OldestPending is when the oldest event of those occurred, NextAttempt when
	// the first of them is due; nil when nothing is pending.
	OldestPending, NextAttempt *time.Time
}

// MaxPendingCounted is how far pending deliveries are counted.
const MaxPendingCounted = 10_000
