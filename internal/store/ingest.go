package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// AcceptOutcome says what became of one accepted document.
type AcceptOutcome string

// The outcomes of acceptance.
const (
	AcceptCreated   AcceptOutcome = "created"
	AcceptUpdated   AcceptOutcome = "updated"
	AcceptUnchanged AcceptOutcome = "unchanged" // same external id, same content
	AcceptDuplicate AcceptOutcome = "duplicate" // no external id, content known
	AcceptRejected  AcceptOutcome = "rejected"  // the tenant's quota has no room for it
)

// Accepted is the answer for one document of an ingest.
type Accepted struct {
	DocumentID uuid.UUID
	Version    int64
	Outcome    AcceptOutcome
	// Reason says why a document was rejected.
	Reason *domain.Error
}

// Queued reports whether the document goes into the index by this ingest.
func (a Accepted) Queued() bool { return a.Outcome == AcceptCreated || a.Outcome == AcceptUpdated }

// Ingest is one atomic acceptance: documents, their job, the count they add to
// the tenant's usage and the idempotency record are committed together or not at all.
type Ingest struct {
	q      *db.Queries
	tenant uuid.UUID
	tiers  domain.Tiers
	jobID  uuid.UUID
	items  int
	bytes  int64
	// made and grown are the documents and bytes of content that this ingest adds.
	made, grown int64
	// room is nil when documents are not judged one by one.
	room *room
}

// JobID is the job that will index what this ingest queues.
func (i *Ingest) JobID() uuid.UUID { return i.jobID }

// Items is how many documents are queued so far.
func (i *Ingest) Items() int { return i.items }

// Reply is what a caller is answered, kept under the idempotency key.
type Reply struct {
	Status int
	Body   json.RawMessage
	// RequestHash is the SHA-256 of the request, known once it was read.
	RequestHash [32]byte
}

// IngestOptions describe an ingest.
type IngestOptions struct {
	// IdempotencyKey is empty when the caller sent none.
	IdempotencyKey string
	// Operation names the route; the same key on another route is refused.
	Operation string
	// ReadRequest reads the rest of the request and returns its hash. It is
	// called instead of the ingest's function when the key was used before.
	ReadRequest func(context.Context) ([32]byte, error)
	// PartsMayBeRejected takes of many documents those that the tenant's quota has
	// room for. Without it, all or none are taken.
	PartsMayBeRejected bool
}

// IngestResult is the outcome of an ingest.
type IngestResult struct {
	Reply
	// Job is nil when nothing was queued or when the reply is a replay.
	Job      *domain.Job
	Replayed bool
}

// Ingest runs fn in one transaction and commits what it accepted. With an
// idempotency key that was used for the same request it returns the first
// reply; for another request it returns CodeIdempotencyMismatch.
func (s *Store) Ingest(ctx context.Context, tenant uuid.UUID, o IngestOptions, fn func(*Ingest) (Reply, error)) (IngestResult, error) {
	var out IngestResult
	err := s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if o.IdempotencyKey != "" {
			first, err := s.reserve(ctx, q, tenant, o)
			if err != nil {
				return err
			}
			if !first {
				out, err = replay(ctx, q, tenant, o)
				return err
			}
		}
		in := &Ingest{q: q, tenant: tenant, tiers: s.tiers, jobID: uuid.Must(uuid.NewV7())}
		if o.PartsMayBeRejected {
			in.room = &room{}
		}
		reply, err := fn(in)
		if err != nil {
			return err
		}
		out.Reply = reply
		if out.Job, err = in.finish(ctx); err != nil {
			return err
		}
		if o.IdempotencyKey == "" {
			return nil
		}
		return q.IdempotencyKeyComplete(ctx, db.IdempotencyKeyCompleteParams{
			TenantID: tenant, Key: o.IdempotencyKey, RequestHash: reply.RequestHash[:],
			Status: int32(reply.Status), Response: reply.Body,
		})
	})
	return out, err
}

