package cache

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestProcessesShareAnswersThroughRedis(t *testing.T) {
	t.Parallel()
	client := sharedRedis(t)
	first, second := newProcess(t, client, Options{}), newProcess(t, client, Options{})
	requireResult(t, get(t, first, keyOf("q"), answer("a")), "a", Miss, TierNone)
	waitWritten(t, first, 1)
	requireResult(t, get(t, second, keyOf("q"), forbidden(t)), "a", Hit, TierRedis)
	requireResult(t, get(t, second, keyOf("q"), forbidden(t)), "a", Hit, TierMemory)
	requireResult(t, get(t, second, keyOf("q").at(2), answer("b")), "b", Miss, TierNone)

	s := second.Stats()
	require.Equal(t, int64(2), s.Hits)
	require.Equal(t, int64(1), s.Redis.Hits)
	require.Equal(t, int64(1), s.Redis.Misses)
	require.InDelta(t, 0.5, s.Redis.HitRate, 1e-9)
	require.True(t, s.Redis.Configured)
	eventually(t, func() bool { return second.Stats().Redis.Connected }, "connected")
	require.Equal(t, "closed", s.Redis.Breaker)
}

func TestValuesInRedisExpire(t *testing.T) {
	t.Parallel()
	client := sharedRedis(t)
	c := newProcess(t, client, Options{TTL: time.Hour, StaleTTL: 10 * time.Minute})
	get(t, c, keyOf("q"), answer("a"))
	waitWritten(t, c, 1)
	ttl, err := client.PTTL(t.Context(), keyOf("q").redis("test:")).Result()
	require.NoError(t, err)
	require.Greater(t, ttl, 63*time.Minute)
	require.LessOrEqual(t, ttl, 76*time.Minute)
}

func TestStaleFromRedisIsServedAndMadeAnew(t *testing.T) {
	t.Parallel()
	client := sharedRedis(t)
	first := newProcess(t, client, Options{TTL: 50 * time.Millisecond, StaleTTL: time.Minute})
	get(t, first, keyOf("q"), answer("old"))
	waitWritten(t, first, 1)
	eventually(t, func() bool {
		e, _ := first.memory.get(keyOf("q"))
		state, _ := e.state(time.Now().UnixNano())
		return state == Stale
	}, "stale")
	second := newProcess(t, client, Options{TTL: time.Hour, StaleTTL: time.Minute})
	requireResult(t, get(t, second, keyOf("q"), answer("new")), "old", Stale, TierRedis)
	eventually(t, func() bool { return second.Stats().Refreshes.Done == 1 }, "refreshed")
	requireResult(t, get(t, second, keyOf("q"), forbidden(t)), "new", Hit, TierMemory)
	waitWritten(t, second, 1)
	third := newProcess(t, client, Options{TTL: time.Hour})
	requireResult(t, get(t, third, keyOf("q"), forbidden(t)), "new", Hit, TierRedis)
}

func TestNegativeAnswersAreNegativeForOthersToo(t *testing.T) {
	t.Parallel()
	client := sharedRedis(t)
	first := newProcess(t, client, Options{NegativeTTL: 5 * time.Second})
	get(t, first, keyOf("q"), func(context.Context) (Value, error) { return Value{Body: []byte("[]"), Negative: true}, nil })
	waitWritten(t, first, 1)
	second := newProcess(t, client, Options{})
	requireResult(t, get(t, second, keyOf("q"), forbidden(t)), "[]", Hit, TierRedis)
	e, ok := second.memory.get(keyOf("q"))
	require.True(t, ok)
	require.True(t, e.negative)
	require.Less(t, time.Duration(e.freshUntil-e.createdAt), 6*time.Second)
}

