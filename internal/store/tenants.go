package store

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// unlimited is the plan of tenants that are not made for somebody else.
var unlimited = domain.Plan{Tier: domain.TierUnlimited}

// CreateTenant adds an active tenant without limits. A slug that is taken is a conflict.
func (s *Store) CreateTenant(ctx context.Context, slug, name string) (domain.Tenant, error) {
	return s.CreateTenantWithPlan(ctx, slug, name, unlimited)
}

// CreateTenantWithPlan adds an active tenant. A slug that is taken is a conflict.
func (s *Store) CreateTenantWithPlan(ctx context.Context, slug, name string, plan domain.Plan) (domain.Tenant, error) {
	if err := domain.ValidateSlug(slug); err != nil {
		return domain.Tenant{}, err
	}
	if err := plan.Check(); err != nil {
		return domain.Tenant{}, err
	}
	t, created, err := s.ensureTenant(ctx, slug, name, plan)
	if err == nil && !created {
		return domain.Tenant{}, domain.Errorf(domain.CodeConflict, "a tenant with the slug %q exists already", slug)
	}
	return t, err
}

// EnsureTenant returns the tenant of that slug, creating it when it is missing.
func (s *Store) EnsureTenant(ctx context.Context, slug, name string) (domain.Tenant, error) {
	t, _, err := s.ensureTenant(ctx, slug, name, unlimited)
	return t, err
}

func (s *Store) ensureTenant(ctx context.Context, slug, name string, plan domain.Plan) (t domain.Tenant, created bool, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		id := uuid.Must(uuid.NewV7())
		override, err := json.Marshal(plan.Override)
		if err != nil {
			return err
		}
		n, err := q.TenantInsert(ctx, db.TenantInsertParams{ID: id, Slug: slug, Name: name, Tier: string(plan.Tier), Quota: override})
		if err != nil {
			return err
		}
		if created = n == 1; created {
			if err := q.TenantInsertState(ctx, id); err != nil {
				return err
			}
			c := change{action: "tenant.created", kind: "tenant", id: id.String(), after: tenantFacts{slug, name, planFacts(plan)}}
			if err := audit(ctx, q, id, c); err != nil {
				return err
			}
		}
		row, err := q.TenantGetBySlug(ctx, slug)
		t = tenantFrom(row)
		return err
	})
	return t, created, err
}

// TenantBySlug returns the tenant of that slug, or a not-found error.
func (s *Store) TenantBySlug(ctx context.Context, slug string) (t domain.Tenant, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantGetBySlug(ctx, slug)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		t = tenantFrom(row)
		return err
	})
	return t, err
}

// Tenants lists tenants by slug, those after the given one.
func (s *Store) Tenants(ctx context.Context, afterSlug string, limit int) (out []domain.Tenant, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.TenantList(ctx, db.TenantListParams{AfterSlug: afterSlug, RowLimit: int32(limit)})
		for _, r := range rows {
			out = append(out, tenantFrom(db.TenantGetBySlugRow(r)))
		}
		return err
	})
	return out, err
}

func tenantFrom(r db.TenantGetBySlugRow) domain.Tenant {
	return domain.Tenant{
		ID: r.ID, Slug: r.Slug, Name: r.Name, State: domain.TenantState(r.State), Plan: planFrom(r.Tier, r.Quota), CreatedAt: r.CreatedAt.UTC(),
	}
}
