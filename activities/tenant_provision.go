package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// TenantKey is the first key of a tenant: its hash, never its text.
type TenantKey struct {
	ID       uuid.UUID `json:"id"`
	Name     string    `json:"name"`
	Hash     []byte    `json:"hash"`
	Prefix   string    `json:"prefix"`
	LastFour string    `json:"last_four"`
	Scopes   []string  `json:"scopes"`
}

// Requester is who asked for something, for the audit log.
type Requester struct {
	Kind      domain.ActorKind `json:"kind,omitempty"`
	KeyID     uuid.UUID        `json:"key_id,omitzero"`
	KeyName   string           `json:"key_name,omitempty"`
	Address   string           `json:"address,omitempty"`
	RequestID string           `json:"request_id,omitempty"`
}

// RequesterFrom is the actor of ctx.
func RequesterFrom(ctx context.Context) Requester {
	a := domain.ActorFrom(ctx)
	return Requester{Kind: a.Kind, KeyID: a.ID, KeyName: a.Name, Address: a.Address, RequestID: a.RequestID}
}

func (r Requester) actor() domain.Actor {
	if r.Kind == "" {
		r.Kind = domain.ActorSystem
	}
	return domain.Actor{Kind: r.Kind, ID: r.KeyID, Name: r.KeyName, Address: r.Address, RequestID: r.RequestID}
}

// ProvisionTenantInput describes a tenant to be made.
type ProvisionTenantInput struct {
	TenantID  uuid.UUID     `json:"tenant_id"`
	RequestID uuid.UUID     `json:"request_id"`
	Slug      string        `json:"slug"`
	Name      string        `json:"name"`
	Tier      domain.Tier   `json:"tier"`
	Quota     *domain.Quota `json:"quota,omitempty"`
	Key       *TenantKey    `json:"key,omitempty"`
	Requester Requester     `json:"requester,omitzero"`
}

// ProvisionedTenant names what was made.
type ProvisionedTenant struct {
	TenantID  uuid.UUID `json:"tenant_id"`
	RequestID uuid.UUID `json:"request_id"`
}

// InsertTenant adds the tenant, which cannot be used yet. The same request finds the
// tenant that it has made.
func (t *Tenants) InsertTenant(ctx context.Context, in ProvisionTenantInput) (ProvisionedTenant, error) {
	n := store.NewTenant{ID: in.TenantID, RequestID: in.RequestID, Slug: in.Slug, Name: in.Name, Plan: domain.Plan{Tier: in.Tier}}
	if in.Quota != nil {
		n.Plan.Override = *in.Quota
	}
	made, err := t.Store.ProvisionTenant(domain.WithActor(ctx, in.Requester.actor()), n)
	if domain.CodeOf(err) == domain.CodeConflict {
		return ProvisionedTenant{}, final(err)
	}
	return ProvisionedTenant{TenantID: made.ID, RequestID: in.RequestID}, toTemporal(err)
}

// InsertTenantKey stores the tenant's first key.
func (t *Tenants) InsertTenantKey(ctx context.Context, in ProvisionTenantInput) error {
	k := in.Key
	err := t.Store.ProvisionKey(domain.WithActor(ctx, in.Requester.actor()), in.TenantID, store.HashedKey{
		ID: k.ID, Name: k.Name, Hash: k.Hash, Prefix: k.Prefix, LastFour: k.LastFour, Scopes: k.Scopes,
	})
	return toTemporal(err)
}

// ActivateTenant makes the tenant usable, with its event.
func (t *Tenants) ActivateTenant(ctx context.Context, in ProvisionTenantInput) error {
	_, err := t.Store.ActivateTenant(domain.WithActor(ctx, in.Requester.actor()), in.TenantID)
	return toTemporal(err)
}

// AbandonTenant takes back a tenant that could not be made.
func (t *Tenants) AbandonTenant(ctx context.Context, in ProvisionTenantInput) error {
	return toTemporal(t.Store.AbandonTenant(ctx, in.TenantID))
}
