package telemetry

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestAStoredTraceGoesOn(t *testing.T) {
	t.Parallel()
	state, err := trace.ParseTraceState("vendor=abc")
	require.NoError(t, err)
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state,
	})
	stored := TraceOf(trace.ContextWithSpanContext(t.Context(), span))
	require.Equal(t, domain.TraceContext{Parent: "00-01000000000000000000000000000000-0200000000000000-01", State: "vendor=abc"}, stored)

	other := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{9}, SpanID: trace.SpanID{9}, TraceFlags: trace.FlagsSampled})
	busy := trace.ContextWithSpanContext(t.Context(), other)
	got := trace.SpanContextFromContext(WithTrace(busy, stored))
	require.True(t, got.IsRemote())
	require.True(t, got.WithRemote(false).Equal(span))
	for _, none := range []domain.TraceContext{{}, {Parent: "00-zz"}, {State: "vendor=abc"}} {
		require.False(t, trace.SpanContextFromContext(WithTrace(busy, none)).IsValid(), "%v begins anew", none)
	}
}

func TestOnlyRecordedTracesAreStored(t *testing.T) {
	t.Parallel()
	require.Zero(t, TraceOf(t.Context()))
	unsampled := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	require.Zero(t, TraceOf(trace.ContextWithSpanContext(t.Context(), unsampled)))

	state, err := trace.ParseTraceState("a=" + strings.Repeat("x", 200) + ",b=" + strings.Repeat("x", 200) + ",c=" + strings.Repeat("x", 200))
	require.NoError(t, err)
	long := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state})
	stored := TraceOf(trace.ContextWithSpanContext(t.Context(), long))
	require.NotEmpty(t, stored.Parent)
	require.Empty(t, stored.State, "callers cannot make rows long")
}

// It is not parallel: allocations are counted over the whole process.
func TestWithoutATraceNothingIsAllocated(t *testing.T) {
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(100, func() { TraceOf(ctx) }))
}
