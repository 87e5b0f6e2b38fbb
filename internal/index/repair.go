package index

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Use calls fn with the tenant's snapshot. When fn meets bytes that are no longer
// those that were opened (a file was cut or changed while it was mapped), the
// broken files are fetched again and fn is called once more.
func (m *Manager) Use(ctx context.Context, id uuid.UUID, fn func(*Snapshot) error) error {
	for attempt := 0; ; attempt++ {
		s, err := m.Snapshot(ctx, id)
		if err != nil {
			return err
		}
		err = fn(s)
		if !errors.Is(err, ErrCorrupt) || attempt > 0 {
			s.Release()
			return err
		}
		m.log.Error("a search met a broken segment", "tenant", id, "error", err)
		repaired := m.Repair(ctx, id, s)
		s.Release()
		if repaired != nil {
			return errors.Join(err, repaired)
		}
	}
}

// errIntact is returned by Repair when all bytes are as they should be: then it
// is not the disk that is to blame.
var errIntact = errors.New("no file of the tenant is broken")

// RepairLater is Repair in the background, for one who can answer without what is
// broken. While one is under way for the tenant it does nothing.
func (m *Manager) RepairLater(id uuid.UUID, s *Snapshot) {
	t, err := m.tenant(id)
	if err != nil || t.current.Load() != s || !t.repairing.CompareAndSwap(false, true) {
		return
	}
	if !s.acquire() {
		t.repairing.Store(false)
		return
	}
	end := func() {
		s.Release()
		t.repairing.Store(false)
	}
	if !m.spawn(func() { defer end(); m.repairLogged(id, s) }) {
		end()
	}
}

func (m *Manager) repairLogged(id uuid.UUID, s *Snapshot) {
	if err := m.Repair(m.ctx, id, s); err != nil && m.ctx.Err() == nil {
		m.log.Error("a broken file of the index could not be fetched again", "tenant", id, "error", err)
	}
}

// Repair verifies the files of a snapshot of the tenant, which the caller
// holds, and replaces the snapshot by one in which the broken ones were opened
// anew, from the cache or from the store.
func (m *Manager) Repair(ctx context.Context, id uuid.UUID, s *Snapshot) error {
	t, err := m.tenant(id)
	if err != nil {
		return err
	}
	select {
	case t.gate <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t.gate }()
	return m.mend(ctx, t, s)
}

// mend is Repair for one who has the tenant's gate.
func (m *Manager) mend(ctx context.Context, t *tenant, s *Snapshot) error {
	if t.current.Load() != s {
		return nil // somebody was faster
	}
	sound, broken := m.sound(t.id, s)
	if !broken {
		return errIntact
	}
	var err error
	for range maxReloads {
		if err = m.rebuildSnapshot(ctx, t, s, sound); domain.CodeOf(err) != domain.CodeNotFound {
			break
		}
	}
	return err
}

// sound returns what of a snapshot can be shared with a new one.
func (m *Manager) sound(tenant uuid.UUID, s *Snapshot) (sound *Snapshot, broken bool) {
	found := func(err error, kind string, id uuid.UUID) bool {
		if err == nil {
			return false
		}
		m.log.Error("a file of the index was changed while it was open", "tenant", tenant, kind, id, "error", err)
		broken = true
		return true
	}
	sound = &Snapshot{model: s.model, settings: s.settings}
	for _, v := range s.views {
		if found(v.Verify(), "segment", v.ref.ID) {
			continue
		}
		kept := *v
		if v.vectors != nil && found(v.vectors.vectors.Verify(), "vectors", v.vectors.id) {
			kept.vectors = nil
		}
		sound.views = append(sound.views, &kept)
	}
	if s.model != nil && found(s.model.verify(m.cache, tenant), "model", s.model.ref.ID) {
		sound.model = nil
	}
	return sound, broken
}

// rebuildSnapshot makes a snapshot from nothing but the open segments of sound.
func (m *Manager) rebuildSnapshot(ctx context.Context, t *tenant, old, sound *Snapshot) error {
	state, err := m.source.IndexState(ctx, t.id, 0)
	if err != nil {
		return fmt.Errorf("read the index state: %w", err)
	}
	if state.Generation < old.generation {
		return errors.New("the store is behind what is loaded") // a lagging replica
	}
	handles, err := m.openAll(ctx, t.id, sound, &state)
	if err != nil {
		return err
	}
	model, err := m.openModel(ctx, t.id, sound, state.Model)
	if err != nil {
		releaseAll(handles)
		return err
	}
	next, err := protectedSnapshot(nil, state.Generation, handles, state.Tombstones)
	if err != nil {
		if model != nil {
			model.release()
		}
		return err
	}
	next.adopt(model, m.settings(t.id, sound, state.Settings))
	m.swap(t, old, next)
	return nil
}

// protectedSnapshot is buildSnapshot, which reads the segments' tables.
func protectedSnapshot(old *Snapshot, generation uint64, handles []refHandle, tombstones []Tombstone) (s *Snapshot, err error) {
	defer func() {
		if err != nil {
			releaseAll(handles)
		}
	}()
	defer protect(&err)()
	return buildSnapshot(old, generation, handles, tombstones), nil
}
