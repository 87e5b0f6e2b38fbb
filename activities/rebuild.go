package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/reindex"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Limits of one shadow segment, by what its Builder holds in memory, and of what
// is made while commits wait.
const (
	rebuildDocs  = 20_000
	rebuildBytes = 16 << 20
	swapDocs     = 500
	// rebuildSlice is how long one BuildShadow goes on, so that the workflow tells
	// how far it is.
	rebuildSlice = 30 * time.Second
)

// Rebuilds makes a tenant's segments anew from its documents.
type Rebuilds struct {
	Store     *store.Store
	Index     *index.Manager
	Compactor Compactor
	// Embeddings may be nil.
	Embeddings EmbeddingStarter
}

// RebuildInput names a rebuild.
type RebuildInput struct {
	TenantID  uuid.UUID `json:"tenant_id"`
	RebuildID uuid.UUID `json:"rebuild_id"`
}

// StartRebuildInput says why there is a rebuild.
type StartRebuildInput struct {
	TenantID   uuid.UUID `json:"tenant_id"`
	RebuildID  uuid.UUID `json:"rebuild_id"`
	Reason     string    `json:"reason"`
	WorkflowID string    `json:"workflow_id"`
}

// RebuildOutput says how far a rebuild is.
type RebuildOutput struct {
	Documents int64 `json:"documents"`
	Total     int64 `json:"total"`
	// More says that there are further documents to build.
	More bool `json:"more,omitempty"`
	// Behind are documents that were committed since they were built.
	Behind int `json:"behind,omitempty"`
	// Generation is the commit that made the segments live; 0 while they are not.
	Generation uint64 `json:"generation,omitempty"`
}

func rebuildOutput(r store.Rebuild) RebuildOutput {
	return RebuildOutput{Documents: r.Documents, Total: r.Total, Generation: r.Generation}
}

// StartRebuild records that the rebuild runs.
func (r *Rebuilds) StartRebuild(ctx context.Context, in StartRebuildInput) (RebuildOutput, error) {
	started, err := r.Store.StartRebuild(ctx, in.TenantID, in.RebuildID, in.Reason, in.WorkflowID)
	return rebuildOutput(started), toTemporal(err)
}

// BuildShadow builds segments that no search sees yet, for half a minute. An
// attempt after a crash goes on behind the last segment that was stored.
func (r *Rebuilds) BuildShadow(ctx context.Context, in RebuildInput) (out RebuildOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	step, err := beginStep(ctx, r.Store, beat, in.TenantID, in.RebuildID, domain.SeqRange{}, "", false)
	if err != nil {
		return out, toTemporal(err)
	}
	defer func() { step.end(ctx, err) }()
	for end := time.Now().Add(rebuildSlice); ; {
		last, err := r.running(ctx, in)
		if err != nil {
			return out, toTemporal(err)
		}
		beat.set(Progress{Stage: domain.StageBuild, Done: int(last.Documents), Total: int(last.Total)})
		out = rebuildOutput(*last)
		if out.More = !time.Now().Before(end); out.More {
			return out, nil
		}
		docs, err := r.Store.IndexedDocumentsAfter(ctx, in.TenantID, last.After, rebuildDocs, rebuildBytes)
		if err != nil || len(docs) == 0 {
			return out, toTemporal(err)
		}
		batch := store.ShadowBatch{From: last.After, To: docs[len(docs)-1].ID, Documents: len(docs)}
		if err := r.add(ctx, in, batch, docs); err != nil {
			return out, toTemporal(err)
		}
	}
}

// running returns the rebuild as long as it is the one that runs.
func (r *Rebuilds) running(ctx context.Context, in RebuildInput) (*store.Rebuild, error) {
	last, err := r.Store.LastRebuild(ctx, in.TenantID)
	if err == nil && (last == nil || last.ID != in.RebuildID || last.State != store.RebuildRunning) {
		err = store.ErrRebuildOver
	}
	return last, err
}

