package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

// documentEvent is the payload of document.* events.
type documentEvent struct {
	DocumentID uuid.UUID `json:"document_id"`
	ExternalID string    `json:"external_id,omitempty"`
	Version    int64     `json:"version"`
	JobID      uuid.UUID `json:"job_id,omitzero"`
	Chunks     int       `json:"chunks,omitempty"`
	ErrorCode  string    `json:"error_code,omitempty"`
	Error      string    `json:"error,omitempty"`
}

// jobEvent is the payload of job.* events.
type jobEvent struct {
	JobID  uuid.UUID       `json:"job_id"`
	Kind   domain.JobKind  `json:"kind"`
	State  domain.JobState `json:"state"`
	Total  int             `json:"total"`
	Done   int             `json:"done"`
	Failed int             `json:"failed"`
}

// outbox collects the events of one transaction.
type outbox struct {
	ids      []uuid.UUID
	types    []string
	payloads []string
}

func (o *outbox) add(t domain.EventType, payload any) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode the event %s: %w", t, err)
	}
	o.ids = append(o.ids, uuid.Must(uuid.NewV7()))
	o.types = append(o.types, string(t))
	o.payloads = append(o.payloads, string(body))
	return nil
}

func (o *outbox) write(ctx context.Context, q *db.Queries, tenant uuid.UUID) error {
	if len(o.ids) == 0 {
		return nil
	}
	trace := telemetry.TraceOf(ctx)
	return q.OutboxInsertMany(ctx, db.OutboxInsertManyParams{
		TenantID: tenant, Ids: o.ids, Types: o.types, Payloads: o.payloads, Traceparent: trace.Parent, Tracestate: trace.State,
	})
}
