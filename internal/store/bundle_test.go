package store_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// bundle is a store on a database of its own, with one tenant.
type bundle struct {
	*store.Store
	t      *testing.T
	ctx    context.Context
	url    string
	tenant uuid.UUID
}

func setup(t *testing.T) *bundle {
	t.Helper()
	t.Parallel()
	url := testenv.DatabaseURL(t)
	s, err := store.Open(t.Context(), store.Options{URL: url, PoolSize: 20})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	tenant, err := s.CreateTenant(t.Context(), "acme", "Acme")
	require.NoError(t, err)
	return &bundle{Store: s, t: t, ctx: t.Context(), url: url, tenant: tenant.ID}
}

// ingest accepts documents and returns their outcomes and their job.
func (b *bundle) ingest(docs ...domain.DocumentInput) ([]store.Accepted, *domain.Job) {
	b.t.Helper()
	var out []store.Accepted
	result, err := b.Ingest(b.ctx, b.tenant, store.IngestOptions{}, func(in *store.Ingest) (r store.Reply, err error) {
		out, err = in.Add(b.ctx, docs)
		return r, err
	})
	require.NoError(b.t, err)
	return out, result.Job
}

// commit commits the whole job as a worker would, with one chunk a document.
func (b *bundle) commit(job *domain.Job) (store.Committed, error) {
	b.t.Helper()
	items, err := b.LoadBatch(b.ctx, b.tenant, job.ID, domain.SeqRange{From: 1, To: job.Total})
	require.NoError(b.t, err)
	return b.commitItems(job, items)
}

func (b *bundle) commitItems(job *domain.Job, items []store.BatchItem) (store.Committed, error) {
	b.t.Helper()
	batch := store.Batch{JobID: job.ID, Attempt: 1}
	for _, it := range items {
		o := store.ItemOutcome{Seq: it.Seq, DocumentID: it.DocumentID, ExternalID: it.ExternalID, Version: it.Version, State: domain.ItemIndexed}
		switch {
		case it.Current == 0:
			o.State = domain.ItemDeleted
		case it.Current != it.Version:
			o.State = domain.ItemSuperseded
		default:
			o.Chunks = []store.Chunk{{Content: it.Content, Tokens: 1, Hash: []byte{1}}}
		}
		batch.Items = append(batch.Items, o)
	}
	batch.Segment = segment(len(items))
	return b.CommitBatch(b.ctx, b.tenant, batch)
}

// segment is some bytes that the store keeps without looking into them.
func segment(docs int) *store.Segment {
	id := uuid.Must(uuid.NewV7())
	body := bytes.Repeat([]byte(id.String()), 50_000) // more than one part
	return &store.Segment{
		ID: id, Docs: docs, Chunks: docs, Bytes: int64(len(body)), Checksum: []byte(id.String()), Analysis: analysis.Version,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}
}

func doc(externalID, content string) domain.DocumentInput {
	return domain.DocumentInput{ExternalID: externalID, Title: "T " + externalID, Content: content}
}

func docs(n int) []domain.DocumentInput {
	out := make([]domain.DocumentInput, n)
	for i := range out {
		out[i] = doc(fmt.Sprintf("doc-%d", i), fmt.Sprintf("content %d", i))
	}
	return out
}
