package cache

import (
	"sync/atomic"
	"time"
)

// counters are of this process, since its start.
type counters struct {
	memoryHits, memoryStale                    atomic.Int64
	redisHits, redisStale                      atomic.Int64
	misses, coalesced, loadErrors              atomic.Int64
	refreshes, refreshErrors, refreshesSkipped atomic.Int64
	savedNanos                                 atomic.Int64
}

// fetched counts an answer that memory did not have at first.
func (c *counters) fetched(o outcome, took int64, led bool) {
	switch {
	case o.tier == TierMemory:
		c.memoryHits.Add(1)
	case o.state == Hit:
		c.redisHits.Add(1)
	case o.state == Stale:
		c.redisStale.Add(1)
	default:
		c.misses.Add(1)
		if !led {
			c.coalesced.Add(1)
		}
	}
	if o.state != Miss {
		c.savedNanos.Add(max(0, o.entry.cost-took))
	}
}

// Stats is the state of a cache, as /api/stats shows it. Counts are of this
// process, since its start.
type Stats struct {
	Enabled bool `json:"enabled"`
	// Hits are answers that were kept, stale ones among them; Misses are answers
	// that were made, Coalesced of them for somebody else.
	Hits      int64   `json:"hits"`
	Misses    int64   `json:"misses"`
	HitRate   float64 `json:"hit_rate"` // 0 to 1
	Stale     int64   `json:"stale"`
	Coalesced int64   `json:"coalesced"`
	// LoadErrors are loads that failed; they are neither hits nor misses.
	LoadErrors     int64        `json:"load_errors"`
	LatencySavedMS int64        `json:"latency_saved_ms"`
	MemoryItems    int          `json:"memory_items"`
	MemoryBytes    int64        `json:"memory_bytes"`
	MemoryMaxItems int          `json:"memory_max_items"`
	MemoryMaxBytes int64        `json:"memory_max_bytes"`
	Evictions      int64        `json:"evictions"`
	Oversized      int64        `json:"oversized"` // answers too large to be kept
	Memory         TierStats    `json:"memory"`
	Redis          RedisStats   `json:"redis"`
	Refreshes      RefreshStats `json:"refreshes"`
}

// TierStats counts the lookups of one tier.
type TierStats struct {
	Hits    int64   `json:"hits"`
	Stale   int64   `json:"stale"` // among the hits
	Misses  int64   `json:"misses"`
	HitRate float64 `json:"hit_rate"`
}

// RedisStats is the state of the second tier.
type RedisStats struct {
	Configured bool `json:"configured"`
	// Connected says that the last probe was answered.
	Connected bool `json:"connected"`
	// Breaker is closed (Redis is used), open, half-open, or "" without Redis.
	Breaker string `json:"breaker"`
	TierStats
	// Skipped are lookups that did not ask Redis because the breaker was open.
	Skipped int64 `json:"skipped"`
	Errors  int64 `json:"errors"`
	// LastError is the class of the last error: timeout, connection, auth, slow,
	// not_ready, out_of_memory, read_only, wrong_type, rejected_value, refused, …
	LastError string `json:"last_error,omitempty"`
	// Rejected are values that were damaged or not the key's own.
	Rejected    int64 `json:"rejected"`
	Written     int64 `json:"written"`
	Dropped     int64 `json:"dropped"` // writes that were given up
	QueuedBytes int64 `json:"queued_bytes"`
}

// RefreshStats counts the background refreshes of stale answers.
type RefreshStats struct {
	Done    int64 `json:"done"`
	Failed  int64 `json:"failed"`
	Skipped int64 `json:"skipped"` // too many were running
}

// Stats returns the current state.
func (c *Cache) Stats() Stats {
	if c.opts.Disabled {
		return Stats{}
	}
	n := &c.counts
	s := Stats{
		Enabled: true, Misses: n.misses.Load(), Coalesced: n.coalesced.Load(), LoadErrors: n.loadErrors.Load(),
		LatencySavedMS: n.savedNanos.Load() / int64(time.Millisecond),
		MemoryItems:    c.memory.entries.EstimatedSize(), MemoryBytes: max(0, c.memory.bytes.Load()),
		MemoryMaxItems: c.opts.MaxMemoryItems, MemoryMaxBytes: c.opts.MaxMemoryBytes,
		Evictions: c.memory.evictions.Load(), Oversized: c.memory.oversized.Load(),
		Refreshes: RefreshStats{
			Done: n.refreshes.Load(), Failed: n.refreshErrors.Load(), Skipped: n.refreshesSkipped.Load(),
		},
	}
	s.Memory = TierStats{Stale: n.memoryStale.Load(), Hits: n.memoryHits.Load() + n.memoryStale.Load()}
	s.Redis.TierStats = TierStats{Stale: n.redisStale.Load(), Hits: n.redisHits.Load() + n.redisStale.Load()}
	s.Memory.Misses = s.Redis.Hits + s.Misses
	s.Memory.HitRate = hitRate(s.Memory.Hits, s.Memory.Misses)
	s.Hits, s.Stale = s.Memory.Hits+s.Redis.Hits, s.Memory.Stale+s.Redis.Stale
	s.HitRate = hitRate(s.Hits, s.Misses)
	if c.remote != nil {
		c.remote.stats(&s.Redis)
	}
	return s
}

func (r *remote) stats(s *RedisStats) {
	n := &r.counts
	s.Configured, s.Breaker = true, r.breaker.State().String()
	s.Connected = n.connected.Load() && r.ready()
	s.Misses = n.misses.Load()
	s.HitRate = hitRate(s.Hits, s.Misses)
	s.Skipped, s.Errors, s.Rejected = n.skipped.Load(), n.errors.Load(), n.rejected.Load()
	s.Written, s.Dropped, s.QueuedBytes = n.written.Load(), n.dropped.Load(), n.queuedBytes.Load()
	s.LastError, _ = n.lastError.Load().(string)
}

func hitRate(hits, misses int64) float64 {
	if hits+misses == 0 {
		return 0
	}
	return float64(hits) / float64(hits+misses)
}
