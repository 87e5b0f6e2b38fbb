package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Segments merges the segments of a tenant's index.
type Segments struct {
	Store *store.Store
	Index *index.Manager
	// WorkDir holds a merged segment until it is committed.
	WorkDir string
}

// MergeSegmentsInput names a tenant.
type MergeSegmentsInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	// Quiet says that no commit has come for a while: then fewer segments are worth
	// a merge.
	Quiet bool `json:"quiet,omitempty"`
}

// MergeSegmentsOutput says how many segments became one; 0 when there was
// nothing worth merging.
type MergeSegmentsOutput struct {
	Merged     int    `json:"merged"`
	Documents  int    `json:"documents"`
	Bytes      int64  `json:"bytes"`
	Generation uint64 `json:"generation"`
	// Segments is how many there are now.
	Segments int `json:"segments"`
}

// MergeSegments does the most useful merge of the tenant's segments. A merge
// that comes too late changes nothing and is planned again.
func (s *Segments) MergeSegments(ctx context.Context, in MergeSegmentsInput) (MergeSegmentsOutput, error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	var out MergeSegmentsOutput
	var err error
	for range reloads {
		out, err = s.merge(ctx, in, beat)
		if !errors.Is(err, store.ErrFenced) && !errors.Is(err, index.ErrCorrupt) {
			break
		}
	}
	return out, toTemporal(err)
}

func (s *Segments) merge(ctx context.Context, in MergeSegmentsInput, beat *heartbeat) (MergeSegmentsOutput, error) {
	snapshot, err := s.newest(ctx, in.TenantID)
	if err != nil {
		return MergeSegmentsOutput{}, err
	}
	defer snapshot.Release()
	group := nextMerge(snapshot.Infos(), in.Quiet)
	out := MergeSegmentsOutput{Segments: snapshot.Stats().Segments}
	if len(group) == 0 {
		return out, nil
	}
	merged, err := s.mergeGroup(ctx, in.TenantID, snapshot, group, beat)
	if err != nil {
		return out, err
	}
	merged.Segments = out.Segments - merged.Merged + min(1, merged.Documents)
	return merged, nil
}

// nextMerge returns the segments of the most useful merge, none when there is
// nothing worth it.
func nextMerge(segments []index.SegmentInfo, quiet bool) []uuid.UUID {
	if plan := index.PlanMerge(segments, index.DefaultMergePolicy()); len(plan) > 0 {
		return plan[0]
	}
	if !quiet {
		return nil
	}
	return index.PlanQuietMerge(segments, index.DefaultMergePolicy())
}

// MergeTail merges the tiny segments that many small commits leave, at once and
// by the one who has just committed, so that a stream of single documents never
// piles up segments. It reports whether other merges are due, now or once no more
// commits come.
func (s *Segments) MergeTail(ctx context.Context, tenant uuid.UUID) (due bool, err error) {
	snapshot, err := s.newest(ctx, tenant)
	if err != nil {
		return false, err
	}
	defer snapshot.Release()
	segments := snapshot.Infos()
	tail := index.PlanMerge(segments, index.TailMergePolicy())
	if len(tail) == 0 {
		return len(nextMerge(segments, true)) > 0, nil
	}
	merged, err := s.mergeGroup(ctx, tenant, snapshot, tail[0], nil)
	if errors.Is(err, store.ErrFenced) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	segments = slices.DeleteFunc(segments, func(i index.SegmentInfo) bool { return slices.Contains(tail[0], i.ID) })
	segments = append(segments, index.SegmentInfo{Docs: merged.Documents, LiveDocs: merged.Documents, Bytes: merged.Bytes})
	return len(nextMerge(segments, true)) > 0, nil
}

// newest returns a snapshot that knows everything committed so far.
func (s *Segments) newest(ctx context.Context, tenant uuid.UUID) (*index.Snapshot, error) {
	return newestSnapshot(ctx, s.Index, tenant)
}

func newestSnapshot(ctx context.Context, m *index.Manager, tenant uuid.UUID) (*index.Snapshot, error) {
	if err := m.Refresh(ctx, tenant); err != nil {
		return nil, fmt.Errorf("refresh the tenant's segments: %w", err)
	}
	snapshot, err := m.Snapshot(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("open the tenant's segments: %w", err)
	}
	return snapshot, nil
}

