package api

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// maxGoodKeys bounds goodKeys; above it, it starts anew.
const maxGoodKeys = 10_000

// goodKeys remembers which keys were good lately, by a hash that means nothing
// outside of this process. It decides only who is not slowed by the failures of
// others at the same address; every key is verified all the same.
type goodKeys struct {
	seed  maphash.Seed
	keys  sync.Map // uint64 to struct{}
	count atomic.Int64
}

func newGoodKeys() *goodKeys { return &goodKeys{seed: maphash.MakeSeed()} }

func (g *goodKeys) known(key string) bool {
	_, ok := g.keys.Load(maphash.String(g.seed, key))
	return ok
}

func (g *goodKeys) remember(key string) {
	if g.known(key) {
		return
	}
	if g.count.Add(1) > maxGoodKeys {
		g.keys.Clear()
		g.count.Store(1)
	}
	g.keys.Store(maphash.String(g.seed, key), struct{}{})
}

func (g *goodKeys) forget(key string) {
	if _, was := g.keys.LoadAndDelete(maphash.String(g.seed, key)); was {
		g.count.Add(-1)
	}
}
