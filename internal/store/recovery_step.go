package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// RecoverSome does the next step of a recovery in one short transaction: what it
// makes due and how far it has come are committed together, so that a step that
// is repeated, or done by two workers, makes nothing due twice. It returns the
// recovery as it stands then; one that waits or has ended was not taken further.
func (s *Store) RecoverSome(ctx context.Context, tenant, id uuid.UUID) (out domain.Recovery, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.RecoveryLock(ctx, db.RecoveryLockParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("recovery")
		}
		if err != nil {
			return err
		}
		if row.State != string(domain.RecoveryRunning) {
			out = recoveryFrom(row, "")
			return nil
		}
		step := recoveryWork{q: q, row: &row, next: db.RecoveryAdvanceParams{
			TenantID: tenant, ID: id, Stage: row.Stage, AfterID: row.AfterID, State: row.State,
		}}
		if err := step.run(ctx); err != nil {
			return err
		}
		row, err = q.RecoveryAdvance(ctx, step.next)
		out = recoveryFrom(row, "")
		return err
	})
	return out, err
}

// recoveryWork is one step.
type recoveryWork struct {
	q    *db.Queries
	row  *db.WebhookRecovery
	next db.RecoveryAdvanceParams
}

func (w *recoveryWork) run(ctx context.Context) error {
	endpoint, err := w.q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: w.row.TenantID, ID: w.row.EndpointID})
	if err != nil {
		return err
	}
	switch state := domain.EndpointState(endpoint.State); state {
	case domain.EndpointDeleted, domain.EndpointDisabled:
		w.next.State = string(domain.RecoveryFailed)
		w.next.Error = fmt.Sprintf("the webhook was %s meanwhile", state)
		return nil
	case domain.EndpointPaused:
		w.next.WaitsFor = domain.RecoveryWaitsForEndpoint
		return nil
	case domain.EndpointActive:
	}
	if w.next.WaitsFor, err = w.waitsFor(ctx); err != nil || w.next.WaitsFor != "" {
		return err
	}
	if w.row.Stage == domain.RecoveryStageDeliveries {
		err = w.revive(ctx)
	} else {
		err = w.createMissed(ctx, &endpoint)
	}
	if err != nil || w.next.Resent+w.next.Created == 0 {
		return err
	}
	return wakeEndpoint(ctx, w.q, w.row.TenantID, w.row.EndpointID)
}

// waitsFor says what keeps rows from being made due right now.
func (w *recoveryWork) waitsFor(ctx context.Context) (string, error) {
	active, err := w.q.TenantIsActive(ctx, w.row.TenantID)
	if err != nil {
		return "", err
	}
	if !active {
		return domain.RecoveryWaitsForTenant, nil
	}
	due, err := w.q.RecoveryBacklog(ctx, db.RecoveryBacklogParams{
		TenantID: w.row.TenantID, EndpointID: w.row.EndpointID, RowLimit: recoveryBacklog,
	})
	if due >= recoveryBacklog {
		return domain.RecoveryWaitsForReceiver, err
	}
	return "", err
}

func (w *recoveryWork) revive(ctx context.Context) error {
	done, err := w.q.RecoveryRevive(ctx, db.RecoveryReviveParams{
		AfterID: w.row.AfterID, TenantID: w.row.TenantID, EndpointID: w.row.EndpointID, BeforeID: lastID(w.row.Until),
		RowLimit: recoveryStep, Since: w.row.Since, Until: w.row.Until, States: w.row.States,
	})
	w.next.AfterID, w.next.Seen, w.next.Resent = done.AfterID, done.Seen, done.Changed
	if done.Seen == recoveryStep {
		return err
	}
	if !w.row.Missed {
		return w.complete(err)
	}
	w.next.Stage, w.next.AfterID = domain.RecoveryStageMissed, firstID(w.row.Since)
	return err
}

func (w *recoveryWork) createMissed(ctx context.Context, e *db.WebhookEndpoint) error {
	done, err := w.q.RecoveryCreateMissed(ctx, db.RecoveryCreateMissedParams{
		AfterID: w.row.AfterID, TenantID: w.row.TenantID, EndpointID: w.row.EndpointID, BeforeID: lastID(w.row.Until),
		RowLimit: recoveryStep, Since: w.row.Since, Until: w.row.Until, Events: e.Events, Filter: e.Filter,
	})
	w.next.AfterID, w.next.Seen, w.next.Created = done.AfterID, done.Seen, done.Changed
	if done.Seen == recoveryStep {
		return err
	}
	return w.complete(err)
}

func (w *recoveryWork) complete(err error) error {
	w.next.Stage, w.next.State = domain.RecoveryStageDone, string(domain.RecoveryCompleted)
	return err
}
