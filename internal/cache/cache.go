package cache

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

// Cache is a two-tier cache. It is safe for concurrent use. Close it.
type Cache struct {
	opts    Options
	memory  *memory
	remote  *remote // nil without Redis
	flights singleflight.Group
	counts  counters
	refresh chan struct{} // one place for each refresh that may run
	// refreshLog keeps a broken index from filling the log.
	refreshLog rate.Sometimes

	mu         sync.Mutex // guards closed together with background.Add
	closed     bool
	background sync.WaitGroup
}

// New returns a Cache. It does not wait for Redis.
func New(opts Options) *Cache {
	opts = opts.withDefaults()
	c := &Cache{
		opts: opts, refresh: make(chan struct{}, opts.MaxRefreshes), refreshLog: rate.Sometimes{Interval: time.Second},
	}
	if opts.Disabled {
		return c
	}
	c.memory = newMemory(opts.MaxMemoryItems, opts.MaxMemoryBytes)
	if opts.Redis != nil {
		c.remote = newRemote(opts)
	}
	return c
}

// Get returns the answer of the key, from the nearest place that has it, or else
// from load, which is called at most once at a time for a key. When ctx ends the
// caller gets its error and the load goes on for others. The load's error is
// returned as it is, to all who waited for it, and is not kept.
func (c *Cache) Get(ctx context.Context, key Key, load LoadFunc) (Result, error) {
	if c.opts.Disabled {
		value, err := load(ctx)
		return Result{Body: value.Body}, err
	}
	now := time.Now().UnixNano()
	if e, ok := c.memory.get(key); ok {
		switch state, _ := e.state(now); state {
		case Hit:
			c.counts.memoryHits.Add(1)
			c.counts.savedNanos.Add(e.cost)
			return e.result(Hit, TierMemory, now), nil
		case Stale:
			c.counts.memoryStale.Add(1)
			c.counts.savedNanos.Add(e.cost)
			c.startRefresh(ctx, key, e, load)
			return e.result(Stale, TierMemory, now), nil
		case Miss:
		}
	}
	return c.fetch(ctx, key, load, now)
}

// outcome is what a flight brings to all who wait for it.
type outcome struct {
	entry *entry
	state State
	tier  Tier
}

// fetch gets what memory does not have.
func (c *Cache) fetch(ctx context.Context, key Key, load LoadFunc, start int64) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	led := false
	flight := c.flights.DoChan(key.flight(), func() (any, error) {
		led = true
		return c.fly(ctx, key, load, false)
	})
	select {
	case <-ctx.Done():
		return Result{}, ctx.Err()
	case r := <-flight:
		if r.Err != nil {
			return Result{}, r.Err
		}
		o := r.Val.(outcome)
		now := time.Now().UnixNano()
		c.counts.fetched(o, now-start, led)
		if o.state == Stale {
			// Only now: while the flight was on, a refresh would have joined it.
			c.startRefresh(ctx, key, o.entry, load)
		}
		if o.state == Miss {
			return Result{Body: o.entry.body}, nil
		}
		return o.entry.result(o.state, o.tier, now), nil
	}
}

// fly is one flight: Redis, then the load. A refresh has use for a fresh answer only.
func (c *Cache) fly(ctx context.Context, key Key, load LoadFunc, refresh bool) (outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.opts.LoadTimeout)
	defer cancel()
	// An earlier flight may have ended between the caller's look and this one.
	if e, ok := c.memory.get(key); ok {
		if state, _ := e.state(time.Now().UnixNano()); state == Hit {
			return outcome{e, Hit, TierMemory}, nil
		}
	}
	if e, state, ok := c.fromRedis(ctx, key); ok && (state == Hit || !refresh) {
		c.memory.set(key, e)
		return outcome{e, state, TierRedis}, nil
	}
	start := time.Now()
	value, err := run(ctx, load, c.opts.Logger)
	if err != nil {
		c.counts.loadErrors.Add(1)
		return outcome{}, err
	}
	e := c.newEntry(key, value, time.Since(start))
	if !value.NoStore {
		c.keep(key, e)
	}
	return outcome{e, Miss, TierNone}, nil
}

func (c *Cache) fromRedis(ctx context.Context, key Key) (*entry, State, bool) {
	if c.remote == nil {
		return nil, Miss, false
	}
	if e, ok := c.remote.get(ctx, key); ok {
		if state, ok := e.state(time.Now().UnixNano()); ok {
			return e, state, true
		}
	}
	c.remote.counts.misses.Add(1)
	return nil, Miss, false
}

func (c *Cache) keep(key Key, e *entry) {
	c.memory.set(key, e)
	if c.remote != nil && len(e.body) <= MaxValueBytes {
		c.remote.put(key, e)
	}
}

func (c *Cache) newEntry(key Key, value Value, cost time.Duration) *entry {
	now := time.Now().UnixNano()
	ttl, stale := c.opts.TTL, c.opts.StaleTTL
	if value.Negative {
		ttl, stale = c.opts.NegativeTTL, 0
	}
	fresh := int64(float64(ttl) * (0.9 + 0.2*rand.Float64()))
	return &entry{
		body: value.Body, generation: key.Generation, negative: value.Negative, cost: int64(cost),
		createdAt: now, freshUntil: now + fresh, staleUntil: now + fresh + int64(stale),
	}
}

// Close ends the background work. It waits at most CloseTimeout for refreshes and
// for writes to Redis that are under way. A closed cache still answers, from
// memory and from loads.
func (c *Cache) Close() {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.mu.Unlock()
	if again || c.opts.Disabled {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.CloseTimeout)
	defer cancel()
	refreshed := make(chan struct{})
	go func() {
		c.background.Wait()
		close(refreshed)
	}()
	select {
	case <-refreshed:
	case <-ctx.Done():
	}
	if c.remote != nil {
		c.remote.close(ctx)
	}
	c.memory.close()
}
