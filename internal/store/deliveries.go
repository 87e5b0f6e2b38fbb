package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// DeliveryClaim is what there is to do for an endpoint right now.
type DeliveryClaim struct {
	Endpoint   domain.Endpoint
	Lease      uuid.UUID
	Deliveries []domain.Delivery
	// Canceled counts deliveries that were given up because the endpoint was
	// deleted or disabled; there may be more of them.
	Canceled int
	// Wait is how long until the next delivery is due; negative means that
	// there is none to wait for.
	Wait time.Duration
	// Throttled means that deliveries are due and wait for the endpoint's rate
	// limit: until Wait is over no news changes that.
	Throttled bool
}

// ClaimDeliveries leases the endpoint's due deliveries, as many as it may have
// at once beside the sending requests of the caller: by its concurrency, its rate
// limit, and only the oldest open one where the order is kept. A lease, of five
// minutes at most, that ends before RecordOutcomes lets others claim the rows.
// Nothing is due for a paused endpoint or a suspended tenant.
func (s *Store) ClaimDeliveries(ctx context.Context, tenant, endpoint uuid.UUID, lease time.Duration, sending int) (out DeliveryClaim, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		out, lease = DeliveryClaim{Wait: -1, Lease: uuid.New()}, min(lease, longestLease)
		row, err := q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: tenant, ID: endpoint})
		if noRows(err) {
			return nil
		}
		if err == nil && takesTurns(&row) {
			row, err = q.WebhookEndpointLock(ctx, db.WebhookEndpointLockParams{TenantID: tenant, ID: endpoint})
		}
		if err != nil {
			return err
		}
		out.Endpoint = endpointFrom(row)
		active, err := q.TenantIsActive(ctx, tenant)
		if err != nil {
			return err
		}
		switch out.Endpoint.State {
		case domain.EndpointDeleted, domain.EndpointDisabled:
			if out.Canceled, err = cancelSome(ctx, q, &out.Endpoint); err != nil || out.Canceled > 0 {
				return err
			}
		case domain.EndpointActive:
			if !active {
				return nil
			}
			if takesTurns(&row) {
				return claimLimited(ctx, q, &out, lease, sending)
			}
			if err := claim(ctx, q, &out, lease, sending); err != nil || len(out.Deliveries) > 0 {
				return err
			}
		case domain.EndpointPaused:
			return nil
		}
		out.Wait, err = nextDue(ctx, q, &out.Endpoint)
		return err
	})
	return out, err
}

func claim(ctx context.Context, q *db.Queries, out *DeliveryClaim, lease time.Duration, sending int) error {
	rows, err := q.DeliveryClaim(ctx, db.DeliveryClaimParams{
		TenantID: out.Endpoint.TenantID, EndpointID: out.Endpoint.ID, Lease: &out.Lease, LeaseTime: interval(lease),
		RowLimit: int32(max(0, out.Endpoint.MaxConcurrency-sending)),
	})
	for _, r := range rows {
		out.Deliveries = append(out.Deliveries, deliveryFrom(r))
	}
	return err
}

// nextDue says how long until an open row may be claimed; negative without one.
func nextDue(ctx context.Context, q *db.Queries, e *domain.Endpoint) (time.Duration, error) {
	var wait float64
	var err error
	if e.FIFO && e.State == domain.EndpointActive {
		wait, err = q.DeliveryFirstDue(ctx, db.DeliveryFirstDueParams{TenantID: e.TenantID, EndpointID: e.ID, LeaseHorizon: interval(leaseHorizon)})
	} else {
		wait, err = q.DeliveryNextDue(ctx, db.DeliveryNextDueParams{TenantID: e.TenantID, EndpointID: e.ID})
	}
	if noRows(err) {
		return -1, nil
	}
	return max(0, seconds(wait)), err
}

// cancelSome gives up waiting deliveries of an endpoint that gets no more.
func cancelSome(ctx context.Context, q *db.Queries, e *domain.Endpoint) (int, error) {
	n, err := q.DeliveryCancelSome(ctx, db.DeliveryCancelSomeParams{
		TenantID: e.TenantID, EndpointID: e.ID, Reason: "endpoint_" + string(e.State), RowLimit: cancelStep,
	})
	return int(n), err
}

