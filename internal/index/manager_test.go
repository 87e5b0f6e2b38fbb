package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// fakeSource is what a store is to a Manager, in memory.
type fakeSource struct {
	mu         sync.Mutex
	states     map[uuid.UUID]State
	tombstones map[uuid.UUID][]Tombstone
	data       map[uuid.UUID][]byte
	err        error
	gate       chan struct{} // if set, IndexState waits for it

	stateReads, segmentReads, vectorReads, modelReads atomic.Int64
}

func newFakeSource() *fakeSource {
	return &fakeSource{states: map[uuid.UUID]State{}, tombstones: map[uuid.UUID][]Tombstone{}, data: map[uuid.UUID][]byte{}}
}

func (f *fakeSource) IndexState(ctx context.Context, tenant uuid.UUID, since uint64) (State, error) {
	f.stateReads.Add(1)
	f.mu.Lock()
	gate := f.gate
	f.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return State{}, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return State{}, f.err
	}
	s := f.states[tenant]
	s.Segments = append([]SegmentRef(nil), s.Segments...)
	for _, t := range f.tombstones[tenant] {
		if t.Generation > since {
			s.Tombstones = append(s.Tombstones, t)
		}
	}
	return s, nil
}

func (f *fakeSource) ReadSegment(_ context.Context, _, segment uuid.UUID, w io.Writer) error {
	f.segmentReads.Add(1)
	return f.read(segment, w)
}

func (f *fakeSource) read(id uuid.UUID, w io.Writer) error {
	f.mu.Lock()
	data, ok := f.data[id]
	f.mu.Unlock()
	if !ok {
		return domain.NotFound("index segment")
	}
	_, err := w.Write(data)
	return err
}

func (f *fakeSource) ReadVectors(ctx context.Context, tenant, vectors uuid.UUID, w io.Writer) error {
	f.vectorReads.Add(1)
	return f.read(vectors, w)
}

func (f *fakeSource) ReadModel(_ context.Context, _, model uuid.UUID, w io.Writer) error {
	f.modelReads.Add(1)
	return f.read(model, w)
}

// commit adds a segment with a document per text.
func (f *fakeSource) commit(t testing.TB, tenant uuid.UUID, texts ...string) (segment uuid.UUID, data []byte) {
	t.Helper()
	var docs []Document
	for _, text := range texts {
		docs = append(docs, Document{ID: uuid.Must(uuid.NewV7()), Version: 1, ExternalID: text, Chunks: []Chunk{{Content: text}}})
	}
	data, meta := build(t, docs...)
	f.mu.Lock()
	defer f.mu.Unlock()
	segment = uuid.Must(uuid.NewV7())
	f.data[segment] = data
	s := f.states[tenant]
	s.Generation++
	ref := SegmentRef{ID: segment, Bytes: meta.Bytes, Checksum: meta.Checksum, Docs: meta.Docs, Chunks: meta.Chunks, AppliedGeneration: s.Generation}
	s.Segments = append(s.Segments[:len(s.Segments):len(s.Segments)], ref)
	f.states[tenant] = s
	return segment, data
}

