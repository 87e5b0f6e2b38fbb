package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

const (
	// deliveryLease is well above the sender's timeout: only the rows of a
	// worker that died are claimed a second time, and not long after.
	deliveryLease = 30 * time.Second
	// deliverySlice ends an activity now and then, so that deployments and
	// continue-as-new get their turn.
	deliverySlice = 5 * time.Minute
	// deliveryLinger is how long an idle activity waits for more: it costs a
	// goroutine and saves a round through Temporal for each event.
	deliveryLinger = 3 * time.Second
	// recordGather is how long an outcome waits for others, to be recorded with them.
	recordGather = 5 * time.Millisecond
	// lookAgain is when requests are on their way and it is not known when more is due.
	lookAgain = time.Second
	// maxFailing is how long an endpoint may fail without any success.
	maxFailing = 5 * 24 * time.Hour
	// faultDelay is the wait after a fault of ours, which uses up no attempt...
	faultDelay = 30 * time.Second
	// ...until it has lasted so long that it may be the receiver's after all.
	faultPatience = 24 * time.Hour
	// wakeGrace is how long a due delivery may lie before the sweep looks after it.
	wakeGrace = 5 * time.Second
	wakePage  = 200
)

// Webhooks delivers events to endpoints.
type Webhooks struct {
	Store  *store.Store
	Sender *webhook.Sender
	// Sealer opens secrets; nil without ENCRYPTION_KEY, and then nothing is sent.
	Sealer  *webhook.Sealer
	Wakeups *Wakeups
	// Recoveries are followed by the sweep; nil for none.
	Recoveries *Recoveries
	Metrics    *telemetry.Metrics
	// Tracer makes a span of each attempt; nil makes none.
	Tracer trace.Tracer
}

// open decrypts what a request to the endpoint needs.
func (w *Webhooks) open(e *domain.Endpoint) (m webhook.Message, err error) {
	if w.Sealer == nil {
		return m, errors.New("ENCRYPTION_KEY is not set: secrets of webhooks cannot be opened")
	}
	m.URL = e.URL
	sealed := [][]byte{e.SealedSecret}
	if e.PreviousSecretExpiresAt != nil && e.PreviousSecretExpiresAt.After(time.Now()) {
		sealed = append(sealed, e.SealedPreviousSecret)
	}
	for _, s := range sealed {
		secret, err := w.Sealer.Open(webhook.PurposeSecret, e.TenantID, e.ID, s)
		if err != nil {
			return m, fmt.Errorf("open the secret of webhook %s: %w", e.ID, err)
		}
		m.Secrets = append(m.Secrets, string(secret))
	}
	if len(e.SealedHeaders) == 0 {
		return m, nil
	}
	headers, err := w.Sealer.Open(webhook.PurposeHeaders, e.TenantID, e.ID, e.SealedHeaders)
	if err != nil {
		return m, fmt.Errorf("open the headers of webhook %s: %w", e.ID, err)
	}
	if err := json.Unmarshal(headers, &m.Headers); err != nil {
		return m, fmt.Errorf("read the headers of webhook %s: %w", e.ID, err)
	}
	return m, nil
}

// attempt sends one event once and decides what becomes of its delivery.
func (w *Webhooks) attempt(ctx context.Context, m webhook.Message, d *domain.Delivery) store.DeliveryOutcome {
	m.Event = webhook.Event{ID: d.EventID, Type: d.EventType, OccurredAt: d.OccurredAt, Data: d.Payload}
	ctx, span := w.startSpan(ctx, d)
	if span.IsRecording() {
		m.Trace = telemetry.TraceOf(ctx)
	}
	sent := w.Sender.Send(ctx, m)
	endSpan(span, &sent)
	out := judgeOutcome(d, sent)
	w.observe(ctx, d, &sent, &out)
	return out
}

// judgeOutcome decides what becomes of a delivery after an attempt.
func judgeOutcome(d *domain.Delivery, o webhook.Outcome) store.DeliveryOutcome {
	out := store.DeliveryOutcome{Counts: true, State: domain.DeliveryExhausted, Attempt: domain.Attempt{
		DeliveryID: d.ID, StartedAt: o.StartedAt, Duration: o.Duration, Status: o.Status, ErrorCode: o.Code, Error: o.Error, Response: o.Response,
	}}
	switch {
	case o.OK():
		out.State = domain.DeliveryDelivered
	case o.Code == webhook.CodeInterrupted, o.OwnFault && time.Since(d.CreatedAt) < faultPatience:
		out.Counts, out.State, out.Wait = false, domain.DeliveryPending, faultDelay
		if o.Code == webhook.CodeInterrupted {
			out.Wait = 0
		}
	case o.Gone():
		out.Gone = true
	case d.EventType == domain.EventWebhookTest:
		// Whoever asked for the test looks at it now.
	default:
		if wait, again := webhook.RetryDelay(d.Step+1, o.RetryAfter); again {
			out.State, out.Wait = domain.DeliveryPending, wait
		}
	}
	return out
}

// WakeDueOutput counts what was found.
type WakeDueOutput struct {
	Woken int `json:"woken"`
}

// WakeDue wakes every endpoint that has deliveries which should be on their
// way: what a lost notification, a stopped worker or a resumed tenant left.
func (w *Webhooks) WakeDue(ctx context.Context) (out WakeDueOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	for after := (store.EndpointRef{}); ; {
		due, err := w.Store.DueEndpoints(ctx, after, wakeGrace, wakePage)
		if err != nil {
			return out, toTemporal(err)
		}
		for _, e := range due {
			if err := w.Wakeups.waker.WakeDeliveries(ctx, e.TenantID, e.ID); err != nil {
				return out, err
			}
			out.Woken++
			beat.set(Progress{Stage: "wake", Done: out.Woken})
		}
		if len(due) < wakePage {
			break
		}
		after = due[len(due)-1]
	}
	if w.Recoveries == nil {
		return out, nil
	}
	return out, w.Recoveries.followQuiet(ctx)
}
