package telemetry

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// other stands for a label value that is not one of those expected.
const other = "other"

// The label values that are known beforehand. Series of searches and documents
// exist from the start, so that rates and alerts work before the first event.
var (
	searchTypes      = []string{"hybrid", "keyword", "semantic"}
	cacheStates      = []string{"hit", "miss", "stale", "bypass"}
	documentOutcomes = []domain.ItemState{
		domain.ItemIndexed, domain.ItemSuperseded, domain.ItemDeleted, domain.ItemFailed, domain.ItemCanceled,
	}
	httpMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
)

// Buckets in seconds. A cached answer takes well under a millisecond, an alert of
// the operations guide asks about one second.
var (
	requestBuckets = []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	searchBuckets  = []float64{.0001, .00025, .0005, .001, .002, .005, .01, .02, .03, .05, .1, .25, .5, 1, 2.5, 5, 10}
	lagBuckets     = []float64{.05, .1, .2, .3, .5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200}
)

// Metrics are the program's own metrics and the registry that holds them.
type Metrics struct {
	Registry *prometheus.Registry

	// HTTPRequests and HTTPDuration: by the route's pattern, never by the path.
	HTTPRequests *prometheus.CounterVec   // method, route, status
	HTTPDuration *prometheus.HistogramVec // method, route
	HTTPInFlight prometheus.Gauge

	SearchDuration *prometheus.HistogramVec // type, cache

	IndexDocuments *prometheus.CounterVec // outcome
	// IndexLag is the time from accepting a document to its being searchable.
	IndexLag prometheus.Histogram
	// IndexSegments is how many segments this process has open.
	IndexSegments prometheus.Gauge
	// Jobs is how many jobs there are, as the store counts them.
	Jobs *prometheus.GaugeVec // state, kind
	// JobsOldestQueued is how long the job has waited that has waited longest.
	JobsOldestQueued *prometheus.GaugeVec
	// AuthFailures counts refused credentials, by domain.Code.
	AuthFailures *prometheus.CounterVec // reason

	webhooks   webhookMetrics
	refreshers []*refresher
	jobsMu     sync.Mutex
	jobKinds   map[domain.JobKind]bool
}

// NewMetrics returns the metrics on a registry of their own, together with those
// of the Go runtime, of the process, and build_info.
func NewMetrics(version, commit string) *Metrics {
	m := &Metrics{
		Registry:       prometheus.NewRegistry(),
		HTTPRequests:   counterVec("http_requests_total", "HTTP requests answered.", "method", "route", "status"),
		HTTPDuration:   histogramVec("http_request_duration_seconds", "Time to answer an HTTP request.", requestBuckets, "method", "route"),
		HTTPInFlight:   gauge("http_requests_in_flight", "HTTP requests being answered."),
		SearchDuration: histogramVec("search_duration_seconds", "Time to answer a search, from the cache or the index.", searchBuckets, "type", "cache"),
		IndexDocuments: counterVec("index_documents_total", "Documents that left the indexing pipeline.", "outcome"),
		IndexLag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "index_lag_seconds", Help: "Time from accepting a document to its being searchable.", Buckets: lagBuckets,
		}),
		IndexSegments: gauge("index_segments", "Index segments open in this process."),
		Jobs:          gaugeVec("jobs", "Jobs of all tenants that are queued or running; counted up to 100,000.", "state", "kind"),
		JobsOldestQueued: gaugeVec("jobs_oldest_queued_seconds",
			"How long the job has waited that has waited longest; 0 when none waits."),
		jobKinds:     map[domain.JobKind]bool{},
		AuthFailures: counterVec("auth_failures_total", "Requests refused for their credentials.", "reason"),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "build_info", Help: "Always 1; what is running is in the labels.",
	}, []string{"version", "commit", "go_version"})
	build.WithLabelValues(version, commit, runtime.Version()).Set(1)
	m.Registry.MustRegister(
		m.HTTPRequests, m.HTTPDuration, m.HTTPInFlight, m.SearchDuration, m.IndexDocuments, m.IndexLag, m.IndexSegments,
		m.Jobs, m.JobsOldestQueued, m.AuthFailures, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.webhooks = newWebhookMetrics(m.Registry)
	m.announce()
	return m
}

// announce creates the series that are known beforehand, at zero.
func (m *Metrics) announce() {
	for _, kind := range searchTypes {
		for _, cache := range cacheStates {
			m.SearchDuration.WithLabelValues(kind, cache)
		}
	}
	for _, outcome := range documentOutcomes {
		m.IndexDocuments.WithLabelValues(string(outcome))
	}
	for _, code := range []domain.Code{domain.CodeUnauthenticated, domain.CodePermissionDenied, domain.CodeUnavailable} {
		m.AuthFailures.WithLabelValues(string(code))
	}
}

// ObserveRequest records one HTTP request. route is the pattern that matched, or
// "" when none did: every unknown path is one series.
func (m *Metrics) ObserveRequest(ctx context.Context, method, route string, status int, took time.Duration) {
	method = known(httpMethods, method)
	if route == "" {
		route = "unmatched"
	}
	m.HTTPRequests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	observe(ctx, m.HTTPDuration.WithLabelValues(method, route), took)
}

// ObserveSearch records one search: its type, and how it was found, in any case
// (hit, miss, stale, bypass).
func (m *Metrics) ObserveSearch(ctx context.Context, kind, cache string, took time.Duration) {
	observe(ctx, m.SearchDuration.WithLabelValues(known(searchTypes, kind), known(cacheStates, cache)), took)
}

// CountDocuments records n documents that left the pipeline with this outcome.
func (m *Metrics) CountDocuments(outcome domain.ItemState, n int) {
	if n > 0 && slices.Contains(documentOutcomes, outcome) {
		m.IndexDocuments.WithLabelValues(string(outcome)).Add(float64(n))
	}
}

// ObserveIndexLag records the time from accepting a document to its being searchable.
func (m *Metrics) ObserveIndexLag(ctx context.Context, lag time.Duration) {
	observe(ctx, m.IndexLag, lag)
}

// Handler serves the metrics, to Prometheus in the OpenMetrics form, which is the
// one that carries exemplars.
func (m *Metrics) Handler() http.Handler {
	return m.refreshed(promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{
		Registry: m.Registry, EnableOpenMetrics: true, MaxRequestsInFlight: 8, Timeout: 10 * time.Second,
	}))
}

// observe records a duration with the id of the trace it belongs to, so that a
// slow bucket leads to one of its requests.
func observe(ctx context.Context, o prometheus.Observer, took time.Duration) {
	seconds := max(took.Seconds(), 0)
	span := trace.SpanContextFromContext(ctx)
	if with, ok := o.(prometheus.ExemplarObserver); ok && span.IsSampled() {
		with.ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": span.TraceID().String()})
		return
	}
	o.Observe(seconds)
}

// known returns value, in the case of the list, or "other".
func known(values []string, value string) string {
	if slices.Contains(values, value) {
		return value
	}
	for _, v := range values {
		if strings.EqualFold(v, value) {
			return v
		}
	}
	return other
}

func counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogramVec(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

func gaugeVec(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}