// add stores a segment of documents.
func (r *Rebuilds) add(ctx context.Context, in RebuildInput, batch store.ShadowBatch, docs []store.IndexedDocument) error {
	seg, err := r.build(ctx, in.TenantID, docs)
	if err != nil {
		return err
	}
	if seg != nil {
		batch.Segment = seg.stored()
	}
	if err := r.Store.AddShadow(ctx, in.TenantID, in.RebuildID, batch); err != nil || seg == nil {
		return err
	}
	seg.adopt(ctx, r.Index, in.TenantID)
	return nil
}

// build returns nil when nothing of the documents can be searched.
func (r *Rebuilds) build(ctx context.Context, tenant uuid.UUID, docs []store.IndexedDocument) (*builtSegment, error) {
	full, err := r.fill(ctx, tenant, docs)
	if err != nil {
		return nil, fmt.Errorf("complete the documents: %w", err)
	}
	if len(full) == 0 {
		return nil, nil
	}
	data, meta, err := reindex.Build(full)
	if err != nil {
		return nil, err
	}
	return &builtSegment{id: uuid.Must(uuid.NewV7()), data: data, meta: meta}, nil
}

// fill completes documents. The live segments are only opened for those whose row
// has moved on: a rebuild must not depend on what it is to mend.
func (r *Rebuilds) fill(ctx context.Context, tenant uuid.UUID, docs []store.IndexedDocument) (full []index.Document, err error) {
	var lost []uuid.UUID
	if !slices.ContainsFunc(docs, func(d store.IndexedDocument) bool { return d.Overwritten }) {
		full, lost, err = reindex.Fill(docs, nil)
	} else if err = r.Index.Refresh(ctx, tenant); err == nil {
		err = r.Index.Use(ctx, tenant, func(s *index.Snapshot) (err error) {
			full, lost, err = reindex.Fill(docs, s)
			return err
		})
	}
	if errors.Is(err, index.ErrCorrupt) {
		full, lost, err = reindex.Fill(docs, nil)
	}
	if len(lost) > 0 {
		// What was committed meanwhile is met again by CatchUpRebuild.
		activity.GetLogger(ctx).Warn("documents are left out of a segment", "documents", len(lost), "first", lost[0])
	}
	return full, err
}

// CatchUpRebuild builds what was committed since it was built, while commits go on.
func (r *Rebuilds) CatchUpRebuild(ctx context.Context, in RebuildInput) (out RebuildOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	step, err := beginStep(ctx, r.Store, beat, in.TenantID, in.RebuildID, domain.SeqRange{}, "", false)
	if err != nil {
		return out, toTemporal(err)
	}
	defer func() { step.end(ctx, err) }()
	last, err := r.running(ctx, in)
	if err != nil {
		return out, toTemporal(err)
	}
	if err := r.Store.SetRebuildStage(ctx, in.TenantID, in.RebuildID, store.RebuildStageCatchUp); err != nil {
		return out, toTemporal(err)
	}
	versions, err := r.Store.IndexedVersions(ctx, in.TenantID)
	if err != nil {
		return out, toTemporal(err)
	}
	behind, _, err := r.compare(ctx, in, versions)
	out = rebuildOutput(*last)
	out.Behind = len(behind)
	for done := 0; done < len(behind) && err == nil; done += MaxBatchItems {
		beat.set(Progress{Stage: store.RebuildStageCatchUp, Done: done, Total: len(behind)})
		var docs []store.IndexedDocument
		docs, err = r.Store.IndexedDocuments(ctx, in.TenantID, behind[done:min(done+MaxBatchItems, len(behind))])
		if err == nil {
			err = r.add(ctx, in, store.ShadowBatch{From: last.After, To: last.After}, docs)
		}
	}
	return out, toTemporal(err)
}

func (r *Rebuilds) compare(ctx context.Context, in RebuildInput, versions []store.IndexedVersion) (behind []uuid.UUID, dead []index.Tombstone, err error) {
	refs, err := r.Store.ShadowSegments(ctx, in.TenantID, in.RebuildID)
	if err != nil {
		return nil, nil, err
	}
	var held []reindex.Held
	for _, ref := range refs {
		s, err := r.Index.OpenSegment(ctx, in.TenantID, ref)
		if err != nil {
			return nil, nil, err
		}
		err = s.EachDocument(func(id uuid.UUID, version uint64) { held = append(held, reindex.Held{ID: id, Version: version}) })
		if err = errors.Join(err, s.Close()); err != nil {
			return nil, nil, err
		}
	}
	behind, dead = reindex.Compare(versions, held)
	return behind, dead, nil
}