func TestWhateverRedisHoldsOnlyTheRightValueIsUsed(t *testing.T) {
	t.Parallel()
	client := sharedRedis(t)
	key := keyOf("q")
	now := time.Now().UnixNano()
	sealed := func(k Key, body string) []byte {
		return seal(k, &entry{
			body: []byte(body), generation: k.Generation, createdAt: now,
			freshUntil: now + int64(time.Hour), staleUntil: now + int64(2*time.Hour),
		})
	}
	otherTenant, otherScope := key, key
	otherTenant.Tenant, otherScope.Scope = tenantB, "suggest"
	good := sealed(key, "foreign")
	future := seal(key, &entry{body: []byte("foreign"), generation: 1, createdAt: now + int64(time.Hour), freshUntil: now + int64(2*time.Hour)})
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)-1] ^= 1
	for name, value := range map[string][]byte{
		"another tenant's":     sealed(otherTenant, "foreign"),
		"another generation's": sealed(key.at(2), "foreign"),
		"another question's":   sealed(keyOf("p"), "foreign"),
		"another scope's":      sealed(otherScope, "foreign"),
		"one bit is wrong":     flipped,
		"cut short":            good[:len(good)-1],
		"header only":          good[:envelopeHeader],
		"shorter than that":    good[:20],
		"text":                 []byte(`{"results": []}`),
		"made in the future":   future,
		"huge":                 []byte(strings.Repeat("x", 3*MaxValueBytes)),
	} {
		require.NoError(t, client.Set(t.Context(), key.redis("test:"), value, 0).Err())
		c := newProcess(t, client, Options{})
		requireResult(t, get(t, c, key, answer("right")), "right", Miss, TierNone)
		require.Equal(t, int64(1), c.Stats().Redis.Rejected, name)
		require.Equal(t, "rejected_value", c.Stats().Redis.LastError)
		require.Equal(t, "closed", c.Stats().Redis.Breaker, "it did answer")
		waitWritten(t, c, 1)
		fixed := newProcess(t, client, Options{})
		requireResult(t, get(t, fixed, key, forbidden(t)), "right", Hit, TierRedis)
	}
	require.NoError(t, client.Del(t.Context(), key.redis("test:")).Err())
	require.NoError(t, client.RPush(t.Context(), key.redis("test:"), "a list").Err())
	c := newProcess(t, client, Options{})
	requireResult(t, get(t, c, key, answer("right")), "right", Miss, TierNone)
	require.Equal(t, "wrong_type", c.Stats().Redis.LastError)
}

func TestALyingLifetimeIsCut(t *testing.T) {
	t.Parallel()
	now := time.Now().UnixNano()
	long := &entry{body: []byte("a"), generation: 1, createdAt: now, freshUntil: now + int64(40*24*time.Hour), staleUntil: now + int64(45*24*time.Hour)}
	e, err := open(seal(keyOf("q"), long), keyOf("q"), now, time.Hour, time.Minute)
	require.NoError(t, err)
	require.Equal(t, time.Hour, time.Duration(e.freshUntil-e.createdAt))
	require.Equal(t, time.Hour+time.Minute, time.Duration(e.staleUntil-e.createdAt))
}

func TestSealedValuesOpenAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := Key{
			Generation: rapid.Uint64().Draw(t, "generation"), Scope: rapid.String().Draw(t, "scope"),
			Tenant: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "tenant")),
			Hash:   [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")),
		}
		now := time.Now().UnixNano()
		in := &entry{
			body: rapid.SliceOf(rapid.Byte()).Draw(t, "body"), generation: key.Generation,
			createdAt: now / 1e6 * 1e6, negative: rapid.Bool().Draw(t, "negative"), cost: rapid.Int64Range(0, 1e9).Draw(t, "cost") / 1000 * 1000,
		}
		in.freshUntil = in.createdAt + rapid.Int64Range(0, int64(time.Hour)).Draw(t, "fresh")/1e6*1e6
		in.staleUntil = in.freshUntil + rapid.Int64Range(0, int64(time.Hour)).Draw(t, "stale")/1e6*1e6
		data := seal(key, in)
		out, err := open(data, key, now, time.Hour, time.Hour)
		require.NoError(t, err)
		require.Equal(t, string(in.body), string(out.body))
		require.Equal(t, [4]int64{in.createdAt, in.freshUntil, in.staleUntil, in.cost}, [4]int64{out.createdAt, out.freshUntil, out.staleUntil, out.cost})
		require.Equal(t, in.negative, out.negative)

		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		data[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		_, err = open(data, key, now, time.Hour, time.Hour)
		require.Error(t, err, "a wrong byte anywhere is noticed")
	})
}

func FuzzOpen(f *testing.F) {
	now := time.Now().UnixNano()
	f.Add(seal(keyOf("q"), &entry{body: []byte("a"), generation: 1, createdAt: now}))
	f.Add([]byte(envelopeMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		key := keyOf("q")
		e, err := open(data, key, now, time.Hour, time.Hour)
		if err == nil && (e.generation != 1 || len(e.body) != len(data)-envelopeHeader) {
			t.Fatal("opened what is not the key's")
		}
	})
}

