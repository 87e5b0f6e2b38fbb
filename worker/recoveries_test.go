package worker_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	temporalworker "go.temporal.io/sdk/worker"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
	"github.com/rustassistant/rustassistant/workflows"
)

// setState is what the endpoint's owner, or a 410, makes of it.
func (p *product) setState(e domain.Endpoint, state domain.EndpointState) {
	p.t.Helper()
	_, err := p.ChangeEndpoint(p.t.Context(), p.tenant, e.ID, func(e *domain.Endpoint) error { e.State = state; return nil })
	require.NoError(p.t, err)
}

// requestRecovery stores a recovery of the last hour without starting its workflow.
func (p *product) requestRecovery(e domain.Endpoint) domain.Recovery {
	p.t.Helper()
	now := time.Now().UTC()
	_, started, err := p.StartRecovery(p.t.Context(), p.tenant, store.IngestOptions{}, store.NewRecovery{
		EndpointID: e.ID, RequestedBy: uuid.New(), RecoveryRange: domain.RecoveryRange{
			Since: now.Add(-time.Hour), Until: now, Missed: true, States: []domain.DeliveryState{domain.DeliveryExhausted, domain.DeliveryCanceled},
		},
	}, func(domain.Recovery) (store.Reply, error) { return store.Reply{}, nil })
	require.NoError(p.t, err)
	return *started
}

func (p *product) startRecovery(e domain.Endpoint) domain.Recovery {
	p.t.Helper()
	r := p.requestRecovery(e)
	require.NoError(p.t, workflows.NewClient(p.temporal, p.namespace, "").StartRecovery(p.t.Context(), r))
	return r
}

func (p *product) recovery(r domain.Recovery) domain.Recovery {
	p.t.Helper()
	now, err := p.Recovery(p.t.Context(), p.tenant, r.EndpointID, r.ID)
	require.NoError(p.t, err)
	return now
}

func TestARecoveryThatLosesItsWorkerSendsEachEventOnce(t *testing.T) {
	p := newProduct(t)
	r := newReceiver(t, ok)
	p.tell(50) // nobody listens
	e := p.endpoint(r.URL, "document.*")
	p.setState(e, domain.EndpointDisabled)
	const skipped = 4500
	for range 3 {
		p.tell(skipped / 3)
	}
	p.setState(e, domain.EndpointActive)
	require.Zero(t, r.ids())
	started := p.startRecovery(e)
	p.eventually("it is on its way", func() bool { return p.recovery(started).Resent > 0 && r.ids() > 100 })
	p.stop()
	require.Equal(t, domain.RecoveryRunning, p.recovery(started).State)
	require.Less(t, r.ids(), skipped)
	p.start()
	p.eventually("all are delivered", func() bool { return r.ids() == skipped+50 })
	p.eventually("the recovery has ended", func() bool { return p.recovery(started).State == domain.RecoveryCompleted })
	done := p.recovery(started)
	require.Equal(t, int64(skipped), done.Resent)
	require.Equal(t, int64(50), done.Created)
	var progress workflows.RecoverWebhookProgress
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), started.WorkflowID, "").Get(t.Context(), &progress))
	require.Equal(t, int64(skipped), progress.Resent)
	p.eventually("every attempt is recorded", func() bool { return len(p.deliveries(e, domain.DeliveryPending)) == 0 })
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, n := range r.seen {
		require.Equal(t, 1, n, id)
	}
	p.record(started.WorkflowID, "RecoverWebhook", "worker_lost")
}

func TestARecoveryCompletes(t *testing.T) {
	p := newProduct(t)
	r := newReceiver(t, ok)
	p.tell(3)
	e := p.endpoint(r.URL, "document.*")
	started := p.startRecovery(e)
	p.eventually("all are delivered", func() bool { return r.ids() == 3 })
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), started.WorkflowID, "").Get(t.Context(), nil))
	require.Equal(t, domain.RecoveryCompleted, p.recovery(started).State)
	d, err := p.temporal.DescribeWorkflowExecution(t.Context(), started.WorkflowID, "")
	require.NoError(t, err)
	require.Contains(t, d.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields(), "EndpointId")
	value, err := p.temporal.QueryWorkflow(t.Context(), started.WorkflowID, "", workflows.ProgressQuery)
	require.NoError(t, err)
	var progress workflows.RecoverWebhookProgress
	require.NoError(t, value.Get(&progress))
	require.Equal(t, int64(3), progress.Created)
	p.record(started.WorkflowID, "RecoverWebhook", "completed")
}

