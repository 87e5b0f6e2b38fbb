package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"

	"github.com/rustassistant/rustassistant/api"
	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/index"
	searching "github.com/rustassistant/rustassistant/internal/search"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/testenv"
	"github.com/rustassistant/rustassistant/internal/webhook"
	"github.com/rustassistant/rustassistant/worker"
	"github.com/rustassistant/rustassistant/workflows"
)

// traced is a server and a worker of one tracing, and a receiver that keeps the
// headers it gets.
type traced struct {
	t        *testing.T
	spans    *tracetest.InMemoryExporter
	metrics  *telemetry.Metrics
	server   *httptest.Server
	key      string
	mu       sync.Mutex
	received map[string]http.Header // by event
}

func newTraced(t *testing.T, tracing *telemetry.Tracing, spans *tracetest.InMemoryExporter) *traced {
	t.Helper()
	tr := &traced{t: t, spans: spans, metrics: telemetry.NewMetrics("test", ""), received: map[string]http.Header{}}
	s, err := store.Open(t.Context(), store.Options{URL: testenv.DatabaseURL(t), PoolSize: 12})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	address, namespace := testenv.TemporalNamespace(t)
	interceptors, err := workflows.TracingInterceptors(tracing)
	require.NoError(t, err)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Interceptors: interceptors})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	sealer, err := webhook.NewSealer(webhook.GenerateKey())
	require.NoError(t, err)
	segments, err := index.NewManager(s, index.ManagerOptions{CacheDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(segments.Close)
	flows := workflows.NewClient(c, namespace, "")
	sender := webhook.NewSender(webhook.Development())
	ctx, cancel := context.WithCancel(context.Background())
	var gone sync.WaitGroup
	gone.Go(func() {
		_ = worker.Run(ctx, worker.Options{
			Temporal: c, Workflows: flows, Store: s, Index: segments, Metrics: tr.metrics, Tracing: tracing, WorkDir: t.TempDir(), Slots: 2,
			StopTimeout: 2 * time.Second, Sender: sender, Sealer: sealer,
		})
	})
	t.Cleanup(gone.Wait)
	t.Cleanup(cancel)
	tr.serve(s, flows, api.Deps{
		Store: s, Metrics: tr.metrics, Tracing: tracing, WebhookSender: sender, WebhookSealer: sealer, IndexKeeper: flows,
		Search: searching.NewService(searching.Deps{Index: segments, Cache: cache.New(cache.Options{Disabled: true}), Generations: s.Generations}),
	})
	return tr
}

func (tr *traced) serve(s *store.Store, flows *workflows.Client, deps api.Deps) {
	tr.t.Helper()
	starter := workflows.NewStarter(flows, everyPlace(s))
	tr.t.Cleanup(starter.Close)
	deps.Starter, deps.Verifier = starter, auth.NewVerifier(s, auth.VerifierOptions{})
	server, err := api.New(deps)
	require.NoError(tr.t, err)
	tr.server = httptest.NewServer(server)
	tr.t.Cleanup(tr.server.Close)
	tenant, err := s.CreateTenant(tr.t.Context(), "acme", "Acme")
	require.NoError(tr.t, err)
	key := auth.Generate()
	_, err = s.CreateAPIKey(tr.t.Context(), tenant.ID, store.NewAPIKey{Name: "test", Key: key, Scopes: auth.Scopes(auth.ScopeAdmin)})
	require.NoError(tr.t, err)
	tr.key = key.Reveal()
}

// post sends a request, with the headers given in pairs.
func (tr *traced) post(path, body string, into any, headers ...string) {
	tr.t.Helper()
	r, err := http.NewRequestWithContext(tr.t.Context(), http.MethodPost, tr.server.URL+path, bytes.NewBufferString(body))
	require.NoError(tr.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-API-Key", tr.key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(tr.t, err)
	defer res.Body.Close()
	require.Less(tr.t, res.StatusCode, 300, path)
	if into != nil {
		require.NoError(tr.t, json.NewDecoder(res.Body).Decode(into))
	}
}

// webhook makes a receiver of everything and returns the id of its webhook.
func (tr *traced) webhook() (id string) {
	tr.t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event struct{ Type string }
		_ = json.NewDecoder(r.Body).Decode(&event)
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.received[event.Type] = r.Header.Clone()
	}))
	tr.t.Cleanup(func() { go receiver.Close() })
	var made struct{ ID string }
	tr.post("/api/admin/webhooks", `{"url":"`+receiver.URL+`/hook?token=canary","secret":"webhook_secret","events":["*"],"headers":{"X-Mine":"canary"}}`, &made)
	return made.ID
}

func (tr *traced) headers(event string) (h http.Header) {
	tr.t.Helper()
	require.Eventually(tr.t, func() bool {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		h = tr.received[event]
		return h != nil
	}, patience, 20*time.Millisecond, event)
	return h
}

