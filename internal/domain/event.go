package domain

// EventType names something that happened and that subscribers may hear of.
type EventType string

// The events that are written to the outbox.
const (
	EventDocumentIndexed EventType = "document.indexed"
	EventDocumentUpdated EventType = "document.updated"
	EventDocumentDeleted EventType = "document.deleted"
	EventDocumentFailed  EventType = "document.failed"
	EventJobCompleted    EventType = "job.completed"
	EventJobFailed       EventType = "job.failed"
	EventJobCanceled     EventType = "job.canceled"
	EventAPIKeyCreated   EventType = "api_key.created"
	EventAPIKeyRotated   EventType = "api_key.rotated"
	EventAPIKeyRevoked   EventType = "api_key.revoked"
	EventQuotaWarning    EventType = "quota.warning"
	EventQuotaExceeded   EventType = "quota.exceeded"

	EventTenantProvisioned EventType = "tenant.provisioned"
	EventTenantSuspended   EventType = "tenant.suspended"
	EventTenantResumed     EventType = "tenant.resumed"
	EventTenantOffboarded  EventType = "tenant.offboarded"
)

// TraceContext is a place in a trace as the W3C headers traceparent and
// tracestate say it. The zero value is no trace.
type TraceContext struct {
	Parent, State string
}