func (f *fakeSource) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func newTestManager(t testing.TB, source Source, o ManagerOptions) *Manager {
	t.Helper()
	if o.CacheDir == "" {
		o.CacheDir = t.TempDir()
	}
	o.Logger = slog.New(slog.DiscardHandler)
	m, err := NewManager(source, o)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

func searchIn(t testing.TB, m *Manager, tenant uuid.UUID, query string) string {
	t.Helper()
	s, err := m.Snapshot(context.Background(), tenant)
	require.NoError(t, err)
	defer s.Release()
	return found(t, s, Request{Query: query})
}

// The first search loads a tenant; however many come at once, it is loaded once.
func TestColdTenantIsLoadedOnce(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	source.commit(t, tenant, "one")
	source.commit(t, tenant, "two")
	source.gate = make(chan struct{})
	m := newTestManager(t, source, ManagerOptions{})
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if got := searchIn(t, m, tenant, "two"); got != "two" {
				t.Errorf("found %q", got)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.Snapshot(ctx, tenant)
	require.ErrorIs(t, err, context.Canceled, "a caller may give up without stopping the load")
	close(source.gate)
	wait.Wait()
	require.EqualValues(t, 1, source.stateReads.Load())
	require.EqualValues(t, 2, source.segmentReads.Load())
	require.Equal(t, map[uuid.UUID]uint64{tenant: 2}, m.Loaded())
}

// Refresh shows what was committed; only new segments are fetched, and readers
// of the old snapshot are not disturbed.
func TestRefreshFetchesOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	source.commit(t, tenant, "one")
	m := newTestManager(t, source, ManagerOptions{})
	old, err := m.Snapshot(t.Context(), tenant)
	require.NoError(t, err)
	source.commit(t, tenant, "two")
	require.Empty(t, searchIn(t, m, tenant, "two"))
	require.NoError(t, m.Refresh(t.Context(), tenant))
	require.Equal(t, "two", searchIn(t, m, tenant, "two"))
	require.Empty(t, found(t, old, Request{Query: "two"}))
	require.EqualValues(t, 2, source.segmentReads.Load())
	require.EqualValues(t, 1, old.Generation())
	old.Release()

	source.mu.Lock()
	state := source.states[tenant]
	state.Generation--
	source.states[tenant] = state
	source.mu.Unlock()
	require.NoError(t, m.Refresh(t.Context(), tenant), "a lagging replica is no error")
	require.Equal(t, "two", searchIn(t, m, tenant, "two"))
}

// When segments were merged away, their files go, and a snapshot that still
// uses them keeps answering.
func TestMergedSegmentsLeaveTheCache(t *testing.T) {
	t.Parallel()
	source, tenant, dir := newFakeSource(), uuid.New(), t.TempDir()
	source.commit(t, tenant, "one")
	source.commit(t, tenant, "two")
	m := newTestManager(t, source, ManagerOptions{CacheDir: dir})
	old, err := m.Snapshot(t.Context(), tenant)
	require.NoError(t, err)
	inputs, err := old.MergeInputs(old.Segments()[0].ID, old.Segments()[1].ID)
	require.NoError(t, err)
	var out bytes.Buffer
	meta, err := Merge(t.Context(), inputs, &out)
	require.NoError(t, err)
	id := uuid.New()
	source.mu.Lock()
	source.data = map[uuid.UUID][]byte{id: out.Bytes()}
	source.states[tenant] = State{Generation: 3, Segments: []SegmentRef{{ID: id, Bytes: meta.Bytes, Checksum: meta.Checksum, AppliedGeneration: 2}}}
	source.mu.Unlock()
	require.NoError(t, m.Refresh(t.Context(), tenant))
	files, err := filepath.Glob(filepath.Join(dir, tenant.String(), "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, tenant.String(), id.String()+segmentSuffix)}, files)
	require.Equal(t, "one", found(t, old, Request{Query: "one"}))
	require.Equal(t, "one", searchIn(t, m, tenant, "one"))
	old.Release()
}

// A cached file that was cut or flipped is never served, but fetched again.
func TestBrokenCacheFilesAreFetchedAgain(t *testing.T) {
	t.Parallel()
	source, tenant, dir := newFakeSource(), uuid.New(), t.TempDir()
	segment, data := source.commit(t, tenant, "one")
	_, other := source.commit(t, uuid.New(), "other")
	path := filepath.Join(dir, tenant.String(), segment.String()+segmentSuffix)
	flipped := append([]byte(nil), data...)
	flipped[len(flipped)/2] ^= 4
	for name, content := range map[string][]byte{"cut": data[:len(data)/2], "flipped": flipped, "empty": nil, "another segment": other} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, content, 0o600))
		before := source.segmentReads.Load()
		m := newTestManager(t, source, ManagerOptions{CacheDir: dir})
		require.Equal(t, "one", searchIn(t, m, tenant, "one"), name)
		require.Equal(t, before+1, source.segmentReads.Load(), name)
		m.Close()
		m = newTestManager(t, source, ManagerOptions{CacheDir: dir})
		require.Equal(t, "one", searchIn(t, m, tenant, "one"), name)
		require.Equal(t, before+1, source.segmentReads.Load(), "the good file is kept")
		m.Close()
	}
}

