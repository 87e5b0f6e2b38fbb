package ratelimit

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/testenv"
)

func TestEachKeyHasItsOwnRate(t *testing.T) {
	t.Parallel()
	s := NewShared(nil, "")
	for n := range 5 {
		require.Equal(t, 4-n, s.Allow(t.Context(), "five", 5).Remaining)
	}
	d := s.Allow(t.Context(), "five", 5)
	require.False(t, d.Allowed)
	require.Equal(t, 5, d.Limit)
	require.InDelta(t, 12, d.RetryAfter.Seconds(), 1, "one comes back each twelve seconds")
	require.True(t, s.Allow(t.Context(), "hundred", 100).Allowed)
}

// A Redis that hangs costs one request a moment and lets everything through by the
// limits of this process.
func TestARedisThatHangsIsLeftAlone(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	client := redis.NewClient(&redis.Options{Addr: silent.Addr().String(), MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true})
	t.Cleanup(func() { _ = client.Close() })
	s := NewShared(client, "limit:")
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		require.True(t, s.Allow(ctx, "key", 20).Allowed)
		cancel()
	}
	require.False(t, s.Allow(t.Context(), "key", 20).Allowed, "the process itself limits")
	require.LessOrEqual(t, s.Failures.Load(), int64(3), "it is not asked each time")
}

// What a request of a limited key or tenant pays: one round trip to Redis.
func BenchmarkSharedAllow(b *testing.B) {
	options, err := redis.ParseURL(testenv.RedisURL(b))
	require.NoError(b, err)
	client := redis.NewClient(options)
	b.Cleanup(func() { _ = client.Close() })
	for name, s := range map[string]*Shared{"redis": NewShared(client, "bench:"), "process": NewShared(nil, "")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s.Allow(b.Context(), "key", 1_000_000)
			}
			require.Zero(b, s.Failures.Load())
		})
	}
}