// DeliveryOutcome is what an attempt made of a claimed delivery.
type DeliveryOutcome struct {
	// Lease is that of the claim, SentTo the endpoint's address at that time: what
	// another address answers says nothing of the present one.
	Lease   uuid.UUID
	SentTo  string
	Attempt domain.Attempt
	// State is delivered, exhausted, or pending for another attempt after Wait.
	State domain.DeliveryState
	Wait  time.Duration
	// Counts is false for an attempt that failed through a fault of ours.
	Counts bool
	// Gone means that the receiver asked for no more events.
	Gone bool
}

// RecordOutcomes writes attempts and what follows from them, and judges the
// endpoint: one that is gone, or had no success for maxFailing, is disabled.
func (s *Store) RecordOutcomes(ctx context.Context, tenant, id uuid.UUID, outcomes []DeliveryOutcome, maxFailing time.Duration) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.WebhookEndpointLock(ctx, db.WebhookEndpointLockParams{TenantID: tenant, ID: id})
		if err != nil {
			return err
		}
		e := endpointFrom(row)
		judge(&e, outcomes, maxFailing)
		open := e.State == domain.EndpointActive || e.State == domain.EndpointPaused
		if err := q.DeliveryRecordMany(ctx, recordParams(tenant, outcomes, open)); err != nil {
			return err
		}
		if string(e.State) == row.State && (e.FailingSince == nil) == (row.FailingSince == nil) {
			return nil
		}
		err = q.WebhookEndpointHealth(ctx, db.WebhookEndpointHealthParams{
			TenantID: tenant, ID: id, FailingSince: e.FailingSince, State: string(e.State), DisabledReason: e.DisabledReason,
		})
		if err != nil || string(e.State) == row.State {
			return err
		}
		return tell(ctx, q, tenant, domain.EventWebhookDisabled, endpointEvent{EndpointID: id, URL: e.URL, Reason: e.DisabledReason})
	})
}

// judge brings the endpoint's record up to date. An endpoint that its owner has
// paused or deleted meanwhile is not disabled.
func judge(e *domain.Endpoint, outcomes []DeliveryOutcome, maxFailing time.Duration) {
	now := time.Now().UTC()
	var succeeded, failed, gone bool
	for _, o := range outcomes {
		if o.SentTo != e.URL {
			continue
		}
		succeeded = succeeded || o.State == domain.DeliveryDelivered
		failed = failed || o.Counts && o.State != domain.DeliveryDelivered
		gone = gone || o.Gone
	}
	switch {
	case succeeded:
		e.FailingSince = nil
	case failed && e.FailingSince == nil:
		e.FailingSince = &now
	}
	if e.State != domain.EndpointActive {
		return
	}
	switch {
	case gone:
		e.State, e.DisabledReason = domain.EndpointDisabled, domain.DisabledGone
	case failed && !succeeded && now.Sub(*e.FailingSince) >= maxFailing:
		e.State, e.DisabledReason = domain.EndpointDisabled, domain.DisabledFailing
	}
}

func recordParams(tenant uuid.UUID, outcomes []DeliveryOutcome, open bool) db.DeliveryRecordManyParams {
	p := db.DeliveryRecordManyParams{TenantID: tenant}
	for n := range outcomes {
		o := &outcomes[n]
		state := o.State
		if state == domain.DeliveryPending && !open {
			state = domain.DeliveryCanceled
		}
		p.Ids = append(p.Ids, o.Attempt.DeliveryID)
		p.Leases = append(p.Leases, o.Lease)
		p.States = append(p.States, string(state))
		p.Counted = append(p.Counted, o.Counts)
		p.Waits = append(p.Waits, o.Wait.Seconds())
		p.StartedAts = append(p.StartedAts, o.Attempt.StartedAt)
		p.DurationMs = append(p.DurationMs, int32(o.Attempt.Duration.Milliseconds()))
		p.Buckets = append(p.Buckets, durationBucket(o.Attempt.Duration))
		p.Statuses = append(p.Statuses, int32(o.Attempt.Status))
		p.ErrorCodes = append(p.ErrorCodes, o.Attempt.ErrorCode)
		p.Errors = append(p.Errors, o.Attempt.Error)
		p.Responses = append(p.Responses, o.Attempt.Response)
	}
	return p
}

