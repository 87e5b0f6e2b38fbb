package search

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryDurationFallsInABucketOfItsSize(t *testing.T) {
	t.Parallel()
	last := -1
	for us := int64(0); us < 600_000_000; us += 1 + us/100 {
		d := time.Duration(us) * time.Microsecond
		i := bucketOf(d)
		require.GreaterOrEqual(t, i, last)
		last = i
		if i < bucketCount-1 {
			require.GreaterOrEqual(t, bucketTop(i), d)
			require.LessOrEqual(t, float64(bucketTop(i)), float64(d)*1.125+1)
		}
	}
	require.Equal(t, bucketCount-1, bucketOf(time.Hour*1000))
	require.Zero(t, bucketOf(-time.Second))
}

func TestQuantilesForgetWhatIsOld(t *testing.T) {
	t.Parallel()
	var l latency
	now := time.Now()
	for i := range 100 {
		l.observe(time.Duration(i+1)*time.Millisecond, now)
	}
	q, n := l.quantiles(now, 0.5, 0.95)
	require.Equal(t, uint64(100), n)
	require.InEpsilon(t, 50*time.Millisecond, q[0], 0.15)
	require.InEpsilon(t, 95*time.Millisecond, q[1], 0.15)

	now = now.Add(latencyWindow + time.Second)
	l.observe(time.Second, now)
	_, n = l.quantiles(now, 0.5)
	require.Equal(t, uint64(101), n)
	now = now.Add(latencyWindow)
	_, n = l.quantiles(now, 0.5)
	require.Equal(t, uint64(1), n)
	now = now.Add(3 * latencyWindow)
	q, n = l.quantiles(now, 0.5)
	require.Zero(t, n)
	require.Zero(t, q[0])
}
