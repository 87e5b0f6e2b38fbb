package activities

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// startSpan begins the span of an attempt where the event's trace was left, with a
// link to the activity that makes it. What nobody traced is not traced here either.
// Of the address it says nothing: even a path may be a secret between two parties.
func (w *Webhooks) startSpan(ctx context.Context, d *domain.Delivery) (context.Context, trace.Span) {
	if w.Tracer == nil || d.Trace.Parent == "" {
		return ctx, noop.Span{}
	}
	return w.Tracer.Start(telemetry.WithTrace(ctx, d.Trace), "webhook.deliver",
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithLinks(trace.LinkFromContext(ctx)),
		trace.WithAttributes(
			semconv.HTTPRequestMethodKey.String(http.MethodPost),
			attribute.String("webhook.endpoint.id", d.EndpointID.String()),
			attribute.String("webhook.event.id", d.EventID.String()),
			attribute.String("webhook.event.type", string(d.EventType)),
			attribute.Int("webhook.attempt", d.Attempts+1),
		))
}

func endSpan(span trace.Span, o *webhook.Outcome) {
	if o.Status != 0 {
		span.SetAttributes(semconv.HTTPResponseStatusCode(o.Status))
	}
	if !o.OK() {
		span.SetAttributes(semconv.ErrorTypeKey.String(o.Code))
		span.SetStatus(codes.Error, o.Error)
	}
	span.End()
}

// observe counts an attempt and how long it took. The latency of an event is taken
// once, at the first attempt that counts: later ones tell of the receiver.
func (w *Webhooks) observe(ctx context.Context, d *domain.Delivery, sent *webhook.Outcome, out *store.DeliveryOutcome) {
	if w.Metrics == nil {
		return
	}
	w.Metrics.ObserveWebhookAttempt(ctx, sent.Kind(), sent.Duration)
	if out.Counts && d.Attempts == 0 {
		w.Metrics.ObserveWebhookLatency(ctx, sent.StartedAt.Sub(d.OccurredAt))
	}
}
