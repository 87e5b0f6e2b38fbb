package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// Chunk is a stored passage of a document.
type Chunk struct {
	Ordinal int
	Heading string
	Content string
	Tokens  int
	Hash    []byte
}

// ItemOutcome is what a batch made of one job item.
type ItemOutcome struct {
	Seq        int
	DocumentID uuid.UUID
	ExternalID string
	Version    int64
	State      domain.ItemState
	Stage      string
	Code       string
	Message    string
	// Chunks are set for an indexed document.
	Chunks []Chunk
}

// Batch is what one batch of a job wants to commit.
type Batch struct {
	JobID   uuid.UUID
	Attempt int
	Items   []ItemOutcome
	// Segment holds the indexed documents; nil when there is none.
	Segment *Segment
}

// Committed is the outcome of a commit.
type Committed struct {
	Generation uint64
	Job        domain.Job
	// LacksVectors is set when the segment has chunks that the tenant's active
	// model has not seen.
	LacksVectors bool
}

// ErrBatchChanged is returned when an item of the batch was finished or
// canceled by somebody else meanwhile. Nothing was committed; the caller loads
// the batch again.
var ErrBatchChanged = domain.Errorf(domain.CodeConflict, "the batch was changed meanwhile")

// CommitBatch writes in one transaction: chunks, segment, generation, item and
// document states, job progress and events. Either all of it is seen or none.
// It returns ErrBatchChanged and ErrFenced for what the caller can mend.
func (s *Store) CommitBatch(ctx context.Context, tenant uuid.UUID, b Batch) (out Committed, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		c := &commit{q: q, tenant: tenant, batch: b}
		if err := c.run(ctx); err != nil {
			return err
		}
		job, err := q.JobGet(ctx, db.JobGetParams{TenantID: tenant, ID: b.JobID})
		out = Committed{Generation: uint64(c.generation), Job: jobFrom(job), LacksVectors: c.lacks}
		return err
	})
	return out, err
}

// commit is one running CommitBatch.
type commit struct {
	q          *db.Queries
	tenant     uuid.UUID
	batch      Batch
	generation int64
	current    map[uuid.UUID]db.DocumentLockManyRow
	documents  int64 // searchable documents this commit adds
	chunks     int64 // searchable chunks this commit adds
	tombs      db.IndexTombstonePutManyParams
	events     outbox
	lacks      bool
}

func (c *commit) run(ctx context.Context) error {
	if err := c.lockDocuments(ctx); err != nil {
		return err
	}
	if err := c.putDocuments(ctx); err != nil {
		return err
	}
	if err := c.finishItems(ctx); err != nil {
		return err
	}
	if err := c.events.write(ctx, c.q, c.tenant); err != nil {
		return err
	}
	// Last, for it locks out the other commits of the tenant.
	return c.putIndex(ctx)
}

func (c *commit) lockDocuments(ctx context.Context) error {
	ids := make([]uuid.UUID, 0, len(c.batch.Items))
	for _, it := range c.batch.Items {
		ids = append(ids, it.DocumentID)
	}
	rows, err := c.q.DocumentLockMany(ctx, db.DocumentLockManyParams{TenantID: c.tenant, Ids: ids})
	c.current = make(map[uuid.UUID]db.DocumentLockManyRow, len(rows))
	for _, r := range rows {
		c.current[r.ID] = r
	}
	return err
}

// putDocuments writes chunks and states of the documents whose version is
// still news. A document that was deleted since the batch was loaded is in the
// segment already, so a new tombstone hides it; one that a newer job has
// committed is hidden by its newer version.
func (c *commit) putDocuments(ctx context.Context) error {
	chunks := db.ChunkInsertManyParams{TenantID: c.tenant}
	mark := db.DocumentMarkIndexedManyParams{TenantID: c.tenant}
	fail := db.DocumentMarkFailedManyParams{TenantID: c.tenant}
	var replaced []uuid.UUID
	for n := range c.batch.Items {
		it := &c.batch.Items[n]
		doc, exists := c.current[it.DocumentID]
		switch {
		case it.State == domain.ItemFailed:
			appendFailure(&fail, it.DocumentID, it.Version, it.Code, it.Message)
		case it.State != domain.ItemIndexed:
		case !exists:
			it.State = domain.ItemDeleted
			c.tombs.DocumentIds = append(c.tombs.DocumentIds, it.DocumentID)
			c.tombs.Versions = append(c.tombs.Versions, it.Version)
		case doc.IndexedVersion >= it.Version:
			it.State = domain.ItemSuperseded
		default:
			if doc.IndexedVersion > 0 {
				replaced = append(replaced, it.DocumentID)
			} else {
				c.documents++
			}
			c.chunks += int64(len(it.Chunks)) - int64(doc.ChunkCount)
			appendIndexed(&mark, &chunks, it)
		}
		if err := c.tell(it, exists && doc.IndexedVersion > 0); err != nil {
			return err
		}
	}
	return c.writeDocuments(ctx, replaced, chunks, mark, fail)
}

