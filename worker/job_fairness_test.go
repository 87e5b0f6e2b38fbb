package worker_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/worker"
)

func (p *product) completed(tenant uuid.UUID) int {
	p.t.Helper()
	done, err := p.Jobs(p.t.Context(), tenant, store.JobFilter{States: []domain.JobState{domain.JobCompleted}, Limit: 10_000})
	require.NoError(p.t, err)
	return len(done)
}

func TestATenantsLongQueueDoesNotKeepAnothersDocumentWaiting(t *testing.T) {
	const limit, jobs = 4, 60
	p := newProduct(t, func(o *worker.Options) { o.MaxRunningJobs = limit })
	other, err := p.CreateTenant(t.Context(), "other", "Other")
	require.NoError(t, err)
	var last domain.Job
	for range jobs {
		last = p.accept(p.tenant, 1)
	}
	p.dispatch(p.tenant, limit)
	ahead, err := p.JobsAhead(t.Context(), p.tenant, last.ID)
	require.NoError(t, err)
	require.Positive(t, ahead)
	p.eventually("it is under way", func() bool { return p.completed(p.tenant) > 0 })
	one := p.accept(other.ID, 1)
	before := p.completed(p.tenant)
	p.dispatch(other.ID, limit)
	p.inState(one, domain.JobCompleted)
	require.Less(t, p.completed(p.tenant)-before, jobs/3, "jobs of the busy tenant that came before it")
	open, err := p.Jobs(t.Context(), p.tenant, store.JobFilter{States: []domain.JobState{domain.JobQueued, domain.JobRunning}, Limit: 1000})
	require.NoError(t, err)
	placed := 0
	for _, j := range open {
		if j.DispatchedAt != nil {
			placed++
		}
	}
	require.LessOrEqual(t, placed, limit, "no more than the limit runs")
	p.eventually("every place is passed on", func() bool { return p.completed(p.tenant) == jobs })
}

// How long a single document takes while another tenant has 100,000 queued ones.
func BenchmarkSingleDocumentBesideALongQueue(b *testing.B) {
	p := newBenchProduct(b, func(o *worker.Options) { o.MaxRunningJobs = 32; o.Slots = 4 })
	other, err := p.CreateTenant(b.Context(), "other", "Other")
	require.NoError(b, err)
	for range 1000 {
		docs := make([]domain.DocumentInput, 100)
		for n := range docs {
			docs[n] = domain.DocumentInput{ExternalID: uuid.NewString(), Title: strconv.Itoa(n), Content: "some words about " + uuid.NewString()}
		}
		_, err := p.Ingest(b.Context(), p.tenant, store.IngestOptions{}, func(in *store.Ingest) (r store.Reply, err error) {
			_, err = in.Add(b.Context(), docs)
			return r, err
		})
		require.NoError(b, err)
	}
	p.start()
	jobs, err := p.DispatchJobs(b.Context(), p.tenant, 32)
	require.NoError(b, err)
	for _, j := range jobs {
		require.NoError(b, p.client().StartJob(b.Context(), j))
	}
	var took []time.Duration
	for b.Loop() {
		started := time.Now()
		result, err := p.Ingest(b.Context(), other.ID, store.IngestOptions{}, func(in *store.Ingest) (r store.Reply, err error) {
			_, err = in.Add(b.Context(), []domain.DocumentInput{{ExternalID: uuid.NewString(), Title: "one", Content: uuid.NewString()}})
			return r, err
		})
		require.NoError(b, err)
		mine, err := p.DispatchJobs(b.Context(), other.ID, 32)
		require.NoError(b, err)
		for _, j := range mine { // none when the worker was quicker
			require.NoError(b, p.client().StartJob(b.Context(), j))
		}
		require.Eventually(b, func() bool {
			j, err := p.Job(b.Context(), other.ID, result.Job.ID)
			return err == nil && j.State.Final()
		}, patience, 5*time.Millisecond)
		took = append(took, time.Since(started))
	}
	counts, err := p.TenantStats(b.Context(), p.tenant)
	require.NoError(b, err)
	require.Positive(b, counts.Pending, "the long queue was there to the end")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "ms/p50")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "ms/max")
	b.ReportMetric(float64(counts.Pending), "still-queued")
}
