package api

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Tenant is a tenant as it is answered.
type Tenant struct {
	ID        uuid.UUID          `json:"id"`
	Slug      string             `json:"slug"`
	Name      string             `json:"name"`
	State     domain.TenantState `json:"state" enum:"active,suspended"`
	CreatedAt time.Time          `json:"created_at"`
}

func tenantView(t *domain.Tenant) Tenant {
	return Tenant{ID: t.ID, Slug: t.Slug, Name: t.Name, State: t.State, CreatedAt: t.CreatedAt}
}

// TenantList is one page of tenants.
type TenantList struct {
	Tenants    []Tenant `json:"tenants"`
	NextCursor string   `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listTenantsOutput struct{ Body TenantList }

func (s *Server) listTenants(ctx context.Context, in *PageInput) (*listTenantsOutput, error) {
	after, err := in.afterName()
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.Tenants(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(t domain.Tenant) string { return cursorOfName(t.Slug) })
	out := &listTenantsOutput{TenantList{Tenants: make([]Tenant, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.Tenants[i] = tenantView(&found[i])
	}
	return out, nil
}

type tenantBody struct {
	Slug      string `json:"slug" required:"true" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" doc:"Names the tenant in X-Tenant." example:"acme"`
	Name      string `json:"name,omitempty" maxLength:"200" doc:"The slug when left out." example:"Acme Inc."`
	CreateKey bool   `json:"create_key,omitempty" doc:"Make a first key of admin scope."`
}

type createTenantInput struct{ Body body[tenantBody] }

// CreatedTenant is a new tenant, with its first key if one was asked for.
type CreatedTenant struct {
	Tenant
	APIKey *CreatedAPIKey `json:"api_key,omitempty"`
}

type createTenantOutput struct{ Body CreatedTenant }

func (s *Server) createTenant(ctx context.Context, in *createTenantInput) (*createTenantOutput, error) {
	b := &in.Body.Value
	if err := b.check(); err != nil {
		return nil, err
	}
	if s.deps.SingleTenant {
		return nil, domain.Errorf(domain.CodeConflict, "this server has one tenant only; set MULTI_TENANT_MODE=true to create others")
	}
	tenant, err := s.deps.Store.CreateTenant(ctx, b.Slug, b.Name)
	if err != nil {
		return nil, err
	}
	out := &createTenantOutput{CreatedTenant{Tenant: tenantView(&tenant)}}
	if !b.CreateKey {
		return out, nil
	}
	key := auth.Generate()
	stored, err := s.deps.Store.CreateAPIKey(ctx, tenant.ID, store.NewAPIKey{
		Name: "First admin key", Key: key, Scopes: auth.Scopes(auth.ScopeAdmin),
	})
	if err != nil {
		return nil, err
	}
	out.Body.APIKey = &CreatedAPIKey{APIKey: apiKeyView(&stored), Key: key.Reveal()}
	return out, nil
}

func (b *tenantBody) check() error {
	e := domain.Error{Code: domain.CodeInvalid, Message: "the tenant is not valid"}
	if err := domain.ValidateSlug(b.Slug); err != nil {
		e.Fields = append(e.Fields, visible(err).Fields...)
	}
	if b.Name = strings.TrimSpace(b.Name); b.Name == "" {
		b.Name = b.Slug
	}
	checkText(&e, "name", b.Name, maxNameBytes)
	if len(e.Fields) > 0 {
		return &e
	}
	return nil
}
