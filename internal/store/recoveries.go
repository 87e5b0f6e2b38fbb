package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

const (
	// recoveryStep bounds the rows that one transaction looks at, so that its
	// locks are short.
	recoveryStep = 2000
	// recoveryBacklog is how many due deliveries of an endpoint are enough: new
	// events wait behind two steps at most, however much is recovered.
	recoveryBacklog = recoveryStep
	// recoveryCountStep is the same for reads, which lock nothing.
	recoveryCountStep = 20_000
	// The time in an id is when the row was written: somewhat before the
	// transaction's time when clocks differ, and after it in a long transaction.
	idsBefore = 10 * time.Minute
	idsAfter  = 24 * time.Hour
)

// NewRecovery asks for a recovery.
type NewRecovery struct {
	EndpointID  uuid.UUID
	RequestedBy uuid.UUID
	domain.RecoveryRange
}

// StartRecovery stores a recovery and what reply makes of it as the answer. The
// caller starts its workflow; one that is not started is listed by
// QuietRecoveries. It is nil when the answer is a replay of an earlier one. A
// second recovery of the endpoint is a conflict while one runs.
func (s *Store) StartRecovery(ctx context.Context, tenant uuid.UUID, o IngestOptions, n NewRecovery, reply func(domain.Recovery) (Reply, error)) (out IngestResult, started *domain.Recovery, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if o.IdempotencyKey != "" {
			first, err := s.reserve(ctx, q, tenant, o)
			if err != nil {
				return err
			}
			if !first {
				out, err = replay(ctx, q, tenant, o)
				return err
			}
		}
		r, err := insertRecovery(ctx, q, tenant, &n)
		if err != nil {
			return err
		}
		if out.Reply, err = reply(r); err != nil {
			return err
		}
		started = &r
		if o.IdempotencyKey == "" {
			return nil
		}
		return q.IdempotencyKeyComplete(ctx, db.IdempotencyKeyCompleteParams{
			TenantID: tenant, Key: o.IdempotencyKey, RequestHash: out.RequestHash[:], Status: int32(out.Status), Response: out.Body,
		})
	})
	return out, started, err
}

func insertRecovery(ctx context.Context, q *db.Queries, tenant uuid.UUID, n *NewRecovery) (r domain.Recovery, err error) {
	row, err := q.WebhookEndpointLock(ctx, db.WebhookEndpointLockParams{TenantID: tenant, ID: n.EndpointID})
	e, err := liveEndpoint(row, err)
	if err != nil {
		return r, err
	}
	if e.State == domain.EndpointDisabled {
		return r, domain.Errorf(domain.CodeConflict, "the webhook is disabled: make it active first")
	}
	running, err := q.RecoveryRunning(ctx, db.RecoveryRunningParams{TenantID: tenant, EndpointID: n.EndpointID})
	if err == nil {
		return r, domain.Errorf(domain.CodeConflict, "the recovery %s of this webhook runs already: cancel it or wait for its end", running)
	}
	if !noRows(err) {
		return r, err
	}
	id := uuid.Must(uuid.NewV7())
	p := db.RecoveryInsertParams{
		TenantID: tenant, ID: id, EndpointID: n.EndpointID, Since: n.Since, Until: n.Until, Missed: n.Missed, RequestedBy: n.RequestedBy,
		WorkflowID: "recover/" + tenant.String() + "/" + n.EndpointID.String() + "/" + id.String(), AfterID: firstID(n.Since), States: stateNames(n.States),
	}
	inserted, err := q.RecoveryInsert(ctx, p)
	return recoveryFrom(inserted, ""), err
}

// CountRecovery counts what a recovery would do, as far as ctx lets it.
func (s *Store) CountRecovery(ctx context.Context, tenant, endpoint uuid.UUID, r domain.RecoveryRange) (domain.RecoveryCount, error) {
	e, err := s.Endpoint(ctx, tenant, endpoint)
	if err != nil {
		return domain.RecoveryCount{}, err
	}
	c := recoveryCounter{Store: s, endpoint: &e, r: r}
	for _, count := range []func(context.Context, *db.Queries) (bool, error){c.deliveries, c.missed} {
		c.after = firstID(r.Since)
		for more := true; more; {
			err := s.inTenant(ctx, tenant, func(q *db.Queries) (err error) { more, err = count(ctx, q); return err })
			if ctx.Err() != nil {
				return c.out, nil //nolint:nilerr // what was counted so far is the answer
			}
			if err != nil {
				return c.out, err
			}
		}
	}
	c.out.Complete = true
	return c.out, nil
}

type recoveryCounter struct {
	*Store
	endpoint *domain.Endpoint
	r        domain.RecoveryRange
	after    uuid.UUID
	out      domain.RecoveryCount
}

