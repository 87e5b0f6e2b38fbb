package index

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
)

// upkeepEvery is how often a Manager looks after what is loaded.
const upkeepEvery = 30 * time.Second

// upkeep unloads tenants that nobody uses, remembers who is used, and looks
// whether the files of loaded tenants are still what was opened.
func (m *Manager) upkeep() {
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	for {
		select {
		case <-m.ctx.Done():
			m.saveUsage(time.Now())
			return
		case now := <-tick.C:
			m.unloadIdle(now)
			m.saveUsage(now)
			m.scrub(m.ctx)
		}
	}
}

// unloadIdle unloads the tenants that were not used for IdleUnload.
func (m *Manager) unloadIdle(now time.Time) {
	if m.options.IdleUnload <= 0 {
		return
	}
	oldest := now.Add(-m.options.IdleUnload).UnixNano()
	for _, t := range m.loadedTenants() {
		if t.used.Load() < oldest {
			t.unload()
		}
	}
}

func (m *Manager) loadedTenants() (list []*tenant) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, t := range m.tenants {
		if t.current.Load() != nil {
			list = append(list, t)
		}
	}
	return list
}

// saveUsage adds what was counted since the last time to the file.
func (m *Manager) saveUsage(now time.Time) {
	if !m.options.RememberUsage {
		return
	}
	added := make(map[uuid.UUID]uses)
	m.mu.RLock()
	for id, t := range m.tenants {
		u := uses{count: t.uses.Swap(0)}
		if s := t.current.Load(); s != nil {
			u.bytes = s.stats.Bytes
		}
		if u.count > 0 {
			added[id] = u
		}
	}
	m.mu.RUnlock()
	if len(added) == 0 {
		return
	}
	if err := m.cache.addUsage(added, now); err != nil {
		m.log.Warn("which tenants are busy was not kept", "error", err)
	}
}

const (
	// warmLoads is how many tenants Warm loads at once.
	warmLoads = 4
	// warmShare is the part of MaxOpenBytes that Warm fills: the first tenants
	// that come by themselves must not push out what was just loaded.
	warmShare = 0.8
)

// Warm loads the tenants that earlier runs used most, until ctx ends or most of
// MaxOpenBytes is taken. It returns how many it loaded. A tenant that cannot be
// loaded is left to its first search.
func (m *Manager) Warm(ctx context.Context) (loaded int, err error) {
	all, err := m.cache.readUsage()
	if err != nil {
		return 0, err
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, warmLoads)
	expected := m.openBytes()
	for _, id := range busiest(all, time.Now()) {
		expected += all[id].Bytes
		if expected > int64(warmShare*float64(m.options.MaxOpenBytes)) {
			break
		}
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-slots }()
			failed := m.warm(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			if failed == nil {
				loaded++
			} else if ctx.Err() == nil {
				err = errors.Join(err, failed)
			}
		})
	}
	wait.Wait()
	return loaded, err
}

// warm loads a tenant and does not count as a use of it.
func (m *Manager) warm(ctx context.Context, id uuid.UUID) error {
	t, err := m.tenant(id)
	if err != nil {
		return err
	}
	if t.current.Load() != nil {
		return nil
	}
	return m.load(ctx, t)
}

func (m *Manager) openBytes() (total int64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, t := range m.tenants {
		if s := t.current.Load(); s != nil {
			total += s.stats.Bytes
		}
	}
	return total
}

// scrub verifies the segments whose files are not as they were when they were
// opened. A file is never written to once it is there, so its size and time tell;
// what a failing disk changes under a file that looks the same is found when it is
// opened next.
func (m *Manager) scrub(ctx context.Context) {
	for _, t := range m.loadedTenants() {
		s := t.current.Load()
		if s == nil || !s.acquire() {
			continue
		}
		if m.changed(t.id, s) {
			err := m.Repair(ctx, t.id, s)
			if err != nil && !errors.Is(err, errIntact) && ctx.Err() == nil {
				m.log.Error("a broken segment could not be fetched again", "tenant", t.id, "error", err)
			}
		}
		s.Release()
	}
}

// changed reports whether a file of the snapshot is there and has another size,
// or was written to, since it was opened.
func (m *Manager) changed(tenant uuid.UUID, s *Snapshot) bool {
	for _, v := range s.views {
		if v.mapped != nil && rewritten(m.cache.path(tenant, v.ref.ID), v.file.Bytes, v.checked.Load()) {
			return true
		}
		if v.vectors == nil {
			continue
		}
		f := v.vectors.vectors
		if f.mapped != nil && rewritten(m.cache.vectorsPath(tenant, v.vectors.id), f.file.Bytes, f.checked.Load()) {
			return true
		}
	}
	return s.model != nil && s.model.ref.Bytes > 0 &&
		rewritten(m.cache.modelPath(tenant, s.model.ref.ID), s.model.ref.Bytes, s.model.checked.Load())
}

// rewritten reports whether a file is there and is not as it was. One that was
// removed stays what it was to those who have mapped it.
func rewritten(path string, bytes, checked int64) bool {
	info, err := os.Stat(path)
	return err == nil && (info.Size() != bytes || info.ModTime().UnixNano() > checked)
}