func (s *Segments) mergeGroup(ctx context.Context, tenant uuid.UUID, snapshot *index.Snapshot, group []uuid.UUID, beat *heartbeat) (MergeSegmentsOutput, error) {
	inputs, err := snapshot.MergeInputs(group...)
	if err != nil {
		return MergeSegmentsOutput{}, err
	}
	m, err := s.writeMerged(ctx, inputs, beat)
	if err != nil {
		if errors.Is(err, index.ErrCorrupt) {
			// The next attempt works on what was fetched again.
			err = errors.Join(err, s.Index.Repair(ctx, tenant, snapshot))
		}
		return MergeSegmentsOutput{}, fmt.Errorf("merge %d segments: %w", len(group), err)
	}
	defer m.remove()
	seg := store.Segment{
		ID: uuid.Must(uuid.NewV7()), Docs: m.meta.Docs, Chunks: m.meta.Chunks, Bytes: m.meta.Bytes, Checksum: m.meta.Checksum, Analysis: m.meta.Analysis,
		AppliedGeneration: snapshot.Generation(), Replaces: group,
		Open:    func() (io.ReadCloser, error) { return os.Open(m.path) },
		Vectors: m.stored(snapshot, group),
	}
	generation, err := s.Store.CommitMerge(ctx, tenant, seg)
	if err != nil {
		return MergeSegmentsOutput{}, err
	}
	if m.meta.Docs > 0 {
		adopted(ctx, s.Index.AdoptFile(tenant, seg.ID, m.path))
	}
	if seg.Vectors != nil {
		adopted(ctx, s.Index.AdoptVectorsFile(tenant, seg.Vectors.ID, m.vectorsPath))
	}
	return MergeSegmentsOutput{Merged: len(group), Documents: m.meta.Docs, Bytes: m.meta.Bytes, Generation: generation}, nil
}

// mergeProgress tells the heartbeat how much of a merge is written, in bytes.
type mergeProgress struct {
	io.Writer
	beat    *heartbeat
	written int
	total   int
}

// newMergeProgress wraps the file of a merge; beat may be nil.
func newMergeProgress(file io.Writer, inputs []index.MergeInput, beat *heartbeat) *mergeProgress {
	p := &mergeProgress{Writer: file, beat: beat}
	for _, in := range inputs {
		p.total += int(in.Segment.Meta().Bytes)
	}
	return p
}

func (p *mergeProgress) Write(b []byte) (int, error) {
	n, err := p.Writer.Write(b)
	p.written += n
	if p.beat != nil {
		p.beat.set(Progress{Stage: "merge", Done: p.written, Total: p.total})
	}
	return n, err
}

// builtSegment is a segment that was built in memory.
type builtSegment struct {
	id   uuid.UUID
	data []byte
	meta index.Meta
	// vectors of its chunks, nil for none, and their file.
	vectors    *store.Vectors
	vectorData []byte
}

func newBuiltSegment(b *index.Builder) (*builtSegment, error) {
	data, meta, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("build the segment: %w", err)
	}
	return &builtSegment{id: uuid.Must(uuid.NewV7()), data: data, meta: meta}, nil
}

func (b *builtSegment) stored() *store.Segment {
	return &store.Segment{
		ID: b.id, Docs: b.meta.Docs, Chunks: b.meta.Chunks, Bytes: b.meta.Bytes, Checksum: b.meta.Checksum, Analysis: b.meta.Analysis,
		Open:    func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.data)), nil },
		Vectors: b.vectors,
	}
}

// adopt puts a committed segment into this machine's cache, so that nobody on
// it has to fetch what was made here.
func (b *builtSegment) adopt(ctx context.Context, m *index.Manager, tenant uuid.UUID) {
	adopted(ctx, m.AdoptBytes(tenant, b.id, b.data))
	if b.vectors != nil {
		adopted(ctx, m.AdoptVectorsBytes(tenant, b.vectors.ID, b.vectorData))
	}
}

// adopted only logs: a segment that is not in the cache is fetched.
func adopted(ctx context.Context, err error) {
	if err != nil {
		activity.GetLogger(ctx).Warn("a segment could not be kept in the local cache", "error", err)
	}
}
