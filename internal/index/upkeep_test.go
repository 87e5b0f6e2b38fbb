package index

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestTheBusiestTenantsAreWarmedFirst(t *testing.T) {
	t.Parallel()
	source, dir := newFakeSource(), t.TempDir()
	var tenants []uuid.UUID
	for i := range 4 {
		tenant := uuid.New()
		tenants = append(tenants, tenant)
		source.commit(t, tenant, fmt.Sprint("text", i))
	}
	first := newTestManager(t, source, ManagerOptions{CacheDir: dir, RememberUsage: true})
	for i, tenant := range tenants {
		for range 10 * (i + 1) {
			searchIn(t, first, tenant, "text0")
		}
	}
	size := first.openBytes() / int64(len(tenants))
	first.Close()

	second := newTestManager(t, source, ManagerOptions{CacheDir: dir, RememberUsage: true, MaxOpenBytes: 3 * size})
	loaded, err := second.Warm(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, loaded)
	now := second.Loaded()
	require.Len(t, now, 2, "some room is left for those who come by themselves")
	require.Contains(t, now, tenants[3])
	require.Contains(t, now, tenants[2])
	all, err := second.cache.readUsage()
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{tenants[3], tenants[2], tenants[1], tenants[0]}, busiest(all, time.Now()))
}

func TestWarmingIsNotAUse(t *testing.T) {
	t.Parallel()
	source, dir, tenant := newFakeSource(), t.TempDir(), uuid.New()
	source.commit(t, tenant, "text")
	m := newTestManager(t, source, ManagerOptions{CacheDir: dir, RememberUsage: true})
	searchIn(t, m, tenant, "text")
	m.saveUsage(time.Now())
	before, err := m.cache.readUsage()
	require.NoError(t, err)
	m.Unload(tenant)
	_, err = m.Warm(t.Context())
	require.NoError(t, err)
	m.saveUsage(time.Now())
	after, err := m.cache.readUsage()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestOldUsageFades(t *testing.T) {
	t.Parallel()
	c, err := newCacheDir(t.TempDir())
	require.NoError(t, err)
	past, now := uuid.New(), uuid.New()
	week := time.Now()
	require.NoError(t, c.addUsage(map[uuid.UUID]uses{past: {count: 50}}, week.Add(-7*24*time.Hour)))
	require.NoError(t, c.addUsage(map[uuid.UUID]uses{now: {count: 2}}, week))
	all, err := c.readUsage()
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{now, past}, busiest(all, week))
	require.NoError(t, os.WriteFile(filepath.Join(c.root, usageFile), []byte("{nonsense"), 0o600))
	all, err = c.readUsage()
	require.NoError(t, err)
	require.Empty(t, all, "a file that cannot be read is a file that is not there")
}

func TestATenantThatNobodyUsesIsUnloaded(t *testing.T) {
	t.Parallel()
	source, used, idle := newFakeSource(), uuid.New(), uuid.New()
	source.commit(t, used, "text")
	source.commit(t, idle, "text")
	m := newTestManager(t, source, ManagerOptions{IdleUnload: time.Hour})
	searchIn(t, m, idle, "text")
	searchIn(t, m, used, "text")
	t0, err := m.tenant(idle)
	require.NoError(t, err)
	t0.used.Store(time.Now().Add(-2 * time.Hour).UnixNano())
	m.unloadIdle(time.Now())
	require.Len(t, m.Loaded(), 1)
	require.Contains(t, m.Loaded(), used)
	require.Equal(t, "text", searchIn(t, m, idle, "text"), "and loaded again when it is asked for")
}

// A tenant that stays loaded keeps no more deletes than the store does.
func TestWorkedInTombstonesAreForgotten(t *testing.T) {
	t.Parallel()
	data, _ := build(t, Document{ID: testID(1), Version: 1, Chunks: []Chunk{{Content: "word"}}})
	open := func(applied uint64) LoadedSegment {
		s, err := OpenBytes(data)
		require.NoError(t, err)
		return LoadedSegment{Ref: SegmentRef{ID: uuid.New(), AppliedGeneration: applied}, Segment: s}
	}
	var dead []Tombstone
	for i := range 100 {
		dead = append(dead, Tombstone{DocumentID: testID(100 + i), Version: 1, Generation: uint64(i + 1)})
	}
	s := NewSnapshot(100, []LoadedSegment{open(60), open(90)}, dead)
	defer s.Release()
	require.Len(t, s.tombstones, 40)
	for _, tomb := range s.tombstones {
		require.Greater(t, tomb.Generation, uint64(60))
	}
}
