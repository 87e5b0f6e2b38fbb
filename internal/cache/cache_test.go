package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSecondAskIsAHit(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	requireResult(t, get(t, c, keyOf("q"), answer("a")), "a", Miss, TierNone)
	requireResult(t, get(t, c, keyOf("q"), forbidden(t)), "a", Hit, TierMemory)
	requireResult(t, get(t, c, keyOf("other"), answer("b")), "b", Miss, TierNone)
	s := c.Stats()
	require.Equal(t, int64(1), s.Hits)
	require.Equal(t, int64(2), s.Misses)
	require.InDelta(t, 1.0/3, s.HitRate, 1e-9)
	require.Equal(t, 2, s.MemoryItems)
	require.Equal(t, int64(2*(entryOverhead+1)), s.MemoryBytes)
	require.False(t, s.Redis.Configured)
}

func TestEveryPartOfTheKeyCounts(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	base := keyOf("q")
	other, scoped := base, base
	other.Tenant, scoped.Scope = tenantB, "suggest"
	for i, key := range []Key{base, other, scoped, keyOf("p")} {
		text := fmt.Sprint(i)
		requireResult(t, get(t, c, key, answer(text)), text, Miss, TierNone)
	}
	for i, key := range []Key{base, other, scoped, keyOf("p")} {
		requireResult(t, get(t, c, key, forbidden(t)), fmt.Sprint(i), Hit, TierMemory)
	}
}

func TestNewGenerationReplacesTheOldAnswer(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	key := keyOf("q")
	requireResult(t, get(t, c, key.at(1), answer("one")), "one", Miss, TierNone)
	requireResult(t, get(t, c, key.at(2), answer("two")), "two", Miss, TierNone)
	requireResult(t, get(t, c, key.at(2), forbidden(t)), "two", Hit, TierMemory)
	requireResult(t, get(t, c, key.at(1), answer("one again")), "one again", Miss, TierNone)
	require.Equal(t, 1, c.Stats().MemoryItems)
}

func TestFlightOfAnOlderGenerationIsNotJoined(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	key := keyOf("q")
	started, release := make(chan struct{}), make(chan struct{})
	old := make(chan Result, 1)
	go func() {
		r, _ := c.Get(context.Background(), key.at(1), func(context.Context) (Value, error) {
			close(started)
			<-release
			return Value{Body: []byte("old")}, nil
		})
		old <- r
	}()
	<-started
	requireResult(t, get(t, c, key.at(2), answer("new")), "new", Miss, TierNone)
	close(release)
	require.Equal(t, "old", string((<-old).Body))
	require.Equal(t, "new", string(get(t, c, key.at(2), answer("new")).Body))
}

func TestOneFlightForAllWhoAskAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{})
		var loads atomic.Int32
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				requireResult(t, get(t, c, keyOf("q"), func(context.Context) (Value, error) {
					loads.Add(1)
					advance(time.Second)
					return Value{Body: []byte("a")}, nil
				}), "a", Miss, TierNone)
			})
		}
		wg.Wait()
		require.Equal(t, int32(1), loads.Load())
		require.Equal(t, int64(99), c.Stats().Coalesced)
		require.Equal(t, int64(100), c.Stats().Misses)
		c.Close()
	})
}

func TestCallerThatLeavesTakesNobodyWithIt(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	started, release := make(chan struct{}), make(chan struct{})
	load := func(ctx context.Context) (Value, error) {
		close(started)
		select {
		case <-release:
			return Value{Body: []byte("a")}, nil
		case <-ctx.Done():
			return Value{}, ctx.Err()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := c.Get(ctx, keyOf("q"), load)
		first <- err
	}()
	<-started
	second := make(chan Result, 1)
	go func() {
		r, _ := c.Get(context.Background(), keyOf("q"), answer("the flight was not shared"))
		second <- r
	}()
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
	close(release)
	require.Equal(t, "a", string((<-second).Body))
	requireResult(t, get(t, c, keyOf("q"), forbidden(t)), "a", Hit, TierMemory)

	_, err := c.Get(ctx, keyOf("unseen"), forbidden(t))
	require.ErrorIs(t, err, context.Canceled, "who is gone already starts nothing")
}

func TestErrorsAreReturnedAndNotKept(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	broken := errors.New("broken")
	_, err := c.Get(t.Context(), keyOf("q"), func(context.Context) (Value, error) { return Value{}, broken })
	require.ErrorIs(t, err, broken)
	requireResult(t, get(t, c, keyOf("q"), answer("a")), "a", Miss, TierNone)
	s := c.Stats()
	require.Equal(t, int64(1), s.LoadErrors)
	require.Equal(t, int64(1), s.Misses)
}

func TestLoadThatDoesNotReturnFailsItsCallers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		load LoadFunc
		want error
	}{
		"panics":              {func(context.Context) (Value, error) { panic("boom") }, ErrLoadPanicked},
		"ends its goroutine":  {func(context.Context) (Value, error) { runtime.Goexit(); return Value{}, nil }, errLoadExited},
		"ignores its context": {func(context.Context) (Value, error) { advance(time.Minute); return Value{}, nil }, ErrLoadTimeout},
		"waits for its context": {func(ctx context.Context) (Value, error) {
			<-ctx.Done()
			return Value{}, ctx.Err()
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cache := newCache(t, Options{LoadTimeout: 5 * time.Second})
				var wg sync.WaitGroup
				for range 10 {
					wg.Go(func() {
						_, err := cache.Get(context.Background(), keyOf("q"), c.load)
						require.ErrorIs(t, err, c.want)
					})
				}
				wg.Wait()
				requireResult(t, get(t, cache, keyOf("q"), answer("a")), "a", Miss, TierNone)
				cache.Close()
				advance(2 * time.Minute) // the load that ignores its context ends by itself
			})
		})
	}
}

