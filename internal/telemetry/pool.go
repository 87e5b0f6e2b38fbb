package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// PoolStats is the state of a pool of database connections. Counts are since the
// start of the process.
type PoolStats struct {
	Max, InUse, Idle int
	Acquires         int64
	// Waits are acquires that found no idle connection; Waited is their time.
	Waits  int64
	Waited time.Duration
}

// poolCollector asks the pool when Prometheus asks us.
type poolCollector struct {
	name  string
	stats func() PoolStats
}

var (
	poolConnections = poolDesc("database_pool_connections", "Connections of the pool by state.", "state")
	poolMax         = poolDesc("database_pool_max_connections", "Connections that the pool may open.")
	poolAcquires    = poolDesc("database_pool_acquires_total", "Connections taken from the pool.")
	poolWaits       = poolDesc("database_pool_waits_total", "Connections that had to be waited for.")
	poolWaited      = poolDesc("database_pool_wait_seconds_total", "Time waited for connections.")
)

func poolDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, append([]string{"pool"}, labels...), nil)
}

// RegisterPool adds the metrics of a database pool under a name such as "app".
func (m *Metrics) RegisterPool(name string, stats func() PoolStats) {
	m.Registry.MustRegister(&poolCollector{name: name, stats: stats})
}

// Describe sends nothing, which makes the collector unchecked: two pools have the
// same descriptions and differ in the value of their label only.
func (p *poolCollector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (p *poolCollector) Collect(out chan<- prometheus.Metric) {
	s := p.stats()
	send := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, t, v, append([]string{p.name}, labels...)...)
	}
	send(poolConnections, prometheus.GaugeValue, float64(s.InUse), "in_use")
	send(poolConnections, prometheus.GaugeValue, float64(s.Idle), "idle")
	send(poolMax, prometheus.GaugeValue, float64(s.Max))
	send(poolAcquires, prometheus.CounterValue, float64(s.Acquires))
	send(poolWaits, prometheus.CounterValue, float64(s.Waits))
	send(poolWaited, prometheus.CounterValue, s.Waited.Seconds())
}
