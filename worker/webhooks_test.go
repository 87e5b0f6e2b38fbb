package worker_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	temporalworker "go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
	"github.com/rustassistant/rustassistant/internal/webhook"
	"github.com/rustassistant/rustassistant/worker"
	"github.com/rustassistant/rustassistant/workflows"
)

const (
	secret   = "webhook_secret"
	patience = 90 * time.Second
)

// product is a worker on a database and a Temporal namespace of its own.
type product struct {
	*store.Store
	t        testing.TB
	url      string
	temporal client.Client
	// namespace is Temporal's.
	namespace string
	sealer    *webhook.Sealer
	options   worker.Options
	tenant    uuid.UUID
	stop      func()
	start     func()
}

func newProduct(t *testing.T, change ...func(*worker.Options)) *product {
	t.Helper()
	t.Parallel()
	p := newBenchProduct(t, change...)
	p.start()
	return p
}

// newBenchProduct is newProduct whose worker is not started yet.
func newBenchProduct(t testing.TB, change ...func(*worker.Options)) *product {
	t.Helper()
	url := testenv.DatabaseURL(t)
	s, err := store.Open(t.Context(), store.Options{URL: url, PoolSize: 10})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	address, namespace := testenv.TemporalNamespace(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Identity: "recorder"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	sealer, err := webhook.NewSealer(webhook.GenerateKey())
	require.NoError(t, err)
	tenant, err := s.CreateTenant(t.Context(), "acme", "Acme")
	require.NoError(t, err)
	p := &product{Store: s, t: t, url: url, temporal: c, namespace: namespace, sealer: sealer, tenant: tenant.ID, stop: func() {}}
	segments, err := index.NewManager(s, index.ManagerOptions{CacheDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(segments.Close)
	p.options = worker.Options{
		Temporal: c, Workflows: workflows.NewClient(c, namespace, ""), Store: s, Index: segments, WorkDir: t.TempDir(), Slots: 2,
		StopTimeout: 5 * time.Second, Sender: webhook.NewSender(webhook.Development()), Sealer: sealer,
	}
	for _, f := range change {
		f(&p.options)
	}
	p.start = func() {
		ctx, cancel := context.WithCancel(context.Background())
		var gone sync.WaitGroup
		gone.Go(func() {
			_ = worker.Run(ctx, p.options)
		})
		p.stop = func() { cancel(); gone.Wait() }
	}
	t.Cleanup(func() { p.stop() })
	// Tests start workflows before the worker has come so far.
	require.NoError(t, p.options.Workflows.EnsureSearchAttributes(t.Context()))
	return p
}

// endpoint stores an active endpoint with the guide's secret.
func (p *product) endpoint(url string, events ...string) domain.Endpoint {
	p.t.Helper()
	id := uuid.Must(uuid.NewV7())
	e, err := p.CreateEndpoint(p.t.Context(), domain.Endpoint{
		ID: id, TenantID: p.tenant, URL: url, Events: events, State: domain.EndpointActive, MaxConcurrency: 8,
		SealedSecret: p.sealer.Seal(webhook.PurposeSecret, p.tenant, id, []byte(secret)),
	})
	require.NoError(p.t, err)
	return e
}

// tell makes something happen that has n document events.
func (p *product) tell(n int) {
	p.t.Helper()
	var job *domain.Job
	docs := make([]domain.DocumentInput, n)
	for i := range docs {
		docs[i] = domain.DocumentInput{ExternalID: uuid.NewString(), Title: "t", Content: uuid.NewString()}
	}
	result, err := p.Ingest(p.t.Context(), p.tenant, store.IngestOptions{}, func(in *store.Ingest) (r store.Reply, err error) {
		_, err = in.Add(p.t.Context(), docs)
		return r, err
	})
	require.NoError(p.t, err)
	job = result.Job
	require.NoError(p.t, p.FailItems(p.t.Context(), p.tenant, job.ID, domain.SeqRange{From: 1, To: n}, "chunk", "test", "made to fail", 1))
}

func (p *product) deliveries(e domain.Endpoint, state domain.DeliveryState) []domain.Delivery {
	out, _, err := p.Deliveries(p.t.Context(), p.tenant, e.ID, store.DeliveryFilter{State: state, Limit: 1000})
	require.NoError(p.t, err)
	return out
}

func (p *product) eventually(what string, condition func() bool) {
	p.t.Helper()
	require.Eventually(p.t, condition, patience, 20*time.Millisecond, what)
}

// workflowEnded waits for the endpoint's workflow to end well, and keeps its
// history when RECORD_HISTORIES names a folder.
func (p *product) workflowEnded(e domain.Endpoint, record string) {
	p.t.Helper()
	id := "webhooks/" + p.tenant.String() + "/" + e.ID.String()
	require.NoError(p.t, p.temporal.GetWorkflow(p.t.Context(), id, "").Get(p.t.Context(), nil))
	p.record(id, "DeliverWebhooks", record)
}

func (p *product) record(workflowID, workflow, name string) {
	p.t.Helper()
	p.recordRun(workflowID, "", workflow, name)
}

func (p *product) recordRun(workflowID, runID, workflow, name string) {
	p.t.Helper()
	dir := os.Getenv("RECORD_HISTORIES")
	if dir == "" {
		return
	}
	events := p.temporal.GetWorkflowHistory(p.t.Context(), workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var h history.History
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(p.t, err)
		h.Events = append(h.Events, event)
	}
	body, err := protojson.Marshal(&h)
	require.NoError(p.t, err)
	host, err := os.Hostname() // is part of the names of sticky queues
	require.NoError(p.t, err)
	body = bytes.ReplaceAll(body, []byte(`"`+host+`:`), []byte(`"worker:`))
	file := filepath.Join(dir, workflow, name+".json")
	require.NoError(p.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(p.t, os.WriteFile(file, append(body, '\n'), 0o644))
}

// receiver counts verified requests by webhook-id.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]int
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, nth int)) *receiver {
	t.Helper()
	r := &receiver{seen: map[string]int{}}
	verifier, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	require.NoError(t, err)
	var n atomic.Int64
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		if verifier.Verify(body, req.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.mu.Lock()
		r.seen[req.Header.Get("Webhook-Id")]++
		r.mu.Unlock()
		answer(w, int(n.Add(1)))
	}))
	t.Cleanup(r.CloseClientConnections)
	t.Cleanup(func() { go r.Close() })
	return r
}