func (s *Store) reserve(ctx context.Context, q *db.Queries, tenant uuid.UUID, o IngestOptions) (bool, error) {
	key := db.IdempotencyKeyDeleteExpiredParams{TenantID: tenant, Key: o.IdempotencyKey}
	if err := q.IdempotencyKeyDeleteExpired(ctx, key); err != nil {
		return false, err
	}
	n, err := q.IdempotencyKeyReserve(ctx, db.IdempotencyKeyReserveParams{TenantID: tenant, Key: o.IdempotencyKey, Operation: o.Operation})
	return n == 1, err
}

func replay(ctx context.Context, q *db.Queries, tenant uuid.UUID, o IngestOptions) (IngestResult, error) {
	row, err := q.IdempotencyKeyGet(ctx, db.IdempotencyKeyGetParams{TenantID: tenant, Key: o.IdempotencyKey})
	if err != nil {
		return IngestResult{}, err
	}
	hash, err := o.ReadRequest(ctx)
	if err != nil {
		return IngestResult{}, err
	}
	if row.Operation != o.Operation || !bytes.Equal(row.RequestHash, hash[:]) {
		return IngestResult{}, domain.Errorf(domain.CodeIdempotencyMismatch,
			"this Idempotency-Key was used for another request; use a new key for a new request")
	}
	return IngestResult{Reply: Reply{Status: int(row.Status), Body: row.Response}, Replayed: true}, nil
}

