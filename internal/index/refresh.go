package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	handles, err := m.openAll(ctx, t.id, old, state.Segments)
	if err != nil {
		return err
	}
	next, err := protectedSnapshot(old, state.Generation, handles, state.Tombstones)
	if errors.Is(err, ErrCorrupt) && old != nil {
		return m.mend(ctx, t, old)
	}
	if err != nil {
		return err
	}
	m.swap(t, old, next)
	return nil
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
	kept := make(map[uuid.UUID]bool, len(next.views))
	for _, v := range next.views {
		kept[v.ref.ID] = true
	}
	for _, v := range old.views {
		if kept[v.ref.ID] {
			continue
		}
		if err := m.cache.remove(t.id, v.ref.ID); err != nil {
			m.log.Warn("an unused segment file could not be removed", "tenant", t.id, "segment", v.ref.ID, "error", err)
		}
	}
}

// openAll returns a handle to each segment, those of old shared, the others
// from the cache or fetched.
func (m *Manager) openAll(ctx context.Context, tenant uuid.UUID, old *Snapshot, refs []SegmentRef) ([]refHandle, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	handles := make([]refHandle, len(refs))
	errs := make([]error, len(refs))
	slots := make(chan struct{}, m.options.MaxFetches)
	var wait sync.WaitGroup
	for i, ref := range refs {
		handles[i].ref = ref
		if handles[i].handle = old.share(ref.ID); handles[i].handle != nil {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			s, err := m.openSegment(ctx, tenant, ref)
			if err != nil {
				errs[i] = err
				cancel()
				return
			}
			handles[i].handle = newSegmentHandle(ref.ID, s)
		})
	}
	wait.Wait()
	if err := firstError(errs); err != nil {
		for _, h := range handles {
			if h.handle != nil {
				h.handle.release()
			}
		}
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

// share returns a new reference to a segment of the snapshot, nil if it has
// none of that id.
func (s *Snapshot) share(id uuid.UUID) *segmentHandle {
	if s == nil {
		return nil
	}
	for _, v := range s.views {
		if v.ref.ID == id {
			v.handle.acquire()
			return v.handle
		}
	}
	return nil
}

// openSegment opens a segment from the cache; one that is missing or broken
// there is fetched.
func (m *Manager) openSegment(ctx context.Context, tenant uuid.UUID, ref SegmentRef) (*Segment, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := m.cache.open(tenant, ref)
	if err == nil {
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		m.log.Warn("a cached segment is fetched again", "tenant", tenant, "segment", ref.ID, "error", err)
	}
	fetch := func(w io.Writer) error {
		return m.source.ReadSegment(ctx, tenant, ref.ID, &limitedWriter{w: w, left: ref.Bytes})
	}
	err = m.cache.put(tenant, ref.ID, fetch)
	if isFileError(err) {
		return m.withoutFile(tenant, ref, fetch, err)
	}
	if err != nil {
		return nil, fmt.Errorf("fetch segment %s: %w", ref.ID, err)
	}
	if s, err = m.cache.open(tenant, ref); err != nil {
		return nil, fmt.Errorf("fetched segment %s: %w", ref.ID, err)
	}
	return s, nil
}

// limitedWriter fails when more comes than was announced.
type limitedWriter struct {
	w    io.Writer
	left int64
}

func (l *limitedWriter) Write(b []byte) (int, error) {
	if int64(len(b)) > l.left {
		return 0, corrupt("a segment is longer than its entry says")
	}
	l.left -= int64(len(b))
	return l.w.Write(b)
}

// OpenSegment opens a stored segment that need not be live, from the cache or
// fetched. The caller closes it.
func (m *Manager) OpenSegment(ctx context.Context, tenant uuid.UUID, ref SegmentRef) (*Segment, error) {
	return m.openSegment(ctx, tenant, ref)
}
