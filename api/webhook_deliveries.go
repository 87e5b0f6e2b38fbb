package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID            uuid.UUID            `json:"id"`
	WebhookID     uuid.UUID            `json:"webhook_id" doc:"The endpoint."`
	EventID       uuid.UUID            `json:"event_id" doc:"The header webhook-id: the same in every attempt."`
	EventType     domain.EventType     `json:"event_type" example:"document.indexed"`
	State         domain.DeliveryState `json:"state" enum:"pending,delivering,delivered,exhausted,canceled"`
	Attempts      []Attempt            `json:"attempts" doc:"In the order they were made."`
	NextAttemptAt *time.Time           `json:"next_attempt_at" nullable:"true" doc:"Set while it is pending."`
	LastStatus    int                  `json:"last_status,omitempty" doc:"HTTP status of the last answer."`
	LastError     string               `json:"last_error,omitempty" doc:"Why the last attempt failed or was not made." example:"timeout"`
	OccurredAt    time.Time            `json:"occurred_at"`
	FinishedAt    *time.Time           `json:"finished_at" nullable:"true"`
	Data          json.RawMessage      `json:"data" doc:"What the event tells."`
}

// Attempt is one request and what came of it.
type Attempt struct {
	Number     int       `json:"number"`
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`
	Status     int       `json:"status,omitempty" doc:"HTTP status; left out when no answer came."`
	ErrorCode  string    `json:"error_code,omitempty" doc:"Left out for a success." example:"connection_refused"`
	Error      string    `json:"error,omitempty"`
	Response   string    `json:"response,omitempty" doc:"The beginning of the answer's body, 4 KiB at most."`
}

func deliveryView(d *domain.Delivery, attempts []domain.Attempt) Delivery {
	out := Delivery{
		ID: d.ID, WebhookID: d.EndpointID, EventID: d.EventID, EventType: d.EventType, State: d.State, LastStatus: d.LastStatus,
		LastError: d.LastError, OccurredAt: d.OccurredAt, FinishedAt: utc(d.FinishedAt), Data: d.Payload,
		Attempts: make([]Attempt, len(attempts)),
	}
	if d.State == domain.DeliveryPending {
		out.NextAttemptAt = &d.NextAttemptAt
	}
	for n, a := range attempts {
		out.Attempts[n] = Attempt{
			Number: a.Number, StartedAt: a.StartedAt, DurationMS: a.Duration.Milliseconds(), Status: a.Status,
			ErrorCode: a.ErrorCode, Error: a.Error, Response: a.Response,
		}
	}
	return out
}

type listDeliveriesInput struct {
	WebhookIDInput
	PageInput
	State string `query:"state" enum:"pending,delivering,delivered,exhausted,canceled"`
}

// DeliveryList is one page of deliveries.
type DeliveryList struct {
	Deliveries []Delivery `json:"deliveries"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listDeliveriesOutput struct{ Body DeliveryList }

func (s *Server) listDeliveries(ctx context.Context, in *listDeliveriesInput) (*listDeliveriesOutput, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	before, err := in.beforeID()
	if err != nil {
		return nil, err
	}
	found, attempts, err := s.deps.Store.Deliveries(ctx, caller(ctx).TenantID, id, store.DeliveryFilter{
		State: domain.DeliveryState(in.State), Before: before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(d domain.Delivery) string { return cursorOfID(d.ID) })
	out := &listDeliveriesOutput{DeliveryList{Deliveries: make([]Delivery, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.Deliveries[i] = deliveryView(&found[i], attempts[found[i].ID])
	}
	return out, nil
}

type deliveryOutput struct{ Body Delivery }

func (s *Server) testWebhook(ctx context.Context, in *WebhookIDInput) (*deliveryOutput, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	d, err := s.deps.Store.TestEndpoint(ctx, caller(ctx).TenantID, id)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{deliveryView(&d, nil)}, nil
}

// DeliveryIDInput names a delivery.
type DeliveryIDInput struct {
	ID string `path:"id" doc:"The delivery's id." example:"0198c0de-0000-7000-8000-000000000000"`
}

func (s *Server) getDelivery(ctx context.Context, in *DeliveryIDInput) (*deliveryOutput, error) {
	id, err := parseID(in.ID, "delivery")
	if err != nil {
		return nil, err
	}
	d, attempts, err := s.deps.Store.Delivery(ctx, caller(ctx).TenantID, id)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{deliveryView(&d, attempts)}, nil
}

func (s *Server) resendDelivery(ctx context.Context, in *DeliveryIDInput) (*deliveryOutput, error) {
	id, err := parseID(in.ID, "delivery")
	if err != nil {
		return nil, err
	}
	d, attempts, err := s.deps.Store.ResendDelivery(ctx, caller(ctx).TenantID, id)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{deliveryView(&d, attempts)}, nil
}

// EventTypeInfo describes one event.
type EventTypeInfo struct {
	Type        domain.EventType `json:"type" example:"document.indexed"`
	Description string           `json:"description"`
	Emission    webhook.Emission `json:"emission" enum:"always,on_request,batched,sampled,off" doc:"batched: one event tells of many. sampled: of a share of what happens. off: it may be subscribed to, and this server does not send it."`
	Schema      json.RawMessage  `json:"schema" doc:"JSON Schema of the field data."`
	Example     json.RawMessage  `json:"example" doc:"A whole request body."`
}

// EventTypeList is the catalogue.
type EventTypeList struct {
	EventTypes []EventTypeInfo `json:"event_types"`
}

type listEventTypesOutput struct{ Body EventTypeList }

func (s *Server) listEventTypes(context.Context, *struct{}) (*listEventTypesOutput, error) {
	searches := s.deps.SearchEvents
	if s.deps.Analytics == nil {
		searches = domain.SearchesOff // what is not recorded is not told
	}
	catalogue := webhook.Catalogue(searches)
	out := &listEventTypesOutput{EventTypeList{EventTypes: make([]EventTypeInfo, len(catalogue))}}
	for i, e := range catalogue {
		out.Body.EventTypes[i] = EventTypeInfo(e)
	}
	return out, nil
}
