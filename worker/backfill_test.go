package worker_test

import (
	"context"
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

// requestBackfill stores a back-fill of searches that go back some days, without
// starting its workflow.
func (p *product) requestBackfill(days int) domain.Backfill {
	p.t.Helper()
	now := time.Now()
	require.NoError(p.t, p.RecordSearches(p.t.Context(), []domain.SearchEvent{
		search(p.tenant, now.AddDate(0, 0, -days)), search(p.tenant, now.Add(-3*time.Hour)),
	}))
	b, err := p.StartBackfill(p.t.Context(), p.tenant, uuid.New(), time.Time{}, time.Time{}, now)
	require.NoError(p.t, err)
	return b
}

func (p *product) startBackfill(b domain.Backfill) {
	p.t.Helper()
	require.NoError(p.t, workflows.NewClient(p.temporal, p.namespace, "").StartBackfill(p.t.Context(), b))
}

func (p *product) backfill(b domain.Backfill) domain.Backfill {
	p.t.Helper()
	now, err := p.Backfill(p.t.Context(), p.tenant, b.ID)
	require.NoError(p.t, err)
	return now
}

func TestABackfillThatLosesItsWorkerGoesOnWhereItWas(t *testing.T) {
	p := newProduct(t)
	b := p.requestBackfill(120)
	p.startBackfill(b)
	p.eventually("it is on its way", func() bool { return p.backfill(b).Hours > 0 })
	p.stop()
	stopped := p.backfill(b)
	require.Equal(t, domain.BackfillRunning, stopped.State)
	require.Less(t, stopped.Next, b.Until)
	p.start()
	var progress workflows.BackfillProgress
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), b.WorkflowID, "").Get(t.Context(), &progress))
	done := p.backfill(b)
	require.Equal(t, domain.BackfillCompleted, done.State)
	require.Equal(t, int64(b.Until.Sub(b.Since)/time.Hour), done.Hours, "no hour was left out or counted twice")
	require.Equal(t, done.Hours, progress.Hours)
	d, err := p.temporal.DescribeWorkflowExecution(t.Context(), b.WorkflowID, "")
	require.NoError(t, err)
	for _, attribute := range []string{"TenantId", "JobKind"} {
		require.Contains(t, d.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields(), attribute)
	}
	value, err := p.temporal.QueryWorkflow(t.Context(), b.WorkflowID, "", workflows.ProgressQuery)
	require.NoError(t, err)
	require.NoError(t, value.Get(&progress))
	require.Equal(t, b.Until, progress.Next.UTC())
	r, err := p.AnalyticsRange(t.Context(), p.tenant, b.Since, b.Until) // its hours may be past their retention by now
	require.NoError(t, err)
	top, err := p.TopQueries(t.Context(), p.tenant, r, store.BySearches, 10)
	require.NoError(t, err)
	require.Equal(t, int64(2), top.Queries[0].Searches)
	p.record(b.WorkflowID, "BackfillAnalytics", "worker_lost")
}

func TestABackfillCompletes(t *testing.T) {
	p := newProduct(t)
	b := p.requestBackfill(2)
	p.startBackfill(b)
	p.startBackfill(b) // again is no error
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), b.WorkflowID, "").Get(t.Context(), nil))
	require.Equal(t, domain.BackfillCompleted, p.backfill(b).State)
	p.record(b.WorkflowID, "BackfillAnalytics", "completed")
}

func TestABackfillThatIsCanceledInTemporalEndsInItsRowToo(t *testing.T) {
	p := newProduct(t)
	b := p.requestBackfill(2000)
	p.startBackfill(b)
	p.eventually("it is on its way", func() bool { return p.backfill(b).Hours > 0 })
	require.NoError(t, p.temporal.CancelWorkflow(t.Context(), b.WorkflowID, ""))
	require.True(t, temporal.IsCanceledError(p.temporal.GetWorkflow(t.Context(), b.WorkflowID, "").Get(t.Context(), nil)))
	canceled := p.backfill(b)
	require.Equal(t, domain.BackfillCanceled, canceled.State)
	require.Less(t, canceled.Next, b.Until)
	p.record(b.WorkflowID, "BackfillAnalytics", "canceled")
	_, err := p.StartBackfill(t.Context(), p.tenant, uuid.New(), time.Now().AddDate(0, 0, -1), time.Time{}, time.Now())
	require.NoError(t, err, "another one may begin")
}

// slowBackfill stands for one that takes many rounds, or fails for good.
type slowBackfill struct {
	rounds atomic.Int64
	failed atomic.Bool
	ended  atomic.Pointer[activities.EndBackfillInput]
}

func (s *slowBackfill) BackfillSome(context.Context, activities.BackfillSomeInput) (activities.BackfillSomeOutput, error) {
	if s.failed.Load() {
		return activities.BackfillSomeOutput{}, temporal.NewNonRetryableApplicationError("the events are damaged", "invalid", nil)
	}
	n := s.rounds.Add(1)
	out := activities.BackfillSomeOutput{State: domain.BackfillRunning, Hours: n}
	if n > 100 {
		out.State = domain.BackfillCompleted
	}
	return out, nil
}

func (s *slowBackfill) EndBackfill(_ context.Context, in activities.EndBackfillInput) error {
	s.ended.Store(&in)
	return nil
}

func TestALongBackfillContinuesAsNewAndOneThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	address, namespace := testenv.TemporalNamespace(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Identity: "recorder"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	work := &slowBackfill{}
	w := temporalworker.New(c, workflows.MaintenanceQueue, temporalworker.Options{})
	w.RegisterWorkflow(workflows.BackfillAnalytics)
	w.RegisterActivity(work)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	in := workflows.BackfillAnalyticsInput{TenantID: uuid.New(), BackfillID: uuid.New()}
	start := func(id string) client.WorkflowRun {
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: workflows.MaintenanceQueue}, workflows.BackfillAnalytics, in)
		require.NoError(t, err)
		return run
	}
	p := &product{t: t, temporal: c}
	run := start("long")
	first := run.GetRunID()
	var progress workflows.BackfillProgress
	require.NoError(t, run.Get(t.Context(), &progress))
	require.Equal(t, int64(101), progress.Hours)
	require.NotEqual(t, first, run.GetRunID(), "the second run made the rest")
	p.recordRun("long", first, "BackfillAnalytics", "continued")

	work.failed.Store(true)
	require.Error(t, start("damaged").Get(t.Context(), nil))
	require.Equal(t, domain.BackfillFailed, work.ended.Load().State)
	require.Equal(t, "the events are damaged", work.ended.Load().Message)
	p.record("damaged", "BackfillAnalytics", "failed")
}
