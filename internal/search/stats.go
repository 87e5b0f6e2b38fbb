package search

import (
	"sync/atomic"
	"time"

	"github.com/rustassistant/rustassistant/internal/cache"
)

// recorder counts what was answered.
type recorder struct {
	answers [len(types)][stateCount]atomic.Int64
	errors  [len(types)]atomic.Int64
	empty   atomic.Int64
	latency [len(types)]latency
}

func (c *recorder) answered(a *Answer, now time.Time) {
	i := a.Type.ordinal()
	c.answers[i][a.State].Add(1)
	if a.Results == 0 {
		c.empty.Add(1)
	}
	c.latency[i].observe(a.Took, now)
}

func (c *recorder) failed(t Type) { c.errors[t.ordinal()].Add(1) }

// Stats is the state of a Service. Counts are of this process, since its start,
// over all tenants.
type Stats struct {
	Requests int64 `json:"requests" doc:"Searches that this process has answered since its start."`
	Errors   int64 `json:"errors" doc:"Searches that failed."`
	Empty    int64 `json:"empty" doc:"Searches answered without a result."`
	Quantiles
	Stale         bool               `json:"stale" doc:"New commits cannot be learnt at the moment; searches go on from memory."`
	LoadedTenants int                `json:"loaded_tenants" doc:"Tenants whose index is loaded in this process."`
	ByType        map[Type]TypeStats `json:"by_type" doc:"The same by type of search."`
	Cache         cache.Stats        `json:"-"`
}

// TypeStats is about the searches of one type.
type TypeStats struct {
	Requests int64 `json:"requests" doc:"Searches answered."`
	Errors   int64 `json:"errors" doc:"Searches that failed."`
	Hits     int64 `json:"hits" doc:"Answered from the cache."`
	Misses   int64 `json:"misses" doc:"Answered from the index, then kept."`
	Stale    int64 `json:"stale" doc:"Answered with what may not be the newest."`
	Bypassed int64 `json:"bypassed" doc:"Answered from the index without looking into the cache."`
	Quantiles
}

// Quantiles are latencies of the last five to ten minutes, within 12 %; nil when
// there was no search.
type Quantiles struct {
	P50MS *float64 `json:"p50_ms" doc:"Median latency of the last five to ten minutes, in milliseconds, to within 12 %."`
	P95MS *float64 `json:"p95_ms" doc:"95th percentile of the same."`
	P99MS *float64 `json:"p99_ms" doc:"99th percentile of the same."`
}

// Stats returns the current state.
func (s *Service) Stats() Stats {
	now := time.Now()
	out := Stats{
		Empty: s.stats.empty.Load(), ByType: make(map[Type]TypeStats, len(types)), Cache: s.deps.Cache.Stats(),
		LoadedTenants: len(s.deps.Index.Loaded()),
		Stale:         s.fresh.silent(now, s.deps.StaleAfter),
	}
	var all counts
	for i, name := range types {
		n := &s.stats.answers[i]
		t := TypeStats{
			Errors: s.stats.errors[i].Load(), Hits: n[Hit].Load(), Misses: n[Miss].Load(),
			Stale: n[Stale].Load(), Bypassed: n[Bypass].Load(),
		}
		t.Requests = t.Hits + t.Misses + t.Stale + t.Bypassed
		var one counts
		one.add(&s.stats.latency[i], now)
		all.add(&s.stats.latency[i], now)
		t.Quantiles = one.quantiles()
		out.Requests += t.Requests
		out.Errors += t.Errors
		out.ByType[name] = t
	}
	out.Quantiles = all.quantiles()
	return out
}

func (c *counts) quantiles() Quantiles {
	if c.total == 0 {
		return Quantiles{}
	}
	return Quantiles{P50MS: c.millis(0.5), P95MS: c.millis(0.95), P99MS: c.millis(0.99)}
}

func (c *counts) millis(share float64) *float64 {
	ms := float64(c.quantile(share).Microseconds()) / 1000
	return &ms
}
