package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

// maxEndpoints bounds the endpoints of one tenant: every event is matched with each.
const maxEndpoints = 100

// cancelStep bounds the rows that one statement cancels, so that its locks are short.
const cancelStep = 5000

// endpointEvent is the payload of webhook.* events.
type endpointEvent struct {
	EndpointID uuid.UUID `json:"endpoint_id"`
	URL        string    `json:"url"`
	Reason     string    `json:"reason,omitempty"`
}

// testEvent is the payload of webhook.test.
type testEvent struct {
	EndpointID uuid.UUID `json:"endpoint_id"`
	Message    string    `json:"message"`
}

// CreateEndpoint stores an endpoint under the id it was sealed for, if the tenant's
// quota has room for another.
func (s *Store) CreateEndpoint(ctx context.Context, e domain.Endpoint) (out domain.Endpoint, err error) {
	err = s.inTenant(ctx, e.TenantID, func(q *db.Queries) error {
		filter, err := filterColumn(e.Filter)
		if err != nil {
			return err
		}
		n, err := q.WebhookEndpointInsert(ctx, db.WebhookEndpointInsertParams{
			TenantID: e.TenantID, ID: e.ID, Url: e.URL, Description: e.Description, Events: e.Events, State: string(e.State),
			MaxConcurrency: int32(e.MaxConcurrency), HeaderNames: nonNil(e.HeaderNames), SealedHeaders: e.SealedHeaders,
			SealedSecret: e.SealedSecret, Most: maxEndpoints, RateLimit: positive(e.RateLimit), Fifo: e.FIFO, Filter: filter,
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return domain.Errorf(domain.CodeConflict, "there are %d webhooks already; delete one first", maxEndpoints)
		}
		row, err := q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: e.TenantID, ID: e.ID})
		if err != nil {
			return err
		}
		out = endpointFrom(row)
		if err := auditEndpoint(ctx, q, nil, &out); err != nil {
			return err
		}
		return s.settleEndpoints(ctx, q, e.TenantID, 1)
	})
	return out, err
}

// Endpoint returns one endpoint that is not deleted.
func (s *Store) Endpoint(ctx context.Context, tenant, id uuid.UUID) (e domain.Endpoint, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: tenant, ID: id})
		e, err = liveEndpoint(row, err)
		return err
	})
	return e, err
}

// Endpoints lists endpoints, newest first, those before the given id.
func (s *Store) Endpoints(ctx context.Context, tenant, before uuid.UUID, limit int) (out []domain.Endpoint, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.WebhookEndpointList(ctx, db.WebhookEndpointListParams{TenantID: tenant, BeforeID: beforeOr(before), RowLimit: int32(limit)})
		for _, r := range rows {
			out = append(out, endpointFrom(r))
		}
		return err
	})
	return out, err
}

// ChangeEndpoint lets change alter an endpoint that nobody else can alter
// meanwhile. One that becomes active has a clean record and is delivered to at
// once, as is one whose limits changed; one that was disabled before tells so to
// the others.
func (s *Store) ChangeEndpoint(ctx context.Context, tenant, id uuid.UUID, change func(*domain.Endpoint) error) (out domain.Endpoint, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.WebhookEndpointLock(ctx, db.WebhookEndpointLockParams{TenantID: tenant, ID: id})
		e, err := liveEndpoint(row, err)
		if err != nil {
			return err
		}
		was := e
		if err := change(&e); err != nil {
			return err
		}
		before := domain.EndpointState(row.State)
		if e.State == domain.EndpointActive && (before != e.State || e.URL != row.Url) {
			e.FailingSince, e.DisabledReason = nil, ""
		}
		limits := e.RateLimit != limit(row.RateLimit) || e.FIFO != row.Fifo
		if row, err = updateEndpoint(ctx, q, &e); err != nil {
			return err
		}
		out = endpointFrom(row)
		if err := auditEndpoint(ctx, q, &was, &out); err != nil {
			return err
		}
		if e.State != domain.EndpointActive || before == e.State && !limits {
			return nil
		}
		if err := wakeEndpoint(ctx, q, tenant, id); err != nil || before != domain.EndpointDisabled {
			return err
		}
		return tell(ctx, q, tenant, domain.EventWebhookRecovered, endpointEvent{EndpointID: id, URL: e.URL})
	})
	return out, err
}

// DeleteEndpoint ends an endpoint for good and forgets its secrets. What waits
// for it is canceled: the first rows at once, a large rest by DeliverWebhooks.
func (s *Store) DeleteEndpoint(ctx context.Context, tenant, id uuid.UUID) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.WebhookEndpointLock(ctx, db.WebhookEndpointLockParams{TenantID: tenant, ID: id})
		e, err := liveEndpoint(row, err)
		if err != nil {
			return err
		}
		was := e
		e.State, e.DisabledReason = domain.EndpointDeleted, ""
		e.SealedSecret, e.SealedPreviousSecret, e.PreviousSecretExpiresAt = nil, nil, nil
		e.SealedHeaders, e.HeaderNames = nil, nil
		if _, err := updateEndpoint(ctx, q, &e); err != nil {
			return err
		}
		if err := auditEndpoint(ctx, q, &was, &e); err != nil {
			return err
		}
		if _, err := cancelSome(ctx, q, &e); err != nil {
			return err
		}
		if err := wakeEndpoint(ctx, q, tenant, id); err != nil {
			return err
		}
		return s.settleEndpoints(ctx, q, tenant, -1)
	})
}