// span returns the span that a receiver was told of, and the chain of names from
// it up to the first span of its trace.
func (tr *traced) span(h http.Header) (found tracetest.SpanStub, up []string) {
	tr.t.Helper()
	told := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(tr.t.Context(), propagation.HeaderCarrier(h)))
	require.True(tr.t, told.IsValid(), "the receiver got a traceparent")
	byID := map[trace.SpanID]tracetest.SpanStub{}
	require.Eventually(tr.t, func() bool {
		for _, s := range tr.spans.GetSpans() {
			if s.SpanContext.TraceID() == told.TraceID() {
				byID[s.SpanContext.SpanID()] = s
			}
		}
		// Spans of activities end a little later than what they did.
		up = nil
		at, ok := byID[told.SpanID()]
		found = at
		for ok {
			up = append(up, at.Name)
			if !at.Parent.IsValid() || at.Parent.SpanID() == callerSpan {
				return true
			}
			at, ok = byID[at.Parent.SpanID()]
		}
		return false
	}, patience, 20*time.Millisecond, "every span up to the first is there")
	return found, up
}

var callerSpan = trace.SpanID{0, 0, 0, 0, 0, 0, 0, 7}

const callerHeader = "00-0000000000000000000000000000abcd-0000000000000007-01"

func newInMemoryTracing(t *testing.T) (*telemetry.Tracing, *tracetest.InMemoryExporter) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
	return &telemetry.Tracing{Provider: provider, Propagator: propagation.TraceContext{}}, spans
}

func TestOneTraceGoesFromTheRequestToTheReceiver(t *testing.T) {
	t.Parallel()
	tracing, spans := newInMemoryTracing(t)
	tr := newTraced(t, tracing, spans)
	id := tr.webhook()

	tr.post("/api/admin/webhooks/"+id+"/test", "", nil, "traceparent", callerHeader)
	span, up := tr.span(tr.headers("webhook.test"))
	require.Equal(t, []string{"webhook.deliver", "POST /api/admin/webhooks/:id/test"}, up)
	require.Equal(t, "0000000000000000000000000000abcd", span.SpanContext.TraceID().String(), "the caller's trace goes on")
	require.Equal(t, trace.SpanKindClient, span.SpanKind)
	require.Len(t, span.Links, 1, "to the activity that sent it")
	attributes := map[string]string{}
	for _, a := range span.Attributes {
		attributes[string(a.Key)] = a.Value.String()
	}
	require.Equal(t, tr.headers("webhook.test").Get("Webhook-Id"), attributes["webhook.event.id"])
	delete(attributes, "webhook.event.id")
	require.Equal(t, map[string]string{
		"webhook.endpoint.id": id, "webhook.event.type": "webhook.test", "webhook.attempt": "1",
		"http.request.method": "POST", "http.response.status_code": "200",
	}, attributes)

	tr.post("/api/documents", `{"title":"t","content":"canary of the content"}`, nil)
	_, up = tr.span(tr.headers("document.indexed"))
	require.Equal(t, "webhook.deliver", up[0])
	require.Equal(t, "POST /api/documents", up[len(up)-1])
	require.Contains(t, strings.Join(up, " "), "RunWorkflow:IndexDocuments", "by way of the workflow that indexed it")

	for _, s := range tr.spans.GetSpans() {
		text, err := json.Marshal(s)
		require.NoError(t, err)
		require.NotContains(t, string(text), "canary", s.Name)
		require.NotContains(t, string(text), tr.key, s.Name)
	}
	tr.metricsMoved()
}

func (tr *traced) metricsMoved() {
	tr.t.Helper()
	var text string
	require.Eventually(tr.t, func() bool {
		w := httptest.NewRecorder()
		tr.metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		text = w.Body.String()
		return strings.Contains(text, `webhook_endpoints{state="active"} 1`) && strings.Contains(text, "outbox_oldest_age_seconds ") &&
			strings.Contains(text, "webhook_pending ")
	}, patience, 100*time.Millisecond, "the gauges are set")
	require.NotContains(tr.t, text, `webhook_attempts_total{outcome="delivered"} 0`)
	require.NotContains(tr.t, text, "webhook_delivery_latency_seconds_count 0")
	require.NotContains(tr.t, text, "webhook_attempt_duration_seconds_count 0")
}

func TestWithoutTelemetryTheReceiverIsToldOfNoTrace(t *testing.T) {
	t.Parallel()
	off, err := telemetry.NewTracing(t.Context(), telemetry.TracingOptions{})
	require.NoError(t, err)
	tr := newTraced(t, off, tracetest.NewInMemoryExporter())
	id := tr.webhook()
	tr.post("/api/admin/webhooks/"+id+"/test", "", nil, "traceparent", callerHeader, "tracestate", "vendor=x")
	tr.post("/api/documents", `{"title":"t","content":"c"}`, nil, "traceparent", callerHeader)
	for _, event := range []string{"webhook.test", "document.indexed"} {
		require.NotContains(t, tr.headers(event), "Traceparent", event)
		require.NotContains(t, tr.headers(event), "Tracestate", event)
	}
}

func TestWhatACallerDidNotSampleIsNotTraced(t *testing.T) {
	t.Parallel()
	tracing, spans := newInMemoryTracing(t)
	tr := newTraced(t, tracing, spans)
	id := tr.webhook()
	unsampled := strings.TrimSuffix(callerHeader, "01") + "00"
	tr.post("/api/admin/webhooks/"+id+"/test", "", nil, "traceparent", unsampled)
	require.NotContains(t, tr.headers("webhook.test"), "Traceparent")
	for _, s := range tr.spans.GetSpans() {
		require.NotEqual(t, "webhook.deliver", s.Name)
	}
}
