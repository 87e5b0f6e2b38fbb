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

// Stats is the state of a Service. Counts are of this process, since its start.
type Stats struct {
	Requests int64 `json:"requests"` // answered
	Errors   int64 `json:"errors"`
	Empty    int64 `json:"empty"` // answered without a result
	// Stale says that new commits cannot be learnt at the moment.
	Stale         bool               `json:"stale"`
	LoadedTenants int                `json:"loaded_tenants"`
	ByType        map[Type]TypeStats `json:"by_type"`
	Cache         cache.Stats        `json:"-"`
}

// TypeStats is about the searches of one type.
type TypeStats struct {
	Requests int64 `json:"requests"`
	Errors   int64 `json:"errors"`
	Hits     int64 `json:"hits"`
	Misses   int64 `json:"misses"`
	StaleHit int64 `json:"stale"`
	Bypassed int64 `json:"bypassed"`
	// Latencies of the last five to ten minutes, in milliseconds, within 12 %.
	P50MS float64 `json:"p50_ms"`
	P95MS float64 `json:"p95_ms"`
	P99MS float64 `json:"p99_ms"`
}

// Stats returns the current state.
func (s *Service) Stats() Stats {
	now := time.Now()
	out := Stats{
		Empty: s.stats.empty.Load(), ByType: make(map[Type]TypeStats, len(types)), Cache: s.deps.Cache.Stats(),
		LoadedTenants: len(s.deps.Index.Loaded()),
		Stale:         now.UnixNano()-s.fresh.heard.Load() > int64(s.deps.StaleAfter),
	}
	for i, name := range types {
		n := &s.stats.answers[i]
		t := TypeStats{
			Errors: s.stats.errors[i].Load(), Hits: n[Hit].Load(), Misses: n[Miss].Load(),
			StaleHit: n[Stale].Load(), Bypassed: n[Bypass].Load(),
		}
		t.Requests = t.Hits + t.Misses + t.StaleHit + t.Bypassed
		q, _ := s.stats.latency[i].quantiles(now, 0.5, 0.95, 0.99)
		t.P50MS, t.P95MS, t.P99MS = millis(q[0]), millis(q[1]), millis(q[2])
		out.Requests += t.Requests
		out.Errors += t.Errors
		out.ByType[name] = t
	}
	return out
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
