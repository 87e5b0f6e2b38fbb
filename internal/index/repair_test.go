package index

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// bigSegment commits documents that fill several pages of a file.
func bigSegment(t testing.TB, f *fakeSource, tenant uuid.UUID) (segment uuid.UUID, data []byte) {
	t.Helper()
	var texts []string
	for i := range 400 {
		texts = append(texts, fmt.Sprintf("word%d %s", i, strings.Repeat(fmt.Sprintf("filler%d ", i*7919%1000), 30)))
	}
	segment, data = f.commit(t, tenant, texts...)
	require.Greater(t, len(data), maxUnmapped, "it is mapped")
	return segment, data
}

// hits searches as a server does and returns how many documents were found.
func hits(m *Manager, tenant uuid.UUID, query string) (n int, err error) {
	err = m.Use(context.Background(), tenant, func(s *Snapshot) error {
		r, err := s.Search(context.Background(), Request{Query: query, Prefix: PrefixNever, NoTypos: true})
		if err == nil {
			n = len(r.Hits)
		}
		return err
	})
	return n, err
}

// A mapped file that is cut raises a fault where it is read. It must neither end
// the process nor reach who asked: the file is fetched again and the search answered.
func TestAFileThatIsCutWhileOpenIsFetchedAgain(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	segment, data := bigSegment(t, source, tenant)
	m := newTestManager(t, source, ManagerOptions{})
	n, err := hits(m, tenant, "word17")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	path := m.cache.path(tenant, segment)
	require.NoError(t, os.Truncate(path, 0))

	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if n, err := hits(m, tenant, "word17"); n != 1 || err != nil {
				t.Errorf("%d hits: %v", n, err)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 2, source.segmentReads.Load(), "fetched once more, for all who asked")
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, data, again)
}

func TestAFileThatIsFlippedWhileOpenIsFetchedAgain(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	segment, data := bigSegment(t, source, tenant)
	m := newTestManager(t, source, ManagerOptions{})
	_, err := hits(m, tenant, "word17")
	require.NoError(t, err)
	f, err := os.OpenFile(m.cache.path(tenant, segment), os.O_WRONLY, 0)
	require.NoError(t, err)
	for at := headerBytes; at < len(data)-footerBytes; at += 3 {
		_, err = f.WriteAt([]byte{^data[at]}, int64(at))
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	n, err := hits(m, tenant, "word17 filler3")
	require.NoError(t, err)
	require.Positive(t, n)
	require.EqualValues(t, 2, source.segmentReads.Load())
}

// A change that no search stumbles over is found by its time.
func TestScrubFindsAFileThatWasChanged(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	segment, data := bigSegment(t, source, tenant)
	m := newTestManager(t, source, ManagerOptions{})
	_, err := hits(m, tenant, "word17")
	require.NoError(t, err)
	m.scrub(t.Context())
	require.EqualValues(t, 1, source.segmentReads.Load(), "nothing is fetched when nothing has changed")

	path := m.cache.path(tenant, segment)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{^data[len(data)/2]}, int64(len(data)/2))
	require.NoError(t, errors.Join(err, f.Close()))
	later := time.Now().Add(time.Minute)
	require.NoError(t, os.Chtimes(path, later, later))
	m.scrub(t.Context())
	require.EqualValues(t, 2, source.segmentReads.Load())
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, data, again)
	n, err := hits(m, tenant, "word17")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// A refresh reads the tables of open segments, too.
func TestACommitOnTopOfACutFileIsShown(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	segment, _ := bigSegment(t, source, tenant)
	m := newTestManager(t, source, ManagerOptions{})
	_, err := hits(m, tenant, "word17")
	require.NoError(t, err)
	require.NoError(t, os.Truncate(m.cache.path(tenant, segment), 0))
	source.mu.Lock()
	source.tombstones[tenant] = []Tombstone{{DocumentID: uuid.Max, Version: 1, Generation: 2}}
	source.mu.Unlock()
	source.commit(t, tenant, "fresh")
	require.NoError(t, m.Refresh(t.Context(), tenant))
	for query, want := range map[string]int{"fresh": 1, "word17": 1} {
		n, err := hits(m, tenant, query)
		require.NoError(t, err)
		require.Equal(t, want, n, query)
	}
}

// Bytes that are what the checksum says and make no sense all the same are not a
// matter of the disk: fetching them again would not help.
func TestAnErrorOfIntactFilesIsNotRetriedForEver(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	bigSegment(t, source, tenant)
	m := newTestManager(t, source, ManagerOptions{})
	calls := 0
	err := m.Use(t.Context(), tenant, func(*Snapshot) error { calls++; return corrupt("always") })
	require.ErrorIs(t, err, ErrCorrupt)
	require.Equal(t, 1, calls)
	require.EqualValues(t, 1, source.segmentReads.Load())
}

// blockCache makes the cache unwritable for a tenant, as a full or read-only disk
// does, also for root.
func blockCache(t testing.TB, m *Manager, tenant uuid.UUID) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(m.cache.root, tenant.String()), nil, 0o600))
}

