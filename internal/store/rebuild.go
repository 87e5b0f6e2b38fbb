package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// RebuildState says how a rebuild stands.
type RebuildState string

// The states of a rebuild.
const (
	RebuildRunning   RebuildState = "running"
	RebuildCompleted RebuildState = "completed"
	RebuildFailed    RebuildState = "failed"
	RebuildCanceled  RebuildState = "canceled"
)

// The stages of a running rebuild.
const (
	RebuildStageBuild   = "build"
	RebuildStageCatchUp = "catch_up"
	RebuildStageSwap    = "swap"
)

// Rebuild is the last rebuild of a tenant's index.
type Rebuild struct {
	ID         uuid.UUID
	State      RebuildState
	Stage      string
	Reason     string
	WorkflowID string
	// After is the last document that is in the shadow segments.
	After uuid.UUID
	// Documents and Chunks are in the shadow segments; Total are the documents
	// there were at the start.
	Documents, Chunks, Total int64
	// Generation is the commit that made the rebuilt segments live.
	Generation uint64
	Error      string
	StartedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time
}

// StartRebuild records that a rebuild runs and drops what an earlier one has left.
// For a rebuild that was started already it changes nothing.
func (s *Store) StartRebuild(ctx context.Context, tenant, id uuid.UUID, reason, workflowID string) (out Rebuild, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		state, err := q.IndexStateGet(ctx, tenant)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		if err != nil {
			return err
		}
		last, err := q.IndexRebuildGet(ctx, tenant)
		if err != nil && !noRows(err) {
			return err
		}
		if err == nil && last.ID != id {
			if err := q.IndexShadowDelete(ctx, db.IndexShadowDeleteParams{TenantID: tenant, ShadowOf: &last.ID}); err != nil {
				return err
			}
		}
		p := db.IndexRebuildStartParams{TenantID: tenant, ID: id, Reason: reason, WorkflowID: workflowID, Total: state.Documents}
		if _, err := q.IndexRebuildStart(ctx, p); err != nil {
			return err
		}
		row, err := q.IndexRebuildGet(ctx, tenant)
		out = rebuildFrom(row)
		return err
	})
	return out, err
}

// LastRebuild returns the tenant's last rebuild; nil when there never was one.
func (s *Store) LastRebuild(ctx context.Context, tenant uuid.UUID) (out *Rebuild, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.IndexRebuildGet(ctx, tenant)
		if noRows(err) {
			return nil
		}
		r := rebuildFrom(row)
		out = &r
		return err
	})
	return out, err
}

// QuietRebuild is a running rebuild of any tenant.
type QuietRebuild struct {
	TenantID, ID uuid.UUID
	WorkflowID   string
}

// QuietRebuilds lists running rebuilds that have shown no sign of life for a while,
// the quietest first.
func (s *Store) QuietRebuilds(ctx context.Context, quiet time.Duration, limit int) (out []QuietRebuild, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.IndexRebuildQuiet(ctx, db.IndexRebuildQuietParams{Quiet: interval(quiet), RowLimit: int32(limit)})
		for _, r := range rows {
			out = append(out, QuietRebuild{TenantID: r.TenantID, ID: r.ID, WorkflowID: r.WorkflowID})
		}
		return err
	})
	return out, err
}

func rebuildFrom(r db.IndexRebuild) Rebuild {
	return Rebuild{
		ID: r.ID, State: RebuildState(r.State), Stage: r.Stage, Reason: r.Reason, WorkflowID: r.WorkflowID, After: r.AfterID,
		Documents: r.Documents, Chunks: r.Chunks, Total: r.Total, Generation: uint64(r.Generation), Error: r.Error,
		StartedAt: r.StartedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), FinishedAt: r.FinishedAt,
	}
}

// SetRebuildStage records what a running rebuild does now.
func (s *Store) SetRebuildStage(ctx context.Context, tenant, id uuid.UUID, stage string) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		return q.IndexRebuildStage(ctx, db.IndexRebuildStageParams{TenantID: tenant, ID: id, Stage: stage})
	})
}

// EndRebuild records how a rebuild ended and drops its shadow segments. One that
// has ended already stays as it is.
func (s *Store) EndRebuild(ctx context.Context, tenant, id uuid.UUID, state RebuildState, message string) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if err := q.IndexShadowDelete(ctx, db.IndexShadowDeleteParams{TenantID: tenant, ShadowOf: &id}); err != nil {
			return err
		}
		_, err := q.IndexRebuildEnd(ctx, db.IndexRebuildEndParams{TenantID: tenant, ID: id, State: string(state), Error: message})
		return err
	})
}

// ErrRebuildOver is returned for work on a rebuild that has ended, or that
// another worker has taken further.
var ErrRebuildOver = domain.Errorf(domain.CodeConflict, "the rebuild has ended or was continued by another worker")

// ShadowBatch is a part of a rebuild.
type ShadowBatch struct {
	// From is the document after which the batch begins, To its last one. Equal
	// for documents that were committed meanwhile, which are not in that order.
	From, To uuid.UUID
	// Segment may be nil when nothing of the batch can be searched.
	Segment *Segment
	// Documents are counted as progress.
	Documents int
}

