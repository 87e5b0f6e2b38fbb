package telemetry

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestWebhookMetricsMoveAndAreBounded(t *testing.T) {
	t.Parallel()
	m := NewMetrics("v", "c")
	text := scrape(t, m, "text/plain")
	require.Contains(t, text, `webhook_attempts_total{outcome="http_error"} 0`)
	require.NotContains(t, text, "webhook_pending ", "a process that does not look says nothing")

	m.ObserveWebhookAttempt(t.Context(), "delivered", 20*time.Millisecond)
	m.ObserveWebhookAttempt(t.Context(), "https://example.com/4711", time.Second)
	m.ObserveWebhookLatency(t.Context(), 90*time.Millisecond)
	m.ObserveWebhookLatency(t.Context(), -time.Second) // the clocks of two machines
	m.SetWebhooks(domain.WebhookState{
		Pending: 7, Oldest: 1500 * time.Millisecond, Endpoints: map[domain.EndpointState]int{domain.EndpointActive: 3, domain.EndpointDeleted: 9},
	})
	text = scrape(t, m, "text/plain")
	for _, want := range []string{
		`webhook_attempts_total{outcome="delivered"} 1`, `webhook_attempts_total{outcome="other"} 1`,
		`webhook_attempt_duration_seconds_count 2`, `webhook_delivery_latency_seconds_bucket{le="0.1"} 2`,
		`webhook_pending 7`, `outbox_oldest_age_seconds 1.5`,
		`webhook_endpoints{state="active"} 3`, `webhook_endpoints{state="paused"} 0`, `webhook_endpoints{state="disabled"} 0`,
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "4711")
	require.NotContains(t, text, `webhook_endpoints{state="deleted"}`)
}