// errBehind ends a swap for which too much was committed since it was built.
var errBehind = errors.New("too much was committed meanwhile")

// SwapRebuild makes the built segments live. Behind tells that it did not, because
// more was committed meanwhile than commits should wait for.
func (r *Rebuilds) SwapRebuild(ctx context.Context, in RebuildInput) (out RebuildOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	step, err := beginStep(ctx, r.Store, beat, in.TenantID, in.RebuildID, domain.SeqRange{}, "", false)
	if err != nil {
		return out, toTemporal(err)
	}
	defer func() { step.end(ctx, err) }()
	beat.set(Progress{Stage: store.RebuildStageSwap})
	last, err := r.Store.LastRebuild(ctx, in.TenantID)
	if err != nil {
		return out, toTemporal(err)
	}
	if last != nil && last.ID == in.RebuildID && last.State == store.RebuildCompleted {
		return rebuildOutput(*last), nil // by an attempt that could not say so
	}
	if err := r.Store.SetRebuildStage(ctx, in.TenantID, in.RebuildID, store.RebuildStageSwap); err != nil {
		return out, toTemporal(err)
	}
	var seg *builtSegment
	generation, err := r.Store.SwapRebuild(ctx, in.TenantID, in.RebuildID, func(versions []store.IndexedVersion) (swap store.Swap, err error) {
		behind, dead, err := r.compare(ctx, in, versions)
		out = RebuildOutput{Documents: int64(len(versions)), Total: int64(len(versions)), Behind: len(behind)}
		if err != nil || len(behind) > swapDocs {
			return swap, errors.Join(err, errBehind)
		}
		swap.Dead = dead
		seg, swap.Segment, err = r.rest(ctx, in.TenantID, behind)
		return swap, err
	})
	if errors.Is(err, errBehind) && out.Behind > swapDocs {
		return out, nil
	}
	if err != nil {
		return out, toTemporal(err)
	}
	if seg != nil {
		seg.adopt(ctx, r.Index, in.TenantID)
	}
	out.Behind, out.Generation = 0, generation
	return out, nil
}

// rest builds the last segment of a rebuild; nil when there is nothing left.
func (r *Rebuilds) rest(ctx context.Context, tenant uuid.UUID, ids []uuid.UUID) (*builtSegment, *store.Segment, error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	docs, err := r.Store.IndexedDocuments(ctx, tenant, ids)
	if err != nil {
		return nil, nil, err
	}
	seg, err := r.build(ctx, tenant, docs)
	if err != nil || seg == nil {
		return nil, nil, err
	}
	return seg, seg.stored(), nil
}

// FollowRebuild asks for what a rebuilt index wants next: larger segments, and the
// vectors that its segments lack.
func (r *Rebuilds) FollowRebuild(ctx context.Context, in RebuildInput) error {
	if err := r.Compactor.RequestCompaction(ctx, in.TenantID); err != nil {
		return toTemporal(err)
	}
	if r.Embeddings == nil {
		return nil
	}
	totals, err := r.Store.IndexCounters(ctx, in.TenantID)
	if err != nil {
		return toTemporal(err)
	}
	state, err := r.Store.IndexState(ctx, in.TenantID, totals.Generation)
	if err != nil || state.Model == nil {
		return toTemporal(err)
	}
	return toTemporal(r.Embeddings.RequestVectors(ctx, in.TenantID))
}

// EndRebuildInput says how a rebuild ended that did not become live.
type EndRebuildInput struct {
	TenantID  uuid.UUID `json:"tenant_id"`
	RebuildID uuid.UUID `json:"rebuild_id"`
	Canceled  bool      `json:"canceled"`
	Message   string    `json:"message"`
}

// EndRebuild drops what was built. The index stays as it was.
func (r *Rebuilds) EndRebuild(ctx context.Context, in EndRebuildInput) error {
	state := store.RebuildFailed
	if in.Canceled {
		state = store.RebuildCanceled
	}
	return toTemporal(r.Store.EndRebuild(ctx, in.TenantID, in.RebuildID, state, in.Message))
}