func TestARecoveryThatIsCanceledInTemporalEndsInItsRowToo(t *testing.T) {
	p := newProduct(t)
	r := newReceiver(t, ok)
	p.tell(3)
	e := p.endpoint(r.URL, "document.*")
	p.setState(e, domain.EndpointPaused)
	started := p.startRecovery(e)
	p.eventually("it waits", func() bool { return p.recovery(started).WaitsFor == domain.RecoveryWaitsForEndpoint })
	require.NoError(t, p.temporal.CancelWorkflow(t.Context(), started.WorkflowID, ""))
	require.True(t, temporal.IsCanceledError(p.temporal.GetWorkflow(t.Context(), started.WorkflowID, "").Get(t.Context(), nil)))
	require.Equal(t, domain.RecoveryCanceled, p.recovery(started).State)
	p.record(started.WorkflowID, "RecoverWebhook", "canceled")
	require.Zero(t, r.ids())
	p.setState(e, domain.EndpointActive)
	p.startRecovery(e)
	p.eventually("another one does it", func() bool { return r.ids() == 3 })
}

func TestARecoveryOfAnEndpointThatGetsDisabledFails(t *testing.T) {
	p := newProduct(t)
	var asked atomic.Int64
	r := newReceiver(t, func(w http.ResponseWriter, _ int) {
		asked.Add(1)
		w.WriteHeader(http.StatusGone)
	})
	p.tell(2500)
	e := p.endpoint(r.URL, "document.*")
	started := p.startRecovery(e)
	p.eventually("it has failed", func() bool { return p.recovery(started).State == domain.RecoveryFailed })
	require.Contains(t, p.recovery(started).Error, "disabled")
	require.Error(t, p.temporal.GetWorkflow(t.Context(), started.WorkflowID, "").Get(t.Context(), nil))
	require.Less(t, asked.Load(), int64(2000), "what it had made due is not sent any more")
	p.record(started.WorkflowID, "RecoverWebhook", "disabled")
}

// slow stands for a recovery that takes many rounds.
type slow struct{ rounds atomic.Int64 }

func (s *slow) RecoverSome(context.Context, activities.RecoverSomeInput) (activities.RecoverSomeOutput, error) {
	n := s.rounds.Add(1)
	out := activities.RecoverSomeOutput{State: domain.RecoveryRunning, Stage: domain.RecoveryStageDeliveries, Resent: n}
	if n > 100 {
		out.State, out.Stage = domain.RecoveryCompleted, domain.RecoveryStageDone
	}
	return out, nil
}

func TestALongRecoveryContinuesAsNew(t *testing.T) {
	t.Parallel()
	address, namespace := testenv.TemporalNamespace(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Identity: "recorder"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	work := &slow{}
	w := temporalworker.New(c, workflows.WebhooksQueue, temporalworker.Options{})
	w.RegisterWorkflow(workflows.RecoverWebhook)
	w.RegisterActivity(work)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	in := workflows.RecoverWebhookInput{TenantID: uuid.New(), EndpointID: uuid.New(), RecoveryID: uuid.New()}
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "long", TaskQueue: workflows.WebhooksQueue}, workflows.RecoverWebhook, in)
	require.NoError(t, err)
	first := run.GetRunID()
	var progress workflows.RecoverWebhookProgress
	require.NoError(t, run.Get(t.Context(), &progress))
	require.Equal(t, int64(101), progress.Resent)
	require.NotEqual(t, first, run.GetRunID(), "the second run made the rest")
	p := &product{t: t, temporal: c}
	p.recordRun("long", first, "RecoverWebhook", "continued")
}
