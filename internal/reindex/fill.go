package reindex

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Fill turns stored documents into what a Builder takes. Of a document whose row
// holds a newer version already, all but the passages is taken from the snapshot,
// which has the indexed version; nil for none. lost are documents that neither has
// in full.
func Fill(docs []store.IndexedDocument, snapshot *index.Snapshot) (full []index.Document, lost []uuid.UUID, err error) {
	full = make([]index.Document, 0, len(docs))
	for n := range docs {
		d := docs[n].Document
		if docs[n].Overwritten {
			var indexed index.Document
			ok := false
			if snapshot != nil {
				if indexed, ok, err = snapshot.Document(d.ID); err != nil {
					return nil, nil, err
				}
			}
			if !ok || indexed.Version != d.Version {
				lost = append(lost, d.ID)
				continue
			}
			indexed.Chunks = d.Chunks
			d = indexed
		}
		if len(d.Chunks) == 0 {
			lost = append(lost, d.ID)
			continue
		}
		full = append(full, d)
	}
	return full, lost, nil
}

// Build builds a segment of documents.
func Build(docs []index.Document) ([]byte, index.Meta, error) {
	b := index.NewBuilder(index.Options{ExpectedDocs: len(docs)})
	for n := range docs {
		if err := b.Add(docs[n]); err != nil {
			return nil, index.Meta{}, fmt.Errorf("add document %s to the segment: %w", docs[n].ID, err)
		}
	}
	data, meta, err := b.Bytes()
	if err != nil {
		return nil, meta, fmt.Errorf("build the segment: %w", err)
	}
	return data, meta, nil
}
