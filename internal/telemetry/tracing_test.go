package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
)

// fakeCollector is an OTLP collector that keeps the names of what it is sent.
type fakeCollector struct {
	collector.UnimplementedTraceServiceServer
	mu       sync.Mutex
	spans    []string
	resource string
}

func (c *fakeCollector) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range r.GetResourceSpans() {
		c.resource = rs.GetResource().String()
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				c.spans = append(c.spans, s.GetName())
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func startCollector(t *testing.T) (*fakeCollector, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c, server := &fakeCollector{}, grpc.NewServer()
	collector.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return c, "http://" + listener.Addr().String()
}

func newTracing(t *testing.T, endpoint string, rate float64) *Tracing {
	t.Helper()
	tracing, err := NewTracing(t.Context(), TracingOptions{
		Enabled: true, Endpoint: endpoint, SamplingRate: rate, Service: "rustassistant", Version: "1", Environment: "test",
	})
	require.NoError(t, err)
	return tracing
}

func TestSpansArriveWithTheService(t *testing.T) {
	t.Parallel()
	c, endpoint := startCollector(t)
	tracing := newTracing(t, endpoint, 1)
	ctx, parent := tracing.Tracer("api").Start(t.Context(), "POST /api/search")
	_, child := tracing.Tracer("cache").Start(ctx, "cache get")
	child.End()
	parent.End()
	require.NoError(t, tracing.Shutdown(t.Context()))
	require.ElementsMatch(t, []string{"POST /api/search", "cache get"}, c.spans)
	require.Contains(t, c.resource, "rustassistant")
	require.Contains(t, c.resource, "deployment.environment.name")
}

func TestTheCallersDecisionWins(t *testing.T) {
	t.Parallel()
	c, endpoint := startCollector(t)
	never := newTracing(t, endpoint, 0)
	_, own := never.Tracer("api").Start(t.Context(), "own")
	require.False(t, own.IsRecording())
	ctx := never.Propagator.Extract(t.Context(), propagation.MapCarrier{
		"traceparent": "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01",
	})
	_, asked := never.Tracer("api").Start(ctx, "asked for")
	require.Equal(t, "0102030405060708090a0b0c0d0e0f10", asked.SpanContext().TraceID().String())
	asked.End()
	require.NoError(t, never.Shutdown(t.Context()))
	require.Equal(t, []string{"asked for"}, c.spans)
}

func TestDisabledTracingCostsNothing(t *testing.T) {
	t.Parallel()
	tracing, err := NewTracing(t.Context(), TracingOptions{Endpoint: "http://127.0.0.1:1", SamplingRate: 1})
	require.NoError(t, err)
	_, span := tracing.Tracer("api").Start(t.Context(), "x")
	require.False(t, span.IsRecording())
	require.NoError(t, tracing.Shutdown(t.Context()))
}

func TestDeadCollectorHoldsUpNothing(t *testing.T) {
	t.Parallel()
	hanging, err := net.Listen("tcp", "127.0.0.1:0") // accepts by its backlog and never says a word
	require.NoError(t, err)
	t.Cleanup(func() { _ = hanging.Close() })
	for name, address := range map[string]string{"refuses": "127.0.0.1:1", "hangs": hanging.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			tracing := newTracing(t, "http://"+address, 1)
			tracer := tracing.Tracer("api")
			for range 5 * spanQueue {
				_, span := tracer.Start(t.Context(), "x", trace.WithSpanKind(trace.SpanKindServer))
				span.End()
			}
			require.Less(t, time.Since(start), 3*time.Second, "spans are dropped, not waited for")
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			start = time.Now()
			_ = tracing.Shutdown(ctx)
			require.Less(t, time.Since(start), 3*time.Second)
		})
	}
}

func TestExportErrorsAreLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	handler := newErrorLog(slog.New(slog.NewTextHandler(&out, nil)))
	for range 100 {
		handler.Handle(errors.New("connection refused"))
	}
	require.Equal(t, 1, strings.Count(out.String(), "traces cannot be exported"))
}