// AddShadow stores a segment of a rebuild, which no search sees yet, together
// with how far the rebuild has come.
func (s *Store) AddShadow(ctx context.Context, tenant, id uuid.UUID, b ShadowBatch) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		p := db.IndexRebuildAdvanceParams{TenantID: tenant, ID: id, FromID: b.From, AfterID: b.To, Documents: int64(b.Documents)}
		if b.Segment != nil {
			p.Chunks = int64(b.Segment.Chunks)
		}
		n, err := q.IndexRebuildAdvance(ctx, p)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrRebuildOver
		}
		if b.Segment == nil {
			return nil
		}
		if err := insertSegment(ctx, q, tenant, *b.Segment, 0, 0, &id); err != nil || b.Segment.Vectors == nil {
			return err
		}
		return insertVectors(ctx, q, tenant, b.Segment.ID, *b.Segment.Vectors)
	})
}

// ShadowSegments lists the segments of a rebuild.
func (s *Store) ShadowSegments(ctx context.Context, tenant, id uuid.UUID) (out []index.SegmentRef, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.IndexShadowList(ctx, db.IndexShadowListParams{TenantID: tenant, ShadowOf: &id})
		for _, r := range rows {
			out = append(out, segmentRef(db.IndexSegmentListRow(r)))
		}
		return err
	})
	return out, err
}

// Swap is what the rebuilt segments still lack when they are to become live.
type Swap struct {
	// Segment holds documents that were committed since they were rebuilt; nil
	// for none.
	Segment *Segment
	// Dead are rebuilt documents that were deleted since.
	Dead []index.Tombstone
}

// SwapRebuild makes the segments of a rebuild the tenant's index, in one
// transaction and under the lock of its commits. decide is told what is indexed
// now, by id, and says what is to be added; nothing can be committed until the
// transaction ends. Its error ends the swap, with nothing changed.
func (s *Store) SwapRebuild(ctx context.Context, tenant, id uuid.UUID, decide func([]IndexedVersion) (Swap, error)) (generation uint64, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		current, err := q.IndexStateLock(ctx, tenant)
		if err != nil {
			return err
		}
		last, err := q.IndexRebuildGet(ctx, tenant)
		if err != nil {
			return err
		}
		if last.ID != id || last.State != string(RebuildRunning) {
			return ErrRebuildOver
		}
		versions, err := indexedVersions(ctx, q, tenant)
		if err != nil {
			return err
		}
		swap, err := decide(versions)
		if err != nil {
			return err
		}
		generation = uint64(current) + 1
		return reveal(ctx, q, tenant, id, current+1, versions, swap)
	})
	return generation, err
}

// reveal is the writing part of SwapRebuild.
func reveal(ctx context.Context, q *db.Queries, tenant, id uuid.UUID, generation int64, versions []IndexedVersion, swap Swap) error {
	if err := q.IndexSegmentDeleteLive(ctx, tenant); err != nil {
		return err
	}
	// The tombstones of this commit are not worked into its segments.
	applied := generation - 1
	_, err := q.IndexShadowReveal(ctx, db.IndexShadowRevealParams{
		TenantID: tenant, ShadowOf: &id, Generation: generation, AppliedGeneration: applied,
	})
	if err != nil {
		return err
	}
	if swap.Segment != nil {
		if err := insertSegment(ctx, q, tenant, *swap.Segment, generation, applied, nil); err != nil {
			return err
		}
		if _, err := putSegmentVectors(ctx, q, tenant, *swap.Segment); err != nil {
			return err
		}
	}
	if err := q.IndexTombstoneDeleteAll(ctx, tenant); err != nil {
		return err
	}
	if len(swap.Dead) > 0 {
		dead := db.IndexTombstonePutManyParams{TenantID: tenant, Generation: generation}
		for _, t := range swap.Dead {
			dead.DocumentIds = append(dead.DocumentIds, t.DocumentID)
			dead.Versions = append(dead.Versions, int64(t.Version))
		}
		if err := q.IndexTombstonePutMany(ctx, dead); err != nil {
			return err
		}
	}
	state := db.IndexStateSetParams{TenantID: tenant, Generation: generation, Documents: int64(len(versions))}
	for _, v := range versions {
		state.Chunks += int64(v.Chunks)
	}
	if err := q.IndexStateSet(ctx, state); err != nil {
		return err
	}
	end := db.IndexRebuildEndParams{TenantID: tenant, ID: id, State: string(RebuildCompleted), Generation: generation}
	if _, err := q.IndexRebuildEnd(ctx, end); err != nil {
		return err
	}
	return notifyGeneration(ctx, q, tenant, generation)
}

// Limits of what makes PurgeExpired remove a shadow segment, and of what makes a
// tenant's index want work.
const (
	shadowMaxAge      = 24 * time.Hour
	upkeepMinHidden   = 100
	upkeepHiddenShare = 25 // percent
	upkeepMaxSegments = 64
)

// UpkeepDue is a tenant whose index wants work that no commit has asked for.
type UpkeepDue struct {
	TenantID uuid.UUID
	// Outdated says that texts were analysed by older rules than analysis: only a
	// rebuild helps. Else a compaction does.
	Outdated bool
}

// IndexUpkeep lists the tenants whose index wants work.
func (s *Store) IndexUpkeep(ctx context.Context, analysis int) (out []UpkeepDue, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.IndexUpkeepList(ctx, db.IndexUpkeepListParams{
			Analysis: int32(analysis), MinHidden: upkeepMinHidden, HiddenPercent: upkeepHiddenShare, MaxSegments: upkeepMaxSegments,
		})
		for _, r := range rows {
			out = append(out, UpkeepDue{TenantID: r.TenantID, Outdated: int(r.Analysis) < analysis})
		}
		return err
	})
	return out, err
}
