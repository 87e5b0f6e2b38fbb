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
	c := counted(&l, now)
	require.Equal(t, uint64(100), c.total)
	require.InEpsilon(t, 50*time.Millisecond, c.quantile(0.5), 0.15)
	require.InEpsilon(t, 95*time.Millisecond, c.quantile(0.95), 0.15)

	now = now.Add(latencyWindow + time.Second)
	l.observe(time.Second, now)
	require.Equal(t, uint64(101), counted(&l, now).total)
	now = now.Add(latencyWindow)
	require.Equal(t, uint64(1), counted(&l, now).total)
	now = now.Add(3 * latencyWindow)
	c = counted(&l, now)
	require.Zero(t, c.total)
	require.Zero(t, c.quantile(0.5))
	require.Nil(t, c.quantiles().P50MS)
}

func counted(l *latency, now time.Time) *counts {
	var c counts
	c.add(l, now)
	return &c
}