// DeliveryFilter narrows a list of deliveries. An empty state lists all.
type DeliveryFilter struct {
	State  domain.DeliveryState
	Before uuid.UUID
	Limit  int
}

// Deliveries lists an endpoint's deliveries, newest first, each with its
// attempts. Those of a deleted endpoint can still be looked at.
func (s *Store) Deliveries(ctx context.Context, tenant, endpoint uuid.UUID, f DeliveryFilter) (out []domain.Delivery, attempts map[uuid.UUID][]domain.Attempt, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		if _, err := q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: tenant, ID: endpoint}); err != nil {
			if noRows(err) {
				return domain.NotFound("webhook")
			}
			return err
		}
		rows, err := q.DeliveryList(ctx, db.DeliveryListParams{
			TenantID: tenant, EndpointID: endpoint, BeforeID: beforeOr(f.Before), State: optional(string(f.State)), RowLimit: int32(f.Limit),
		})
		if err != nil {
			return err
		}
		ids := make([]uuid.UUID, 0, len(rows))
		for _, r := range rows {
			out = append(out, deliveryFrom(r))
			ids = append(ids, r.ID)
		}
		made, err := q.AttemptList(ctx, db.AttemptListParams{TenantID: tenant, DeliveryIds: ids})
		attempts = make(map[uuid.UUID][]domain.Attempt, len(rows))
		for _, r := range made {
			attempts[r.DeliveryID] = append(attempts[r.DeliveryID], attemptFrom(r))
		}
		return err
	})
	return out, attempts, err
}

// ResendDelivery makes a delivery due now, with a new run of the retry
// schedule. It keeps its event id, and where the order is kept its place: before
// all that happened later. The attempts made so far are returned with it.
func (s *Store) ResendDelivery(ctx context.Context, tenant, id uuid.UUID) (d domain.Delivery, attempts []domain.Attempt, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.DeliveryLock(ctx, db.DeliveryLockParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("delivery")
		}
		if err != nil {
			return err
		}
		if row.State == string(domain.DeliveryDelivering) && row.NextAttemptAt.After(time.Now()) {
			return domain.Errorf(domain.CodeConflict, "the delivery is being sent right now")
		}
		e, err := q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: tenant, ID: row.EndpointID})
		if err != nil {
			return err
		}
		if state := domain.EndpointState(e.State); state == domain.EndpointDeleted || state == domain.EndpointDisabled {
			return domain.Errorf(domain.CodeConflict, "the webhook of this delivery is %s", state)
		}
		row, err = q.DeliveryResend(ctx, db.DeliveryResendParams{TenantID: tenant, ID: id})
		if err != nil {
			return err
		}
		made, err := q.AttemptList(ctx, db.AttemptListParams{TenantID: tenant, DeliveryIds: []uuid.UUID{id}})
		if err != nil {
			return err
		}
		for _, r := range made {
			attempts = append(attempts, attemptFrom(r))
		}
		d = deliveryFrom(row)
		if err := audit(ctx, q, tenant, change{action: "delivery.resent", kind: "delivery", id: id.String()}); err != nil {
			return err
		}
		return wakeEndpoint(ctx, q, tenant, row.EndpointID)
	})
	return d, attempts, err
}

func deliveryFrom(r db.WebhookDelivery) domain.Delivery {
	return domain.Delivery{
		ID: r.ID, EndpointID: r.EndpointID, EventID: r.EventID, EventType: domain.EventType(r.EventType), Payload: r.Payload,
		OccurredAt: r.OccurredAt.UTC(), State: domain.DeliveryState(r.State), Attempts: int(r.Attempts), Step: int(r.Step),
		NextAttemptAt: r.NextAttemptAt.UTC(), LastStatus: int(r.LastStatus), LastError: r.LastError,
		CreatedAt: r.CreatedAt.UTC(), FinishedAt: r.FinishedAt,
		Trace: domain.TraceContext{Parent: r.Traceparent, State: r.Tracestate},
	}
}

func attemptFrom(r db.WebhookAttempt) domain.Attempt {
	return domain.Attempt{
		DeliveryID: r.DeliveryID, Number: int(r.Number), StartedAt: r.StartedAt.UTC(), Duration: time.Duration(r.DurationMs) * time.Millisecond,
		Status: int(r.Status), ErrorCode: r.ErrorCode, Error: r.Error, Response: r.Response,
	}
}