func TestRefusedWritesDoNotStopReads(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	client := server.client(patient)
	first := newProcess(t, client, Options{})
	get(t, first, keyOf("q"), answer("a"))
	waitWritten(t, first, 1)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err())
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1mb").Err())
	second := newProcess(t, client, Options{})
	for i := range 3 * tripAfter {
		get(t, second, keyOf(fmt.Sprint(i)), answer("b"))
	}
	eventually(t, func() bool { return second.Stats().Redis.Dropped == 3*tripAfter }, "refused")
	require.Equal(t, "out_of_memory", second.Stats().Redis.LastError)
	require.Equal(t, "closed", second.Stats().Redis.Breaker)
	requireResult(t, get(t, second, keyOf("q"), forbidden(t)), "a", Hit, TierRedis)
}

func TestWrongPasswordIsNamedAndHarmless(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	admin := server.client(patient)
	require.NoError(t, admin.ConfigSet(t.Context(), "requirepass", "right").Err())
	wrong := clientOf(t, &redis.UniversalOptions{Addrs: []string{server.address()}, Password: "wrong", PoolSize: 4}, patient)
	c := newProcess(t, wrong, Options{})
	for i := range 3 * tripAfter {
		requireResult(t, get(t, c, keyOf(fmt.Sprint(i)), answer("a")), "a", Miss, TierNone)
	}
	eventually(t, func() bool { return c.Stats().Redis.Breaker != "closed" }, "given up")
	s := c.Stats().Redis
	require.False(t, s.Connected)
	require.Equal(t, "auth", s.LastError)
}

// delay makes each command slow, as a far-away or overloaded Redis is.
type delay struct {
	redis.Hook
	d time.Duration
}

func (h delay) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h delay) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		select {
		case <-time.After(h.d):
		case <-ctx.Done():
			cmd.SetErr(ctx.Err())
			return ctx.Err()
		}
		return next(ctx, cmd)
	}
}

func (h delay) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestSlowRedisIsNotUsed(t *testing.T) {
	t.Parallel()
	client := sharedRedis(t)
	client.AddHook(delay{d: 300 * time.Millisecond})
	c := newProcess(t, client, Options{RedisTimeout: 500 * time.Millisecond, ProbeInterval: time.Hour})
	for i := range 2 * tripAfter {
		get(t, c, keyOf(fmt.Sprint(i)), answer("a"))
	}
	s := c.Stats().Redis
	require.Equal(t, "open", s.Breaker)
	require.Contains(t, []string{"slow", "timeout"}, s.LastError)
	require.Positive(t, s.Skipped)
}

func TestWritesNeverHoldUpAndAreBounded(t *testing.T) {
	t.Parallel()
	client := sharedRedis(t)
	client.AddHook(delay{d: time.Second})
	c := newProcess(t, client, Options{MaxQueuedWrites: 8, MaxQueuedBytes: 4 << 20, CloseTimeout: 50 * time.Millisecond})
	body := []byte(strings.Repeat("x", MaxValueBytes))
	start := time.Now()
	for i := range 100 {
		c.remote.put(keyOf(fmt.Sprint(i)), c.newEntry(keyOf(""), Value{Body: body}, 0))
	}
	require.Less(t, time.Since(start), 900*time.Millisecond)
	s := c.Stats().Redis
	require.LessOrEqual(t, s.QueuedBytes, int64(4<<20))
	require.GreaterOrEqual(t, s.Dropped, int64(95))
	c.Close()
	c.remote.work.Wait()
	require.Zero(t, c.Stats().Redis.QueuedBytes, "every byte is accounted for")
}

func TestCloseWritesOutWhatIsQueued(t *testing.T) {
	t.Parallel()
	client := sharedRedis(t)
	c := newProcess(t, client, Options{CloseTimeout: patient})
	for i := range 200 {
		get(t, c, keyOf(fmt.Sprint(i)), answer("a"))
	}
	c.Close()
	s := c.Stats().Redis
	require.Equal(t, int64(200), s.Written)
	require.Zero(t, s.QueuedBytes)
	requireResult(t, get(t, c, keyOf("after"), answer("b")), "b", Miss, TierNone)
	require.Equal(t, int64(1), c.Stats().Redis.Dropped)
}