func TestStaleIsServedAtOnceAndMadeAnewOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{TTL: time.Hour, StaleTTL: 30 * time.Minute})
		get(t, c, keyOf("q"), answer("old"))
		advance(53 * time.Minute)
		requireResult(t, get(t, c, keyOf("q"), forbidden(t)), "old", Hit, TierMemory)
		advance(13*time.Minute + time.Second) // past 110 % of the TTL, within 90 % of it and the window
		var loads atomic.Int32
		slow := func(context.Context) (Value, error) {
			loads.Add(1)
			advance(2 * time.Second)
			return Value{Body: []byte("new")}, nil
		}
		for range 50 {
			start := time.Now()
			r := get(t, c, keyOf("q"), slow)
			requireResult(t, r, "old", Stale, TierMemory)
			require.Zero(t, time.Since(start), "nobody waits")
			require.Greater(t, r.Age, time.Hour)
		}
		advance(3 * time.Second)
		require.Equal(t, int32(1), loads.Load())
		requireResult(t, get(t, c, keyOf("q"), forbidden(t)), "new", Hit, TierMemory)
		s := c.Stats()
		require.Equal(t, int64(50), s.Stale)
		require.Equal(t, int64(52), s.Hits)
		require.Equal(t, RefreshStats{Done: 1}, s.Refreshes)
		c.Close()
	})
}

func TestPastTheStaleWindowItIsAMiss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{TTL: time.Hour, StaleTTL: 10 * time.Minute})
		get(t, c, keyOf("q"), answer("old"))
		advance(77 * time.Minute)
		requireResult(t, get(t, c, keyOf("q"), answer("new")), "new", Miss, TierNone)
		c.Close()
	})
}

func TestFailedRefreshKeepsTheStaleAnswerAndPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{TTL: time.Hour, StaleTTL: 30 * time.Minute})
		get(t, c, keyOf("q"), answer("old"))
		advance(66*time.Minute + time.Second)
		var loads atomic.Int32
		failing := func(context.Context) (Value, error) {
			loads.Add(1)
			panic("the index is broken")
		}
		for range 30 {
			requireResult(t, get(t, c, keyOf("q"), failing), "old", Stale, TierMemory)
			advance(100 * time.Millisecond)
		}
		require.Equal(t, int32(3), loads.Load(), "once a second")
		require.Equal(t, int64(3), c.Stats().Refreshes.Failed)
		c.Close()
	})
}

func TestRefreshesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{TTL: time.Hour, StaleTTL: time.Hour, MaxRefreshes: 3})
		for i := range 40 {
			get(t, c, keyOf(fmt.Sprint(i)), answer("old"))
		}
		advance(70 * time.Minute)
		var running, most atomic.Int32
		for round := range 20 {
			for i := range 40 {
				get(t, c, keyOf(fmt.Sprint(i)), func(context.Context) (Value, error) {
					n := running.Add(1)
					for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
					}
					advance(time.Second)
					running.Add(-1)
					return Value{Body: []byte("new")}, nil
				})
			}
			require.LessOrEqual(t, running.Load(), int32(3), "round %d", round)
			advance(1100 * time.Millisecond)
		}
		require.Equal(t, int32(3), most.Load())
		require.Equal(t, int64(40), c.Stats().Refreshes.Done)
		require.Positive(t, c.Stats().Refreshes.Skipped)
		c.Close()
	})
}

func TestNegativeAnswersAreShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{NegativeTTL: 10 * time.Second})
		nothing := func(context.Context) (Value, error) { return Value{Body: []byte("[]"), Negative: true}, nil }
		get(t, c, keyOf("q"), nothing)
		advance(8 * time.Second)
		requireResult(t, get(t, c, keyOf("q"), forbidden(t)), "[]", Hit, TierMemory)
		advance(3*time.Second + time.Millisecond)
		requireResult(t, get(t, c, keyOf("q"), answer("found")), "found", Miss, TierNone)
		c.Close()
	})
}

