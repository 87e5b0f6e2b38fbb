package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// IndexState implements index.Source: the tenant's live segments, and the
// tombstones newer than the given generation, as of one moment.
func (s *Store) IndexState(ctx context.Context, tenant uuid.UUID, since uint64) (out index.State, err error) {
	// Several statements, one moment: a commit between them would show its
	// segments without its generation.
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		out, err = indexState(ctx, q, tenant, since)
		return err
	})
	return out, err
}

func indexState(ctx context.Context, q *db.Queries, tenant uuid.UUID, since uint64) (out index.State, err error) {
	state, err := q.IndexStateGet(ctx, tenant)
	if noRows(err) {
		return out, domain.NotFound("tenant")
	}
	if err != nil {
		return out, err
	}
	out.Generation = uint64(state.Generation)
	settings, err := q.SearchSettingsGet(ctx, tenant)
	if err != nil && !noRows(err) {
		return out, err
	}
	out.Settings = settings.Settings
	segments, err := q.IndexSegmentList(ctx, tenant)
	if err != nil {
		return out, err
	}
	for _, r := range segments {
		out.Segments = append(out.Segments, segmentRef(r))
	}
	if err := readModel(ctx, q, tenant, &out); err != nil {
		return out, err
	}
	tombs, err := q.IndexTombstoneList(ctx, db.IndexTombstoneListParams{TenantID: tenant, SinceGeneration: int64(since)})
	for _, t := range tombs {
		out.Tombstones = append(out.Tombstones, index.Tombstone{
			DocumentID: t.DocumentID, Version: uint64(t.Version), Generation: uint64(t.Generation),
		})
	}
	return out, err
}

func segmentRef(r db.IndexSegmentListRow) index.SegmentRef {
	return index.SegmentRef{
		ID: r.ID, Bytes: r.Bytes, Checksum: r.Checksum, Docs: int(r.Documents), Chunks: int(r.Chunks),
		Generation: uint64(r.Generation), AppliedGeneration: uint64(r.AppliedGeneration), Analysis: int(r.Analysis),
	}
}

// ReadSegment implements index.Source: it writes the segment's bytes to w,
// piece by piece. A segment that was merged away meanwhile is not found.
func (s *Store) ReadSegment(ctx context.Context, tenant, segment uuid.UUID, w io.Writer) error {
	return s.readParts(ctx, tenant, "index segment", w, func(q *db.Queries, part int32) ([]byte, error) {
		return q.IndexSegmentPartGet(ctx, db.IndexSegmentPartGetParams{TenantID: tenant, SegmentID: segment, Part: part})
	})
}

// Generations returns the committed generation of each tenant.
func (s *Store) Generations(ctx context.Context, tenants []uuid.UUID) (map[uuid.UUID]uint64, error) {
	out := make(map[uuid.UUID]uint64, len(tenants))
	err := s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.IndexGenerations(ctx, tenants)
		for _, r := range rows {
			out[r.TenantID] = uint64(r.Generation)
		}
		return err
	})
	return out, err
}

// Segment is a built segment that is to be stored.
type Segment struct {
	ID       uuid.UUID
	Docs     int
	Chunks   int
	Bytes    int64
	Checksum []byte
	// Analysis is index.Meta's: 0 for texts that only a rebuild makes current.
	Analysis int
	// AppliedGeneration is the generation of the snapshot a merge worked on; 0
	// for a segment that was built of documents only.
	AppliedGeneration uint64
	// Replaces are the segments merged into this one.
	Replaces []uuid.UUID
	// Open returns the segment's bytes.
	Open func() (io.ReadCloser, error)
	// staged says that the bytes are stored already, in the segment's own shadow.
	staged bool
	// Vectors of its chunks, which are kept if their model is still the active
	// one; nil for none.
	Vectors *Vectors
}

// ErrFenced is returned for a merge whose sources are not all live any more:
// another merge was faster. The caller plans again.
var ErrFenced = domain.Errorf(domain.CodeConflict, "the index segments changed meanwhile")