func (r *receiver) ids() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

func ok(http.ResponseWriter, int) {}

func TestEveryEventIsDeliveredOnceAndTheWorkflowEnds(t *testing.T) {
	p := newProduct(t)
	r := newReceiver(t, ok)
	e := p.endpoint(r.URL, "document.*", "job.*")
	p.tell(100)
	p.eventually("all are delivered", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) == 101 })
	require.Equal(t, 101, r.ids())
	p.workflowEnded(e, "delivered")
}

func TestAFailedAttemptIsMadeAgainWithTheSameID(t *testing.T) {
	p := newProduct(t)
	r := newReceiver(t, func(w http.ResponseWriter, nth int) {
		if nth == 1 {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	e := p.endpoint(r.URL, "job.*")
	p.tell(1)
	p.eventually("it is delivered", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) == 1 })
	_, attempts, err := p.Deliveries(t.Context(), p.tenant, e.ID, store.DeliveryFilter{Limit: 1})
	require.NoError(t, err)
	for _, a := range attempts {
		require.Len(t, a, 2)
		require.Equal(t, 503, a[0].Status)
		require.GreaterOrEqual(t, a[1].StartedAt.Sub(a[0].StartedAt), 7*time.Second, "Retry-After is honoured")
	}
	require.Equal(t, 1, r.ids())
	p.workflowEnded(e, "retried")
}

func TestAReceiverThatHangsDelaysNoOther(t *testing.T) {
	p := newProduct(t)
	release := make(chan struct{})
	slow := newReceiver(t, func(http.ResponseWriter, int) { <-release })
	t.Cleanup(func() { close(release) })
	fast := newReceiver(t, ok)
	hanging, quick := p.endpoint(slow.URL, "job.*"), p.endpoint(fast.URL, "job.*")
	p.tell(1)
	p.eventually("the receiver hangs", func() bool { return len(p.deliveries(hanging, domain.DeliveryDelivering)) == 1 })
	for n := range 3 {
		p.tell(1)
		p.eventually("the other is served", func() bool { return len(p.deliveries(quick, domain.DeliveryDelivered)) == n+2 })
	}
	require.Zero(t, p.deliveries(hanging, "")[0].Attempts, "the first request still hangs")
	require.Empty(t, p.deliveries(hanging, domain.DeliveryDelivered))
}

func TestAnAnswerOf410EndsIt(t *testing.T) {
	p := newProduct(t)
	r := newReceiver(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusGone) })
	e := p.endpoint(r.URL, "*")
	p.tell(20)
	p.eventually("the rest is canceled", func() bool {
		return len(p.deliveries(e, domain.DeliveryPending)) == 0 && len(p.deliveries(e, domain.DeliveryDelivering)) == 0
	})
	require.NotEmpty(t, p.deliveries(e, domain.DeliveryCanceled))
	got, err := p.Endpoint(t.Context(), p.tenant, e.ID)
	require.NoError(t, err)
	require.Equal(t, domain.DisabledGone, got.DisabledReason)
	p.workflowEnded(e, "gone")
}

