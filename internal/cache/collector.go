package cache

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

// collector turns Stats into metrics when Prometheus asks, so that counting costs
// a request nothing more than it does anyway.
type collector struct{ cache *Cache }

var (
	descRequests  = desc("cache_requests_total", "Lookups by tier and result.", "tier", "result")
	descItems     = desc("cache_memory_items", "Answers in memory.")
	descBytes     = desc("cache_memory_bytes", "Bytes of the answers in memory.")
	descMaxBytes  = desc("cache_memory_max_bytes", "Bytes that the answers in memory may take.")
	descEvictions = desc("cache_evictions_total", "Answers that left memory for want of room.")
	descSaved     = desc("cache_latency_saved_seconds_total", "Time that making the kept answers again would have taken.")
	descRefreshes = desc("cache_refreshes_total", "Background refreshes of stale answers.", "outcome")
	descErrors    = desc("cache_load_errors_total", "Answers that could not be made.")
	descWrites    = desc("cache_redis_writes_total", "Answers sent to Redis.", "outcome")
	descRejected  = desc("cache_redis_rejected_values_total", "Values in Redis that were damaged or another key's.")
	descUp        = desc("redis_up", "Whether Redis answered the last probe.")
	descBreaker   = desc("redis_breaker_state", "Breaker before Redis: 0 closed, 1 half-open, 2 open.")
	descRedisErrs = desc("redis_errors_total", "Commands to Redis that failed.")
	descPool      = desc("redis_pool_connections", "Connections to Redis by state.", "state")
	descTimeouts  = desc("redis_pool_timeouts_total", "Times that no connection to Redis was free.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// NewCollector returns the cache's metrics, to be registered once. A disabled
// cache, or one without Redis, has none of the metrics that would be about it.
func NewCollector(c *Cache) prometheus.Collector { return collector{c} }

// Describe implements prometheus.Collector.
func (collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descRequests, descItems, descBytes, descMaxBytes, descEvictions, descSaved, descRefreshes, descErrors, descWrites,
		descRejected, descUp, descBreaker, descRedisErrs, descPool, descTimeouts,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c.cache.Stats()
	if !s.Enabled {
		return
	}
	send := sender(out)
	send.tier("memory", s.Memory)
	send.gauge(descItems, float64(s.MemoryItems))
	send.gauge(descBytes, float64(s.MemoryBytes))
	send.gauge(descMaxBytes, float64(s.MemoryMaxBytes))
	send.counter(descEvictions, s.Evictions)
	send.counter(descErrors, s.LoadErrors)
	send.counter(descRefreshes, s.Refreshes.Done, "done")
	send.counter(descRefreshes, s.Refreshes.Failed, "failed")
	send.counter(descRefreshes, s.Refreshes.Skipped, "skipped")
	out <- prometheus.MustNewConstMetric(descSaved, prometheus.CounterValue, float64(s.LatencySavedMS)/1000)
	if s.Redis.Configured {
		send.redis(s.Redis, c.cache.remote.client.PoolStats())
	}
}

type sender chan<- prometheus.Metric

func (s sender) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (s sender) counter(d *prometheus.Desc, n int64, labels ...string) {
	s <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func (s sender) tier(name string, t TierStats) {
	s.counter(descRequests, t.Hits-t.Stale, name, "hit")
	s.counter(descRequests, t.Stale, name, "stale")
	s.counter(descRequests, t.Misses, name, "miss")
}

func (s sender) redis(r RedisStats, pool *redis.PoolStats) {
	s.tier("redis", r.TierStats)
	s.counter(descRequests, r.Skipped, "redis", "skipped")
	s.counter(descWrites, r.Written, "written")
	s.counter(descWrites, r.Dropped, "dropped")
	s.counter(descRejected, r.Rejected)
	s.counter(descRedisErrs, r.Errors)
	up, breaker := 0.0, 0.0
	if r.Connected {
		up = 1
	}
	switch r.Breaker {
	case gobreaker.StateHalfOpen.String():
		breaker = 1
	case gobreaker.StateOpen.String():
		breaker = 2
	}
	s.gauge(descUp, up)
	s.gauge(descBreaker, breaker)
	s.gauge(descPool, float64(pool.TotalConns-pool.IdleConns), "in_use")
	s.gauge(descPool, float64(pool.IdleConns), "idle")
	s.counter(descTimeouts, int64(pool.Timeouts))
}
