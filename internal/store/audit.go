package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// change is one row of the audit log to be. before and after become JSON; they
// hold no secrets.
type change struct {
	action, kind, id string
	before, after    any
}

// audit writes a change, with the actor of ctx, in the transaction that makes it.
func audit(ctx context.Context, q *db.Queries, tenant uuid.UUID, c change) error {
	before, err := facts(c.before)
	if err != nil {
		return err
	}
	after, err := facts(c.after)
	if err != nil {
		return err
	}
	actor := domain.ActorFrom(ctx)
	p := db.AuditInsertParams{
		TenantID: tenant, ID: uuid.Must(uuid.NewV7()), Actor: string(actor.Kind), ActorName: actor.Name, Address: actor.Address,
		RequestID: actor.RequestID, Action: c.action, TargetType: c.kind, TargetID: c.id, Before: before, After: after,
	}
	if actor.ID != uuid.Nil {
		p.ActorID = &actor.ID
	}
	return q.AuditInsert(ctx, p)
}

// RecordAction writes what an administrator asked for when the change itself is made
// elsewhere, such as by a workflow.
func (s *Store) RecordAction(ctx context.Context, tenant uuid.UUID, action, targetType, targetID string) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		return audit(ctx, q, tenant, change{action: action, kind: targetType, id: targetID})
	})
}

func facts(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a change: %w", err)
	}
	return data, nil
}

// AuditFilter narrows the audit log. Zero fields do not.
type AuditFilter struct {
	Action       string // exact, or a group such as api_key.*
	ActorID      uuid.UUID
	TargetID     string
	Since, Until time.Time
	Before       uuid.UUID
	Limit        int
}

// AuditLog lists changes, newest first, those before the given id.
func (s *Store) AuditLog(ctx context.Context, tenant uuid.UUID, f AuditFilter) (out []domain.AuditEntry, err error) {
	p := db.AuditListParams{
		TenantID: tenant, BeforeID: beforeOr(f.Before), Action: optional(f.Action), TargetID: optional(f.TargetID), RowLimit: int32(f.Limit),
	}
	if f.ActorID != uuid.Nil {
		p.ActorID = &f.ActorID
	}
	if !f.Since.IsZero() {
		p.Since = &f.Since
	}
	if !f.Until.IsZero() {
		p.Until = &f.Until
	}
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.AuditList(ctx, p)
		for _, r := range rows {
			out = append(out, auditFrom(&r))
		}
		return err
	})
	return out, err
}

func auditFrom(r *db.AuditLog) domain.AuditEntry {
	e := domain.AuditEntry{
		ID: r.ID, CreatedAt: r.CreatedAt.UTC(), Action: r.Action, TargetType: r.TargetType, TargetID: r.TargetID, Before: r.Before, After: r.After,
		Actor: domain.Actor{Kind: domain.ActorKind(r.Actor), Name: r.ActorName, Address: r.Address, RequestID: r.RequestID},
	}
	if r.ActorID != nil {
		e.Actor.ID = *r.ActorID
	}
	return e
}
