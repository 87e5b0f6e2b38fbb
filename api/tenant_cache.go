package api

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// tenantCacheTTL is how long a slug may mean what has changed meanwhile.
const tenantCacheTTL = 4 * time.Second

// maxCachedTenants bounds the cache; above it, it starts anew.
const maxCachedTenants = 10_000

// tenantCache remembers slugs for a moment: a caller with X-Tenant would ask the
// database with every search.
type tenantCache struct {
	store *store.Store

	mu    sync.Mutex
	slugs map[string]cachedTenant
}

type cachedTenant struct {
	tenant domain.Tenant
	until  time.Time
}

func newTenantCache(s *store.Store) *tenantCache {
	return &tenantCache{store: s, slugs: map[string]cachedTenant{}}
}

func (t *tenantCache) bySlug(ctx context.Context, slug string) (domain.Tenant, error) {
	t.mu.Lock()
	known, ok := t.slugs[slug]
	t.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return known.tenant, nil
	}
	found, err := t.store.TenantBySlug(ctx, slug)
	if err != nil {
		return domain.Tenant{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.slugs) >= maxCachedTenants {
		clear(t.slugs)
	}
	t.slugs[slug] = cachedTenant{tenant: found, until: time.Now().Add(tenantCacheTTL)}
	return found, nil
}

// forget drops what is remembered of a tenant, under whichever slug.
func (t *tenantCache) forget(id uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for slug, known := range t.slugs {
		if known.tenant.ID == id {
			delete(t.slugs, slug)
		}
	}
}
