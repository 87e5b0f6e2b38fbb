package ratelimit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type clock struct{ t time.Time }

func newTestLimiter(rate Rate, maxKeys int) (*Limiter, *clock) {
	c := &clock{t: time.Unix(1_800_000_000, 0)}
	l := New(rate, maxKeys)
	l.now = func() time.Time { return c.t }
	return l, c
}

func TestBurstThenEvenly(t *testing.T) {
	t.Parallel()
	l, c := newTestLimiter(Rate{Limit: 60, Period: time.Minute, Burst: 5}, 0)
	for i := range 5 {
		d := l.Allow("k")
		require.True(t, d.Allowed)
		require.Equal(t, 5, d.Limit)
		require.Equal(t, 4-i, d.Remaining)
		require.Equal(t, time.Duration(i+1)*time.Second, d.ResetAfter)
	}
	d := l.Allow("k")
	require.Equal(t, Decision{Limit: 5, RetryAfter: time.Second, ResetAfter: 5 * time.Second}, d)
	require.True(t, l.Allow("another").Allowed)

	c.t = c.t.Add(999 * time.Millisecond)
	require.Equal(t, time.Millisecond, l.Allow("k").RetryAfter, "a refusal costs nothing")
	c.t = c.t.Add(time.Millisecond)
	require.True(t, l.Allow("k").Allowed)
	require.False(t, l.Allow("k").Allowed)

	c.t = c.t.Add(time.Hour)
	require.Equal(t, 4, l.Allow("k").Remaining, "rest is not saved up beyond the burst")
}

func TestTakeIsAllOrNone(t *testing.T) {
	t.Parallel()
	l, _ := newTestLimiter(PerMinute(10), 0)
	require.True(t, l.Take("k", 7).Allowed)
	d := l.Take("k", 4)
	require.False(t, d.Allowed)
	require.Equal(t, 3, d.Remaining)
	require.Equal(t, 6*time.Second, d.RetryAfter)
	require.True(t, l.Take("k", 3).Allowed)
	require.Equal(t, time.Duration(-1), l.Take("k", 11).RetryAfter, "never")
	require.True(t, l.Take("k", -5).Allowed, "nothing is given back")
	require.False(t, l.Allow("k").Allowed)
}

func TestPeekTakesNothingAndResetForgets(t *testing.T) {
	t.Parallel()
	l, _ := newTestLimiter(PerMinute(2), 0)
	for range 10 {
		require.Equal(t, Decision{Allowed: true, Limit: 2, Remaining: 2}, l.Peek("k"))
	}
	l.Allow("k")
	l.Allow("k")
	require.False(t, l.Peek("k").Allowed)
	require.Equal(t, 30*time.Second, l.Peek("k").RetryAfter)
	l.Reset("k")
	require.True(t, l.Allow("k").Allowed)
}

func TestKeysAreBounded(t *testing.T) {
	t.Parallel()
	l, c := newTestLimiter(PerMinute(1), 1000)
	for i := range 5000 {
		require.True(t, l.Allow(fmt.Sprint(i)).Allowed)
		require.LessOrEqual(t, l.Keys(), 1000)
	}
	c.t = c.t.Add(2 * time.Minute)
	l.Allow("after a rest")
	require.Equal(t, 1, l.Keys(), "idle keys are forgotten first")
}

func TestNeverMoreThanTheRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := Rate{
			Limit: rapid.IntRange(1, 50).Draw(t, "limit"), Burst: rapid.IntRange(1, 20).Draw(t, "burst"), Period: time.Minute,
		}
		l, c := newTestLimiter(rate, 0)
		start, allowed := c.t, 0
		for range rapid.IntRange(1, 200).Draw(t, "events") {
			c.t = c.t.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "pause")))
			d := l.Allow("k")
			if d.Allowed {
				allowed++
			} else {
				require.Positive(t, d.RetryAfter)
			}
			most := rate.Burst + int(c.t.Sub(start)/l.interval)
			require.LessOrEqual(t, allowed, most)
			require.GreaterOrEqual(t, d.Remaining, 0)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	l, _ := newTestLimiter(PerMinute(100), 0)
	var allowed atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 50 {
				if l.Allow("k").Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, int32(100), allowed.Load())
}

func TestRateMustBePositive(t *testing.T) {
	t.Parallel()
	for _, r := range []Rate{{}, {Limit: 1}, {Period: 1}, {Limit: 1, Period: 1, Burst: -1}} {
		require.Panics(t, func() { New(r, 0) })
	}
}

func TestAddressKeys(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "192.0.2.7:4711": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "[2001:db8:1:2:ffff::1]:80": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "@": "@", "": "",
	} {
		require.Equal(t, want, AddressKey(in), in)
	}
}

func BenchmarkAllow(b *testing.B) {
	l := New(Rate{Limit: 1_000_000_000, Period: time.Second}, 0)
	b.ReportAllocs()
	for b.Loop() {
		l.Allow("192.0.2.7")
	}
}