// Bytes from the source that are not what the entry says are never served.
func TestBrokenSourceIsAnError(t *testing.T) {
	t.Parallel()
	source, tenant, dir := newFakeSource(), uuid.New(), t.TempDir()
	segment, data := source.commit(t, tenant, "one")
	m := newTestManager(t, source, ManagerOptions{CacheDir: dir})
	for name, content := range map[string][]byte{"cut": data[:100], "longer": append(data[:len(data):len(data)], 0), "empty": {}} {
		source.mu.Lock()
		source.data[segment] = content
		source.mu.Unlock()
		_, err := m.Snapshot(t.Context(), tenant)
		require.ErrorIs(t, err, ErrCorrupt, name)
		files, _ := filepath.Glob(filepath.Join(dir, tenant.String(), "*"))
		require.Empty(t, files, "nothing is left behind")
	}
	source.mu.Lock()
	source.data[segment] = data
	source.mu.Unlock()
	require.Equal(t, "one", searchIn(t, m, tenant, "one"), "an error is not remembered")
}

// A segment that was built here is not fetched.
func TestAdoptedSegmentsAreNotFetched(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	m := newTestManager(t, source, ManagerOptions{})
	one, data := source.commit(t, tenant, "one")
	require.NoError(t, m.AdoptBytes(tenant, one, data))
	two, data := source.commit(t, tenant, "two")
	file := filepath.Join(t.TempDir(), "built")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	require.NoError(t, m.AdoptFile(tenant, two, file))
	require.NoError(t, m.AdoptFile(tenant, two, file), "twice is fine")
	require.NoError(t, os.Remove(file))
	require.Equal(t, "one", searchIn(t, m, tenant, "one"))
	require.Equal(t, "two", searchIn(t, m, tenant, "two"))
	require.Zero(t, source.segmentReads.Load())
	require.Error(t, m.AdoptFile(tenant, uuid.New(), file))
}

// An announcement refreshes a loaded tenant and leaves a cold one alone;
// announcements that come meanwhile are joined.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	source, tenant, cold := newFakeSource(), uuid.New(), uuid.New()
	source.commit(t, tenant, "one")
	source.commit(t, cold, "cold")
	m := newTestManager(t, source, ManagerOptions{})
	require.Equal(t, "one", searchIn(t, m, tenant, "one"))
	source.commit(t, tenant, "two")
	source.mu.Lock()
	source.gate = make(chan struct{})
	source.mu.Unlock()
	for range 100 {
		m.Announce(tenant, 2)
		m.Announce(cold, 1)
	}
	close(source.gate)
	require.Eventually(t, func() bool { return m.Loaded()[tenant] == 2 }, 10*time.Second, time.Millisecond)
	require.Equal(t, "two", searchIn(t, m, tenant, "two"))
	require.NotContains(t, m.Loaded(), cold)
	require.LessOrEqual(t, source.stateReads.Load(), int64(3))
	m.Announce(tenant, 2)
	require.LessOrEqual(t, source.stateReads.Load(), int64(3), "what is known is not read again")
}

// While the source is down, what is loaded keeps answering.
func TestLoadedTenantsSurviveTheSource(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	source.commit(t, tenant, "one")
	m := newTestManager(t, source, ManagerOptions{})
	require.Equal(t, "one", searchIn(t, m, tenant, "one"))
	down := errors.New("connection refused")
	source.fail(down)
	source.commit(t, tenant, "two")
	m.Announce(tenant, 2)
	require.ErrorIs(t, m.Refresh(t.Context(), tenant), down)
	require.Equal(t, "one", searchIn(t, m, tenant, "one"))
	_, err := m.Snapshot(t.Context(), uuid.New())
	require.ErrorIs(t, err, down)
	source.fail(nil)
	require.NoError(t, m.Refresh(t.Context(), tenant))
	require.Equal(t, "two", searchIn(t, m, tenant, "two"))
}

// Deletes of any age hide documents of segments that arrive later.
func TestTombstonesHideLateSegments(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	source.commit(t, tenant, "one")
	m := newTestManager(t, source, ManagerOptions{})
	require.Equal(t, "one", searchIn(t, m, tenant, "one"))
	late := Document{ID: uuid.New(), Version: 3, ExternalID: "late", Chunks: []Chunk{{Content: "late"}}}
	source.mu.Lock()
	state := source.states[tenant]
	state.Generation++
	source.states[tenant] = state
	source.tombstones[tenant] = []Tombstone{{DocumentID: late.ID, Version: 3, Generation: state.Generation}}
	source.mu.Unlock()
	require.NoError(t, m.Refresh(t.Context(), tenant))
	data, meta := build(t, late)
	id := uuid.New()
	source.mu.Lock()
	source.data[id] = data
	state.Generation++
	state.Segments = append(state.Segments, SegmentRef{ID: id, Bytes: meta.Bytes, Checksum: meta.Checksum})
	source.states[tenant] = state
	source.mu.Unlock()
	require.NoError(t, m.Refresh(t.Context(), tenant))
	require.Empty(t, searchIn(t, m, tenant, "late"))
	require.Equal(t, "one", searchIn(t, m, tenant, "one"))
}

