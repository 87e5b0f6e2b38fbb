package activities_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// bundle is the activities on a database and an index of their own.
type bundle struct {
	t         *testing.T
	url       string // of the database
	store     *store.Store
	index     *index.Manager
	documents *activities.Documents
	env       *testsuite.TestActivityEnvironment
	tenant    uuid.UUID
	requested int
}

// RequestCompaction counts how often larger merges are asked for.
func (b *bundle) RequestCompaction(context.Context, uuid.UUID) error {
	b.requested++
	return nil
}

func setup(t *testing.T) *bundle {
	t.Helper()
	t.Parallel()
	url := testenv.DatabaseURL(t)
	s, err := store.Open(t.Context(), store.Options{URL: url, PoolSize: 8})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	tenant, err := s.CreateTenant(t.Context(), "acme", "Acme")
	require.NoError(t, err)
	m, err := index.NewManager(s, index.ManagerOptions{CacheDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(m.Close)
	b := &bundle{t: t, url: url, store: s, index: m, tenant: tenant.ID}
	segments := &activities.Segments{Store: s, Index: m, WorkDir: t.TempDir()}
	b.documents = &activities.Documents{Store: s, Segments: segments, Compactor: b, Metrics: telemetry.NewMetrics("test", "")}
	var suite testsuite.WorkflowTestSuite
	b.env = suite.NewTestActivityEnvironment()
	b.env.RegisterActivity(b.documents)
	b.env.RegisterActivity(segments)
	return b
}

func (b *bundle) accept(docs ...domain.DocumentInput) *domain.Job {
	b.t.Helper()
	r, err := b.store.Ingest(b.t.Context(), b.tenant, store.IngestOptions{}, func(in *store.Ingest) (store.Reply, error) {
		_, err := in.Add(b.t.Context(), docs)
		return store.Reply{}, err
	})
	require.NoError(b.t, err)
	return r.Job
}

func (b *bundle) run(job *domain.Job) (out activities.IndexBatchOutput, err error) {
	b.t.Helper()
	in := activities.IndexBatchInput{TenantID: b.tenant, JobID: job.ID, Batch: domain.SeqRange{From: 1, To: job.Total}}
	value, err := b.env.ExecuteActivity(b.documents.IndexBatch, in)
	if err == nil {
		err = value.Get(&out)
	}
	return out, err
}

// found returns the external ids that a query finds.
func (b *bundle) found(query string) (ids []string) {
	b.t.Helper()
	require.NoError(b.t, b.index.Refresh(b.t.Context(), b.tenant))
	s, err := b.index.Snapshot(b.t.Context(), b.tenant)
	require.NoError(b.t, err)
	defer s.Release()
	r, err := s.Search(b.t.Context(), index.Request{Query: query, Limit: 50, Prefix: index.PrefixNever, NoTypos: true})
	require.NoError(b.t, err)
	for _, h := range r.Hits {
		ids = append(ids, h.ExternalID)
	}
	return ids
}

func doc(id, content string) domain.DocumentInput {
	return domain.DocumentInput{ExternalID: id, Title: "Title", Content: content}
}

func TestABatchIsSearchableWhenItIsCommitted(t *testing.T) {
	b := setup(t)
	out, err := b.run(b.accept(doc("a", "apples and pears"), doc("b", "plums")))
	require.NoError(t, err)
	require.Equal(t, activities.IndexBatchOutput{Indexed: 2, Chunks: 2, Generation: 1}, out)
	require.Equal(t, []string{"a"}, b.found("pears"))
}

func TestASecondAttemptFindsNothingLeftToDo(t *testing.T) {
	b := setup(t)
	job := b.accept(doc("a", "apples"))
	_, err := b.run(job)
	require.NoError(t, err)
	out, err := b.run(job)
	require.NoError(t, err)
	require.Zero(t, out.Indexed)
	require.Equal(t, []string{"a"}, b.found("apples"), "not doubled")
}

func TestAnUpdateHidesTheOlderVersionAtOnce(t *testing.T) {
	b := setup(t)
	_, err := b.run(b.accept(doc("a", "apples")))
	require.NoError(t, err)
	_, err = b.run(b.accept(doc("a", "bananas")))
	require.NoError(t, err)
	require.Empty(t, b.found("apples"))
	require.Equal(t, []string{"a"}, b.found("bananas"))
}

func TestASupersededDocumentIsSkipped(t *testing.T) {
	b := setup(t)
	older := b.accept(doc("a", "apples"))
	newer := b.accept(doc("a", "bananas"))
	out, err := b.run(older)
	require.NoError(t, err)
	require.Equal(t, 1, out.Skipped)
	require.Empty(t, b.found("apples"))
	_, err = b.run(newer)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, b.found("bananas"))
}

func TestACanceledJobIndexesNothing(t *testing.T) {
	b := setup(t)
	job := b.accept(doc("a", "apples"))
	_, err := b.store.CancelJob(t.Context(), b.tenant, job.ID)
	require.NoError(t, err)
	out, err := b.run(job)
	require.NoError(t, err)
	require.Zero(t, out.Indexed)
	require.Empty(t, b.found("apples"))
}

func TestManySmallCommitsLeaveFewSegments(t *testing.T) {
	b := setup(t)
	const n = 60
	for i := range n {
		_, err := b.run(b.accept(doc(fmt.Sprint(i), fmt.Sprintf("common word%d", i))))
		require.NoError(t, err)
	}
	state, err := b.store.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Less(t, len(state.Segments), 20)
	require.Len(t, b.found("common"), 50)
	for i := range n {
		require.Equal(t, []string{fmt.Sprint(i)}, b.found(fmt.Sprintf("word%d", i)))
	}
}

func TestAMergeGivesWhatItsSourcesGave(t *testing.T) {
	b := setup(t)
	var ids []uuid.UUID
	for i := range 40 {
		job := b.accept(doc(fmt.Sprint(i), "common text"))
		_, err := b.run(job)
		require.NoError(t, err)
		items, err := b.store.JobItems(t.Context(), b.tenant, job.ID, "", 0, 1)
		require.NoError(t, err)
		ids = append(ids, items[0].DocumentID)
	}
	_, err := b.store.DeleteDocuments(t.Context(), b.tenant, ids[:30])
	require.NoError(t, err)
	for {
		value, err := b.env.ExecuteActivity("MergeSegments", activities.MergeSegmentsInput{TenantID: b.tenant})
		require.NoError(t, err)
		var out activities.MergeSegmentsOutput
		require.NoError(t, value.Get(&out))
		if out.Merged == 0 {
			break
		}
	}
	require.Len(t, b.found("common"), 10)
}
