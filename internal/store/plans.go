package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// tenantFacts is what the audit log shows of a new tenant.
type tenantFacts struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
	planJSON
}

// planJSON is a plan as the audit log shows it.
type planJSON struct {
	Tier  domain.Tier   `json:"tier"`
	Quota *domain.Quota `json:"quota,omitempty"`
}

func planFacts(p domain.Plan) planJSON {
	f := planJSON{Tier: p.Tier}
	if !p.Override.IsZero() {
		f.Quota = &p.Override
	}
	return f
}

// planFrom reads a plan as it is stored. The column holds what json.Marshal wrote.
func planFrom(tier string, override []byte) domain.Plan {
	p := domain.Plan{Tier: domain.Tier(tier)}
	_ = json.Unmarshal(override, &p.Override)
	return p
}

// Limits are what a plan allows by the tiers of this process.
func (s *Store) Limits(p domain.Plan) domain.Quota { return s.tiers.Limits(p) }

// SetTenantPlan gives a tenant another tier and other exceptions from it, and tells
// when a quota that it is held to is nearly or wholly used by then. Running servers
// keep to it within 5 s; what is counted in the database, at once.
func (s *Store) SetTenantPlan(ctx context.Context, tenant uuid.UUID, plan domain.Plan) error {
	return s.inSystem(ctx, func(q *db.Queries) error { return s.setPlan(ctx, q, tenant, plan) })
}

// setPlan is SetTenantPlan within a transaction of the system role.
func (s *Store) setPlan(ctx context.Context, q *db.Queries, tenant uuid.UUID, plan domain.Plan) error {
	if err := plan.Check(); err != nil {
		return err
	}
	row, err := q.TenantPlanLock(ctx, tenant)
	if noRows(err) {
		return domain.NotFound("tenant")
	}
	if err != nil {
		return err
	}
	before := planFrom(row.Tier, row.Quota)
	override, err := json.Marshal(plan.Override)
	if err != nil {
		return fmt.Errorf("encode a quota: %w", err)
	}
	if err := q.TenantPlanSet(ctx, db.TenantPlanSetParams{TenantID: tenant, Tier: string(plan.Tier), Quota: override}); err != nil {
		return err
	}
	c := change{action: "tenant.plan_changed", kind: "tenant", id: tenant.String(), before: planFacts(before), after: planFacts(plan)}
	return audit(ctx, q, tenant, c)
}
