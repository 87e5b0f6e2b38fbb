package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// Buckets in seconds. An event should be on its way within 150 ms, an attempt is
// given up after 15 s.
var (
	webhookLatencyBuckets = []float64{.01, .025, .05, .1, .15, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200}
	webhookAttemptBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15}
)

var endpointStates = []domain.EndpointState{domain.EndpointActive, domain.EndpointPaused, domain.EndpointDisabled}

// webhookMetrics are those of deliveries. The gauges have no series before the
// first SetWebhooks: a process that delivers nothing says nothing about them.
type webhookMetrics struct {
	attempts  *prometheus.CounterVec // outcome
	duration  prometheus.Histogram
	latency   prometheus.Histogram
	pending   *prometheus.GaugeVec
	oldest    *prometheus.GaugeVec
	endpoints *prometheus.GaugeVec // state
}

func newWebhookMetrics(r prometheus.Registerer) webhookMetrics {
	m := webhookMetrics{
		attempts: counterVec("webhook_attempts_total", "Attempts to deliver an event to an endpoint, by what came of them.", "outcome"),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "webhook_attempt_duration_seconds", Help: "Time that an attempt to deliver took, the receiver's whole answer included.", Buckets: webhookAttemptBuckets,
		}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "webhook_delivery_latency_seconds",
			Help:    "Time from an event's commit to the start of the first attempt at an endpoint. Attempts that failed through a fault of ours are left out, a pause of the endpoint is not.",
			Buckets: webhookLatencyBuckets,
		}),
		pending: gaugeVec("webhook_pending", "Deliveries of all tenants that are not ended, those that wait for a later attempt included; counted up to 100,000."),
		oldest: gaugeVec("outbox_oldest_age_seconds",
			"For how long the most overdue delivery to an active endpoint has been due; 0 when none is. More than a few seconds: nobody delivers, or an endpoint takes less than it gets."),
		endpoints: gaugeVec("webhook_endpoints", "Webhook endpoints of all tenants by state.", "state"),
	}
	r.MustRegister(m.attempts, m.duration, m.latency, m.pending, m.oldest, m.endpoints)
	for _, kind := range webhook.Kinds {
		m.attempts.WithLabelValues(kind)
	}
	return m
}

// ObserveWebhookAttempt records one attempt to deliver: what came of it, as
// webhook.Outcome.Kind says it, and how long it took.
func (m *Metrics) ObserveWebhookAttempt(ctx context.Context, outcome string, took time.Duration) {
	m.webhooks.attempts.WithLabelValues(known(webhook.Kinds, outcome)).Inc()
	observe(ctx, m.webhooks.duration, took)
}

// ObserveWebhookLatency records the time from an event to the first attempt at an
// endpoint.
func (m *Metrics) ObserveWebhookLatency(ctx context.Context, latency time.Duration) {
	observe(ctx, m.webhooks.latency, latency)
}

// SetWebhooks sets the gauges of webhooks.
func (m *Metrics) SetWebhooks(s domain.WebhookState) {
	m.webhooks.pending.WithLabelValues().Set(float64(s.Pending))
	m.webhooks.oldest.WithLabelValues().Set(s.Oldest.Seconds())
	for _, state := range endpointStates {
		m.webhooks.endpoints.WithLabelValues(string(state)).Set(float64(s.Endpoints[state]))
	}
}