// Add accepts normalized documents. Documents that share an external id are
// written in their order, so the last one wins.
func (i *Ingest) Add(ctx context.Context, docs []domain.DocumentInput) ([]Accepted, error) {
	out := make([]Accepted, len(docs))
	if err := i.judge(ctx, docs, out); err != nil {
		return nil, err
	}
	for _, round := range rounds(docs, out) {
		if err := i.addRound(ctx, docs, round, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rounds splits docs that are not rejected into runs of indexes in which no document
// repeats.
func rounds(docs []domain.DocumentInput, out []Accepted) (all [][]int) {
	var current []int
	seen := make(map[string]bool, len(docs))
	for n := range docs {
		if out[n].Outcome == AcceptRejected {
			continue
		}
		name := "e" + docs[n].ExternalID
		if docs[n].ExternalID == "" {
			h := docs[n].Hash()
			name = "h" + string(h[:])
		}
		if seen[name] {
			all = append(all, current)
			current = nil
			clear(seen)
		}
		seen[name] = true
		current = append(current, n)
	}
	return append(all, current)
}

func (i *Ingest) addRound(ctx context.Context, docs []domain.DocumentInput, round []int, out []Accepted) error {
	named, unnamed := newColumns(len(round)), newColumns(len(round))
	for _, n := range round {
		c := unnamed
		if docs[n].ExternalID != "" {
			c = named
		}
		if err := c.add(&docs[n], n); err != nil {
			return err
		}
	}
	if err := i.addNamed(ctx, named, out); err != nil {
		return err
	}
	if err := i.addUnnamed(ctx, unnamed, out); err != nil {
		return err
	}
	return i.queue(ctx, docs, round, out)
}

// addNamed upserts documents that have an external id.
func (i *Ingest) addNamed(ctx context.Context, c *columns, out []Accepted) error {
	if len(c.ids) == 0 {
		return nil
	}
	rows, err := i.q.DocumentUpsertMany(ctx, c.upsertParams(i.tenant, i.jobID))
	if err != nil {
		return err
	}
	position := make(map[string]int, len(c.ids))
	for at, name := range c.externalIDs {
		position[name] = at
	}
	for _, r := range rows {
		at := position[*r.ExternalID]
		outcome := AcceptUpdated
		if r.ID == c.ids[at] {
			outcome = AcceptCreated
		}
		out[c.index[at]] = Accepted{DocumentID: r.ID, Version: r.Version, Outcome: outcome}
		i.grown += int64(r.Grown)
		delete(position, *r.ExternalID)
	}
	if len(position) == 0 {
		return nil
	}
	left := make([]string, 0, len(position))
	for name := range position {
		left = append(left, name)
	}
	known, err := i.q.DocumentIDsByExternalID(ctx, db.DocumentIDsByExternalIDParams{TenantID: i.tenant, ExternalIds: left})
	for _, k := range known {
		out[c.index[position[*k.ExternalID]]] = Accepted{DocumentID: k.ID, Version: k.Version, Outcome: AcceptUnchanged}
		delete(position, *k.ExternalID)
	}
	return orphaned(err, len(position))
}

// addUnnamed inserts documents that are told apart by their content.
func (i *Ingest) addUnnamed(ctx context.Context, c *columns, out []Accepted) error {
	if len(c.ids) == 0 {
		return nil
	}
	rows, err := i.q.DocumentInsertMany(ctx, c.insertParams(i.tenant, i.jobID))
	if err != nil {
		return err
	}
	position := make(map[string]int, len(c.ids))
	for at, hash := range c.hashes {
		position[string(hash)] = at
	}
	for _, r := range rows {
		at := position[string(r.ContentHash)]
		outcome := AcceptUpdated
		if r.ID == c.ids[at] {
			outcome = AcceptCreated
			i.grown += int64(c.sizes[at])
		}
		out[c.index[at]] = Accepted{DocumentID: r.ID, Version: r.Version, Outcome: outcome}
		delete(position, string(r.ContentHash))
	}
	if len(position) == 0 {
		return nil
	}
	left := make([][]byte, 0, len(position))
	for hash := range position {
		left = append(left, []byte(hash))
	}
	known, err := i.q.DocumentIDsByHash(ctx, db.DocumentIDsByHashParams{TenantID: i.tenant, ContentHashes: left})
	for _, k := range known {
		out[c.index[position[string(k.ContentHash)]]] = Accepted{DocumentID: k.ID, Version: k.Version, Outcome: AcceptDuplicate}
		delete(position, string(k.ContentHash))
	}
	return orphaned(err, len(position))
}

// orphaned reports documents that were neither written nor found: another
// request deleted them between the two statements. The caller tries again.
func orphaned(err error, n int) error {
	if err == nil && n > 0 {
		return domain.Errorf(domain.CodeConflict, "the same documents are being changed by another request, try again")
	}
	return err
}

// queue stores the contents of what was written and gives each a job item.
func (i *Ingest) queue(ctx context.Context, docs []domain.DocumentInput, round []int, out []Accepted) error {
	made := db.DocumentContentInsertManyParams{TenantID: i.tenant}
	changed := db.DocumentContentPutManyParams{TenantID: i.tenant}
	items := db.JobItemInsertManyParams{TenantID: i.tenant, JobID: i.jobID}
	for _, n := range round {
		a := out[n]
		switch a.Outcome {
		case AcceptCreated:
			made.Ids = append(made.Ids, a.DocumentID)
			made.Contents = append(made.Contents, docs[n].Content)
			i.made++
		case AcceptUpdated:
			changed.Ids = append(changed.Ids, a.DocumentID)
			changed.Contents = append(changed.Contents, docs[n].Content)
		default:
			continue
		}
		i.item(&items, a.DocumentID, a.Version, len(docs[n].Content))
	}
	if len(made.Ids) > 0 {
		if err := i.q.DocumentContentInsertMany(ctx, made); err != nil {
			return err
		}
	}
	if len(changed.Ids) > 0 {
		if err := i.q.DocumentContentPutMany(ctx, changed); err != nil {
			return err
		}
	}
	if len(items.Seqs) == 0 {
		return nil
	}
	return i.q.JobItemInsertMany(ctx, items)
}

func (i *Ingest) item(p *db.JobItemInsertManyParams, id uuid.UUID, version int64, size int) {
	i.items++
	i.bytes += int64(size)
	p.Seqs = append(p.Seqs, int32(i.items))
	p.DocumentIds = append(p.DocumentIds, id)
	p.Versions = append(p.Versions, version)
	p.Bytes = append(p.Bytes, int32(size))
}

// Replace gives a document a new content, whatever its external id. It returns
// a not-found error for a document of another tenant. change gets the stored
// input and returns the new one.
func (i *Ingest) Replace(ctx context.Context, id uuid.UUID, change func(domain.DocumentInput) (domain.DocumentInput, error)) (Accepted, error) {
	row, err := i.q.DocumentGetForUpdate(ctx, db.DocumentGetForUpdateParams{TenantID: i.tenant, ID: id})
	if noRows(err) {
		return Accepted{}, domain.NotFound("document")
	}
	if err != nil {
		return Accepted{}, err
	}
	next, err := change(inputFrom(row.Document, row.Content))
	if err != nil {
		return Accepted{}, err
	}
	if err := next.Normalize(); err != nil {
		return Accepted{}, err
	}
	hash := next.Hash()
	if bytes.Equal(hash[:], row.Document.ContentHash) && row.Document.State != string(domain.DocumentFailed) {
		return Accepted{DocumentID: id, Version: row.Document.Version, Outcome: AcceptUnchanged}, nil
	}
	c := newColumns(1)
	if err := c.add(&next, 0); err != nil {
		return Accepted{}, err
	}
	version, err := i.q.DocumentUpdate(ctx, c.updateParams(i.tenant, id, i.jobID))
	if isUnique(err, "documents_content_hash") {
		return Accepted{}, domain.Errorf(domain.CodeConflict, "another document has exactly this content already")
	}
	if err != nil {
		return Accepted{}, err
	}
	i.grown += int64(len(next.Content)) - int64(row.Document.ContentBytes)
	out := []Accepted{{DocumentID: id, Version: version, Outcome: AcceptUpdated}}
	return out[0], i.queue(ctx, []domain.DocumentInput{next}, []int{0}, out)
}

// Requeue gives documents a new version with the content they have, so that
// they are indexed again. Without force only those that are not indexed. It
// returns the ids that do not exist.
func (i *Ingest) Requeue(ctx context.Context, ids []uuid.UUID, force bool) (missing []uuid.UUID, err error) {
	existing, err := i.q.DocumentIDsExisting(ctx, db.DocumentIDsExistingParams{TenantID: i.tenant, Ids: ids})
	if err != nil {
		return nil, err
	}
	there := make(map[uuid.UUID]bool, len(existing))
	for _, id := range existing {
		there[id] = true
	}
	for _, id := range ids {
		if !there[id] {
			missing = append(missing, id)
		}
	}
	rows, err := i.q.DocumentRequeueMany(ctx, db.DocumentRequeueManyParams{TenantID: i.tenant, Ids: existing, JobID: i.jobID, Force: force})
	if err != nil || len(rows) == 0 {
		return missing, err
	}
	items := db.JobItemInsertManyParams{TenantID: i.tenant, JobID: i.jobID}
	for _, r := range rows {
		i.item(&items, r.ID, r.Version, int(r.ContentBytes))
	}
	return missing, i.q.JobItemInsertMany(ctx, items)
}

// finish writes the job and the usage, last, so that their rows are locked
// only for the commit. It fails when the tenant's quota has no room for the whole.
func (i *Ingest) finish(ctx context.Context) (*domain.Job, error) {
	if i.items == 0 {
		return nil, nil
	}
	// A request that came in before its tenant was suspended may end after it.
	if err := i.admit(ctx); err != nil {
		return nil, err
	}
	if err := addUsage(ctx, i.q, i.tiers, i.tenant, i.made, i.grown); err != nil {
		return nil, err
	}
	job := &domain.Job{
		ID: i.jobID, TenantID: i.tenant, Kind: domain.JobIndexDocuments, State: domain.JobQueued,
		Total: i.items, Bytes: i.bytes, WorkflowID: fmt.Sprintf("index/%s/%s", i.tenant, i.jobID),
	}
	return job, i.q.JobInsert(ctx, jobInsertParams(ctx, job))
}

func (i *Ingest) admit(ctx context.Context) error {
	active, err := i.q.TenantAdmit(ctx, i.tenant)
	if noRows(err) || err == nil && !active {
		return domain.Errorf(domain.CodePermissionDenied, "the tenant is not active: nothing was accepted")
	}
	return err
}