// TestEndpoint sends a test event to an active endpoint.
func (s *Store) TestEndpoint(ctx context.Context, tenant, id uuid.UUID) (d domain.Delivery, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: tenant, ID: id})
		e, err := liveEndpoint(row, err)
		if err != nil {
			return err
		}
		if e.State != domain.EndpointActive {
			return domain.Errorf(domain.CodeConflict, "the webhook is %s: make it active first", e.State)
		}
		var event outbox
		if err := event.add(domain.EventWebhookTest, testEvent{EndpointID: id, Message: "This is a test."}); err != nil {
			return err
		}
		trace := telemetry.TraceOf(ctx)
		sent, err := q.DeliveryInsert(ctx, db.DeliveryInsertParams{
			TenantID: tenant, ID: uuid.Must(uuid.NewV7()), EndpointID: id, EventID: event.ids[0],
			EventType: event.types[0], Payload: []byte(event.payloads[0]), Traceparent: trace.Parent, Tracestate: trace.State,
		})
		if err != nil {
			return err
		}
		d = deliveryFrom(sent)
		return wakeEndpoint(ctx, q, tenant, id)
	})
	return d, err
}

// EndpointRef names an endpoint of a tenant.
type EndpointRef struct {
	TenantID uuid.UUID
	ID       uuid.UUID
}

// DueEndpoints lists, over all tenants, endpoints that have deliveries which
// should have been on their way for the grace time, those after the given one.
func (s *Store) DueEndpoints(ctx context.Context, after EndpointRef, grace time.Duration, limit int) (out []EndpointRef, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.WebhookEndpointListDue(ctx, db.WebhookEndpointListDueParams{
			AfterTenantID: after.TenantID, AfterID: after.ID, Grace: interval(grace), RowLimit: int32(limit),
		})
		for _, r := range rows {
			out = append(out, EndpointRef(r))
		}
		return err
	})
	return out, err
}

func tell(ctx context.Context, q *db.Queries, tenant uuid.UUID, t domain.EventType, payload any) error {
	var events outbox
	if err := events.add(t, payload); err != nil {
		return err
	}
	return events.write(ctx, q, tenant)
}

// liveEndpoint takes a deleted endpoint for one that never was.
func liveEndpoint(row db.WebhookEndpoint, err error) (domain.Endpoint, error) {
	if noRows(err) || err == nil && row.State == string(domain.EndpointDeleted) {
		return domain.Endpoint{}, domain.NotFound("webhook")
	}
	return endpointFrom(row), err
}

func updateEndpoint(ctx context.Context, q *db.Queries, e *domain.Endpoint) (row db.WebhookEndpoint, err error) {
	filter, err := filterColumn(e.Filter)
	if err != nil {
		return row, err
	}
	return q.WebhookEndpointUpdate(ctx, db.WebhookEndpointUpdateParams{
		TenantID: e.TenantID, ID: e.ID, Url: e.URL, Description: e.Description, Events: e.Events, State: string(e.State),
		DisabledReason: e.DisabledReason, MaxConcurrency: int32(e.MaxConcurrency), RateLimit: positive(e.RateLimit), Fifo: e.FIFO, Filter: filter,
		HeaderNames: nonNil(e.HeaderNames), SealedHeaders: e.SealedHeaders, SealedSecret: e.SealedSecret,
		SealedPreviousSecret: e.SealedPreviousSecret, PreviousSecretExpiresAt: e.PreviousSecretExpiresAt, FailingSince: e.FailingSince,
	})
}

func endpointFrom(r db.WebhookEndpoint) domain.Endpoint {
	return domain.Endpoint{
		ID: r.ID, TenantID: r.TenantID, URL: r.Url, Description: r.Description, Events: r.Events, State: domain.EndpointState(r.State),
		DisabledReason: r.DisabledReason, MaxConcurrency: int(r.MaxConcurrency), RateLimit: limit(r.RateLimit), FIFO: r.Fifo,
		Filter: filterFrom(r.Filter), HeaderNames: r.HeaderNames,
		FailingSince: r.FailingSince, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), SealedHeaders: r.SealedHeaders,
		SealedSecret: r.SealedSecret, SealedPreviousSecret: r.SealedPreviousSecret, PreviousSecretExpiresAt: r.PreviousSecretExpiresAt,
	}
}

// filterColumn writes no filter as NULL.
func filterColumn(f domain.EventFilter) (json.RawMessage, error) {
	if len(f) == 0 {
		return nil, nil
	}
	column, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode the filter of a webhook: %w", err)
	}
	return column, nil
}

// filterFrom reads what filterColumn wrote.
func filterFrom(column json.RawMessage) (f domain.EventFilter) {
	if len(column) > 0 {
		_ = json.Unmarshal(column, &f)
	}
	return f
}

func positive(n int) *int32 {
	if n <= 0 {
		return nil
	}
	v := int32(n)
	return &v
}

func limit(n *int32) int {
	if n == nil {
		return 0
	}
	return int(*n)
}
