package index

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// ManagerOptions configures a Manager.
type ManagerOptions struct {
	// CacheDir keeps segment files. Processes of one machine may share it.
	CacheDir string
	// MaxDiskBytes bounds the files of tenants that are not loaded; 0 means
	// 10 GiB. What is loaded is never removed.
	MaxDiskBytes int64
	// MaxOpenBytes bounds the loaded tenants: the one used longest ago is
	// unloaded first, the one just loaded never; 0 means 4 GiB.
	MaxOpenBytes int64
	// MaxUncachedBytes bounds the segments that are kept in memory because
	// CacheDir cannot be written; 0 means 256 MiB.
	MaxUncachedBytes int64
	// IdleUnload is how long a tenant stays loaded without being used; 0 means
	// until its room is needed.
	IdleUnload time.Duration
	// RememberUsage keeps in CacheDir who was used how much, for Warm.
	RememberUsage bool
	// MaxFetches bounds how many segments one refresh reads at a time; 0
	// means 4.
	MaxFetches int
	// OpenModel opens an embedding model from its file; path is empty when the
	// model has none. Without OpenModel models are ignored, and vectors with
	// them.
	OpenModel func(ref ModelRef, path string) (Model, error)
	Logger    *slog.Logger
}

// ErrClosed is returned by a Manager after Close.
var ErrClosed = errors.New("index manager is closed")

