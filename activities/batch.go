package activities

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/chunk"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// batch is one attempt at one run of a job's items.
type batch struct {
	documents *Documents
	in        IndexBatchInput
	attempt   int
	beat      *heartbeat
	items     []store.ItemOutcome
	docs      []index.Document
	accepted  []time.Time // of docs
	out       IndexBatchOutput
}

func (b *batch) run(ctx context.Context) (IndexBatchOutput, error) {
	loaded, err := b.documents.Store.LoadBatch(ctx, b.in.TenantID, b.in.JobID, b.in.Batch)
	if err != nil || len(loaded) == 0 {
		return b.out, err
	}
	for n := range loaded {
		b.beat.set(Progress{Stage: domain.StageChunk, Done: n, Total: len(loaded)})
		b.prepare(ctx, &loaded[n])
		if ctx.Err() != nil {
			return b.out, ctx.Err()
		}
	}
	b.beat.set(Progress{Stage: domain.StageBuild, Total: len(loaded)})
	seg, err := b.build()
	if err != nil {
		return b.out, err
	}
	if seg != nil {
		b.beat.set(Progress{Stage: domain.StageEmbed, Total: len(loaded)})
		embedBuilt(ctx, b.documents.Segments.Index, b.documents.Models, b.in.TenantID, seg)
	}
	b.beat.set(Progress{Stage: domain.StageCommit, Total: len(loaded)})
	return b.commit(ctx, seg)
}

// prepare decides one item's outcome as far as it can be known before the commit.
func (b *batch) prepare(ctx context.Context, item *store.BatchItem) {
	o := store.ItemOutcome{
		Seq: item.Seq, DocumentID: item.DocumentID, ExternalID: item.ExternalID, Version: item.Version, Stage: domain.StageCommit,
	}
	switch {
	case item.Current == 0:
		o.State = domain.ItemDeleted
	case item.Current != item.Version:
		o.State = domain.ItemSuperseded
	default:
		chunks, err := b.split(ctx, item)
		if err != nil {
			o.State, o.Stage, o.Code, o.Message = domain.ItemFailed, domain.StageChunk, "chunking_failed", err.Error()
			break
		}
		o.State, o.Chunks = domain.ItemIndexed, storedChunks(chunks)
		b.docs = append(b.docs, indexDocument(item, chunks))
		b.accepted = append(b.accepted, item.UpdatedAt)
	}
	b.items = append(b.items, o)
}

// split chunks a document. A document that makes the chunker panic fails alone.
func (b *batch) split(ctx context.Context, item *store.BatchItem) (chunks []chunk.Chunk, err error) {
	defer func() {
		if r := recover(); r != nil {
			activity.GetLogger(ctx).Error("the chunker panicked", "document", item.DocumentID, "panic", r, "stack", string(debug.Stack()))
			err = errors.New("the text of this document could not be cut into passages")
		}
	}()
	return chunk.Split(chunk.Input{
		Title: item.Title, Content: item.Content, DocType: item.DocType, SourceURL: item.SourceURL, Options: b.documents.Chunks,
	}), nil
}

func storedChunks(chunks []chunk.Chunk) []store.Chunk {
	out := make([]store.Chunk, len(chunks))
	for n := range chunks {
		c := &chunks[n]
		out[n] = store.Chunk{Ordinal: c.Ordinal, Heading: c.Heading, Content: c.Content, Tokens: c.Tokens, Hash: c.Hash[:]}
	}
	return out
}

func indexDocument(item *store.BatchItem, chunks []chunk.Chunk) index.Document {
	doc := index.Document{
		ID: item.DocumentID, Version: uint64(item.Version), ExternalID: item.ExternalID, Title: item.Title,
		DocType: item.DocType, SourceType: item.SourceType, RepoID: item.RepoID, SourceURL: item.SourceURL,
		Language: item.Language, Tags: item.Tags, Metadata: domain.CanonicalMetadata(item.Metadata),
		CreatedAt: item.CreatedAt.UnixMilli(), UpdatedAt: item.UpdatedAt.UnixMilli(),
		Chunks: make([]index.Chunk, len(chunks)),
	}
	for n, c := range chunks {
		doc.Chunks[n] = index.Chunk{Ordinal: c.Ordinal, Heading: c.Heading, Content: c.Content}
	}
	return doc
}

func (b *batch) build() (*builtSegment, error) {
	if len(b.docs) == 0 {
		return nil, nil
	}
	builder := index.NewBuilder(index.Options{})
	for n := range b.docs {
		if err := builder.Add(b.docs[n]); err != nil {
			return nil, fmt.Errorf("add document %s to the segment: %w", b.docs[n].ID, err)
		}
	}
	return newBuiltSegment(builder)
}

func (b *batch) commit(ctx context.Context, seg *builtSegment) (IndexBatchOutput, error) {
	d := b.documents
	in := store.Batch{JobID: b.in.JobID, Attempt: b.attempt, Items: b.items}
	if seg != nil {
		in.Segment = seg.stored()
	}
	done, err := d.Store.CommitBatch(ctx, b.in.TenantID, in)
	if err != nil {
		return b.out, err
	}
	b.count(ctx, done.Generation)
	if done.Job.State.Final() && d.Dispatcher != nil {
		if err := d.Dispatcher.DispatchJobs(ctx, b.in.TenantID); err != nil {
			activity.GetLogger(ctx).Warn("the next jobs are started by the next sweep", "error", err)
		}
	}
	if seg == nil {
		return b.out, nil
	}
	seg.adopt(ctx, d.Segments.Index, b.in.TenantID)
	if err := d.tidy(ctx, b.in.TenantID); err != nil {
		// The next commit tries again; nothing but speed depends on it.
		activity.GetLogger(ctx).Warn("the segments could not be tidied up", "error", err)
	}
	if err := d.lookAfterVectors(ctx, b.in.TenantID, done.LacksVectors); err != nil {
		activity.GetLogger(ctx).Warn("the vectors are looked after by the next sweep", "error", err)
	}
	return b.out, nil
}

// tidy merges the tail of tiny segments and asks for larger merges.
func (d *Documents) tidy(ctx context.Context, tenant uuid.UUID) error {
	due, err := d.Segments.MergeTail(ctx, tenant)
	if err != nil || !due {
		return err
	}
	return d.Compactor.RequestCompaction(ctx, tenant)
}

func (b *batch) count(ctx context.Context, generation uint64) {
	now := time.Now()
	for _, it := range b.items {
		b.documents.Metrics.CountDocuments(it.State, 1)
		switch it.State {
		case domain.ItemIndexed:
			b.out.Indexed++
			b.out.Chunks += len(it.Chunks)
		case domain.ItemFailed:
			b.out.Failed++
		default:
			b.out.Skipped++
		}
	}
	for _, at := range b.accepted {
		b.documents.Metrics.ObserveIndexLag(ctx, now.Sub(at))
	}
	b.out.Generation = generation
}
