package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/embed/builtin"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// EmbedSegmentInput names a segment and the model that is to make its vectors.
type EmbedSegmentInput struct {
	TenantID  uuid.UUID `json:"tenant_id"`
	ModelID   uuid.UUID `json:"model_id"`
	SegmentID uuid.UUID `json:"segment_id"`
}

// EmbedSegmentOutput counts what was made.
type EmbedSegmentOutput struct {
	Chunks  int   `json:"chunks"`
	Missing int   `json:"missing"`
	Bytes   int64 `json:"bytes"`
	// Gone is set for a segment that was merged away meanwhile.
	Gone bool `json:"gone,omitempty"`
}

// EmbedSegment makes the vectors of one live segment by a model and stores them.
// Chunks of replaced and deleted documents are left out. An attempt after a
// crash begins anew; what a provider has answered comes from the cache then.
func (e *Embeddings) EmbedSegment(ctx context.Context, in EmbedSegmentInput) (EmbedSegmentOutput, error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	out, err := e.embedSegment(ctx, in, beat)
	if errors.Is(err, store.ErrFenced) {
		return EmbedSegmentOutput{Gone: true}, nil
	}
	return out, e.outward(ctx, EmbeddingModelInput{TenantID: in.TenantID, ModelID: in.ModelID}, err)
}

func (e *Embeddings) embedSegment(ctx context.Context, in EmbedSegmentInput, beat *heartbeat) (out EmbedSegmentOutput, err error) {
	snapshot, err := newestSnapshot(ctx, e.Index, in.TenantID)
	if err != nil {
		return out, err
	}
	defer snapshot.Release()
	ref := findSegment(snapshot, in.SegmentID)
	if ref == nil {
		return EmbedSegmentOutput{Gone: true}, nil
	}
	embedder, release, err := e.embedder(ctx, in.TenantID, in.ModelID, snapshot)
	if err != nil {
		return out, err
	}
	defer release()
	path := filepath.Join(e.WorkDir, "embed-"+uuid.NewString()+".vectors")
	defer func() { _ = os.Remove(path) }()
	stream := &vectorStream{
		embedder: embedder,
		source: func(yield func(index.ChunkText) error) (int, error) {
			return snapshot.ChunkTexts(in.SegmentID, yield)
		},
		progress: func(done int) { beat.set(Progress{Stage: StageEmbed, Done: done, Total: ref.Chunks}) },
	}
	var meta index.VectorsMeta
	err = writeFile(path, func(w io.Writer) (err error) {
		meta, err = stream.write(ctx, w, ref.Chunks)
		return err
	})
	if broken(err) {
		// The next attempt works on what was fetched again.
		e.targets.drop(in.ModelID)
		e.Index.RepairLater(in.TenantID, snapshot)
	}
	if err != nil {
		return out, err
	}
	vectors := newVectors(in.ModelID, meta, 0, func() (io.ReadCloser, error) { return os.Open(filepath.Clean(path)) })
	generation, err := e.Store.PutVectors(ctx, in.TenantID, in.SegmentID, vectors)
	if err != nil {
		return out, err
	}
	if generation > 0 {
		adopted(ctx, e.Index.AdoptVectorsFile(in.TenantID, vectors.ID, path))
		if err := e.Store.NoteModelFault(ctx, in.TenantID, in.ModelID, "", ""); err != nil {
			activity.GetLogger(ctx).Warn("that the model works again could not be noted", "error", err)
		}
	}
	return EmbedSegmentOutput{Chunks: meta.Chunks, Missing: meta.Missing, Bytes: meta.Bytes}, nil
}

func newVectors(model uuid.UUID, meta index.VectorsMeta, pending int, open func() (io.ReadCloser, error)) store.Vectors {
	return store.Vectors{
		ID: uuid.Must(uuid.NewV7()), Model: model, Chunks: meta.Chunks, Missing: meta.Missing, Pending: pending,
		Bytes: meta.Bytes, Checksum: meta.Checksum, Open: open,
	}
}

// broken says whether a mapped file of the index or of a model was changed.
func broken(err error) bool {
	return errors.Is(err, index.ErrCorrupt) || errors.Is(err, builtin.ErrCorrupt)
}

func findSegment(s *index.Snapshot, id uuid.UUID) *index.SegmentRef {
	for _, ref := range s.Segments() {
		if ref.ID == id {
			return &ref
		}
	}
	return nil
}

// embedder returns what makes vectors by a model: the snapshot's own if it is
// that, else one that is opened beside it.
func (e *Embeddings) embedder(ctx context.Context, tenant, model uuid.UUID, snapshot *index.Snapshot) (embed.Embedder, func(), error) {
	release := func() {}
	ref, open := snapshot.Model()
	if open == nil || ref.ID != model {
		var err error
		ref, open, release, err = e.targets.get(model, func() (index.ModelRef, index.Model, error) {
			return e.openTarget(ctx, tenant, model)
		})
		if domain.CodeOf(err) == domain.CodeNotFound {
			err = store.ErrModelGone
		}
		if err != nil {
			return nil, nil, err
		}
	}
	embedder, err := e.Models.Documents(tenant, ref, open)
	if err != nil {
		release()
		return nil, nil, err
	}
	return embedder, release, nil
}

// embedBuilt makes the vectors of a segment that was just built, by the tenant's
// active model if that is fast and near enough. Without vectors the segment is
// committed all the same: a search by words never waits.
func embedBuilt(ctx context.Context, m *index.Manager, models *registry.Registry, tenant uuid.UUID, seg *builtSegment) {
	if models == nil {
		return
	}
	if err := tryEmbedBuilt(ctx, m, models, tenant, seg); err != nil && ctx.Err() == nil {
		activity.GetLogger(ctx).Warn("a segment is committed without vectors; they are made later", "error", err)
	}
}

func tryEmbedBuilt(ctx context.Context, m *index.Manager, models *registry.Registry, tenant uuid.UUID, seg *builtSegment) error {
	snapshot, err := m.Snapshot(ctx, tenant)
	if err != nil {
		return err
	}
	defer snapshot.Release()
	ref, open := snapshot.Model()
	if open == nil || !registry.Inline(ref) || models.Reachable(ref.Provider) != nil {
		return nil
	}
	embedder, err := models.Documents(tenant, ref, open)
	if err != nil {
		return err
	}
	built, err := index.OpenBytes(seg.data)
	if err != nil {
		return fmt.Errorf("open the built segment: %w", err)
	}
	defer built.Close()
	stream := &vectorStream{
		embedder: embedder, progress: func(int) {},
		source: func(yield func(index.ChunkText) error) (int, error) {
			return seg.meta.Chunks, built.ChunkTexts(func(chunk int, title, heading, content string) error {
				return yield(index.ChunkText{Chunk: chunk, Title: title, Heading: heading, Content: content})
			})
		},
	}
	var data bytes.Buffer
	meta, err := stream.write(ctx, &data, seg.meta.Chunks)
	if broken(err) {
		m.RepairLater(tenant, snapshot)
	}
	if err != nil {
		return err
	}
	v := newVectors(ref.ID, meta, 0, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data.Bytes())), nil })
	seg.vectors, seg.vectorData = &v, data.Bytes()
	return nil
}