func TestDeletingAnEndpointEndsItsWorkflow(t *testing.T) {
	p := newProduct(t)
	r := newReceiver(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusInternalServerError) })
	e := p.endpoint(r.URL, "job.*")
	p.tell(1)
	p.eventually("it is tried twice", func() bool {
		d := p.deliveries(e, "")
		return d[0].Attempts >= 2 && d[0].State == domain.DeliveryPending
	})
	require.NoError(t, p.DeleteEndpoint(t.Context(), p.tenant, e.ID))
	p.workflowEnded(e, "deleted")
	require.Len(t, p.deliveries(e, domain.DeliveryCanceled), 1)
}

func TestACanceledWorkflowLosesNothing(t *testing.T) {
	p := newProduct(t)
	var up atomic.Bool
	r := newReceiver(t, func(w http.ResponseWriter, _ int) {
		if !up.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	e := p.endpoint(r.URL, "job.*")
	p.tell(1)
	p.eventually("it is tried twice", func() bool { return p.deliveries(e, "")[0].Attempts >= 2 })
	id := "webhooks/" + p.tenant.String() + "/" + e.ID.String()
	require.NoError(t, p.temporal.CancelWorkflow(t.Context(), id, ""))
	require.True(t, temporal.IsCanceledError(p.temporal.GetWorkflow(t.Context(), id, "").Get(t.Context(), nil)))
	p.record(id, "DeliverWebhooks", "canceled")
	up.Store(true)
	d := p.deliveries(e, domain.DeliveryPending)
	require.Len(t, d, 1, "it is still due later")
	_, _, err := p.ResendDelivery(t.Context(), p.tenant, d[0].ID)
	require.NoError(t, err)
	p.eventually("it is delivered", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) == 1 })
}

func TestWhatHappensWithoutAWorkerIsDeliveredByTheSweep(t *testing.T) {
	p := newProduct(t)
	r := newReceiver(t, ok)
	e := p.endpoint(r.URL, "job.*")
	p.tell(1)
	p.eventually("it is delivered", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) == 1 })
	p.stop()
	p.tell(1)
	p.tell(1)
	require.Len(t, p.deliveries(e, domain.DeliveryPending), 2)
	p.start()
	p.eventually("they are delivered", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) == 3 })
	require.Equal(t, 3, r.ids())
	p.recordSweep()
}

// recordSweep keeps the history of a finished sweep.
func (p *product) recordSweep() {
	p.t.Helper()
	p.recordScheduled("recover-deliveries", "RecoverDeliveries", "swept")
}

func (p *product) recordScheduled(schedule, workflow, name string) {
	p.t.Helper()
	var id string
	p.eventually("a sweep has ended", func() bool {
		d, err := p.temporal.ScheduleClient().GetHandle(p.t.Context(), schedule).Describe(p.t.Context())
		if err != nil || len(d.Info.RecentActions) == 0 || d.Info.RecentActions[0].StartWorkflowResult == nil {
			return false
		}
		id = d.Info.RecentActions[0].StartWorkflowResult.WorkflowID
		return true
	})
	require.NoError(p.t, p.temporal.GetWorkflow(p.t.Context(), id, "").Get(p.t.Context(), nil))
	p.record(id, workflow, name)
}

// endless stands for an endpoint whose work never ends.
type endless struct{ rounds atomic.Int64 }

func (e *endless) DeliverDue(context.Context, activities.DeliverDueInput) (activities.DeliverDueOutput, error) {
	if e.rounds.Add(1) <= 100 {
		return activities.DeliverDueOutput{Delivered: 1, More: true}, nil
	}
	return activities.DeliverDueOutput{Wait: -1}, nil
}

func TestALongDeliveryContinuesAsNew(t *testing.T) {
	t.Parallel()
	address, namespace := testenv.TemporalNamespace(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Identity: "recorder"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	work := &endless{}
	w := temporalworker.New(c, workflows.WebhooksQueue, temporalworker.Options{})
	w.RegisterWorkflow(workflows.DeliverWebhooks)
	w.RegisterActivity(work)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	in := workflows.DeliverWebhooksInput{TenantID: uuid.New(), EndpointID: uuid.New()}
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "long", TaskQueue: workflows.WebhooksQueue}, workflows.DeliverWebhooks, in)
	require.NoError(t, err)
	first := run.GetRunID()
	require.NoError(t, run.Get(t.Context(), nil))
	require.Equal(t, int64(101), work.rounds.Load())
	require.NotEqual(t, first, run.GetRunID(), "the second run made the rest")
	p := &product{t: t, temporal: c}
	p.recordRun("long", first, "DeliverWebhooks", "continued")
}