func (c *recoveryCounter) deliveries(ctx context.Context, q *db.Queries) (more bool, err error) {
	row, err := q.RecoveryCountDeliveries(ctx, db.RecoveryCountDeliveriesParams{
		AfterID: c.after, TenantID: c.endpoint.TenantID, EndpointID: c.endpoint.ID, BeforeID: lastID(c.r.Until),
		RowLimit: recoveryCountStep, Since: c.r.Since, Until: c.r.Until, States: stateNames(c.r.States),
	})
	c.out.Exhausted += row.Exhausted
	c.out.Canceled += row.Canceled
	c.out.Delivered += row.Delivered
	c.after = row.AfterID
	return row.Seen == recoveryCountStep, err
}

func (c *recoveryCounter) missed(ctx context.Context, q *db.Queries) (more bool, err error) {
	if !c.r.Missed {
		return false, nil
	}
	filter, err := filterColumn(c.endpoint.Filter)
	if err != nil {
		return false, err
	}
	row, err := q.RecoveryCountMissed(ctx, db.RecoveryCountMissedParams{
		AfterID: c.after, TenantID: c.endpoint.TenantID, EndpointID: c.endpoint.ID, BeforeID: lastID(c.r.Until),
		RowLimit: recoveryCountStep, Since: c.r.Since, Until: c.r.Until, Events: c.endpoint.Events, Filter: filter,
	})
	c.out.Missed += row.Missed
	c.after = row.AfterID
	return row.Seen == recoveryCountStep, err
}

// Recovery returns one recovery of an endpoint.
func (s *Store) Recovery(ctx context.Context, tenant, endpoint, id uuid.UUID) (r domain.Recovery, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.RecoveryGet(ctx, db.RecoveryGetParams{TenantID: tenant, EndpointID: endpoint, ID: id})
		if noRows(err) {
			return domain.NotFound("recovery")
		}
		r = recoveryFrom(row.WebhookRecovery, row.KeyName)
		return err
	})
	return r, err
}

// Recoveries lists an endpoint's recoveries, newest first, those before the given id.
func (s *Store) Recoveries(ctx context.Context, tenant, endpoint, before uuid.UUID, limit int) (out []domain.Recovery, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if _, err := q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: tenant, ID: endpoint}); err != nil {
			if noRows(err) {
				return domain.NotFound("webhook")
			}
			return err
		}
		rows, err := q.RecoveryList(ctx, db.RecoveryListParams{
			TenantID: tenant, EndpointID: endpoint, BeforeID: beforeOr(before), RowLimit: int32(limit),
		})
		for _, row := range rows {
			out = append(out, recoveryFrom(row.WebhookRecovery, row.KeyName))
		}
		return err
	})
	return out, err
}

// EndRecovery ends a running recovery. One that has ended stays as it is, and
// then it returns false.
func (s *Store) EndRecovery(ctx context.Context, tenant, id uuid.UUID, state domain.RecoveryState, message string) (ended bool, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		n, err := q.RecoveryEnd(ctx, db.RecoveryEndParams{TenantID: tenant, ID: id, State: string(state), Error: message})
		ended = n > 0
		return err
	})
	return ended, err
}

// QuietRecoveries lists, over all tenants, running recoveries that have shown no
// sign of life for a while, the quietest first.
func (s *Store) QuietRecoveries(ctx context.Context, quiet time.Duration, limit int) (out []domain.Recovery, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.RecoveryQuiet(ctx, db.RecoveryQuietParams{Quiet: interval(quiet), RowLimit: int32(limit)})
		for _, row := range rows {
			out = append(out, recoveryFrom(row, ""))
		}
		return err
	})
	return out, err
}

// firstID and lastID bound the ids of rows that tell of a moment.
func firstID(at time.Time) uuid.UUID { return idAt(at.Add(-idsBefore)) }
func lastID(at time.Time) uuid.UUID  { return idAt(at.Add(idsAfter)) }

// idAt sorts before every UUIDv7 of that millisecond and after all earlier ones.
func idAt(at time.Time) (id uuid.UUID) {
	ms := max(0, at.UnixMilli())
	for n := range 6 {
		id[n] = byte(ms >> (40 - 8*n))
	}
	return id
}

func stateNames(states []domain.DeliveryState) []string {
	out := make([]string, len(states))
	for n, s := range states {
		out[n] = string(s)
	}
	return out
}

func recoveryFrom(r db.WebhookRecovery, keyName string) domain.Recovery {
	out := domain.Recovery{
		ID: r.ID, TenantID: r.TenantID, EndpointID: r.EndpointID, RequestedBy: r.RequestedBy, KeyName: keyName, WorkflowID: r.WorkflowID,
		RecoveryRange: domain.RecoveryRange{Since: r.Since.UTC(), Until: r.Until.UTC(), Missed: r.Missed},
		State:         domain.RecoveryState(r.State), Stage: r.Stage, Seen: r.Seen, Resent: r.Resent, Created: r.Created,
		WaitsFor: r.WaitsFor, Error: r.Error, StartedAt: r.StartedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), FinishedAt: r.FinishedAt,
	}
	for _, s := range r.States {
		out.States = append(out.States, domain.DeliveryState(s))
	}
	return out
}
