package worker_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/workflows"
)

// everyPlace gives every job a place.
func everyPlace(s *store.Store) workflows.Dispatch {
	return func(ctx context.Context, tenant uuid.UUID) ([]domain.Job, error) {
		return s.DispatchJobs(ctx, tenant, 0)
	}
}

func (p *product) client() *workflows.Client { return workflows.NewClient(p.temporal, p.namespace, "") }

// accept stores documents and their job, and starts nothing.
func (p *product) accept(tenant uuid.UUID, n int) domain.Job {
	p.t.Helper()
	docs := make([]domain.DocumentInput, n)
	for i := range docs {
		docs[i] = domain.DocumentInput{ExternalID: uuid.NewString(), Title: "t " + strconv.Itoa(i), Content: "some words " + uuid.NewString()}
	}
	result, err := p.Ingest(p.t.Context(), tenant, store.IngestOptions{}, func(in *store.Ingest) (r store.Reply, err error) {
		_, err = in.Add(p.t.Context(), docs)
		return r, err
	})
	require.NoError(p.t, err)
	return *result.Job
}

// dispatch starts what has a place.
func (p *product) dispatch(tenant uuid.UUID, limit int) {
	p.t.Helper()
	jobs, err := p.DispatchJobs(p.t.Context(), tenant, limit)
	require.NoError(p.t, err)
	for _, j := range jobs {
		require.NoError(p.t, p.client().StartJob(p.t.Context(), j))
	}
}

func (p *product) job(j domain.Job) domain.Job {
	p.t.Helper()
	now, err := p.Job(p.t.Context(), j.TenantID, j.ID)
	require.NoError(p.t, err)
	return now
}

func (p *product) inState(j domain.Job, state domain.JobState) {
	p.t.Helper()
	p.eventually("the job is "+string(state), func() bool { return p.job(j).State == state })
}

func (p *product) signal(j domain.Job) store.TellJob {
	return func(ctx context.Context, job domain.Job) error {
		return p.client().SignalJob(ctx, job, job.State == domain.JobPaused, domain.PausedByOperator)
	}
}

func TestAPausedJobStopsBetweenItsBatchesAndGoesOnWhereItWas(t *testing.T) {
	p := newProduct(t)
	j := p.accept(p.tenant, 4001) // three batches
	_, err := p.PauseJob(t.Context(), p.tenant, j.ID, domain.PausedByOperator, p.signal(j))
	require.NoError(t, err)
	p.dispatch(p.tenant, 0) // a paused job takes no place
	require.Nil(t, p.job(j).DispatchedAt)
	// A workflow that runs without having heard of the pause finds it in the row.
	require.NoError(t, p.client().StartJob(t.Context(), p.job(j)))
	p.eventually("it has looked at the row", func() bool { return p.job(j).DispatchedAt != nil })
	require.Equal(t, domain.JobPaused, p.job(j).State)
	require.Zero(t, p.job(j).Done)
	_, err = p.ResumeJob(t.Context(), p.tenant, j.ID, domain.PausedByOperator, p.signal(j))
	require.NoError(t, err)
	p.inState(j, domain.JobCompleted)
	require.Equal(t, 4001, p.job(j).Done)
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), j.WorkflowID, "").Get(t.Context(), nil))
	p.record(j.WorkflowID, "IndexDocuments", "paused")
	attempts, err := p.JobAttempts(t.Context(), p.tenant, j.ID, uuid.Nil, 100)
	require.NoError(t, err)
	require.Len(t, attempts, 3, "an attempt that finds the job paused is none")
	for _, a := range attempts {
		require.Equal(t, domain.AttemptSucceeded, a.State)
		require.NotEmpty(t, a.Worker)
	}
}

func TestASignalOfTheTemporalCLIPausesTheRowToo(t *testing.T) {
	p := newProduct(t)
	e := p.endpoint("http://127.0.0.1:9", "document.*")
	p.setState(e, domain.EndpointPaused)
	r := p.startRecovery(e)
	j := domain.Job{ID: r.ID, TenantID: p.tenant}
	p.inState(j, domain.JobRunning)
	require.NoError(t, p.temporal.SignalWorkflow(t.Context(), r.WorkflowID, "", workflows.PauseSignal, nil))
	p.inState(j, domain.JobPaused)
	require.Equal(t, []domain.PauseReason{domain.PausedByOperator}, p.job(j).PauseReasons)
	require.NoError(t, p.temporal.SignalWorkflow(t.Context(), r.WorkflowID, "", workflows.ResumeSignal, nil))
	p.inState(j, domain.JobRunning)
	require.NoError(t, p.temporal.CancelWorkflow(t.Context(), r.WorkflowID, ""))
	p.inState(j, domain.JobCanceled)
	require.True(t, temporal.IsCanceledError(p.temporal.GetWorkflow(t.Context(), r.WorkflowID, "").Get(t.Context(), nil)))
	p.record(r.WorkflowID, "RecoverWebhook", "paused")
}

func TestASuspensionPausesAndResumesNoMoreThanItsOwn(t *testing.T) {
	p := newProduct(t)
	running, mine := p.accept(p.tenant, 1), p.accept(p.tenant, 1)
	_, err := p.PauseJob(t.Context(), p.tenant, mine.ID, domain.PausedByOperator, nil)
	require.NoError(t, err)
	_, err = p.PauseJobs(t.Context(), p.tenant, domain.PausedWithItsTenant)
	require.NoError(t, err)
	require.Equal(t, domain.JobPaused, p.job(running).State)
	require.Len(t, p.job(mine).PauseReasons, 2)
	_, err = p.ResumeJobs(t.Context(), p.tenant, domain.PausedWithItsTenant)
	require.NoError(t, err)
	require.Equal(t, domain.JobPaused, p.job(mine).State)
	p.dispatch(p.tenant, 0)
	p.inState(running, domain.JobCompleted)
}
