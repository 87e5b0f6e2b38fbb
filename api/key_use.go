package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	keyUseFlush   = 10 * time.Second
	keyUseTimeout = 5 * time.Second
)

// keyUse counts the uses of keys in memory and writes them now and then: a search
// must not wait for the row of its key.
type keyUse struct {
	store *store.Store

	mu   sync.Mutex
	uses map[uuid.UUID]*store.KeyUse
}

func newKeyUse(s *store.Store) *keyUse {
	return &keyUse{store: s, uses: map[uuid.UUID]*store.KeyUse{}}
}

// count notes one use. It must see the principal as authenticated, before X-Tenant
// moved it: the key's row is in the key's own tenant.
func (k *keyUse) count(p *auth.Principal) {
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	use := k.uses[p.KeyID]
	if use == nil {
		use = &store.KeyUse{TenantID: p.TenantID, KeyID: p.KeyID}
		k.uses[p.KeyID] = use
	}
	use.Requests++
	use.LastUsedAt = now
}

// flush writes what was counted. What cannot be written is kept for the next time.
func (k *keyUse) flush(ctx context.Context) {
	k.mu.Lock()
	taken := k.uses
	k.uses = map[uuid.UUID]*store.KeyUse{}
	k.mu.Unlock()
	if len(taken) == 0 {
		return
	}
	list := make([]store.KeyUse, 0, len(taken))
	for _, use := range taken {
		list = append(list, *use)
	}
	ctx, cancel := context.WithTimeout(ctx, keyUseTimeout)
	defer cancel()
	if err := k.store.TouchAPIKeys(ctx, list); err != nil {
		slog.WarnContext(ctx, "the use of API keys could not be noted; it is kept for the next time", slog.Any("error", err))
		k.restore(taken)
	}
}

func (k *keyUse) restore(taken map[uuid.UUID]*store.KeyUse) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, old := range taken {
		use := k.uses[id]
		if use == nil {
			k.uses[id] = old
			continue
		}
		use.Requests += old.Requests
	}
}

// run flushes until ctx ends, and once more then.
func (k *keyUse) run(ctx context.Context) {
	tick := time.NewTicker(keyUseFlush)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.flush(ctx)
		case <-ctx.Done():
			k.flush(context.WithoutCancel(ctx))
			return
		}
	}
}
