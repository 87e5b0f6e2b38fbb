package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/time/rate"
)

// TracingOptions configure NewTracing.
type TracingOptions struct {
	Enabled bool
	// Endpoint is http://host:4317, or https:// for TLS.
	Endpoint string
	// SamplingRate is the share of traces begun here that are recorded, 0 to 1. A
	// caller's decision in its traceparent header wins.
	SamplingRate                  float64
	Service, Version, Environment string
}

const (
	// spanQueue is how many spans may wait; more are dropped, never waited for.
	spanQueue       = 4096
	exportTimeout   = 5 * time.Second
	shutdownTimeout = 5 * time.Second
)

// Tracing makes and exports spans.
type Tracing struct {
	Provider trace.TracerProvider
	// Propagator reads and writes the W3C headers traceparent and baggage.
	Propagator propagation.TextMapPropagator
	shutdown   func(context.Context) error
}

// NewTracing returns a Tracing that neither waits for the collector nor needs it.
// When tracing is not enabled, its spans cost nothing and go nowhere.
func NewTracing(ctx context.Context, opts TracingOptions) (*Tracing, error) {
	t := &Tracing{
		Provider:   noop.NewTracerProvider(),
		Propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
		shutdown:   func(context.Context) error { return nil },
	}
	if !opts.Enabled {
		return t, nil
	}
	exporter, err := otlptracegrpc.New(ctx,
		otlptracegrpc.WithEndpointURL(opts.Endpoint),
		otlptracegrpc.WithTimeout(exportTimeout),
		otlptracegrpc.WithCompressor("gzip"),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: 500 * time.Millisecond, MaxInterval: 2 * time.Second, MaxElapsedTime: exportTimeout,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("set up the trace exporter: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(opts.SamplingRate))),
		sdktrace.WithResource(describe(opts)),
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(spanQueue), sdktrace.WithExportTimeout(exportTimeout)),
	)
	t.Provider, t.shutdown = provider, provider.Shutdown
	return t, nil
}

// Install makes t what libraries find as OpenTelemetry's default, and its errors
// log lines, one a minute at most.
func (t *Tracing) Install(log *slog.Logger) {
	otel.SetTracerProvider(t.Provider)
	otel.SetTextMapPropagator(t.Propagator)
	otel.SetErrorHandler(newErrorLog(log))
}

// Enabled reports whether spans are made at all. A nil t makes none.
func (t *Tracing) Enabled() bool {
	if t == nil {
		return false
	}
	_, off := t.Provider.(noop.TracerProvider)
	return !off
}

// Tracer returns a tracer for a part of the program.
func (t *Tracing) Tracer(name string) trace.Tracer {
	return t.Provider.Tracer("github.com/rustassistant/rustassistant/" + name)
}

// Shutdown exports what is left, for at most five seconds and as long as ctx allows.
func (t *Tracing) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	if err := t.shutdown(ctx); err != nil {
		return fmt.Errorf("export the last spans: %w", err)
	}
	return nil
}

func describe(opts TracingOptions) *resource.Resource {
	attrs := []attribute.KeyValue{
		semconv.ServiceName(opts.Service), semconv.ServiceVersion(opts.Version),
		semconv.ServiceInstanceID(uuid.NewString()), attribute.String("deployment.environment.name", opts.Environment),
	}
	if host, err := os.Hostname(); err == nil {
		attrs = append(attrs, semconv.HostName(host))
	}
	return resource.NewWithAttributes(semconv.SchemaURL, attrs...)
}

// errorLog keeps a dead collector from filling the log.
type errorLog struct {
	log       *slog.Logger
	sometimes rate.Sometimes
}

func newErrorLog(log *slog.Logger) *errorLog {
	return &errorLog{log: log, sometimes: rate.Sometimes{Interval: time.Minute}}
}

// Handle implements otel.ErrorHandler.
func (e *errorLog) Handle(err error) {
	e.sometimes.Do(func() { e.log.Warn("traces cannot be exported", slog.Any("error", err)) })
}
