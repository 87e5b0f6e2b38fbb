package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

func TestMetricsOfTheSDKHaveFewLabelsAndNoIDs(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	h := NewSDKMetrics(registry)
	for i := range 100 {
		tagged := h.WithTags(map[string]string{"operation": "StartWorkflowExecution", "task_queue": "none", "namespace": fmt.Sprint(i)}).
			WithTags(map[string]string{"failure_reason": fmt.Sprint("id ", i)})
		tagged.Counter("temporal_request").Inc(2)
		tagged.Gauge("temporal_num_pollers").Update(3)
		tagged.Timer("temporal_request_latency").Record(20 * time.Millisecond)
	}
	families, err := registry.Gather()
	require.NoError(t, err)
	found := map[string]float64{}
	for _, f := range families {
		require.LessOrEqual(t, len(f.GetMetric()), 1, f.GetName())
		for _, m := range f.GetMetric() {
			found[f.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
		}
	}
	require.InDelta(t, 200, found["temporal_request_total"], 0)
	require.InDelta(t, 3, found["temporal_num_pollers"], 0)
	require.InDelta(t, 2, found["temporal_request_latency_seconds"], 1e-9)
}
