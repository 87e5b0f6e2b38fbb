package store_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

func TestACommitMakesDocumentsSearchableAndFinishesTheJob(t *testing.T) {
	b := setup(t)
	out, job := b.ingest(docs(5)...)
	done, err := b.commit(job)
	require.NoError(t, err)
	require.Equal(t, uint64(1), done.Generation)
	require.Equal(t, domain.JobCompleted, done.Job.State)

	d, err := b.DocumentInfo(t.Context(), b.tenant, out[0].DocumentID)
	require.NoError(t, err)
	require.Equal(t, domain.DocumentIndexed, d.State)
	require.True(t, d.Searchable())
	stats, err := b.TenantStats(t.Context(), b.tenant)
	require.NoError(t, err)
	require.Equal(t, int64(5), stats.Searchable)
	require.Equal(t, int64(5), stats.Chunks)
	require.Zero(t, stats.Pending)
}

func TestACommittedSegmentIsReadBackToTheByte(t *testing.T) {
	b := setup(t)
	_, job := b.ingest(docs(2)...)
	_, err := b.commit(job)
	require.NoError(t, err)
	state, err := b.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Len(t, state.Segments, 1)
	var got bytes.Buffer
	require.NoError(t, b.ReadSegment(t.Context(), b.tenant, state.Segments[0].ID, &got))
	require.Equal(t, bytes.Repeat([]byte(state.Segments[0].ID.String()), 50_000), got.Bytes())
	err = b.ReadSegment(t.Context(), b.tenant, uuid.New(), &got)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
}

func TestTheSameBatchCannotBeCommittedTwice(t *testing.T) {
	b := setup(t)
	_, job := b.ingest(docs(3)...)
	items, err := b.LoadBatch(t.Context(), b.tenant, job.ID, domain.SeqRange{From: 1, To: 3})
	require.NoError(t, err)
	_, err = b.commitItems(job, items)
	require.NoError(t, err)
	_, err = b.commitItems(job, items)
	require.ErrorIs(t, err, store.ErrBatchChanged)
	state, err := b.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Len(t, state.Segments, 1, "the second commit left nothing")
}

func TestAnOlderJobNeverOverwritesANewerVersion(t *testing.T) {
	b := setup(t)
	out, older := b.ingest(doc("a", "one"))
	stale, err := b.LoadBatch(t.Context(), b.tenant, older.ID, domain.SeqRange{From: 1, To: 1})
	require.NoError(t, err)
	_, newer := b.ingest(doc("a", "two"))
	_, err = b.commit(newer)
	require.NoError(t, err)
	_, err = b.commitItems(older, stale)
	require.NoError(t, err)

	d, err := b.DocumentInfo(t.Context(), b.tenant, out[0].DocumentID)
	require.NoError(t, err)
	require.Equal(t, int64(2), d.IndexedVersion)
	items, err := b.JobItems(t.Context(), b.tenant, older.ID, "", 0, 10)
	require.NoError(t, err)
	require.Equal(t, domain.ItemSuperseded, items[0].State)
}

func TestADocumentDeletedWhileItIsIndexedStaysHidden(t *testing.T) {
	b := setup(t)
	out, job := b.ingest(docs(2)...)
	items, err := b.LoadBatch(t.Context(), b.tenant, job.ID, domain.SeqRange{From: 1, To: 2})
	require.NoError(t, err)
	gone, err := b.DeleteDocuments(t.Context(), b.tenant, []uuid.UUID{out[0].DocumentID})
	require.NoError(t, err)
	require.Len(t, gone, 1)
	done, err := b.commitItems(job, items)
	require.NoError(t, err)
	require.Equal(t, domain.JobCompleted, done.Job.State)

	state, err := b.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Len(t, state.Tombstones, 1)
	require.Equal(t, out[0].DocumentID, state.Tombstones[0].DocumentID)
	require.Equal(t, done.Generation, state.Tombstones[0].Generation, "as new as the segment it hides in")
	stats, err := b.TenantStats(t.Context(), b.tenant)
	require.NoError(t, err)
	require.Equal(t, int64(1), stats.Searchable)
	require.Equal(t, int64(1), stats.Documents)
}

