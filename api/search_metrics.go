package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rustassistant/rustassistant/internal/cache"
)

// cacheMetrics shows the counters of the cache to Prometheus. They are read when
// they are asked for; a search does not count twice.
type cacheMetrics struct{ stats func() cache.Stats }

var (
	cacheRequests = prometheus.NewDesc("cache_requests_total", "Lookups in the answer cache, by tier and result.", []string{"tier", "result"}, nil)
	cacheItems    = prometheus.NewDesc("cache_memory_items", "Answers kept in memory.", nil, nil)
	cacheBytes    = prometheus.NewDesc("cache_memory_bytes", "Bytes of the answers kept in memory.", nil, nil)
	cacheRedisUp  = prometheus.NewDesc("cache_redis_connected", "1 while the Redis tier is used.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m cacheMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{cacheRequests, cacheItems, cacheBytes, cacheRedisUp} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m cacheMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.stats()
	count := func(tier, result string, n int64) {
		out <- prometheus.MustNewConstMetric(cacheRequests, prometheus.CounterValue, float64(n), tier, result)
	}
	gauge := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	count("memory", "hit", s.Memory.Hits-s.Memory.Stale)
	count("memory", "stale", s.Memory.Stale)
	count("memory", "miss", s.Memory.Misses)
	gauge(cacheItems, float64(s.MemoryItems))
	gauge(cacheBytes, float64(s.MemoryBytes))
	if !s.Redis.Configured {
		return
	}
	count("redis", "hit", s.Redis.Hits-s.Redis.Stale)
	count("redis", "stale", s.Redis.Stale)
	count("redis", "miss", s.Redis.Misses)
	count("redis", "skipped", s.Redis.Skipped)
	connected := 0.0
	if s.Redis.Connected {
		connected = 1
	}
	gauge(cacheRedisUp, connected)
}
