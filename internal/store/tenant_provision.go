package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// NewTenant is a tenant to be made in steps.
type NewTenant struct {
	ID uuid.UUID
	// RequestID names the request: the same one finds what it has made.
	RequestID  uuid.UUID
	Slug, Name string
	Plan       domain.Plan
}

// HashedKey is a key whose text only its caller knows.
type HashedKey struct {
	ID       uuid.UUID
	Name     string
	Hash     []byte // SHA-256
	Prefix   string
	LastFour string
	Scopes   []string
}

// tenantEvent is the payload of tenant.* events.
type tenantEvent struct {
	TenantID uuid.UUID          `json:"tenant_id"`
	Slug     string             `json:"slug"`
	Name     string             `json:"name"`
	State    domain.TenantState `json:"state,omitempty"`
	// CertificateID is of a tenant that is gone.
	CertificateID *uuid.UUID `json:"certificate_id,omitempty"`
}

// lifeFacts is what the audit log shows of a tenant whose state changes.
type lifeFacts struct {
	tenantFacts
	State domain.TenantState `json:"state"`
}

func lifeFactsOf(t *db.Tenant) lifeFacts {
	return lifeFacts{tenantFacts{t.Slug, t.Name, planFacts(planFrom(t.Tier, t.Quota))}, domain.TenantState(t.State)}
}

// ProvisionTenant adds a tenant that cannot be used yet, with what every tenant has.
// A slug that another request has taken is a conflict.
func (s *Store) ProvisionTenant(ctx context.Context, n NewTenant) (out domain.Tenant, err error) {
	if err := domain.ValidateSlug(n.Slug); err != nil {
		return out, err
	}
	if err := n.Plan.Check(); err != nil {
		return out, err
	}
	override, err := json.Marshal(n.Plan.Override)
	if err != nil {
		return out, fmt.Errorf("encode a quota: %w", err)
	}
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantProvision(ctx, db.TenantProvisionParams{
			ID: n.ID, Slug: n.Slug, Name: n.Name, RequestID: &n.RequestID, Tier: string(n.Plan.Tier), Quota: override,
		})
		if err == nil {
			out = tenantOf(&row)
			return q.TenantInsertState(ctx, n.ID)
		}
		if !noRows(err) {
			return err
		}
		if row, err = q.TenantFind(ctx, n.Slug); err != nil {
			return err
		}
		if row.RequestID == nil || *row.RequestID != n.RequestID {
			return slugTaken(n.Slug)
		}
		out = tenantOf(&row)
		return nil
	})
	return out, err
}

func slugTaken(slug string) error {
	return domain.Errorf(domain.CodeConflict, "a tenant with the slug %q exists already", slug)
}

// ProvisionKey stores the first key of a tenant that is being made. Storing it again
// changes nothing.
func (s *Store) ProvisionKey(ctx context.Context, tenant uuid.UUID, k HashedKey) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		n, err := q.TenantKeyInsert(ctx, db.TenantKeyInsertParams{
			TenantID: tenant, ID: k.ID, Name: k.Name, KeyHash: k.Hash, Prefix: k.Prefix, LastFour: k.LastFour, Scopes: k.Scopes,
		})
		if err != nil {
			return err
		}
		if n == 0 {
			stored, err := q.TenantKeyExists(ctx, db.TenantKeyExistsParams{TenantID: tenant, ID: k.ID, KeyHash: k.Hash})
			if err == nil && !stored {
				err = domain.Errorf(domain.CodeInvalid, "the first key cannot be stored: it is another tenant's")
			}
			return err
		}
		made := domain.APIKey{ID: k.ID, Name: k.Name, Prefix: k.Prefix, LastFour: k.LastFour, Scopes: k.Scopes}
		if err := tellKeyCreated(ctx, q, tenant, &made); err != nil {
			return err
		}
		return notifyKey(ctx, q, k.Hash)
	})
}

// ActivateTenant makes a provisioned tenant usable and tells of it. One that is
// active already stays as it is.
func (s *Store) ActivateTenant(ctx context.Context, tenant uuid.UUID) (out domain.Tenant, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := lockTenant(ctx, q, tenant)
		if err != nil {
			return err
		}
		out = tenantOf(&row)
		if out.State != domain.TenantProvisioning {
			return nil
		}
		out, err = changeState(ctx, q, &row, domain.TenantActive, stateChange{action: "tenant.created", event: domain.EventTenantProvisioned})
		return err
	})
	return out, err
}

// AbandonTenant takes back what there is of a tenant that could not be made: its slug
// is free again. A tenant that is usable already stays.
func (s *Store) AbandonTenant(ctx context.Context, tenant uuid.UUID) error {
	return s.inSystem(ctx, func(q *db.Queries) error {
		row, err := lockTenant(ctx, q, tenant)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return nil
		}
		if err != nil || row.State != string(domain.TenantProvisioning) {
			return err
		}
		tables, err := q.TenantTables(ctx)
		if err != nil {
			return err
		}
		for _, t := range tables {
			p := db.TenantPurgeStepParams{Target: t.Name, TenantID: tenant, RowLimit: purgeStep}
			if _, err := q.TenantPurgeStep(ctx, p); err != nil {
				return err
			}
		}
		_, err = q.TenantDelete(ctx, tenant)
		return err
	})
}

// TenantChange is what is altered of a tenant; nil fields stay.
type TenantChange struct {
	Name  *string
	Tier  *domain.Tier
	Quota *domain.Quota // replaces all exceptions from the tier
}

// ChangeTenant alters what a tenant is called and what it may have.
func (s *Store) ChangeTenant(ctx context.Context, slug string, c TenantChange) (out domain.Tenant, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantFind(ctx, slug)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		if err != nil {
			return err
		}
		if c.Tier != nil || c.Quota != nil {
			plan := planFrom(row.Tier, row.Quota)
			if c.Tier != nil {
				plan.Tier = *c.Tier
			}
			if c.Quota != nil {
				plan.Override = *c.Quota
			}
			if err := s.setPlan(ctx, q, row.ID, plan); err != nil {
				return err
			}
		}
		// After the plan, which locks the tenant behind its counters.
		if row, err = lockTenant(ctx, q, row.ID); err != nil {
			return err
		}
		if c.Name != nil && *c.Name != row.Name {
			before := lifeFactsOf(&row)
			if row, err = q.TenantSetName(ctx, db.TenantSetNameParams{ID: row.ID, Name: *c.Name}); err != nil {
				return err
			}
			if err := auditTenant(ctx, q, &row, change{action: "tenant.renamed", before: before, after: lifeFactsOf(&row)}); err != nil {
				return err
			}
		}
		out = tenantOf(&row)
		return nil
	})
	return out, err
}
