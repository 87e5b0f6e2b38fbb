package index

import (
	"context"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// Forget drops a tenant that is no more from memory, and its files from the cache.
// Snapshots in use remain valid until they are released.
func (m *Manager) Forget(id uuid.UUID) {
	m.mu.Lock()
	t := m.tenants[id]
	delete(m.tenants, id)
	m.mu.Unlock()
	if t != nil {
		t.unload()
	}
	if err := os.RemoveAll(filepath.Join(m.cache.root, id.String())); err != nil {
		m.log.Warn("the files of a tenant that is gone could not be removed; the next start tries again", "tenant", id, "error", err)
	}
}

// ForgetMissing forgets the tenants of the cache that are no more, by what gone says
// of their ids: while nobody listened, nobody heard of them.
func (m *Manager) ForgetMissing(ctx context.Context, gone func(context.Context, []uuid.UUID) ([]uuid.UUID, error)) {
	dirs, err := os.ReadDir(m.cache.root)
	if err != nil {
		m.log.Warn("the index cache could not be listed", "error", err)
		return
	}
	var ids []uuid.UUID
	for _, dir := range dirs {
		if id, err := uuid.Parse(dir.Name()); err == nil && dir.IsDir() {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	missing, err := gone(ctx, ids)
	if err != nil {
		m.log.Warn("tenants of the index cache that are gone could not be asked for; the next connection does", "error", err)
		return
	}
	for _, id := range missing {
		m.Forget(id)
	}
}
