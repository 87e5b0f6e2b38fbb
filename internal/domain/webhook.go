package domain

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// The events of webhooks themselves, and those that only the catalogue knows.
const (
	EventWebhookTest      EventType = "webhook.test"
	EventWebhookDisabled  EventType = "webhook.disabled"
	EventWebhookRecovered EventType = "webhook.recovered"
	EventSearchPerformed  EventType = "search.performed"
)

// EndpointState says whether a webhook endpoint is sent to.
//
//	active ◀──▶ paused      by its owner: events wait
//	active ───▶ disabled    by us: 410, or failing for days; events are skipped
//	disabled ─▶ active      by its owner
//	any ──────▶ deleted     by its owner, for good
type EndpointState string

// The states of an endpoint.
const (
	EndpointActive   EndpointState = "active"
	EndpointPaused   EndpointState = "paused"
	EndpointDisabled EndpointState = "disabled"
	EndpointDeleted  EndpointState = "deleted"
)

// Why an endpoint was disabled.
const (
	DisabledGone    = "gone"    // it answered 410
	DisabledFailing = "failing" // no attempt succeeded for days
)

// Endpoint is a receiver of events. Secrets and the values of headers are
// sealed: only package webhook can open them.
type Endpoint struct {
	ID             uuid.UUID
	TenantID       uuid.UUID
	URL            string
	Description    string
	Events         []string // names or patterns such as document.*
	State          EndpointState
	DisabledReason string
	MaxConcurrency int
	// RateLimit is the most requests a second, 0 for no limit.
	RateLimit int
	// FIFO sends one event after the other, in the order they occurred.
	FIFO bool
	// Filter lets only some events through; nil lets all.
	Filter      EventFilter
	HeaderNames []string
	// FailingSince is the first failed attempt after the last success.
	FailingSince *time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time

	SealedHeaders        []byte
	SealedSecret         []byte
	SealedPreviousSecret []byte
	// PreviousSecretExpiresAt ends the overlap of a rotation.
	PreviousSecretExpiresAt *time.Time
}

// EventFilter maps names of top-level fields of an event's data to the values
// that are accepted: strings, numbers (float64) and booleans. All fields must
// match; an event that lacks one does not.
type EventFilter map[string][]any

// Window is how many requests the endpoint gets at once.
func (e *Endpoint) Window() int {
	if e.FIFO {
		return 1
	}
	return e.MaxConcurrency
}

// DeliveryState is where one event stands for one endpoint.
//
//	pending ◀──▶ delivering ──▶ delivered | exhausted
//	   └───────────────┴──────▶ canceled
//
// A resend makes any ended delivery pending again.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending    DeliveryState = "pending"
	DeliveryDelivering DeliveryState = "delivering"
	DeliveryDelivered  DeliveryState = "delivered"
	DeliveryExhausted  DeliveryState = "exhausted"
	DeliveryCanceled   DeliveryState = "canceled" // the endpoint was deleted or disabled
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID         uuid.UUID
	EndpointID uuid.UUID
	// EventID is the webhook-id: the same in every attempt, also after a resend.
	EventID    uuid.UUID
	EventType  EventType
	Payload    json.RawMessage
	OccurredAt time.Time
	State      DeliveryState
	Attempts   int // ever made
	Step       int // attempts in the present run of the schedule
	// NextAttemptAt is set while pending; while delivering it is when the lease ends.
	NextAttemptAt time.Time
	LastStatus    int
	LastError     string
	CreatedAt     time.Time
	FinishedAt    *time.Time
	// Trace is that of whoever caused the event.
	Trace TraceContext
}

// Attempt is one request to an endpoint and what came of it.
type Attempt struct {
	DeliveryID uuid.UUID
	Number     int
	StartedAt  time.Time
	Duration   time.Duration
	Status     int    // 0 when there was no answer
	ErrorCode  string // "" for a success
	Error      string
	Response   string // the beginning of the answer's body
}

// WebhookState is how webhooks stand, over all tenants.
type WebhookState struct {
	// Pending counts deliveries that have not ended, as far as they were counted.
	Pending int
	// Oldest is for how long the most overdue delivery has been due.
	Oldest    time.Duration
	Endpoints map[EndpointState]int
}
