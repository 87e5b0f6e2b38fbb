package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// LogOptions configure NewLogger.
type LogOptions struct {
	// Level is the least that is written; info when nil.
	Level slog.Leveler
	// Text writes for people at a terminal instead of JSON lines.
	Text bool
	// Service and Version are part of every JSON line.
	Service, Version string
}

// NewLogger returns a logger that writes JSON lines with what the context holds:
// the trace and span, and the attributes given to With. Secrets are redacted.
func NewLogger(to io.Writer, opts LogOptions) *slog.Logger {
	options := &slog.HandlerOptions{Level: opts.Level, ReplaceAttr: redactAttr}
	if opts.Text {
		return slog.New(contextHandler{slog.NewTextHandler(redactingWriter{to}, options)})
	}
	var about []slog.Attr
	if opts.Service != "" {
		about = append(about, slog.String("service", opts.Service))
	}
	if opts.Version != "" {
		about = append(about, slog.String("version", opts.Version))
	}
	return slog.New(contextHandler{slog.NewJSONHandler(redactingWriter{to}, options).WithAttrs(about)})
}

type attrsKey struct{}

// With returns a context whose log lines have these attributes as well, as
// request_id, tenant or workflow_id.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	before, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	return context.WithValue(ctx, attrsKey{}, append(slices.Clip(before), attrs...))
}

type requestIDKey struct{}

// WithRequestID returns a context of the request with this id, for log lines and
// for RequestID.
func WithRequestID(ctx context.Context, id string) context.Context {
	return With(context.WithValue(ctx, requestIDKey{}, id), slog.String("request_id", id))
}

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// contextHandler adds what the context holds to each record.
type contextHandler struct{ next slog.Handler }

func (h contextHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	if ctx != nil {
		if attrs, ok := ctx.Value(attrsKey{}).([]slog.Attr); ok {
			r.AddAttrs(attrs...)
		}
		if span := trace.SpanContextFromContext(ctx); span.IsValid() {
			r.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
		}
	}
	return h.next.Handle(ctx, r)
}

func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.next.WithAttrs(attrs)}
}

func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.next.WithGroup(name)}
}