func TestNoStoreIsNotKept(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	load := func(context.Context) (Value, error) { return Value{Body: []byte("degraded"), NoStore: true}, nil }
	requireResult(t, get(t, c, keyOf("q"), load), "degraded", Miss, TierNone)
	requireResult(t, get(t, c, keyOf("q"), load), "degraded", Miss, TierNone)
}

func TestTTLIsJittered(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{TTL: time.Hour, StaleTTL: time.Minute})
	var least, most time.Duration = 2 * time.Hour, 0
	for range 2000 {
		e := c.newEntry(keyOf("q"), Value{}, 0)
		fresh := time.Duration(e.freshUntil - e.createdAt)
		least, most = min(least, fresh), max(most, fresh)
		require.Equal(t, int64(time.Minute), e.staleUntil-e.freshUntil)
	}
	require.GreaterOrEqual(t, least, 54*time.Minute)
	require.Less(t, least, 55*time.Minute)
	require.Less(t, most, 66*time.Minute+time.Second)
	require.Greater(t, most, 65*time.Minute)
}

func TestMemoryIsBoundedInItemsAndInBytes(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]Options{
		"items": {MaxMemoryItems: 100, MaxMemoryBytes: 1 << 30},
		"bytes": {MaxMemoryItems: 1 << 30, MaxMemoryBytes: 1 << 20},
		"both":  {MaxMemoryItems: 200, MaxMemoryBytes: 2 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t, opts)
			body := strings.Repeat("x", 10_000)
			for i := range 2000 {
				get(t, c, keyOf(fmt.Sprint(i)), answer(body))
			}
			c.memory.entries.CleanUp()
			s := c.Stats()
			require.LessOrEqual(t, s.MemoryItems, opts.MaxMemoryItems)
			require.LessOrEqual(t, s.MemoryBytes, opts.MaxMemoryBytes)
			require.Equal(t, int64(s.MemoryItems)*(10_000+entryOverhead), s.MemoryBytes, "the count of bytes is exact")
			require.Greater(t, s.MemoryItems, 80, "and the room is used")
			require.Equal(t, int64(2000-s.MemoryItems), s.Evictions)
		})
	}
}

func TestLargeAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	large := func(context.Context) (Value, error) {
		return Value{Body: bytes.Repeat([]byte("x"), MaxValueBytes+1)}, nil
	}
	require.Equal(t, Miss, get(t, c, keyOf("q"), large).State)
	require.Equal(t, Miss, get(t, c, keyOf("q"), large).State)
	require.Equal(t, int64(2), c.Stats().Oversized)
	require.Zero(t, c.Stats().MemoryBytes)
}

func TestExpiredEntriesLeaveMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{TTL: time.Minute, StaleTTL: time.Minute})
		for i := range 100 {
			get(t, c, keyOf(fmt.Sprint(i)), answer("a"))
		}
		require.Equal(t, 100, c.Stats().MemoryItems)
		advance(10 * time.Minute)
		require.Zero(t, c.Stats().MemoryItems)
		require.Zero(t, c.Stats().MemoryBytes)
		c.Close()
	})
}

func TestDisabledGoesStraightThrough(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{Disabled: true})
	for range 3 {
		requireResult(t, get(t, c, keyOf("q"), answer("a")), "a", Miss, TierNone)
	}
	require.Equal(t, Stats{}, c.Stats())
	c.Close()
}

func TestClosedCacheStillAnswers(t *testing.T) {
	t.Parallel()
	c := newCache(t, Options{})
	get(t, c, keyOf("q"), answer("a"))
	c.Close()
	c.Close()
	requireResult(t, get(t, c, keyOf("q"), forbidden(t)), "a", Hit, TierMemory)
	requireResult(t, get(t, c, keyOf("new"), answer("b")), "b", Miss, TierNone)
}

func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{TTL: time.Hour, StaleTTL: time.Hour, CloseTimeout: 2 * time.Second})
		get(t, c, keyOf("q"), answer("old"))
		advance(67 * time.Minute)
		get(t, c, keyOf("q"), func(context.Context) (Value, error) {
			advance(10 * time.Second)
			return Value{Body: []byte("new")}, nil
		})
		start := time.Now()
		c.Close()
		require.Equal(t, 2*time.Second, time.Since(start))
		advance(time.Minute) // the refresh ends by itself
	})
}

func TestLatencySavedIsTheLoadsCost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Options{})
		get(t, c, keyOf("q"), func(context.Context) (Value, error) {
			advance(20 * time.Millisecond)
			return Value{Body: []byte("a")}, nil
		})
		for range 5 {
			get(t, c, keyOf("q"), forbidden(t))
		}
		require.Equal(t, int64(100), c.Stats().LatencySavedMS)
		c.Close()
	})
}
