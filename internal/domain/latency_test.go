package domain_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestAQuantileIsAtMostAnEighthAbove(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(8*time.Minute/time.Microsecond)).Draw(t, "us")) * time.Microsecond
		var l domain.Latency
		l.Add(domain.LatencyBucket(d), 3)
		for _, share := range []float64{0, 0.5, 0.99, 1} {
			got := l.Quantile(share)
			require.GreaterOrEqual(t, got, d)
			require.LessOrEqual(t, got, d+d/8)
		}
	})
}

func TestHistogramsTakeWhatTheyCannotHold(t *testing.T) {
	t.Parallel()
	var l domain.Latency
	require.Zero(t, l.Quantile(0.5))
	l.Add(-1, 1)
	l.Add(domain.LatencyBuckets, 1)
	require.Zero(t, l.Quantile(1))
	require.Equal(t, domain.LatencyBuckets-1, domain.LatencyBucket(1000*time.Hour))
	require.Zero(t, domain.LatencyBucket(-time.Second))
}

func TestQueryTimeIsThatOfTheID(t *testing.T) {
	t.Parallel()
	before := time.Now().Truncate(time.Millisecond)
	at, ok := domain.QueryTime(uuid.Must(uuid.NewV7()))
	require.True(t, ok)
	require.WithinDuration(t, before, at, time.Second)
	for _, id := range []uuid.UUID{uuid.Nil, uuid.New()} {
		_, ok := domain.QueryTime(id)
		require.False(t, ok)
	}
}
