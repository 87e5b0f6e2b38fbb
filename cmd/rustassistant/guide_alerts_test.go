package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The guide's alerts keep their names, expressions and summaries.
func TestTheGuidesAlertsAreThere(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("../../config/prometheus-alerts.yml")
	require.NoError(t, err)
	for _, want := range []string{
		"      - alert: HighErrorRate\n        expr: rate(http_requests_total{status=~\"5..\"}[5m]) > 0.05\n        for: 5m\n",
		`summary: "High error rate detected"`,
		"      - alert: SlowSearches\n        expr: histogram_quantile(0.95, rate(search_duration_seconds_bucket[5m])) > 1.0\n        for: 5m\n",
		`summary: "95th percentile search time > 1s"`,
	} {
		require.Contains(t, string(rules), want)
	}
}