func TestACanceledJobCommitsNothingMore(t *testing.T) {
	b := setup(t)
	_, job := b.ingest(docs(3)...)
	items, err := b.LoadBatch(t.Context(), b.tenant, job.ID, domain.SeqRange{From: 1, To: 3})
	require.NoError(t, err)
	canceled, err := b.CancelJob(t.Context(), b.tenant, job.ID)
	require.NoError(t, err)
	require.Equal(t, domain.JobCanceled, canceled.State)
	_, err = b.commitItems(job, items)
	require.ErrorIs(t, err, store.ErrBatchChanged)
	state, err := b.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Empty(t, state.Segments)
	_, err = b.CancelJob(t.Context(), b.tenant, job.ID)
	require.Equal(t, domain.CodeConflict, domain.CodeOf(err))
}

func TestFailedDocumentsAreToldAndQueuedAgainWhenGivenAgain(t *testing.T) {
	b := setup(t)
	out, job := b.ingest(docs(2)...)
	require.NoError(t, b.FailItems(t.Context(), b.tenant, job.ID, domain.SeqRange{From: 1, To: 1}, domain.StageChunk, "bad", "cannot be cut", 1))
	d, err := b.DocumentInfo(t.Context(), b.tenant, out[0].DocumentID)
	require.NoError(t, err)
	require.Equal(t, domain.DocumentFailed, d.State)
	require.Equal(t, "bad", d.ErrorCode)
	done, err := b.commit(job)
	require.NoError(t, err)
	require.Equal(t, domain.JobCompletedWithErrors, done.Job.State)
	require.Equal(t, 1, done.Job.Failed)

	again, _ := b.ingest(docs(1)...)
	require.Equal(t, store.AcceptUpdated, again[0].Outcome, "a failed document is tried again though its content is the same")
}

func TestAMergeIsFencedWhenItsSourcesAreGone(t *testing.T) {
	b := setup(t)
	for _, name := range []string{"a", "b"} {
		_, job := b.ingest(doc(name, name))
		_, err := b.commit(job)
		require.NoError(t, err)
	}
	state, err := b.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	merged := segment(2)
	merged.AppliedGeneration = state.Generation
	merged.Replaces = []uuid.UUID{state.Segments[0].ID, state.Segments[1].ID}
	_, err = b.CommitMerge(t.Context(), b.tenant, *merged)
	require.NoError(t, err)

	late := *merged
	late.ID = uuid.New()
	_, err = b.CommitMerge(t.Context(), b.tenant, late)
	require.ErrorIs(t, err, store.ErrFenced)
	state, err = b.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Len(t, state.Segments, 1)
	require.Equal(t, uint64(3), state.Generation)
}

func TestTombstonesGoWhenEverySegmentHasWorkedThemIn(t *testing.T) {
	b := setup(t)
	out, job := b.ingest(docs(2)...)
	_, err := b.commit(job)
	require.NoError(t, err)
	_, err = b.DeleteDocuments(t.Context(), b.tenant, []uuid.UUID{out[0].DocumentID})
	require.NoError(t, err)
	state, err := b.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Len(t, state.Tombstones, 1)

	merged := segment(1)
	merged.AppliedGeneration = state.Generation
	merged.Replaces = []uuid.UUID{state.Segments[0].ID}
	_, err = b.CommitMerge(t.Context(), b.tenant, *merged)
	require.NoError(t, err)
	state, err = b.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Empty(t, state.Tombstones)
}

func TestPlansRespectItemAndByteLimits(t *testing.T) {
	b := setup(t)
	_, job := b.ingest(docs(10)...)
	plan, more, err := b.PlanBatches(t.Context(), b.tenant, job.ID, 0, 4, 1<<20, 100)
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, []domain.SeqRange{{From: 1, To: 4}, {From: 5, To: 8}, {From: 9, To: 10}}, plan)
	plan, more, err = b.PlanBatches(t.Context(), b.tenant, job.ID, 0, 100, 20, 5)
	require.NoError(t, err)
	require.True(t, more, "the look was cut at five items")
	require.Len(t, plan, 3, "two contents of nine bytes fit into twenty")
}
