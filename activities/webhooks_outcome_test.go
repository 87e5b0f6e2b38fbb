package activities

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

func deliveryAtStep(step int) *domain.Delivery {
	return &domain.Delivery{ID: uuid.New(), EventType: domain.EventDocumentIndexed, Step: step, CreatedAt: time.Now()}
}

func failed(status int) webhook.Outcome {
	return webhook.Outcome{Status: status, Code: webhook.CodeStatus}
}

func TestADeliveryIsTriedEightTimesByTheSchedule(t *testing.T) {
	t.Parallel()
	for step, want := range []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour} {
		o := judgeOutcome(deliveryAtStep(step), failed(500))
		require.Equal(t, domain.DeliveryPending, o.State)
		require.True(t, o.Counts)
		require.InDelta(t, want.Seconds(), o.Wait.Seconds(), 0.2*want.Seconds()+0.001)
	}
	o := judgeOutcome(deliveryAtStep(7), failed(500))
	require.Equal(t, domain.DeliveryExhausted, o.State, "the eighth attempt was the last")
	require.True(t, o.Counts)
	require.False(t, o.Gone)
}

func TestOnlyASuccessDelivers(t *testing.T) {
	t.Parallel()
	require.Equal(t, domain.DeliveryDelivered, judgeOutcome(deliveryAtStep(7), webhook.Outcome{Status: 204}).State)
	for _, o := range []webhook.Outcome{failed(404), failed(429), {Code: webhook.CodeTimeout}, {Status: 302, Code: webhook.CodeRedirect}, {Code: webhook.CodeAddress}} {
		got := judgeOutcome(deliveryAtStep(0), o)
		require.Equal(t, domain.DeliveryPending, got.State)
		require.True(t, got.Counts)
		require.Equal(t, o.Code, got.Attempt.ErrorCode)
	}
}

func TestAnAnswerOf410AsksForNoMore(t *testing.T) {
	t.Parallel()
	o := judgeOutcome(deliveryAtStep(0), failed(410))
	require.Equal(t, domain.DeliveryExhausted, o.State)
	require.True(t, o.Gone)
	require.True(t, o.Counts)
}

func TestRetryAfterMakesTheNextAttemptLaterWithinBounds(t *testing.T) {
	t.Parallel()
	wait := func(step int, after time.Duration) time.Duration {
		o := failed(503)
		o.RetryAfter = after
		return judgeOutcome(deliveryAtStep(step), o).Wait
	}
	require.Equal(t, time.Hour, wait(0, time.Hour))
	require.Equal(t, 24*time.Hour, wait(0, 30*24*time.Hour))
	require.Greater(t, wait(6, time.Second), 7*time.Hour)
}

func TestOurOwnFaultsCostNoAttemptForADay(t *testing.T) {
	t.Parallel()
	fault := webhook.Outcome{Code: webhook.CodeDNS, OwnFault: true}
	d := deliveryAtStep(7)
	o := judgeOutcome(d, fault)
	require.Equal(t, domain.DeliveryPending, o.State, "also after the last attempt")
	require.False(t, o.Counts)
	require.Equal(t, faultDelay, o.Wait)
	d.CreatedAt = time.Now().Add(-25 * time.Hour)
	o = judgeOutcome(d, fault)
	require.True(t, o.Counts, "a fault that lasts a day may be the receiver's")
	require.Equal(t, domain.DeliveryExhausted, o.State)

	o = judgeOutcome(d, webhook.Outcome{Code: webhook.CodeInterrupted, OwnFault: true})
	require.False(t, o.Counts, "a worker that stops is never the receiver's fault")
	require.Equal(t, domain.DeliveryPending, o.State)
	require.Zero(t, o.Wait)
}

func TestATestEventIsTriedOnce(t *testing.T) {
	t.Parallel()
	d := deliveryAtStep(0)
	d.EventType = domain.EventWebhookTest
	require.Equal(t, domain.DeliveryExhausted, judgeOutcome(d, failed(500)).State)
}