func appendIndexed(mark *db.DocumentMarkIndexedManyParams, chunks *db.ChunkInsertManyParams, it *ItemOutcome) {
	mark.Ids = append(mark.Ids, it.DocumentID)
	mark.Versions = append(mark.Versions, it.Version)
	mark.ChunkCounts = append(mark.ChunkCounts, int32(len(it.Chunks)))
	for _, ch := range it.Chunks {
		chunks.DocumentIds = append(chunks.DocumentIds, it.DocumentID)
		chunks.Ordinals = append(chunks.Ordinals, int32(ch.Ordinal))
		chunks.Headings = append(chunks.Headings, ch.Heading)
		chunks.Contents = append(chunks.Contents, ch.Content)
		chunks.Tokens = append(chunks.Tokens, int32(ch.Tokens))
		chunks.ContentHashes = append(chunks.ContentHashes, ch.Hash)
	}
}

// tell adds the event of one item's outcome.
func (c *commit) tell(it *ItemOutcome, indexedBefore bool) error {
	event := documentEvent{
		DocumentID: it.DocumentID, ExternalID: it.ExternalID, Version: it.Version, JobID: c.batch.JobID,
		Chunks: len(it.Chunks), ErrorCode: it.Code, Error: it.Message,
	}
	switch {
	case it.State == domain.ItemFailed:
		return c.events.add(domain.EventDocumentFailed, event)
	case it.State == domain.ItemIndexed && indexedBefore:
		return c.events.add(domain.EventDocumentUpdated, event)
	case it.State == domain.ItemIndexed:
		return c.events.add(domain.EventDocumentIndexed, event)
	default:
		return nil
	}
}

func (c *commit) writeDocuments(ctx context.Context, replaced []uuid.UUID, chunks db.ChunkInsertManyParams, mark db.DocumentMarkIndexedManyParams, fail db.DocumentMarkFailedManyParams) error {
	if len(replaced) > 0 {
		if err := c.q.ChunkDeleteMany(ctx, db.ChunkDeleteManyParams{TenantID: c.tenant, DocumentIds: replaced}); err != nil {
			return err
		}
	}
	if len(mark.Ids) > 0 {
		if err := c.q.ChunkInsertMany(ctx, chunks); err != nil {
			return err
		}
		if err := c.q.DocumentMarkIndexedMany(ctx, mark); err != nil {
			return err
		}
	}
	if len(fail.Ids) == 0 {
		return nil
	}
	return c.q.DocumentMarkFailedMany(ctx, fail)
}

// putIndex takes the tenant's turn: from here on no other commit of the tenant
// gets a generation before this one ends.
func (c *commit) putIndex(ctx context.Context) error {
	if c.batch.Segment == nil {
		return nil
	}
	current, err := c.q.IndexStateLock(ctx, c.tenant)
	if err != nil {
		return err
	}
	c.generation = current + 1
	if err := putSegment(ctx, c.q, c.tenant, *c.batch.Segment, c.generation); err != nil {
		return err
	}
	if c.lacks, err = putSegmentVectors(ctx, c.q, c.tenant, *c.batch.Segment); err != nil {
		return err
	}
	if len(c.tombs.DocumentIds) > 0 {
		c.tombs.TenantID, c.tombs.Generation = c.tenant, c.generation
		if err := c.q.IndexTombstonePutMany(ctx, c.tombs); err != nil {
			return err
		}
	}
	err = c.q.IndexStateAdvance(ctx, db.IndexStateAdvanceParams{
		TenantID: c.tenant, Generation: c.generation, Documents: c.documents, Chunks: c.chunks,
		Written: int64(c.batch.Segment.Chunks),
	})
	if err != nil {
		return err
	}
	return notifyGeneration(ctx, c.q, c.tenant, c.generation)
}

func (c *commit) finishItems(ctx context.Context) error {
	job, err := c.q.JobLock(ctx, db.JobLockParams{TenantID: c.tenant, ID: c.batch.JobID})
	if err != nil {
		return err
	}
	if domain.JobState(job.State).Final() {
		return ErrBatchChanged
	}
	p := db.JobItemFinishManyParams{TenantID: c.tenant, JobID: c.batch.JobID, Attempt: int32(c.batch.Attempt)}
	var failed int32
	for _, it := range c.batch.Items {
		p.Seqs = append(p.Seqs, int32(it.Seq))
		p.States = append(p.States, string(it.State))
		p.Stages = append(p.Stages, it.Stage)
		p.Codes = append(p.Codes, it.Code)
		p.Messages = append(p.Messages, it.Message)
		if it.State == domain.ItemFailed {
			failed++
		}
	}
	rows, err := c.q.JobItemFinishMany(ctx, p)
	if err != nil {
		return err
	}
	if len(rows) != len(c.batch.Items) {
		return ErrBatchChanged
	}
	return advanceJob(ctx, c.q, db.JobAdvanceParams{
		TenantID: c.tenant, ID: c.batch.JobID, Done: int32(len(rows)) - failed, Failed: failed, Stage: domain.StageCommit,
	})
}
