package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// maxReloads is how often a refresh starts over because a merge took away a
// segment while it was fetched.
const maxReloads = 5

// refresh brings a tenant up to date. A cold load may make it loaded; without
// cold a tenant that was unloaded meanwhile stays so.
func (m *Manager) refresh(ctx context.Context, t *tenant, cold bool) error {
	begun := t.started.Load()
	select {
	case t.gate <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t.gate }()
	if t.finished > begun && t.current.Load() != nil {
		return nil // one that began after this call has done the work
	}
	number := t.started.Add(1)
	var err error
	for range maxReloads {
		if err = m.reload(ctx, t, cold); domain.CodeOf(err) != domain.CodeNotFound {
			break
		}
	}
	if err == nil {
		t.finished = number
	}
	return err
}

// reload reads the state once and swaps the snapshot.
func (m *Manager) reload(ctx context.Context, t *tenant, cold bool) error {
	old, since := t.current.Load(), uint64(0)
	if old != nil && !old.acquire() {
		old = nil
	}
	if old != nil {
		defer old.Release()
		since = old.generation
	} else if !cold {
		return nil
	}
	state, err := m.source.IndexState(ctx, t.id, since)
	if err != nil {
		return fmt.Errorf("read the index state: %w", err)
	}
	if old != nil && state.Generation <= old.generation {
		return nil // a lagging replica must not turn back time
	}
	handles, err := m.openAll(ctx, t.id, old, &state)
	if err != nil {
		return err
	}
	model, err := m.openModel(ctx, t.id, old, state.Model)
	if err != nil {
		releaseAll(handles)
		return err
	}
	next, err := protectedSnapshot(old, state.Generation, handles, state.Tombstones)
	if err != nil && model != nil {
		model.release()
	}
	if errors.Is(err, ErrCorrupt) && old != nil {
		return m.mend(ctx, t, old)
	}
	if err != nil {
		return err
	}
	next.adopt(model, m.settings(t.id, old, state.Settings))
	m.swap(t, old, next)
	return nil
}

// settings reads a tenant's search settings. Those that this program cannot read
// are no reason to answer nothing.
func (m *Manager) settings(tenant uuid.UUID, old *Snapshot, data []byte) *querySettings {
	var known *querySettings
	if old != nil {
		known = old.settings
	}
	s, err := compileSettings(data, known)
	if err != nil {
		m.log.Error("the search settings cannot be read, the defaults are used", "tenant", tenant, "error", err)
	}
	return s
}

// swap makes next current, unless the tenant was unloaded meanwhile, and drops
// the files that only old needed.
func (m *Manager) swap(t *tenant, old, next *Snapshot) {
	if !t.current.CompareAndSwap(old, next) {
		next.Release()
		return
	}
	if old == nil {
		return
	}
	old.Release()
	m.removeUnused(t.id, old, next)
}

// openAll returns a handle to each segment, those of old shared, the others
// from the cache or fetched.
func (m *Manager) openAll(ctx context.Context, tenant uuid.UUID, old *Snapshot, state *State) ([]refHandle, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	refs := state.Segments
	handles := make([]refHandle, len(refs))
	errs := make([]error, len(refs))
	slots := make(chan struct{}, m.options.MaxFetches)
	var wait sync.WaitGroup
	for i, ref := range refs {
		handles[i].ref = ref
		h := &handles[i]
		h.handle, h.vectors = old.share(ref)
		if h.handle != nil && (h.vectors != nil || ref.Vectors == nil) {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if err := m.openHandle(ctx, tenant, h, state.Model); err != nil {
				errs[i] = err
				cancel()
			}
		})
	}
	wait.Wait()
	if err := firstError(errs); err != nil {
		releaseAll(handles)
		return nil, err
	}
	return handles, nil
}

// firstError returns the error that made the others stop.
func firstError(errs []error) error {
	var cancelled error
	for _, err := range errs {
		if errors.Is(err, context.Canceled) {
			cancelled = err
		} else if err != nil {
			return err
		}
	}
	return cancelled
}

// openHandle opens what is missing in a handle.
func (m *Manager) openHandle(ctx context.Context, tenant uuid.UUID, h *refHandle, model *ModelRef) error {
	if h.handle == nil {
		s, err := m.openSegment(ctx, tenant, h.ref)
		if err != nil {
			return err
		}
		h.handle = newSegmentHandle(h.ref.ID, s)
	}
	if h.ref.Vectors == nil || h.vectors != nil {
		return nil
	}
	v, err := m.openVectors(ctx, tenant, h.ref, model)
	if v != nil {
		h.vectors = newVectorsHandle(h.ref.Vectors.ID, v)
	}
	return err
}

func releaseAll(handles []refHandle) {
	for _, h := range handles {
		if h.handle != nil {
			h.handle.release()
		}
		if h.vectors != nil {
			h.vectors.release()
		}
	}
}

// share returns new references to a segment of the snapshot and to its vectors,
// nil for what it has not.
func (s *Snapshot) share(ref SegmentRef) (h *segmentHandle, vectors *vectorsHandle) {
	if s == nil {
		return nil, nil
	}
	for _, v := range s.views {
		if v.ref.ID != ref.ID {
			continue
		}
		v.handle.acquire()
		if v.vectors != nil && ref.Vectors != nil && v.vectors.id == ref.Vectors.ID {
			v.vectors.acquire()
			return v.handle, v.vectors
		}
		return v.handle, nil
	}
	return nil, nil
}

// openSegment opens a segment from the cache; one that is missing or broken
// there is fetched.
func (m *Manager) openSegment(ctx context.Context, tenant uuid.UUID, ref SegmentRef) (*Segment, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return openFile(m, segmentFiles, cacheEntry{
		path: m.cache.path(tenant, ref.ID), checksum: ref.Checksum, bytes: ref.Bytes,
		fetch: func(w io.Writer) error {
			return m.source.ReadSegment(ctx, tenant, ref.ID, &limitedWriter{w: w, left: ref.Bytes})
		},
	})
}

// limitedWriter fails when more comes than was announced.
type limitedWriter struct {
	w    io.Writer
	left int64
}

func (l *limitedWriter) Write(b []byte) (int, error) {
	if int64(len(b)) > l.left {
		return 0, corrupt("a file is longer than its entry says")
	}
	l.left -= int64(len(b))
	return l.w.Write(b)
}

// OpenSegment opens a stored segment that need not be live, from the cache or
// fetched. The caller closes it.
func (m *Manager) OpenSegment(ctx context.Context, tenant uuid.UUID, ref SegmentRef) (*Segment, error) {
	return m.openSegment(ctx, tenant, ref)
}
