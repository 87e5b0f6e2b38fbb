package workflows

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// sdkLabels are the tags of the Temporal SDK that become labels: names that this
// program gives, so that there are few. Others (namespace, client name, reasons in
// words) are left out.
var sdkLabels = []string{"operation", "task_queue", "workflow_type", "activity_type", "worker_type", "poller_type"}

// sdkBuckets are seconds: from a poll that has something at once to an activity
// that goes on for an hour.
var sdkBuckets = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600}

// NewSDKMetrics returns a handler that shows the SDK's own metrics to Prometheus
// under the names that Temporal documents: temporal_request_total and so on, times
// as temporal_…_seconds.
func NewSDKMetrics(registry prometheus.Registerer) client.MetricsHandler {
	f := &sdkFamilies{
		registry: registry, counters: map[string]*prometheus.CounterVec{}, gauges: map[string]*prometheus.GaugeVec{},
		timers: map[string]*prometheus.HistogramVec{},
	}
	// Known beforehand, so that rates and alerts work before the first failure.
	for _, name := range []string{"temporal_request", "temporal_request_failure", "temporal_activity_execution_failed"} {
		f.counter(name)
	}
	for _, name := range []string{"temporal_activity_execution_latency", "temporal_activity_schedule_to_start_latency"} {
		f.timer(name)
	}
	return sdkHandler{families: f, tags: map[string]string{}}
}

// sdkHandler is a place of the SDK that counts: the tags say which.
type sdkHandler struct {
	families *sdkFamilies
	tags     map[string]string
}

// WithTags implements client.MetricsHandler.
func (h sdkHandler) WithTags(tags map[string]string) client.MetricsHandler {
	own := maps.Clone(h.tags)
	for name, value := range tags {
		// The SDK writes "none" where a tag has no value.
		if slices.Contains(sdkLabels, name) && value != "none" {
			own[name] = value
		}
	}
	return sdkHandler{h.families, own}
}

func (h sdkHandler) values() []string {
	values := make([]string, len(sdkLabels))
	for i, name := range sdkLabels {
		values[i] = h.tags[name]
	}
	return values
}

// Counter implements client.MetricsHandler.
func (h sdkHandler) Counter(name string) client.MetricsCounter {
	return sdkCounter{h.families.counter(name).WithLabelValues(h.values()...)}
}

// Gauge implements client.MetricsHandler.
func (h sdkHandler) Gauge(name string) client.MetricsGauge {
	return sdkGauge{h.families.gauge(name).WithLabelValues(h.values()...)}
}

// Timer implements client.MetricsHandler.
func (h sdkHandler) Timer(name string) client.MetricsTimer {
	return sdkTimer{h.families.timer(name).WithLabelValues(h.values()...)}
}

type sdkCounter struct{ prometheus.Counter }

func (c sdkCounter) Inc(n int64) { c.Add(float64(n)) }

type sdkGauge struct{ prometheus.Gauge }

func (g sdkGauge) Update(v float64) { g.Set(v) }

type sdkTimer struct{ prometheus.Observer }

func (t sdkTimer) Record(d time.Duration) { t.Observe(d.Seconds()) }

// sdkFamilies are the metrics by name, made when the SDK first uses them.
type sdkFamilies struct {
	mu       sync.Mutex
	registry prometheus.Registerer
	counters map[string]*prometheus.CounterVec
	gauges   map[string]*prometheus.GaugeVec
	timers   map[string]*prometheus.HistogramVec
}

const sdkHelp = "Of the Temporal SDK: see its list of metrics."

func (f *sdkFamilies) counter(name string) *prometheus.CounterVec {
	return family(f, f.counters, name, func() *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name + "_total", Help: sdkHelp}, sdkLabels)
	})
}

func (f *sdkFamilies) gauge(name string) *prometheus.GaugeVec {
	return family(f, f.gauges, name, func() *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: sdkHelp}, sdkLabels)
	})
}

func (f *sdkFamilies) timer(name string) *prometheus.HistogramVec {
	return family(f, f.timers, name, func() *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name + "_seconds", Help: sdkHelp, Buckets: sdkBuckets}, sdkLabels)
	})
}

func family[T prometheus.Collector](f *sdkFamilies, known map[string]T, name string, create func() T) T {
	f.mu.Lock()
	defer f.mu.Unlock()
	if found, ok := known[name]; ok {
		return found
	}
	made := create()
	f.registry.MustRegister(made)
	known[name] = made
	return made
}
