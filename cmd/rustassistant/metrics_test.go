package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// These are of Prometheus itself, not of what it scrapes.
var prometheusOwn = []string{"up", "ALERTS"}

var (
	// metricName is a name of ours in an expression: what Prometheus's language has
	// for itself has no underscore, or is listed.
	metricName = regexp.MustCompile(`\b[a-z]+(?:_[a-z0-9]+)+\b`)
	promQL     = []string{"histogram_quantile", "label_replace", "label_values", "count_over_time", "group_left", "rate_interval", "__rate_interval"}
	labels     = []string{"activity_type", "task_queue", "in_use", "index_documents"}
	// documentedMetric is the first column of the table of docs/observability.md.
	documentedMetric = regexp.MustCompile("(?m)^\\| `([a-z_0-9]+)")
)

// usedMetrics are the names in alerts, dashboards and documentation, with where.
func usedMetrics(t *testing.T) map[string]string {
	t.Helper()
	used := map[string]string{}
	use := func(where, expression string) {
		// What is in quotes is a label's value.
		expression = regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expression, "")
		for _, name := range metricName.FindAllString(expression, -1) {
			if !slices.Contains(promQL, name) && !slices.Contains(labels, name) && !strings.HasPrefix(name, "ratio_rate") {
				used[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")] = where
			}
		}
	}
	alerts, err := os.ReadFile("../../config/prometheus-alerts.yml")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`(?m)^ +expr: (?:\|\n((?:          .*\n)+)|(.*))`).FindAllStringSubmatch(string(alerts), -1) {
		// Recorded rules are made of the others.
		use("alerts", regexp.MustCompile(`rustassistant:\S+`).ReplaceAllString(m[1]+m[2], ""))
	}
	boards, err := filepath.Glob("../../config/grafana/dashboards/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, boards)
	for _, board := range boards {
		text, err := os.ReadFile(board)
		require.NoError(t, err)
		var parsed any
		require.NoError(t, json.Unmarshal(text, &parsed), board)
		for _, m := range regexp.MustCompile(`"expr": ("(?:[^"\\]|\\.)*")`).FindAllSubmatch(text, -1) {
			var expression string
			require.NoError(t, json.Unmarshal(m[1], &expression))
			use(filepath.Base(board), expression)
		}
	}
	page, err := os.ReadFile("../../docs/observability.md")
	require.NoError(t, err)
	for _, m := range documentedMetric.FindAllStringSubmatch(string(page), -1) {
		used[m[1]] = "docs/observability.md"
	}
	for _, own := range prometheusOwn {
		delete(used, own)
	}
	return used
}

func (c *cluster) metricsOf(port int) map[string]*dto.MetricFamily {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", port), nil)
	require.NoError(c.t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(c.t, err)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	require.NoError(c.t, err)
	return families
}

func series(families map[string]*dto.MetricFamily) (n int) {
	for _, f := range families {
		n += len(f.GetMetric())
	}
	return n
}

var idLike = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}|^[0-9a-f]{16,}$|ra_live_`)

// A server and a worker that did a bit of everything have every metric that is
// used anywhere, and no series that grows with tenants, documents or requests.
func TestEveryMetricThatIsUsedExistsAndSeriesAreBounded(t *testing.T) {
	c := newCluster(t)
	workerPort := freePort(t)
	var replica string
	for _, v := range c.env {
		if url, ok := strings.CutPrefix(v, "DATABASE_URL="); ok {
			replica = "DATABASE_REPLICA_URL=" + url
		}
	}
	c.startServer(replica)
	c.start([]string{fmt.Sprintf("WORKER_METRICS_PORT=%d", workerPort)}, "worker")
	do := func(n int) {
		var made struct{ ID string }
		status, err := c.call(http.MethodPost, "/api/documents", map[string]any{"title": fmt.Sprint("t", n), "content": fmt.Sprintf("content number %d", n)}, &made)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, status)
		c.eventually("it is indexed", func() bool { return c.searchable() > n })
		for _, kind := range []string{"keyword", "hybrid", "semantic"} {
			status, _ = c.call(http.MethodPost, "/api/search", map[string]any{"query": fmt.Sprint("number ", n), "type": kind}, nil)
			require.Equal(t, http.StatusOK, status)
		}
		for _, path := range []string{"/api/documents/" + made.ID, "/api/nothing/" + made.ID, "/api/index/jobs/" + made.ID} {
			_, _ = c.call(http.MethodGet, path, nil, nil)
		}
	}
	do(0)
	c.eventually("the worker counted webhooks", func() bool { return c.metricsOf(workerPort)["outbox_oldest_age_seconds"] != nil })
	server, worker := c.metricsOf(c.port), c.metricsOf(workerPort)
	all := maps.Clone(server)
	maps.Copy(all, worker)
	used := usedMetrics(t)
	require.Greater(t, len(used), 30)
	for name, where := range used {
		if strings.HasPrefix(name, "haproxy_") || name == "temporal_request_failure_total" {
			continue // the balancer's; and the SDK's, which is there from the first failure on
		}
		require.NotNil(t, all[name], "%s names %s, which nobody exposes", where, name)
	}

	for i := 1; i <= 5; i++ {
		do(i)
	}
	after, afterWorker := c.metricsOf(c.port), c.metricsOf(workerPort)
	t.Logf("series: server %d then %d, worker %d then %d", series(server), series(after), series(worker), series(afterWorker))
	require.Less(t, series(after), series(server)+40, "series grow with requests")
	require.Less(t, series(afterWorker), series(worker)+60, "series grow with work")
	require.Less(t, series(after)+series(afterWorker), 1500)
	for _, families := range []map[string]*dto.MetricFamily{after, afterWorker} {
		for name, f := range families {
			if name == "build_info" {
				continue // names the commit
			}
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					require.NotRegexp(t, idLike, l.GetValue(), "%s{%s}", name, l.GetName())
				}
			}
		}
	}
}

func TestHealthcheckAsksWhoeverListens(t *testing.T) {
	c := newCluster(t)
	require.Error(t, c.start(nil, "healthcheck").wait(), "nobody listens yet")
	workerPort := fmt.Sprintf("WORKER_METRICS_PORT=%d", freePort(t))
	c.startServer()
	require.NoError(t, c.start(nil, "healthcheck").wait())
	c.start([]string{workerPort}, "worker")
	c.eventually("the worker is ready", func() bool { return c.start([]string{workerPort}, "healthcheck", "--worker").wait() == nil })
	require.Error(t, c.start([]string{"SERVER_PORT=1"}, "healthcheck").wait())
}