// Memory and disk budgets: the tenant used longest ago goes first, what is in
// use stays valid, and a tenant that was unloaded comes back from the cache.
func TestBudgets(t *testing.T) {
	t.Parallel()
	source, dir := newFakeSource(), t.TempDir()
	var tenants []uuid.UUID
	var size int64
	for i := range 4 {
		tenants = append(tenants, uuid.New())
		_, data := source.commit(t, tenants[i], fmt.Sprint("text", i))
		size = max(size, int64(len(data)))
	}
	m := newTestManager(t, source, ManagerOptions{CacheDir: dir, MaxOpenBytes: 2 * size, MaxDiskBytes: 3 * size})
	held, err := m.Snapshot(t.Context(), tenants[0])
	require.NoError(t, err)
	for i := range tenants {
		require.Equal(t, fmt.Sprint("text", i), searchIn(t, m, tenants[i], fmt.Sprint("text", i)))
	}
	require.Eventually(t, func() bool { return len(m.Loaded()) == 2 }, 10*time.Second, time.Millisecond)
	require.Contains(t, m.Loaded(), tenants[3])
	require.NotContains(t, m.Loaded(), tenants[0])
	require.Equal(t, "text0", found(t, held, Request{Query: "text0"}), "what is held stays valid")
	held.Release()
	require.Eventually(t, func() bool {
		files, err := m.cache.files()
		return err == nil && len(files) == 3
	}, 10*time.Second, time.Millisecond)
	require.Equal(t, "text0", searchIn(t, m, tenants[0], "text0"))
}

// Searches run while commits, merges and unloads go on; each sees one state.
func TestSearchesNeverSeeHalfAState(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	source.commit(t, tenant, "both left", "both right")
	m := newTestManager(t, source, ManagerOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for ctx.Err() == nil {
				s, err := m.Snapshot(t.Context(), tenant)
				if err != nil {
					t.Error(err)
					return
				}
				r, err := s.Search(t.Context(), Request{Query: "both", Limit: 1000})
				if err != nil || uint64(len(r.Hits)) != 2*s.Generation() {
					t.Errorf("generation %d: %d hits, %v", s.Generation(), len(r.Hits), err)
				}
				s.Release()
			}
		})
	}
	for i := range 60 {
		source.commit(t, tenant, "both left", "both right")
		if i%3 == 0 {
			m.Unload(tenant)
		}
		if i%2 == 0 {
			m.Announce(tenant, uint64(i+2))
			continue
		}
		require.NoError(t, m.Refresh(t.Context(), tenant))
	}
	cancel()
	wait.Wait()
	require.NoError(t, m.Refresh(t.Context(), tenant))
	require.Len(t, m.Loaded(), 1)
}

// After Close nothing loads any more, and nothing is left running.
func TestClosedManager(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	source.commit(t, tenant, "one")
	m := newTestManager(t, source, ManagerOptions{})
	s, err := m.Snapshot(t.Context(), tenant)
	require.NoError(t, err)
	m.Close()
	m.Close()
	_, err = m.Snapshot(t.Context(), tenant)
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, m.Refresh(t.Context(), tenant), ErrClosed)
	m.Announce(tenant, 99)
	require.Equal(t, "one", found(t, s, Request{Query: "one"}), "what is held stays valid")
	s.Release()
	_, err = NewManager(source, ManagerOptions{})
	require.Error(t, err, "a directory is needed")
}

// Old temporary files of killed processes are removed, young ones are not.
func TestStaleTemporaryFilesAreRemoved(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), uuid.NewString())
	require.NoError(t, os.MkdirAll(dir, 0o750))
	old, young := filepath.Join(dir, tempPrefix+"1"), filepath.Join(dir, tempPrefix+"2")
	for _, path := range []string{old, young} {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	past := time.Now().Add(-2 * staleTemp)
	require.NoError(t, os.Chtimes(old, past, past))
	_, err := newCacheDir(filepath.Dir(dir))
	require.NoError(t, err)
	require.NoFileExists(t, old)
	require.FileExists(t, young)
}
