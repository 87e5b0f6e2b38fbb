package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// maxTraceState is how much of a tracestate is carried on, in bytes: what the W3C
// asks for at least. It comes from callers and is stored with every event.
const maxTraceState = 512

// TraceOf returns the place in a trace that ctx is at, to be stored and gone on
// from later. It is zero, and costs nothing, where no trace is recorded.
func TraceOf(ctx context.Context) domain.TraceContext {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return domain.TraceContext{}
	}
	headers := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, headers)
	t := domain.TraceContext{Parent: headers["traceparent"], State: headers["tracestate"]}
	if len(t.State) > maxTraceState {
		t.State = ""
	}
	return t
}

// TraceID is the id of the trace that ctx is part of, "" where none is recorded.
func TraceID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsSampled() {
		return c.TraceID().String()
	}
	return ""
}

// WithTrace returns a context that goes on where t was taken: what is started in
// it is a child of that place. A zero or unreadable t begins anew.
func WithTrace(ctx context.Context, t domain.TraceContext) context.Context {
	ctx = trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": t.Parent, "tracestate": t.State})
}
