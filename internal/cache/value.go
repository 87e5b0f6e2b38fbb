package cache

import (
	"sync/atomic"
	"time"
)

// Value is what a load made. The cache owns Body from then on: it must not be
// changed any more.
type Value struct {
	Body []byte
	// Negative marks an answer that found nothing: it is kept for NegativeTTL only
	// and never served stale.
	Negative bool
	// NoStore marks an answer that must not be kept, such as a degraded one.
	NoStore bool
}

// Result is an answer. Body is shared with other callers and must not be changed.
type Result struct {
	Body  []byte
	State State
	Tier  Tier
	// Age is the time since the answer was made; 0 for a MISS.
	Age time.Duration
}

// State says how an answer came about, in the words of the X-Cache header.
type State uint8

// The states.
const (
	Miss  State = iota // made for this request, or for one that asked the same at the same time
	Hit                // kept and fresh
	Stale              // kept and past its TTL; a fresh one is being made
)

// String returns MISS, HIT or STALE.
func (s State) String() string { return [...]string{"MISS", "HIT", "STALE"}[s] }

// Tier says where a kept answer was.
type Tier uint8

// The tiers.
const (
	TierNone Tier = iota
	TierMemory
	TierRedis
)

// String returns none, memory or redis.
func (t Tier) String() string { return [...]string{"none", "memory", "redis"}[t] }

// entry is a kept answer. Times are Unix nanoseconds.
type entry struct {
	body       []byte
	generation uint64
	createdAt  int64
	freshUntil int64
	staleUntil int64
	cost       int64 // nanoseconds that the load took
	negative   bool
	// nextRefresh is both the claim of a running refresh and the pause after a
	// failed one: nobody starts a refresh before it.
	nextRefresh atomic.Int64
}

// state returns what the entry is worth at a time, and false when nothing.
func (e *entry) state(now int64) (State, bool) {
	switch {
	case now < e.freshUntil:
		return Hit, true
	case now < e.staleUntil:
		return Stale, true
	}
	return Miss, false
}

func (e *entry) result(state State, tier Tier, now int64) Result {
	// Redis may have it from a machine whose clock is ahead.
	return Result{Body: e.body, State: state, Tier: tier, Age: max(0, time.Duration(now-e.createdAt))}
}
