package workflows

import (
	"fmt"

	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"

	"github.com/rustassistant/rustassistant/internal/telemetry"
)

// TracingInterceptors are for the options of a Temporal client: a workflow goes on
// with the trace of who started it, and each activity with that of its workflow.
// There are none when tracing is off.
func TracingInterceptors(t *telemetry.Tracing) ([]interceptor.ClientInterceptor, error) {
	if !t.Enabled() {
		return nil, nil
	}
	i, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer:            t.Tracer("temporal"),
		TextMapPropagator: t.Propagator,
		// What callers put into a baggage header is nothing that histories keep.
		DisableBaggage: true,
		// A header that cannot be read must not fail a workflow.
		AllowInvalidParentSpans: true,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the tracing of workflows: %w", err)
	}
	return []interceptor.ClientInterceptor{i}, nil
}