// Manager holds the loaded tenants of a process. It is safe for concurrent use.
//
//	         first Snapshot              newer generation: Refresh
//	cold ───────────────────► loaded ───────────────────────────────┐
//	  ▲                        │  ▲                                 │
//	  └── least recently used, └──┘──── swap, old one is released ◄─┘
//	      or idle
type Manager struct {
	source  Source
	options ManagerOptions
	cache   *cacheDir
	log     *slog.Logger

	mu      sync.RWMutex
	tenants map[uuid.UUID]*tenant
	closed  bool

	uncached atomic.Int64 // bytes of segments without a file

	ctx    context.Context // of background work
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// NewManager returns a Manager that keeps its files in a directory, which is
// created.
func NewManager(source Source, o ManagerOptions) (*Manager, error) {
	if o.MaxDiskBytes == 0 {
		o.MaxDiskBytes = 10 << 30
	}
	if o.MaxOpenBytes == 0 {
		o.MaxOpenBytes = 4 << 30
	}
	if o.MaxUncachedBytes == 0 {
		o.MaxUncachedBytes = 256 << 20
	}
	if o.MaxFetches == 0 {
		o.MaxFetches = 4
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	cache, err := newCacheDir(o.CacheDir)
	if err != nil {
		return nil, err
	}
	m := &Manager{source: source, options: o, cache: cache, log: o.Logger, tenants: make(map[uuid.UUID]*tenant)}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.work.Go(m.upkeep)
	return m, nil
}

// tenant is the state of one tenant in a Manager.
type tenant struct {
	id      uuid.UUID
	current atomic.Pointer[Snapshot] // nil when cold
	used    atomic.Int64             // Unix nanoseconds
	uses    atomic.Uint64            // since they were saved

	repairing atomic.Bool // by RepairLater

	gate     chan struct{} // one refresh at a time
	started  atomic.Uint64 // refreshes begun
	finished uint64        // number of the last one that succeeded, under gate

	mu        sync.Mutex
	loading   *load  // running cold load
	announced uint64 // generation wanted by Announce
	following bool   // a goroutine works on it
}

// load is a cold load that several callers wait for.
type load struct {
	done chan struct{}
	err  error
}

func (m *Manager) tenant(id uuid.UUID) (*tenant, error) {
	m.mu.RLock()
	t, closed := m.tenants[id], m.closed
	m.mu.RUnlock()
	if closed {
		return nil, ErrClosed
	}
	if t != nil {
		return t, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if t = m.tenants[id]; t == nil {
		t = &tenant{id: id, gate: make(chan struct{}, 1)}
		m.tenants[id] = t
	}
	return t, nil
}

// Snapshot returns the tenant's current snapshot, which the caller must
// release. A loaded tenant answers at once, however far a refresh is; a cold
// one is loaded first, once for all who wait.
func (m *Manager) Snapshot(ctx context.Context, id uuid.UUID) (*Snapshot, error) {
	t, err := m.tenant(id)
	if err != nil {
		return nil, err
	}
	for {
		if s := t.current.Load(); s != nil && s.acquire() {
			t.used.Store(time.Now().UnixNano())
			t.uses.Add(1)
			return s, nil
		}
		if err := m.load(ctx, t); err != nil {
			return nil, err
		}
	}
}

// load waits until a cold tenant was loaded. The load goes on when a waiting
// caller gives up: the next one profits.
func (m *Manager) load(ctx context.Context, t *tenant) error {
	t.mu.Lock()
	l := t.loading
	if l == nil {
		l = &load{done: make(chan struct{})}
		t.loading = l
		if !m.spawn(func() { m.runLoad(t, l) }) {
			t.loading = nil
			t.mu.Unlock()
			return ErrClosed
		}
	}
	t.mu.Unlock()
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Manager) runLoad(t *tenant, l *load) {
	t.used.Store(time.Now().UnixNano())
	l.err = m.refresh(m.ctx, t, true)
	t.mu.Lock()
	t.loading = nil
	t.mu.Unlock()
	close(l.done)
	if l.err == nil {
		m.shrink(t)
	}
}

// spawn runs work in the background unless the manager is closed.
func (m *Manager) spawn(work func()) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return false
	}
	m.work.Go(work)
	return true
}

// Refresh brings the tenant up to everything that was committed when it was
// called, loading it if need be. On an error the snapshot stays as it was.
func (m *Manager) Refresh(ctx context.Context, id uuid.UUID) error {
	t, err := m.tenant(id)
	if err != nil {
		return err
	}
	if t.current.Load() == nil {
		return m.load(ctx, t)
	}
	return m.refresh(ctx, t, false)
}

// Announce says that the tenant has reached a generation. A loaded tenant is
// refreshed in the background, announcements that arrive meanwhile are joined;
// a cold tenant is left alone.
func (m *Manager) Announce(id uuid.UUID, generation uint64) {
	t, err := m.tenant(id)
	if err != nil || !t.behind(generation) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.announced = max(t.announced, generation)
	if !t.following {
		t.following = m.spawn(func() { m.follow(t) })
	}
}

// behind reports whether the tenant is loaded, and older than generation.
func (t *tenant) behind(generation uint64) bool {
	s := t.current.Load()
	return s != nil && s.generation < generation
}

// follow refreshes until the announced generation is reached. After a failure
// it stops: the next announcement, which a poll sends too, tries again.
func (m *Manager) follow(t *tenant) {
	for {
		t.mu.Lock()
		if !t.behind(t.announced) {
			t.following = false
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		if err := m.refresh(m.ctx, t, false); err != nil {
			if m.ctx.Err() == nil {
				m.log.Warn("index refresh failed", "tenant", t.id, "error", err)
			}
			t.mu.Lock()
			t.following = false
			t.mu.Unlock()
			return
		}
	}
}

// Loaded returns the loaded tenants with the generation each one shows.
func (m *Manager) Loaded() map[uuid.UUID]uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	loaded := make(map[uuid.UUID]uint64)
	for id, t := range m.tenants {
		if s := t.current.Load(); s != nil {
			loaded[id] = s.generation
		}
	}
	return loaded
}

// AdoptFile keeps a copy of a segment file that was made on this machine, so
// that no process on it has to fetch the segment.
func (m *Manager) AdoptFile(tenant, segment uuid.UUID, path string) error {
	return m.cache.putFile(m.cache.path(tenant, segment), path)
}

// AdoptBytes is AdoptFile for a segment in memory.
func (m *Manager) AdoptBytes(tenant, segment uuid.UUID, data []byte) error {
	return m.cache.put(tenant, segment, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Unload drops a tenant from memory; its files stay. Snapshots in use remain
// valid until they are released.
func (m *Manager) Unload(id uuid.UUID) {
	m.mu.RLock()
	t := m.tenants[id]
	m.mu.RUnlock()
	if t != nil {
		t.unload()
	}
}

func (t *tenant) unload() {
	if s := t.current.Swap(nil); s != nil {
		s.Release()
	}
}

// shrink unloads tenants until the budgets are kept. The tenant just loaded
// stays.
func (m *Manager) shrink(loaded *tenant) {
	for {
		total, oldest := int64(0), (*tenant)(nil)
		m.mu.RLock()
		for _, t := range m.tenants {
			s := t.current.Load()
			if s == nil {
				continue
			}
			total += s.stats.Bytes
			if t != loaded && (oldest == nil || t.used.Load() < oldest.used.Load()) {
				oldest = t
			}
		}
		m.mu.RUnlock()
		if total <= m.options.MaxOpenBytes || oldest == nil {
			break
		}
		oldest.unload()
	}
	if err := m.cache.trim(m.options.MaxDiskBytes, m.isLoaded); err != nil {
		m.log.Warn("index cache could not be trimmed", "error", err)
	}
}

func (m *Manager) isLoaded(id uuid.UUID) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	t := m.tenants[id]
	return t != nil && t.current.Load() != nil
}

// Close stops background work and unloads every tenant.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.cancel()
	m.work.Wait()
	for id := range m.Loaded() {
		m.Unload(id)
	}
}
