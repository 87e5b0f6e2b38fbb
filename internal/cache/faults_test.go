package cache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// underFault asks n different questions from several callers and returns how long
// the slowest answers took. Every answer must be right.
func underFault(t *testing.T, c *Cache, round string, n int) (slowest time.Duration) {
	t.Helper()
	const callers = 8
	var mu sync.Mutex
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range n / callers {
				text := fmt.Sprint(round, caller, i)
				start := time.Now()
				r, err := c.Get(context.Background(), keyOf(text), answer(text))
				took := time.Since(start)
				if err != nil || string(r.Body) != text {
					t.Errorf("%s: got %q, %v", text, r.Body, err)
				}
				mu.Lock()
				slowest = max(slowest, took)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return slowest
}

func breakerIs(c *Cache, state string) func() bool {
	return func() bool { return c.Stats().Redis.Breaker == state }
}

func TestDeadRedisChangesNothingButSpeed(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	c := newProcess(t, server.client(patient), Options{})
	underFault(t, c, "before", 80)
	waitWritten(t, c, 80)

	server.kill()
	underFault(t, c, "dead", 400)
	eventually(t, breakerIs(c, "open"), "given up")
	require.False(t, c.Stats().Redis.Connected)
	require.Equal(t, "connection", c.Stats().Redis.LastError)

	server.restart()
	eventually(t, func() bool { return c.Stats().Redis.Connected }, "found again")
	written := c.Stats().Redis.Written
	underFault(t, c, "after", 80)
	waitWritten(t, c, written+80)
}

func TestHangingRedisHoldsUpNobodyOnceTheBreakerIsOpen(t *testing.T) {
	t.Parallel()
	const timeout = 100 * time.Millisecond
	server := startRedis(t)
	c := newProcess(t, server.client(timeout), Options{RedisTimeout: timeout, ProbeInterval: 200 * time.Millisecond})
	eventually(t, func() bool { return c.Stats().Redis.Connected }, "connected")

	server.signal(syscall.SIGSTOP)
	start := time.Now()
	slowest := underFault(t, c, "hanging", 800)
	t.Logf("while the breaker opens: slowest %v, 800 answers in %v", slowest, time.Since(start))
	require.Less(t, slowest, 2*time.Second)
	eventually(t, breakerIs(c, "open"), "given up")

	// From here on only the probe waits: its failures are the only ones.
	errors, start := c.Stats().Redis.Errors, time.Now()
	slowest = underFault(t, c, "open", 8000)
	probes := int64(time.Since(start)/(200*time.Millisecond)) + 2
	t.Logf("with the breaker open: slowest %v, 8000 answers in %v", slowest, time.Since(start))
	require.LessOrEqual(t, c.Stats().Redis.Errors-errors, probes, "requests wait on Redis")
	require.Equal(t, "timeout", c.Stats().Redis.LastError)

	server.signal(syscall.SIGCONT)
	eventually(t, func() bool { return c.Stats().Redis.Connected }, "found again")
}

func TestCloseIsBoundedWhenRedisHangs(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	c := newProcess(t, server.client(patient), Options{CloseTimeout: 200 * time.Millisecond})
	eventually(t, func() bool { return c.Stats().Redis.Connected }, "connected")
	server.signal(syscall.SIGSTOP)
	defer server.signal(syscall.SIGCONT)
	for i := range 100 {
		c.remote.put(keyOf(fmt.Sprint(i)), c.newEntry(keyOf(""), Value{Body: []byte("a")}, 0))
	}
	start := time.Now()
	c.Close()
	require.Less(t, time.Since(start), 3*time.Second)
	c.remote.work.Wait() // and nothing stays behind
	require.Zero(t, c.Stats().Redis.QueuedBytes)
}

func TestRedisThatIsNotThereAtStart(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	server.kill()
	start := time.Now()
	c := newProcess(t, server.client(patient), Options{})
	require.Less(t, time.Since(start), time.Second, "New waits for nobody")
	requireResult(t, get(t, c, keyOf("q"), answer("a")), "a", Miss, TierNone)
	server.restart()
	eventually(t, func() bool { return c.Stats().Redis.Connected }, "found")
}

// question is one of a few, so that keys meet: tenants, generations and words.
func question(r *rand.Rand) (Key, string) {
	key := keyOf(fmt.Sprint("q", r.IntN(5))).at(uint64(1 + r.IntN(4)))
	if r.IntN(2) == 0 {
		key.Tenant = tenantB
	}
	return key, fmt.Sprint(key.Tenant, "/", key.Generation, "/", key.Hash)
}

// Three processes, two tenants and four generations, while Redis hangs, forgets,
// and mixes up its values. Whatever is returned must be the key's own.
func TestNothingOfAnotherTenantOrGenerationIsEverReturned(t *testing.T) {
	t.Parallel()
	const timeout = 50 * time.Millisecond
	server := startRedis(t)
	var processes []*Cache
	for range 3 {
		processes = append(processes, newProcess(t, server.client(timeout), Options{
			RedisTimeout: timeout, ProbeInterval: 20 * time.Millisecond, TTL: 20 * time.Millisecond, StaleTTL: 40 * time.Millisecond,
			MaxMemoryItems: 8,
		}))
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var answers, kept atomic.Int64
	for i := range 6 {
		wg.Go(func() {
			r, c := rand.New(rand.NewPCG(uint64(i), 1)), processes[i%3]
			for !closed(stop) {
				key, text := question(r)
				got, err := c.Get(context.Background(), key, answer(text))
				answers.Add(1)
				if got.Tier == TierRedis {
					kept.Add(1)
				}
				if err != nil || string(got.Body) != text {
					t.Errorf("asked for %s, got %s (%v)", text, got.Body, err)
				}
			}
		})
	}
	disturb(t, server, 40)
	close(stop)
	wg.Wait()
	var rejected int64
	for _, c := range processes {
		rejected += c.Stats().Redis.Rejected
	}
	t.Logf("%d answers, %d of them from Redis, %d lies refused", answers.Load(), kept.Load(), rejected)
	require.Positive(t, kept.Load(), "Redis was used")
	require.Positive(t, rejected, "and it lied")
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// disturb copies values to foreign keys, damages and deletes them, and hangs Redis.
func disturb(t *testing.T, server *redisServer, rounds int) {
	t.Helper()
	ctx := t.Context()
	client := server.client(patient)
	r := rand.New(rand.NewPCG(7, 7))
	for round := range rounds {
		var keys []string
		eventually(t, func() bool {
			keys = client.Keys(ctx, "test:*").Val()
			return len(keys) > 3
		}, "there are values to disturb")
		slices.Sort(keys)
		for range 50 {
			from, to := keys[r.IntN(len(keys))], keys[r.IntN(len(keys))]
			switch r.IntN(4) {
			case 0:
				client.SetRange(ctx, to, int64(r.IntN(envelopeHeader)), "\x00")
			default:
				client.Copy(ctx, from, to, 0, true)
			}
		}
		switch round % 10 {
		case 3:
			require.NoError(t, client.FlushDB(ctx).Err())
		case 7:
			server.signal(syscall.SIGSTOP)
			select {
			case <-time.After(80 * time.Millisecond):
			case <-ctx.Done():
			}
			server.signal(syscall.SIGCONT)
		}
	}
}