// CommitMerge replaces segments by the one they were merged into.
//
// The bytes are written before the tenant's commits are locked out: those of a
// large merge take seconds.
func (s *Store) CommitMerge(ctx context.Context, tenant uuid.UUID, seg Segment) (generation uint64, err error) {
	if seg.Docs > 0 {
		if err := s.stageSegment(ctx, tenant, &seg); err != nil {
			return 0, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, s.dropStaged(ctx, tenant, seg.ID))
			}
		}()
	}
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		current, err := q.IndexStateLock(ctx, tenant)
		if err != nil {
			return err
		}
		generation = uint64(current) + 1
		if err := putSegment(ctx, q, tenant, seg, current+1); err != nil {
			return err
		}
		if _, err := putSegmentVectors(ctx, q, tenant, seg); err != nil {
			return err
		}
		if err := q.IndexTombstonePurge(ctx, tenant); err != nil {
			return err
		}
		if err := q.IndexStateAdvance(ctx, db.IndexStateAdvanceParams{TenantID: tenant, Generation: current + 1}); err != nil {
			return err
		}
		return notifyGeneration(ctx, q, tenant, current+1)
	})
	return generation, err
}

// putSegment stores a segment and takes away what it replaces. A segment with
// no documents left only takes away. The caller holds the tenant's index_state.
func putSegment(ctx context.Context, q *db.Queries, tenant uuid.UUID, seg Segment, generation int64) error {
	if len(seg.Replaces) > 0 {
		n, err := q.IndexSegmentDeleteMany(ctx, db.IndexSegmentDeleteManyParams{TenantID: tenant, Ids: seg.Replaces})
		if err != nil {
			return err
		}
		if int(n) != len(seg.Replaces) {
			return ErrFenced
		}
	}
	if seg.Docs == 0 {
		return nil
	}
	applied := generation
	if seg.AppliedGeneration > 0 {
		applied = int64(seg.AppliedGeneration)
	}
	if seg.staged {
		return revealSegment(ctx, q, tenant, seg.ID, generation, applied)
	}
	return insertSegment(ctx, q, tenant, seg, generation, applied, nil)
}

// insertSegment writes a segment and its bytes; shadowOf is nil for one that is
// live at once.
func insertSegment(ctx context.Context, q *db.Queries, tenant uuid.UUID, seg Segment, generation, applied int64, shadowOf *uuid.UUID) error {
	err := q.IndexSegmentInsert(ctx, db.IndexSegmentInsertParams{
		TenantID: tenant, ID: seg.ID, Generation: generation, AppliedGeneration: applied, Documents: int32(seg.Docs),
		Chunks: int32(seg.Chunks), Bytes: seg.Bytes, Checksum: seg.Checksum, Analysis: int32(seg.Analysis), ShadowOf: shadowOf,
	})
	if err != nil {
		return err
	}
	r, err := seg.Open()
	if err != nil {
		return fmt.Errorf("open the built segment: %w", err)
	}
	defer r.Close()
	return putParts(r, func(part int32, data []byte) error {
		return q.IndexSegmentPartInsert(ctx, db.IndexSegmentPartInsertParams{TenantID: tenant, SegmentID: seg.ID, Part: part, Data: data})
	})
}

// stageSegment stores a segment that nobody sees yet, as the shadow of itself.
func (s *Store) stageSegment(ctx context.Context, tenant uuid.UUID, seg *Segment) error {
	err := s.inTenant(ctx, tenant, func(q *db.Queries) error {
		return insertSegment(ctx, q, tenant, *seg, 0, 0, &seg.ID)
	})
	seg.staged = err == nil
	return err
}

// dropStaged removes a staged segment. One that stays, because its worker died, is
// removed by PurgeExpired.
func (s *Store) dropStaged(ctx context.Context, tenant, segment uuid.UUID) error {
	return s.inTenant(context.WithoutCancel(ctx), tenant, func(q *db.Queries) error {
		return q.IndexShadowDelete(ctx, db.IndexShadowDeleteParams{TenantID: tenant, ShadowOf: &segment})
	})
}

func revealSegment(ctx context.Context, q *db.Queries, tenant, segment uuid.UUID, generation, applied int64) error {
	n, err := q.IndexShadowReveal(ctx, db.IndexShadowRevealParams{
		TenantID: tenant, ShadowOf: &segment, Generation: generation, AppliedGeneration: applied,
	})
	if err == nil && n != 1 {
		return ErrFenced // it waited for so long that it was purged
	}
	return err
}
