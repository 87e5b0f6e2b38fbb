package api

import (
	"context"
	"sync"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// fakeTenants does at once what the workflows of tenants do, on the real store.
type fakeTenants struct {
	store *store.Store
	mu    sync.Mutex
	// away is what Temporal says when it is down; slow leaves the making to later.
	away    error
	slow    bool
	started []domain.TenantOperation
}

func (f *fakeTenants) ProvisionTenant(ctx context.Context, r ProvisionRequest, _ time.Duration) (bool, string, error) {
	id := "tenant/" + r.Slug + "/provision"
	if f.away != nil || f.slow {
		return false, id, f.away
	}
	n := store.NewTenant{ID: r.TenantID, RequestID: r.RequestID, Slug: r.Slug, Name: r.Name, Plan: r.Plan}
	t, err := f.store.ProvisionTenant(ctx, n)
	if err != nil {
		return false, id, err
	}
	if r.Key != nil && t.ID == r.TenantID {
		if err := f.store.ProvisionKey(ctx, t.ID, *r.Key); err != nil {
			return false, id, err
		}
	}
	_, err = f.store.ActivateTenant(ctx, t.ID)
	return true, id, err
}

func (f *fakeTenants) StartTenantOperation(_ context.Context, op domain.TenantOperation) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started = append(f.started, op)
	return f.away
}
