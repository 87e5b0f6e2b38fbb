package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

func TestSameExternalIDUpdatesAndSameContentChangesNothing(t *testing.T) {
	b := setup(t)
	first, job := b.ingest(doc("a", "one"))
	require.Equal(t, store.AcceptCreated, first[0].Outcome)
	require.NotNil(t, job)

	same, job := b.ingest(doc("a", "one"))
	require.Equal(t, store.Accepted{DocumentID: first[0].DocumentID, Version: 1, Outcome: store.AcceptUnchanged}, same[0])
	require.Nil(t, job, "nothing to do, no job")

	changed, job := b.ingest(doc("a", "two"))
	require.Equal(t, store.Accepted{DocumentID: first[0].DocumentID, Version: 2, Outcome: store.AcceptUpdated}, changed[0])
	require.Equal(t, 1, job.Total)
}

func TestSameContentWithoutExternalIDIsADuplicate(t *testing.T) {
	b := setup(t)
	first, _ := b.ingest(doc("", "one"), doc("", "one"), doc("", "two"))
	require.Equal(t, store.AcceptCreated, first[0].Outcome)
	require.Equal(t, store.AcceptDuplicate, first[1].Outcome)
	require.Equal(t, first[0].DocumentID, first[1].DocumentID)
	require.Equal(t, store.AcceptCreated, first[2].Outcome)
}

func TestTheLastOfSeveralVersionsInOneBatchWins(t *testing.T) {
	b := setup(t)
	out, job := b.ingest(doc("a", "one"), doc("b", "x"), doc("a", "two"), doc("a", "three"))
	require.Equal(t, int64(3), out[3].Version)
	require.Equal(t, 4, job.Total)
	_, content, err := b.Document(t.Context(), b.tenant, out[0].DocumentID)
	require.NoError(t, err)
	require.Equal(t, "three", content)
}

func TestAnIngestThatFailsLeavesNothing(t *testing.T) {
	b := setup(t)
	boom := errors.New("boom")
	_, err := b.Ingest(t.Context(), b.tenant, store.IngestOptions{}, func(in *store.Ingest) (store.Reply, error) {
		_, err := in.Add(t.Context(), docs(10))
		require.NoError(t, err)
		return store.Reply{}, boom
	})
	require.ErrorIs(t, err, boom)
	list, err := b.Documents(t.Context(), b.tenant, store.DocumentFilter{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, list)
	stats, err := b.TenantStats(t.Context(), b.tenant)
	require.NoError(t, err)
	require.Zero(t, stats.Documents)
}

func TestFiftyRequestsWithOneIdempotencyKeyAreOneRequest(t *testing.T) {
	b := setup(t)
	send := func(key string, hash byte) (store.IngestResult, error) {
		o := store.IngestOptions{
			IdempotencyKey: key, Operation: "create",
			ReadRequest: func(context.Context) ([32]byte, error) { return [32]byte{hash}, nil },
		}
		return b.Ingest(t.Context(), b.tenant, o, func(in *store.Ingest) (store.Reply, error) {
			out, err := in.Add(t.Context(), []domain.DocumentInput{doc("", uuid.NewString())})
			if err != nil {
				return store.Reply{}, err
			}
			body, err := json.Marshal(out[0].DocumentID)
			return store.Reply{Status: 202, Body: body, RequestHash: [32]byte{hash}}, err
		})
	}
	var wg sync.WaitGroup
	bodies, errs := make([]string, 50), make([]error, 50)
	for n := range 50 {
		wg.Go(func() {
			r, err := send("k", 1)
			bodies[n], errs[n] = string(r.Body), err
		})
	}
	wg.Wait()
	for n := range 50 {
		require.NoError(t, errs[n])
		require.Equal(t, bodies[0], bodies[n])
	}
	stats, err := b.TenantStats(t.Context(), b.tenant)
	require.NoError(t, err)
	require.Equal(t, int64(1), stats.Documents)

	_, err = send("k", 2)
	require.Equal(t, domain.CodeIdempotencyMismatch, domain.CodeOf(err), "another request under the same key")
}

func TestForeignDocumentsAndJobsAreNotFound(t *testing.T) {
	b := setup(t)
	out, job := b.ingest(doc("a", "one"))
	other, err := b.CreateTenant(t.Context(), "other", "Other")
	require.NoError(t, err)

	_, _, err = b.Document(t.Context(), other.ID, out[0].DocumentID)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	_, err = b.Job(t.Context(), other.ID, job.ID)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	_, err = b.CancelJob(t.Context(), other.ID, job.ID)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	gone, err := b.DeleteDocuments(t.Context(), other.ID, []uuid.UUID{out[0].DocumentID})
	require.NoError(t, err)
	require.Empty(t, gone)
}
