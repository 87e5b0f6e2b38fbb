package reindex

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Options of Verify.
type Options struct {
	// Deep rebuilds each segment from the stored documents and compares.
	Deep bool
	// Dir holds the segments while they are read; os.TempDir when empty.
	Dir string
	// Progress is called with each segment that is begun; may be nil.
	Progress func(done, total int)
}

// Report is what Verify found of one tenant.
type Report struct {
	Generation uint64          `json:"generation"`
	Documents  int             `json:"documents"`
	Chunks     int             `json:"chunks"`
	Segments   []SegmentReport `json:"segments"`
	// Problems are in words; none means that all is as it should be.
	Problems []string `json:"problems"`
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// Comparison says how a segment was found to be what a rebuild gives.
type Comparison string

// The comparisons of Options.Deep.
const (
	// SameBytes: the documents of the segment, built again, give the same file.
	SameBytes Comparison = "bytes"
	// SameDigest: every live document says the same as built again. Merged segments
	// have blocks cut elsewhere, and those of which documents are hidden hold more.
	SameDigest Comparison = "digest"
	// Differs: a live document does not.
	Differs Comparison = "differs"
)

// SegmentReport is what Verify found of one segment.
type SegmentReport struct {
	ID        uuid.UUID  `json:"id"`
	Documents int        `json:"documents"`
	Live      int        `json:"live"`
	Bytes     int64      `json:"bytes"`
	Merged    bool       `json:"merged"`
	Rebuilt   Comparison `json:"rebuilt,omitempty"`
	// Overwritten are live documents whose stored row holds a newer version: of
	// these only the passages were compared with the store.
	Overwritten int `json:"overwritten,omitempty"`
}

// verification is one running Verify.
type verification struct {
	store  *store.Store
	tenant uuid.UUID
	o      Options
	dir    string
	report Report
}

// maxProblems bounds a report: after so many the rest is only counted.
const maxProblems = 50

// Verify compares a tenant's index with what the store says: the stored bytes of
// each segment with their checksum, that it opens, that every indexed document is
// live in exactly one segment and in the right version, and the counters. With
// Deep it builds every segment again and compares what is in it.
func Verify(ctx context.Context, s *store.Store, tenant uuid.UUID, o Options) (report Report, err error) {
	v := &verification{store: s, tenant: tenant, o: o}
	for range verifyTries {
		v.report = Report{Problems: []string{}, Segments: []SegmentReport{}}
		if err = v.run(ctx); domain.CodeOf(err) != domain.CodeNotFound {
			break
		}
	}
	return v.report, err
}

// verifyTries is how often it starts over because a merge took away a segment
// while it was read.
const verifyTries = 5

func (v *verification) run(ctx context.Context) (err error) {
	if v.dir, err = os.MkdirTemp(v.o.Dir, "verify-*"); err != nil {
		return fmt.Errorf("make a folder for segments: %w", err)
	}
	defer func() { _ = os.RemoveAll(v.dir) }()
	state, totals, versions, err := v.store.IndexAudit(ctx, v.tenant)
	if err != nil {
		return err
	}
	var loaded []index.LoadedSegment
	for n, ref := range state.Segments {
		if v.o.Progress != nil {
			v.o.Progress(n, len(state.Segments))
		}
		s, err := v.open(ctx, ref)
		if err != nil {
			closeAll(loaded)
			return err
		}
		if s != nil {
			loaded = append(loaded, index.LoadedSegment{Ref: ref, Segment: s})
		}
	}
	snapshot := index.NewSnapshot(state.Generation, loaded, state.Tombstones)
	defer snapshot.Release()
	if err := v.places(snapshot, totals, versions); err != nil {
		return err
	}
	for _, ref := range snapshot.Segments() {
		if err := v.segment(ctx, snapshot, ref); err != nil {
			return err
		}
	}
	return nil
}

func closeAll(segments []index.LoadedSegment) {
	for _, s := range segments {
		_ = s.Segment.Close() // unmapping fails only for arguments that make no sense
	}
}

func (v *verification) problem(format string, args ...any) {
	if len(v.report.Problems) < maxProblems {
		v.report.Problems = append(v.report.Problems, fmt.Sprintf(format, args...))
	} else if len(v.report.Problems) == maxProblems {
		v.report.Problems = append(v.report.Problems, "and more")
	}
}

// open reads a segment's stored bytes; nil when they are not what they should be.
func (v *verification) open(ctx context.Context, ref index.SegmentRef) (*index.Segment, error) {
	path := filepath.Join(v.dir, ref.ID.String())
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("keep a segment: %w", err)
	}
	err = v.store.ReadSegment(ctx, v.tenant, ref.ID, f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	s, err := index.Open(path)
	if err != nil {
		v.problem("segment %s cannot be opened: %v", ref.ID, err)
		return nil, nil //nolint:nilnil // it is in the report
	}
	meta := s.Meta()
	if !bytes.Equal(meta.Checksum, ref.Checksum) || meta.Bytes != ref.Bytes {
		v.problem("segment %s has the checksum %x and %d bytes, its entry says %x and %d", ref.ID, meta.Checksum, meta.Bytes, ref.Checksum, ref.Bytes)
	}
	if meta.Docs != ref.Docs || meta.Chunks != ref.Chunks {
		v.problem("segment %s has %d documents and %d passages, its entry says %d and %d", ref.ID, meta.Docs, meta.Chunks, ref.Docs, ref.Chunks)
	}
	if meta.Analysis < analysis.Version {
		v.problem("segment %s was analysed by rules %d, this program has %d: rebuild the index", ref.ID, meta.Analysis, analysis.Version)
	}
	return s, nil
}

// places compares which documents are live with which are indexed.
func (v *verification) places(snapshot *index.Snapshot, totals store.IndexTotals, versions []store.IndexedVersion) error {
	live, err := snapshot.LiveDocuments()
	if err != nil {
		return err
	}
	v.report.Generation = snapshot.Generation()
	v.report.Documents, v.report.Chunks = len(live), snapshot.Stats().Chunks
	chunks := 0
	for _, want := range versions {
		chunks += want.Chunks
		for len(live) > 0 && bytes.Compare(live[0].ID[:], want.ID[:]) < 0 {
			v.problem("document %s is live in segment %s and not indexed", live[0].ID, live[0].Segment)
			live = live[1:]
		}
		live = v.place(want, live)
	}
	for _, d := range live {
		v.problem("document %s is live in segment %s and not indexed", d.ID, d.Segment)
	}
	if totals.Documents != int64(len(versions)) || totals.Chunks != int64(chunks) {
		v.problem("the counters say %d documents and %d passages, there are %d and %d: a rebuild sets them", totals.Documents, totals.Chunks, len(versions), chunks)
	}
	return nil
}

// place compares one indexed document with the first of live and returns the rest.
func (v *verification) place(want store.IndexedVersion, live []index.LiveDocument) []index.LiveDocument {
	if len(live) == 0 || live[0].ID != want.ID {
		v.problem("document %s is indexed and in no segment", want.ID)
		return live
	}
	for n := 0; len(live) > 0 && live[0].ID == want.ID; n++ {
		d := live[0]
		if n > 0 {
			v.problem("document %s is live in more than one segment, also in %s", want.ID, d.Segment)
		} else if d.Version != uint64(want.Version) || d.Chunks != want.Chunks {
			v.problem("document %s is live in version %d with %d passages, indexed in version %d with %d", want.ID, d.Version, d.Chunks, want.Version, want.Chunks)
		}
		live = live[1:]
	}
	return live
}

// segment rebuilds a segment's live documents and compares.
func (v *verification) segment(ctx context.Context, snapshot *index.Snapshot, ref index.SegmentRef) error {
	info := snapshot.Infos()[slices.IndexFunc(snapshot.Infos(), func(i index.SegmentInfo) bool { return i.ID == ref.ID })]
	r := SegmentReport{ID: ref.ID, Documents: ref.Docs, Live: info.LiveDocs, Bytes: ref.Bytes, Merged: ref.AppliedGeneration < ref.Generation}
	if v.o.Deep {
		if err := v.deep(ctx, snapshot, &r); err != nil {
			return err
		}
	}
	v.report.Segments = append(v.report.Segments, r)
	return nil
}

// Limits of the documents that are built again together: what a Builder holds.
const (
	deepDocs = 2000
	// deepBytesDocs is up to how many documents a whole segment is built again, to
	// compare the bytes.
	deepBytesDocs = 50_000
)

func (v *verification) deep(ctx context.Context, snapshot *index.Snapshot, r *SegmentReport) error {
	digests, err := snapshot.Digests(ctx, r.ID)
	if err != nil {
		v.problem("segment %s cannot be read through: %v", r.ID, err)
		return nil
	}
	step := deepDocs
	if r.Live == r.Documents && r.Documents <= deepBytesDocs {
		step = max(1, r.Documents) // as one batch, which may give the same bytes
	}
	r.Rebuilt = SameDigest
	for done := 0; done < len(digests); done += step {
		part := digests[done:min(done+step, len(digests))]
		meta, err := v.compare(ctx, snapshot, r, part)
		if err != nil {
			return err
		}
		if len(part) == r.Documents && r.Rebuilt == SameDigest && v.sameBytes(snapshot, r.ID, meta) {
			r.Rebuilt = SameBytes
		}
	}
	return nil
}

func (v *verification) sameBytes(snapshot *index.Snapshot, id uuid.UUID, built index.Meta) bool {
	return slices.ContainsFunc(snapshot.Segments(), func(ref index.SegmentRef) bool {
		return ref.ID == id && bytes.Equal(ref.Checksum, built.Checksum)
	})
}

// compare builds documents again and compares each with its digest.
func (v *verification) compare(ctx context.Context, snapshot *index.Snapshot, r *SegmentReport, want []index.DocumentDigest) (index.Meta, error) {
	ids := make([]uuid.UUID, len(want))
	for n, d := range want {
		ids[n] = d.ID
	}
	stored, err := v.store.IndexedDocuments(ctx, v.tenant, ids)
	if err != nil {
		return index.Meta{}, err
	}
	for _, d := range stored {
		if d.Overwritten {
			r.Overwritten++
		}
	}
	docs, lost, err := Fill(stored, snapshot)
	if err != nil {
		return index.Meta{}, err
	}
	for _, id := range lost {
		// Of an overwritten document it may be that it was committed just now.
		n := slices.IndexFunc(stored, func(d store.IndexedDocument) bool { return d.ID == id })
		if !stored[n].Overwritten {
			r.Rebuilt = Differs
			v.problem("document %s in segment %s has no passages in the store", id, r.ID)
		}
	}
	data, meta, err := Build(docs)
	if err != nil {
		return meta, err
	}
	built, err := index.OpenBytes(data)
	if err != nil {
		return meta, err
	}
	again, err := built.Digests(ctx, nil)
	if err != nil {
		return meta, err
	}
	v.differences(r, want, again)
	return meta, nil
}

// differences compares digests; both lists are in the order of ids. A document
// that was committed or deleted since the snapshot is no difference.
func (v *verification) differences(r *SegmentReport, want, again []index.DocumentDigest) {
	built := make(map[uuid.UUID]index.DocumentDigest, len(again))
	for _, d := range again {
		built[d.ID] = d
	}
	for _, w := range want {
		b, ok := built[w.ID]
		if !ok || b.Version != w.Version || b.Sum == w.Sum {
			continue
		}
		r.Rebuilt = Differs
		v.problem("document %s in segment %s differs from what the store holds", w.ID, r.ID)
	}
}
