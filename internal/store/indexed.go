package store

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// IndexedVersion says which version of a document is in the index.
type IndexedVersion struct {
	ID      uuid.UUID
	Version int64
	Chunks  int
}

// versionsPage is how many rows one statement reads.
const versionsPage = 50_000

func indexedVersions(ctx context.Context, q *db.Queries, tenant uuid.UUID) (out []IndexedVersion, err error) {
	after := uuid.Nil
	for {
		rows, err := q.DocumentIndexedVersions(ctx, db.DocumentIndexedVersionsParams{TenantID: tenant, AfterID: after, RowLimit: versionsPage})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, IndexedVersion{ID: r.ID, Version: r.IndexedVersion, Chunks: int(r.ChunkCount)})
		}
		if len(rows) < versionsPage {
			return out, nil
		}
		after = rows[len(rows)-1].ID
	}
}

// IndexedVersions lists what is indexed of a tenant, by id.
func (s *Store) IndexedVersions(ctx context.Context, tenant uuid.UUID) (out []IndexedVersion, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		out, err = indexedVersions(ctx, q, tenant)
		return err
	})
	return out, err
}

// IndexTotals are a tenant's counters, and what they should be.
type IndexTotals struct {
	Generation        uint64
	Documents, Chunks int64
	Tombstones        int64
}

// IndexAudit reads, as of one moment, what a verification compares: the segments,
// the counters and what is indexed.
func (s *Store) IndexAudit(ctx context.Context, tenant uuid.UUID) (state index.State, totals IndexTotals, versions []IndexedVersion, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		if state, err = indexState(ctx, q, tenant, 0); err != nil {
			return err
		}
		row, err := q.IndexStateGet(ctx, tenant)
		if err != nil {
			return err
		}
		totals = IndexTotals{Generation: uint64(row.Generation), Documents: row.Documents, Chunks: row.Chunks, Tombstones: int64(len(state.Tombstones))}
		versions, err = indexedVersions(ctx, q, tenant)
		return err
	})
	return state, totals, versions, err
}

// IndexCounters returns a tenant's generation, counters and tombstones.
func (s *Store) IndexCounters(ctx context.Context, tenant uuid.UUID) (out IndexTotals, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.IndexStateGet(ctx, tenant)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		if err != nil {
			return err
		}
		out = IndexTotals{Generation: uint64(row.Generation), Documents: row.Documents, Chunks: row.Chunks}
		out.Tombstones, err = q.IndexTombstoneCount(ctx, tenant)
		return err
	})
	return out, err
}

// IndexedDocument is the indexed version of a document.
type IndexedDocument struct {
	index.Document
	// Overwritten says that a newer version was accepted and is not indexed yet,
	// or could not be: then of the indexed one only the passages are known here,
	// and all other fields are in its segment alone.
	Overwritten bool
}

// IndexedDocumentsAfter returns the indexed documents that follow one in the order
// of ids, as of one moment: at least one unless there is none, at most limit, and
// about maxBytes of text.
func (s *Store) IndexedDocumentsAfter(ctx context.Context, tenant, after uuid.UUID, limit, maxBytes int) (out []IndexedDocument, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.DocumentIndexedRange(ctx, db.DocumentIndexedRangeParams{TenantID: tenant, AfterID: after, RowLimit: int32(limit)})
		if err != nil {
			return err
		}
		size := 0
		for n := range rows {
			if size += int(rows[n].ContentBytes); n > 0 && size > maxBytes {
				rows = rows[:n]
				break
			}
		}
		out, err = indexedDocuments(ctx, q, tenant, rows)
		return err
	})
	return out, err
}

// IndexedDocuments returns those of the given documents that are indexed, by id.
func (s *Store) IndexedDocuments(ctx context.Context, tenant uuid.UUID, ids []uuid.UUID) (out []IndexedDocument, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.DocumentIndexedMany(ctx, db.DocumentIndexedManyParams{TenantID: tenant, Ids: ids})
		if err != nil {
			return err
		}
		out, err = indexedDocuments(ctx, q, tenant, rows)
		return err
	})
	return out, err
}

func indexedDocuments(ctx context.Context, q *db.Queries, tenant uuid.UUID, rows []db.Document) ([]IndexedDocument, error) {
	out := make([]IndexedDocument, len(rows))
	at := make(map[uuid.UUID]int, len(rows))
	ids := make([]uuid.UUID, len(rows))
	for n := range rows {
		d, err := indexedDocument(&rows[n])
		if err != nil {
			return nil, err
		}
		out[n], ids[n], at[d.ID] = d, d.ID, n
	}
	chunks, err := q.ChunkListMany(ctx, db.ChunkListManyParams{TenantID: tenant, DocumentIds: ids})
	if err != nil {
		return nil, err
	}
	for _, c := range chunks {
		d := &out[at[c.DocumentID]]
		d.Chunks = append(d.Chunks, index.Chunk{Ordinal: int(c.Ordinal), Heading: c.Heading, Content: c.Content})
	}
	return out, nil
}

func indexedDocument(r *db.Document) (IndexedDocument, error) {
	d := IndexedDocument{Overwritten: r.Version != r.IndexedVersion}
	d.ID, d.Version = r.ID, uint64(r.IndexedVersion)
	if d.Overwritten {
		return d, nil
	}
	d.ExternalID, d.Title, d.DocType, d.SourceType = deref(r.ExternalID), r.Title, r.DocType, r.SourceType
	d.RepoID, d.SourceURL, d.Language = r.RepoID, r.SourceUrl, r.Language
	d.Metadata = domain.CanonicalMetadata(r.Metadata)
	d.CreatedAt, d.UpdatedAt = r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli()
	return d, json.Unmarshal(r.Tags, &d.Tags)
}
