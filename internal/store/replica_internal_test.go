package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLagIsTheAgeOfWhatTheReplicaHasNotSeen(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := &replica{marks: []mark{{now.Add(-30 * time.Second), 100}, {now.Add(-20 * time.Second), 100}, {now.Add(-10 * time.Second), 250}, {now, 300}}}
	for replayed, want := range map[int64]time.Duration{
		300: 0, 400: 0,
		250: 0 * time.Second, // the next position was seen just now
		249: 10 * time.Second, 100: 10 * time.Second,
		99: 30 * time.Second,
	} {
		require.Equal(t, want, r.behind(replayed, now), "replayed %d", replayed)
	}
	idle := &replica{marks: []mark{{now.Add(-time.Hour), 100}, {now, 100}}}
	require.Zero(t, idle.behind(100, now), "an idle primary is no slow replica")
	require.Zero(t, (&replica{}).behind(1, now), "a primary that was never reached says nothing")
}