func TestSearchGoesOnWithoutADisk(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	_, data := bigSegment(t, source, tenant)
	m := newTestManager(t, source, ManagerOptions{})
	blockCache(t, m, tenant)
	n, err := hits(m, tenant, "word17")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.EqualValues(t, len(data), m.uncached.Load())
	source.commit(t, tenant, "fresh")
	require.NoError(t, m.Refresh(t.Context(), tenant))
	n, err = hits(m, tenant, "fresh")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	m.Unload(tenant)
	require.Zero(t, m.uncached.Load(), "its memory is given back")
}

func TestWhatIsKeptWithoutADiskIsBounded(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	bigSegment(t, source, tenant)
	m := newTestManager(t, source, ManagerOptions{MaxUncachedBytes: 1000})
	blockCache(t, m, tenant)
	_, err := hits(m, tenant, "word17")
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrCorrupt)
	require.Zero(t, m.uncached.Load())
}

// A cache that is full of what nobody uses makes room.
func TestAFullDiskMakesRoomFirst(t *testing.T) {
	t.Parallel()
	source, first, second := newFakeSource(), uuid.New(), uuid.New()
	old, _ := bigSegment(t, source, first)
	bigSegment(t, source, second)
	m := newTestManager(t, source, ManagerOptions{})
	_, err := hits(m, first, "word17")
	require.NoError(t, err)
	m.Unload(first)
	blockCache(t, m, second)
	_, err = hits(m, second, "word17")
	require.NoError(t, err)
	require.NoFileExists(t, m.cache.path(first, old))
}

// Two processes share a directory: whatever one removes, the other still answers.
func TestTwoManagersShareADirectory(t *testing.T) {
	t.Parallel()
	source, tenant := newFakeSource(), uuid.New()
	for i := range 6 {
		source.commit(t, tenant, fmt.Sprintf("common text%d", i))
	}
	dir := t.TempDir()
	a := newTestManager(t, source, ManagerOptions{CacheDir: dir, MaxDiskBytes: 1})
	b := newTestManager(t, source, ManagerOptions{CacheDir: dir, MaxDiskBytes: 1, MaxOpenBytes: 1})
	var searches, trims sync.WaitGroup
	done := make(chan struct{})
	for _, m := range []*Manager{a, b} {
		for range 3 {
			searches.Go(func() {
				for range 40 {
					if n, err := hits(m, tenant, "common"); err != nil || n < 6 {
						t.Errorf("%d hits: %v", n, err)
						return
					}
					m.Unload(tenant)
				}
			})
		}
		trims.Go(func() {
			for open := true; open; {
				if err := m.cache.trim(0, func(uuid.UUID) bool { return false }); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					open = false
				default:
				}
			}
		})
	}
	searches.Wait()
	close(done)
	trims.Wait()
}

// brokenModel is a model whose mapping can break.
type brokenModel struct {
	fakeModel
	broken atomic.Bool
}

func (m *brokenModel) Verify() error {
	if m.broken.Load() {
		return corrupt("cut")
	}
	return nil
}

// The model of a loaded tenant is repaired as a segment is: when one who used it
// asks for that, and when its file is seen to have changed.
func TestABrokenModelIsOpenedAgain(t *testing.T) {
	t.Parallel()
	f, tenant := newFakeSource(), uuid.New()
	f.commit(t, tenant, "alpha")
	ref := f.activate(tenant, 3, "a model")
	var mu sync.Mutex
	var opened []*brokenModel
	m := newTestManager(t, f, ManagerOptions{OpenModel: func(ref ModelRef, _ string) (Model, error) {
		mu.Lock()
		defer mu.Unlock()
		opened = append(opened, &brokenModel{fakeModel: fakeModel{ref: ref}})
		return opened[len(opened)-1], nil
	}})
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(opened)
	}
	s := loaded(t, m, tenant)
	require.ErrorIs(t, m.Repair(t.Context(), tenant, s), errIntact)
	m.scrub(t.Context())
	require.Equal(t, 1, count(), "nothing has changed")

	opened[0].broken.Store(true)
	for range 8 {
		m.RepairLater(tenant, s)
	}
	require.Eventually(t, func() bool { return count() == 2 }, 10*time.Second, time.Millisecond)
	require.NoError(t, m.Refresh(t.Context(), tenant)) // waits for the repair
	next := loaded(t, m, tenant)
	_, model := next.Model()
	require.Same(t, opened[1], model)
	require.Zero(t, opened[0].closed.Load(), "a snapshot in use keeps its model")
	s.Release()
	require.Eventually(t, func() bool { return opened[0].closed.Load() == 1 }, 10*time.Second, time.Millisecond)
	require.EqualValues(t, 1, f.modelReads.Load(), "its file is good")
	next.Release()

	require.NoError(t, os.Truncate(m.cache.modelPath(tenant, ref.ID), 1))
	m.scrub(t.Context())
	require.Equal(t, 3, count())
	require.EqualValues(t, 2, f.modelReads.Load())
	m.scrub(t.Context())
	require.Equal(t, 3, count())
}
