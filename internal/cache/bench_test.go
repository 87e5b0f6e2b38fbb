package cache

import (
	"context"
	"strings"
	"testing"
)

func BenchmarkMemoryHit(b *testing.B) {
	c := newCache(b, Options{})
	load := answer(strings.Repeat("x", 10_000))
	key, ctx := keyOf("q"), context.Background()
	if _, err := c.Get(ctx, key, load); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := c.Get(ctx, key, load)
			if err != nil || r.State != Hit {
				b.Fatal(r.State, err)
			}
		}
	})
}

func BenchmarkRedisHit(b *testing.B) {
	c := newProcess(b, sharedRedis(b), Options{})
	load := answer(strings.Repeat("x", 10_000))
	key, ctx := keyOf("q"), context.Background()
	get(b, c, key, load)
	waitWritten(b, c, 1)
	b.ReportAllocs()
	for b.Loop() {
		c.memory.entries.Invalidate(key.memory())
		if r, err := c.Get(ctx, key, load); err != nil || r.Tier != TierRedis {
			b.Fatal(r.Tier, err)
		}
	}
}

func BenchmarkMiss(b *testing.B) {
	c := newCache(b, Options{})
	load := answer(strings.Repeat("x", 10_000))
	key, ctx := keyOf("q"), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		key.Generation++
		if _, err := c.Get(ctx, key, load); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealAndOpen(b *testing.B) {
	c := newCache(b, Options{})
	key := keyOf("q")
	e := c.newEntry(key, Value{Body: []byte(strings.Repeat("x", 10_000))}, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := open(seal(key, e), key, e.createdAt, maxFresh(c.opts), c.opts.StaleTTL); err != nil {
			b.Fatal(err)
		}
	}
}
