package index

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"
)

// LiveDocument is a document as a snapshot shows it.
type LiveDocument struct {
	ID      uuid.UUID
	Version uint64
	Chunks  int
	Segment uuid.UUID
}

// LiveDocuments lists all that is not hidden, by id. A document that were live
// in two segments would be in the list twice.
func (s *Snapshot) LiveDocuments() (out []LiveDocument, err error) {
	defer protect(&err)()
	out = make([]LiveDocument, 0, s.stats.Docs)
	for _, v := range s.views {
		for doc := range v.meta.Docs {
			if v.hidden != nil && v.hidden.Contains(uint32(doc)) {
				continue
			}
			first, end := v.chunksOf(doc)
			out = append(out, LiveDocument{ID: v.docID(doc), Version: v.docVersion(doc), Chunks: end - first, Segment: v.ref.ID})
		}
	}
	slices.SortFunc(out, func(a, b LiveDocument) int {
		return cmp.Or(bytes.Compare(a.ID[:], b.ID[:]), bytes.Compare(a.Segment[:], b.Segment[:]))
	})
	return out, nil
}

// Document returns a live document with all that was indexed of it, as it was
// given to the Builder; false when there is none of that id.
func (s *Snapshot) Document(id uuid.UUID) (d Document, ok bool, err error) {
	defer protect(&err)()
	for _, v := range s.views {
		from, to := v.docRange(id, id)
		if from == to || (v.hidden != nil && v.hidden.Contains(uint32(from))) {
			continue
		}
		d, err := v.document(from)
		return d, err == nil, err
	}
	return Document{}, false, nil
}

// Digests returns the digests of the live documents of one segment of the
// snapshot, by id.
func (s *Snapshot) Digests(ctx context.Context, segment uuid.UUID) ([]DocumentDigest, error) {
	inputs, err := s.MergeInputs(segment)
	if err != nil {
		return nil, err
	}
	return inputs[0].Segment.Digests(ctx, inputs[0].Hidden)
}

// EachDocument calls yield with the id and version of every document, by id.
func (s *Segment) EachDocument(yield func(id uuid.UUID, version uint64)) (err error) {
	defer protect(&err)()
	for doc := range s.meta.Docs {
		yield(s.docID(doc), s.docVersion(doc))
	}
	return nil
}

func (s *Segment) document(doc int) (Document, error) {
	d := Document{ID: s.docID(doc), Version: s.docVersion(doc)}
	first, end := s.chunksOf(doc)
	block := storedBlock{block: -1}
	reader := hitReader{block: &block}
	for c := first; c < end; c++ {
		var h Hit
		if err := reader.read(s, c, &h); err != nil {
			return Document{}, err
		}
		d.ExternalID, d.Title, d.DocType, d.SourceType = h.ExternalID, h.Title, h.DocType, h.SourceType
		d.RepoID, d.SourceURL, d.Language, d.Tags = h.RepoID, h.SourceURL, h.Language, h.Tags
		d.Metadata, d.CreatedAt, d.UpdatedAt = h.Metadata, h.CreatedAt, h.UpdatedAt
		d.Chunks = append(d.Chunks, Chunk{Ordinal: h.ChunkOrdinal, Heading: h.Heading, Content: h.Content})
	}
	return d, nil
}
