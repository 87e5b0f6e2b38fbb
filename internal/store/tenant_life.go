package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// TenantFilter narrows a list of tenants. Zero fields do not.
type TenantFilter struct {
	State domain.TenantState
	Tier  domain.Tier
	// Text is part of the slug or the name.
	Text  string
	After string // the slug to go on after
	Limit int
}

// SearchTenants lists tenants by slug.
func (s *Store) SearchTenants(ctx context.Context, f TenantFilter) (out []domain.Tenant, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.TenantSearch(ctx, db.TenantSearchParams{
			AfterSlug: f.After, State: optional(string(f.State)), Tier: optional(string(f.Tier)), Q: optional(f.Text), RowLimit: int32(f.Limit),
		})
		for i := range rows {
			out = append(out, tenantOf(&rows[i]))
		}
		return err
	})
	return out, err
}

// GoneTenants returns those of the ids that are no tenants any more.
func (s *Store) GoneTenants(ctx context.Context, ids []uuid.UUID) (gone []uuid.UUID, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) (err error) { gone, err = q.TenantsGone(ctx, ids); return err })
	return gone, err
}

// TenantState returns the state of a tenant, or a not-found error.
func (s *Store) TenantState(ctx context.Context, tenant uuid.UUID) (state domain.TenantState, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantGet(ctx, tenant)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		state = domain.TenantState(row.State)
		return err
	})
	return state, err
}

// SuspendTenant refuses the tenant's keys and sessions from now on, everywhere, and
// records the operation whose workflow pauses what runs. A tenant that is suspended
// already is returned as it is; the operation is nil when there is nothing to do.
func (s *Store) SuspendTenant(ctx context.Context, slug string) (domain.Tenant, *domain.TenantOperation, error) {
	return s.turn(ctx, slug, domain.TenantSuspend)
}

// ResumeTenant is the way back.
func (s *Store) ResumeTenant(ctx context.Context, slug string) (domain.Tenant, *domain.TenantOperation, error) {
	return s.turn(ctx, slug, domain.TenantResume)
}

var turns = map[domain.TenantOperationKind]struct {
	from, to domain.TenantState
	stateChange
}{
	domain.TenantSuspend: {domain.TenantActive, domain.TenantSuspended, stateChange{"tenant.suspended", domain.EventTenantSuspended}},
	domain.TenantResume:  {domain.TenantSuspended, domain.TenantActive, stateChange{"tenant.resumed", domain.EventTenantResumed}},
}

func (s *Store) turn(ctx context.Context, slug string, kind domain.TenantOperationKind) (out domain.Tenant, op *domain.TenantOperation, err error) {
	turn := turns[kind]
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := lockSlug(ctx, q, slug)
		if err != nil {
			return err
		}
		if err := mayEnd(&row, "suspended"); err != nil {
			return err
		}
		out = tenantOf(&row)
		switch out.State {
		case turn.to:
			op, err = runningOperation(ctx, q, row.ID, kind)
			return err
		case turn.from:
		default:
			return domain.Errorf(domain.CodeConflict, "the tenant is %s: it cannot be %sd", out.State, kind)
		}
		if out, err = changeState(ctx, q, &row, turn.to, turn.stateChange); err != nil {
			return err
		}
		op, err = startOperation(ctx, q, &row, newOperation{kind: kind})
		return err
	})
	return out, op, err
}

// mayEnd protects the tenant that the platform itself works in.
func mayEnd(row *db.Tenant, what string) error {
	if row.Slug != domain.DefaultTenantSlug {
		return nil
	}
	return domain.Errorf(domain.CodeConflict,
		"the tenant %q is the platform's own: its keys manage all others and ADMIN_API_KEY belongs to it, so it cannot be %s", row.Slug, what)
}

// stateChange is how a change of state is told: as an action of the audit log and
// as an event.
type stateChange struct {
	action string
	event  domain.EventType
}

// changeState changes the state of a locked tenant, with its audit row, its event and
// the news for every process.
func changeState(ctx context.Context, q *db.Queries, row *db.Tenant, to domain.TenantState, c stateChange) (domain.Tenant, error) {
	before := lifeFactsOf(row)
	after, err := q.TenantSetState(ctx, db.TenantSetStateParams{ID: row.ID, State: string(to)})
	if err != nil {
		return domain.Tenant{}, err
	}
	*row = after
	entry := change{action: c.action, before: before, after: lifeFactsOf(row)}
	if before.State == domain.TenantProvisioning {
		entry.before = nil
	}
	if err := auditTenant(ctx, q, row, entry); err != nil {
		return domain.Tenant{}, err
	}
	if c.event != "" {
		event := tenantEvent{TenantID: row.ID, Slug: row.Slug, Name: row.Name, State: to}
		if err := tellPlatform(ctx, q, row.ID, c.event, event); err != nil {
			return domain.Tenant{}, err
		}
	}
	return tenantOf(row), notifyTenant(ctx, q, row.ID, string(to))
}

// auditTenant writes a change of a tenant into its own log and into that of the
// platform, which is still there when the tenant is gone.
func auditTenant(ctx context.Context, q *db.Queries, row *db.Tenant, c change) error {
	c.kind, c.id = "tenant", row.ID.String()
	if err := audit(ctx, q, row.ID, c); err != nil {
		return err
	}
	platform, err := platformTenant(ctx, q)
	if err != nil || platform == uuid.Nil || platform == row.ID {
		return err
	}
	return audit(ctx, q, platform, c)
}

// tellPlatform tells of a tenant to its own webhooks and to those of the platform.
func tellPlatform(ctx context.Context, q *db.Queries, tenant uuid.UUID, t domain.EventType, payload any) error {
	if tenant != uuid.Nil {
		if err := tell(ctx, q, tenant, t, payload); err != nil {
			return err
		}
	}
	platform, err := platformTenant(ctx, q)
	if err != nil || platform == uuid.Nil || platform == tenant {
		return err
	}
	return tell(ctx, q, platform, t, payload)
}

// platformTenant is the tenant whose keys manage the others, uuid.Nil when there is
// none yet.
func platformTenant(ctx context.Context, q *db.Queries) (uuid.UUID, error) {
	row, err := q.TenantFind(ctx, domain.DefaultTenantSlug)
	if noRows(err) {
		return uuid.Nil, nil
	}
	return row.ID, err
}

func lockTenant(ctx context.Context, q *db.Queries, id uuid.UUID) (db.Tenant, error) {
	row, err := q.TenantLock(ctx, id)
	if noRows(err) {
		err = domain.NotFound("tenant")
	}
	return row, err
}

func lockSlug(ctx context.Context, q *db.Queries, slug string) (db.Tenant, error) {
	row, err := q.TenantLockBySlug(ctx, slug)
	if noRows(err) {
		err = domain.NotFound("tenant")
	}
	return row, err
}

func tenantOf(r *db.Tenant) domain.Tenant {
	return domain.Tenant{
		ID: r.ID, Slug: r.Slug, Name: r.Name, State: domain.TenantState(r.State), Plan: planFrom(r.Tier, r.Quota), CreatedAt: r.CreatedAt.UTC(),
	}
}
