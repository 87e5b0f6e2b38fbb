package search

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestSteadyCommitsAreNotMistakenForLag(t *testing.T) {
	t.Parallel()
	const limit = 5 * time.Second
	var f freshness
	tenant, now := uuid.New(), time.Now()
	for g := uint64(1); g < 100; g++ { // each poll sees one more than is loaded
		now = now.Add(300 * time.Millisecond)
		f.learnt(now)
		f.told(tenant, g, g+1, now)
		require.False(t, f.doubtful(tenant, g, now, limit))
	}
	for range 20 { // from here on nothing is loaded any more
		now = now.Add(300 * time.Millisecond)
		f.learnt(now)
		f.told(tenant, 99, 200, now)
	}
	require.True(t, f.doubtful(tenant, 99, now, limit))
	require.False(t, f.doubtful(tenant, 200, now, limit), "an answer of a newer snapshot is no older than that")
	require.False(t, f.doubtful(uuid.New(), 1, now, limit))

	f.told(tenant, 200, 200, now)
	require.False(t, f.doubtful(tenant, 200, now, limit))
	require.Zero(t, f.count.Load())
	f.told(tenant, 200, 201, now)
	f.keep(map[uuid.UUID]uint64{})
	require.Zero(t, f.count.Load(), "an unloaded tenant is forgotten")
}

func TestSilenceCountsFromTheLastWord(t *testing.T) {
	t.Parallel()
	var f freshness
	now := time.Now()
	f.learnt(now)
	require.False(t, f.doubtful(uuid.New(), 1, now.Add(5*time.Second), 5*time.Second))
	require.True(t, f.doubtful(uuid.New(), 1, now.Add(5*time.Second+1), 5*time.Second))
}
