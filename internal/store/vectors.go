package store

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// Vectors are those of one segment by one model, to be stored.
type Vectors struct {
	ID     uuid.UUID
	Model  uuid.UUID
	Chunks int
	// Missing chunks have no vector. Of these, Pending ones have not been seen by
	// the model; the others it knows nothing to say about.
	Missing, Pending int
	Bytes            int64
	Checksum         []byte
	// Open returns the bytes of the vectors file.
	Open func() (io.ReadCloser, error)
}

// Lacking is a live segment with chunks that a model has not seen.
type Lacking struct {
	Segment         uuid.UUID
	Chunks, Pending int
}

// Coverage is how far a model's vectors cover the live segments. Chunks that are
// deleted or replaced and not merged away yet are counted, too.
type Coverage struct {
	Chunks, Pending, Bytes int64
}

// VectorsLacking returns the segments that lack vectors of a model, the largest first.
func (s *Store) VectorsLacking(ctx context.Context, tenant, model uuid.UUID, limit int) (out []Lacking, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.IndexVectorsLacking(ctx, db.IndexVectorsLackingParams{TenantID: tenant, ModelID: model, RowLimit: int32(limit)})
		for _, r := range rows {
			out = append(out, Lacking{Segment: r.ID, Chunks: int(r.Chunks), Pending: int(r.Pending)})
		}
		return err
	})
	return out, err
}

// VectorsCoverage sums up what a model's vectors cover.
func (s *Store) VectorsCoverage(ctx context.Context, tenant, model uuid.UUID) (out Coverage, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		r, err := q.IndexVectorsCoverage(ctx, db.IndexVectorsCoverageParams{TenantID: tenant, ModelID: model})
		out = Coverage(r)
		return err
	})
	return out, err
}

// PutVectors stores the vectors of a live segment in place of what there was of
// that model. Those of the active model make a new generation; generation is 0
// for another's. A segment that was merged away is ErrFenced, a model that was
// given up ErrModelGone.
func (s *Store) PutVectors(ctx context.Context, tenant, segment uuid.UUID, v Vectors) (generation uint64, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		generation = 0
		// The pieces first: other commits need not wait for them.
		if err := insertVectors(ctx, q, tenant, segment, v); err != nil {
			return err
		}
		current, err := q.IndexStateLock(ctx, tenant)
		if err != nil {
			return err
		}
		if err := stillWanted(ctx, q, tenant, segment, v); err != nil {
			return err
		}
		others := db.IndexVectorsDeleteOthersParams{TenantID: tenant, SegmentID: segment, ModelID: v.Model, ID: v.ID}
		if err := q.IndexVectorsDeleteOthers(ctx, others); err != nil {
			return err
		}
		active, err := q.IndexModelGet(ctx, tenant)
		if err != nil || active == nil || *active != v.Model {
			return err
		}
		generation = uint64(current) + 1
		if err := q.IndexStateAdvance(ctx, db.IndexStateAdvanceParams{TenantID: tenant, Generation: current + 1}); err != nil {
			return err
		}
		return notifyGeneration(ctx, q, tenant, current+1)
	})
	return generation, err
}

// stillWanted checks under the tenant's lock that segment and model are there.
func stillWanted(ctx context.Context, q *db.Queries, tenant, segment uuid.UUID, v Vectors) error {
	chunks, err := q.IndexSegmentLive(ctx, db.IndexSegmentLiveParams{TenantID: tenant, ID: segment})
	switch {
	case noRows(err):
		return ErrFenced
	case err != nil:
		return err
	case int(chunks) != v.Chunks:
		return fmt.Errorf("vectors of %d chunks for a segment of %d", v.Chunks, chunks)
	}
	m, err := q.EmbeddingModelGet(ctx, db.EmbeddingModelGetParams{TenantID: tenant, ID: v.Model})
	if noRows(err) || err == nil && domain.EmbeddingModelState(m.State) == domain.ModelFailed {
		return ErrModelGone
	}
	return err
}

func insertVectors(ctx context.Context, q *db.Queries, tenant, segment uuid.UUID, v Vectors) error {
	err := q.IndexVectorsInsert(ctx, db.IndexVectorsInsertParams{
		TenantID: tenant, ID: v.ID, SegmentID: segment, ModelID: v.Model, Chunks: int32(v.Chunks), Missing: int32(v.Missing),
		Pending: int32(v.Pending), Bytes: v.Bytes, Checksum: v.Checksum,
	})
	if err != nil {
		return err
	}
	r, err := v.Open()
	if err != nil {
		return fmt.Errorf("open the vectors: %w", err)
	}
	defer r.Close()
	return putParts(r, func(part int32, data []byte) error {
		return q.IndexVectorsPartInsert(ctx, db.IndexVectorsPartInsertParams{TenantID: tenant, VectorsID: v.ID, Part: part, Data: data})
	})
}

// putSegmentVectors stores the vectors that came with a segment if their model
// is still the active one, and reports whether the segment lacks some of the
// active model now. The caller holds the tenant's index_state.
func putSegmentVectors(ctx context.Context, q *db.Queries, tenant uuid.UUID, seg Segment) (lacks bool, err error) {
	if seg.Docs == 0 {
		return false, nil
	}
	active, err := q.IndexModelGet(ctx, tenant)
	if err != nil || active == nil {
		return false, err
	}
	if seg.Vectors == nil || *active != seg.Vectors.Model {
		return true, nil
	}
	return seg.Vectors.Pending > 0, insertVectors(ctx, q, tenant, seg.ID, *seg.Vectors)
}

// ReadVectors implements index.Source: it writes the bytes of a vectors file to w.
func (s *Store) ReadVectors(ctx context.Context, tenant, vectors uuid.UUID, w io.Writer) error {
	return s.readParts(ctx, tenant, "index vectors", w, func(q *db.Queries, part int32) ([]byte, error) {
		return q.IndexVectorsPartGet(ctx, db.IndexVectorsPartGetParams{TenantID: tenant, VectorsID: vectors, Part: part})
	})
}

// readModel adds the active model, and the vectors it has made, to a state that
// is being read.
func readModel(ctx context.Context, q *db.Queries, tenant uuid.UUID, out *index.State) error {
	row, err := q.EmbeddingModelActive(ctx, tenant)
	if noRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	ref := modelRef(row)
	out.Model = &ref
	rows, err := q.IndexVectorsList(ctx, db.IndexVectorsListParams{TenantID: tenant, ModelID: row.ID})
	bySegment := make(map[uuid.UUID]*index.VectorsRef, len(rows))
	for _, r := range rows {
		bySegment[r.SegmentID] = &index.VectorsRef{
			ID: r.ID, Bytes: r.Bytes, Checksum: r.Checksum, Chunks: int(r.Chunks), Missing: int(r.Missing), Pending: int(r.Pending),
		}
	}
	for n := range out.Segments {
		out.Segments[n].Vectors = bySegment[out.Segments[n].ID]
	}
	return err
}

func modelRef(r db.EmbeddingModel) index.ModelRef {
	return index.ModelRef{ID: r.ID, Name: r.Name, Identity: r.Identity, Provider: r.Provider, Dimensions: int(r.Dimensions), Bytes: r.Bytes, Checksum: r.Checksum}
}
