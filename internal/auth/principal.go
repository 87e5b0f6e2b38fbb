package auth

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Principal is an authenticated caller.
type Principal struct {
	KeyID      uuid.UUID
	KeyName    string
	TenantID   uuid.UUID
	TenantSlug string
	Scopes     ScopeSet
	// Rules are those of the key.
	Rules Rules
	// Foreign is set for a key of platform scope that acts in another tenant than its own.
	Foreign bool
	// Limits are those of the tenant, as they were some seconds ago.
	Limits domain.Quota
	// Session is set for a signed-in browser.
	Session bool
	// Development is set for the keyless loopback caller of `rustassistant dev`.
	Development bool
	// Unconfirmed is set when the store could not be asked and an earlier answer
	// still stands (see VerifierOptions.OutageGrace): good for reads, not for writes.
	Unconfirmed bool
}

// Development returns the keyless loopback caller of `rustassistant dev`: the
// printed admin key's tenant and the platform scope.
func Development(keyID, tenantID uuid.UUID, tenantSlug string) *Principal {
	return &Principal{
		KeyID: keyID, TenantID: tenantID, TenantSlug: tenantSlug,
		Scopes: Scopes(ScopePlatform), Development: true,
	}
}

// Can reports whether the principal holds the scope.
func (p *Principal) Can(scope Scope) bool { return p != nil && p.Scopes.Has(scope) }

// ForTenant returns the principal acting in another tenant, within its limits. Only the platform
// scope allows it; anybody else is told that the tenant does not exist.
func (p *Principal) ForTenant(id uuid.UUID, slug string, limits domain.Quota) (*Principal, error) {
	if p != nil && p.TenantID == id {
		return p, nil
	}
	if !p.Can(ScopePlatform) {
		return nil, domain.NotFound("tenant")
	}
	other := *p
	other.TenantID, other.TenantSlug, other.Limits, other.Foreign = id, slug, limits, true
	return &other, nil
}

type principalKey struct{}

// WithPrincipal returns a context that carries p.
func WithPrincipal(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext returns the principal of the request, or nil when there is none.
func FromContext(ctx context.Context) *Principal {
	p, _ := ctx.Value(principalKey{}).(*Principal)
	return p
}
