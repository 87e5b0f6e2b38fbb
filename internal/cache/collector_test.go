package cache

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// gather returns the values of all metrics, by name and labels.
func gather(t *testing.T, c *Cache) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(NewCollector(c))
	families, err := registry.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetName() + "=" + l.GetValue()
			}
			values[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

func TestMetricsFollowTheStats(t *testing.T) {
	t.Parallel()
	c := newProcess(t, sharedRedis(t), Options{})
	get(t, c, keyOf("q"), answer("a"))
	get(t, c, keyOf("q"), forbidden(t))
	waitWritten(t, c, 1)
	eventually(t, func() bool { return c.Stats().Redis.Connected }, "connected")
	m := gather(t, c)
	require.InDelta(t, 1, m["cache_requests_total result=hit tier=memory"], 0)
	require.InDelta(t, 1, m["cache_requests_total result=miss tier=memory"], 0)
	require.InDelta(t, 1, m["cache_requests_total result=miss tier=redis"], 0)
	require.InDelta(t, 1, m["cache_memory_items"], 0)
	require.InDelta(t, 1, m["cache_redis_writes_total outcome=written"], 0)
	require.InDelta(t, 1, m["redis_up"], 0)
	require.Contains(t, m, "redis_breaker_state")
	require.Contains(t, m, "redis_pool_connections state=idle")
}

func TestMetricsWithoutRedisAndWithoutCache(t *testing.T) {
	t.Parallel()
	m := gather(t, newCache(t, Options{}))
	require.Contains(t, m, "cache_requests_total result=hit tier=memory")
	require.NotContains(t, m, "redis_up")
	require.Empty(t, gather(t, newCache(t, Options{Disabled: true})))
}
