package reindex

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Inspection shows what a tenant's index is made of.
type Inspection struct {
	Tenant     string             `json:"tenant"`
	Generation uint64             `json:"generation"`
	Documents  int64              `json:"documents"`
	Chunks     int64              `json:"chunks"`
	Tombstones int64              `json:"tombstones"`
	Bytes      int64              `json:"bytes"`
	Segments   []InspectedSegment `json:"segments"`
	// Term is set when one was asked for.
	Term *InspectedTerm `json:"term,omitempty"`
}

// InspectedSegment is a segment of an Inspection.
type InspectedSegment struct {
	ID                uuid.UUID       `json:"id"`
	Generation        uint64          `json:"generation"`
	AppliedGeneration uint64          `json:"applied_generation"`
	Analysis          int             `json:"analysis"`
	Documents         int             `json:"documents"`
	Live              int             `json:"live"`
	Hidden            int             `json:"hidden"`
	Chunks            int             `json:"chunks"`
	Terms             int             `json:"terms"`
	Bytes             int64           `json:"bytes"`
	Sections          []index.Section `json:"sections"`
}

// InspectedTerm says where a word of the index occurs.
type InspectedTerm struct {
	// Word is what was asked for, Term what its analysis makes of it.
	Word string `json:"word"`
	Term string `json:"term"`
	// Chunks and Titles are how many live passages and titles have it.
	Chunks   int               `json:"chunks"`
	Titles   int               `json:"titles"`
	Segments map[uuid.UUID]int `json:"chunks_by_segment"`
}

// Inspect loads a tenant's index into m and describes it. segment narrows to one,
// word asks for a word; both may be empty.
func Inspect(ctx context.Context, s *store.Store, m *index.Manager, tenant, segment uuid.UUID, word string) (Inspection, error) {
	totals, err := s.IndexCounters(ctx, tenant)
	if err != nil {
		return Inspection{}, err
	}
	out := Inspection{Documents: totals.Documents, Chunks: totals.Chunks, Tombstones: totals.Tombstones, Segments: []InspectedSegment{}}
	err = m.Use(ctx, tenant, func(snapshot *index.Snapshot) error {
		out.Generation, out.Bytes = snapshot.Generation(), snapshot.Stats().Bytes
		out.Segments = out.Segments[:0]
		for _, ref := range snapshot.Segments() {
			if segment != uuid.Nil && ref.ID != segment {
				continue
			}
			seg, err := inspectSegment(snapshot, ref)
			if err != nil {
				return err
			}
			out.Segments = append(out.Segments, seg)
		}
		if word == "" {
			return nil
		}
		term, err := snapshot.Term(word)
		out.Term = &InspectedTerm{Word: word, Term: term.Term, Chunks: term.Chunks, Titles: term.Titles, Segments: term.Segments}
		return err
	})
	return out, err
}

func inspectSegment(snapshot *index.Snapshot, ref index.SegmentRef) (InspectedSegment, error) {
	d, err := snapshot.Describe(ref.ID)
	return InspectedSegment{
		ID: ref.ID, Generation: ref.Generation, AppliedGeneration: ref.AppliedGeneration, Analysis: d.Meta.Analysis,
		Documents: d.Meta.Docs, Live: d.Live, Hidden: d.Meta.Docs - d.Live, Chunks: d.Meta.Chunks, Terms: d.Terms,
		Bytes: d.Meta.Bytes, Sections: d.Sections,
	}, err
}
