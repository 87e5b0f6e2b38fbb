package store

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// DocumentFilter narrows a list. Empty fields do not narrow it.
type DocumentFilter struct {
	State      domain.DocumentState
	DocType    string
	SourceType string
	RepoID     string
	ExternalID string
	Tag        string
	Before     uuid.UUID // list documents older than this one
	Limit      int
}

// Document returns one document and its content.
func (s *Store) Document(ctx context.Context, tenant, id uuid.UUID) (d domain.Document, content string, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if d, err = getDocument(ctx, q, tenant, id); err != nil {
			return err
		}
		content, err = q.DocumentContentGet(ctx, db.DocumentContentGetParams{TenantID: tenant, DocumentID: id})
		return err
	})
	return d, content, err
}

// DocumentInfo returns one document without its content.
func (s *Store) DocumentInfo(ctx context.Context, tenant, id uuid.UUID) (d domain.Document, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		d, err = getDocument(ctx, q, tenant, id)
		return err
	})
	return d, err
}

func getDocument(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) (domain.Document, error) {
	row, err := q.DocumentGet(ctx, db.DocumentGetParams{TenantID: tenant, ID: id})
	if noRows(err) {
		return domain.Document{}, domain.NotFound("document")
	}
	if err != nil {
		return domain.Document{}, err
	}
	return documentFrom(row)
}

// Documents lists documents, newest first.
func (s *Store) Documents(ctx context.Context, tenant uuid.UUID, f DocumentFilter) (out []domain.Document, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.DocumentList(ctx, db.DocumentListParams{
			TenantID: tenant, BeforeID: beforeOr(f.Before), State: optional(string(f.State)), DocType: optional(f.DocType),
			SourceType: optional(f.SourceType), RepoID: optional(f.RepoID), ExternalID: optional(f.ExternalID),
			Tag: optional(f.Tag), RowLimit: int32(f.Limit),
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			d, err := documentFrom(r)
			if err != nil {
				return err
			}
			out = append(out, d)
		}
		return nil
	})
	return out, err
}

// DeleteDocuments removes documents from the store and, by tombstones in the
// same transaction, from the index: the next generation does not show them. It
// returns the ids that existed.
func (s *Store) DeleteDocuments(ctx context.Context, tenant uuid.UUID, ids []uuid.UUID) (deleted []uuid.UUID, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		locked, err := q.DocumentLockMany(ctx, db.DocumentLockManyParams{TenantID: tenant, Ids: ids})
		if err != nil || len(locked) == 0 {
			return err
		}
		generation, err := q.IndexStateLock(ctx, tenant)
		if err != nil {
			return err
		}
		rows, err := q.DocumentDeleteMany(ctx, db.DocumentDeleteManyParams{TenantID: tenant, Ids: ids})
		if err != nil {
			return err
		}
		deleted = deleted[:0]
		for _, r := range rows {
			deleted = append(deleted, r.ID)
		}
		return s.buryDocuments(ctx, q, tenant, generation+1, rows)
	})
	return deleted, err
}

// buryDocuments writes what a deletion means for the index, the usage and the outbox.
func (s *Store) buryDocuments(ctx context.Context, q *db.Queries, tenant uuid.UUID, generation int64, rows []db.DocumentDeleteManyRow) error {
	tombs := db.IndexTombstonePutManyParams{TenantID: tenant, Generation: generation}
	advance := db.IndexStateAdvanceParams{TenantID: tenant, Generation: generation}
	var events outbox
	var size int64
	for _, r := range rows {
		size += int64(r.ContentBytes)
		tombs.DocumentIds = append(tombs.DocumentIds, r.ID)
		tombs.Versions = append(tombs.Versions, r.Version)
		if r.IndexedVersion > 0 {
			advance.Documents--
			advance.Chunks -= int64(r.ChunkCount)
		}
		if err := events.add(domain.EventDocumentDeleted, documentEvent{DocumentID: r.ID, ExternalID: deref(r.ExternalID), Version: r.Version}); err != nil {
			return err
		}
	}
	if err := q.ChunkDeleteMany(ctx, db.ChunkDeleteManyParams{TenantID: tenant, DocumentIds: tombs.DocumentIds}); err != nil {
		return err
	}
	if err := q.IndexTombstonePutMany(ctx, tombs); err != nil {
		return err
	}
	if err := q.IndexStateAdvance(ctx, advance); err != nil {
		return err
	}
	if err := addUsage(ctx, q, s.tiers, tenant, -int64(len(rows)), -size); err != nil {
		return err
	}
	if err := events.write(ctx, q, tenant); err != nil {
		return err
	}
	return notifyGeneration(ctx, q, tenant, generation)
}

func documentFrom(r db.Document) (domain.Document, error) {
	d := domain.Document{
		ID: r.ID, ExternalID: deref(r.ExternalID), Title: r.Title, DocType: r.DocType, SourceType: r.SourceType,
		SourceURL: r.SourceUrl, RepoID: r.RepoID, Language: r.Language, Metadata: r.Metadata,
		ContentBytes: int(r.ContentBytes), ContentHash: r.ContentHash, Version: r.Version, IndexedVersion: r.IndexedVersion,
		ChunkCount: int(r.ChunkCount), State: domain.DocumentState(r.State), ErrorCode: r.ErrorCode,
		ErrorMessage: r.ErrorMessage, JobID: r.JobID, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), IndexedAt: r.IndexedAt,
	}
	return d, json.Unmarshal(r.Tags, &d.Tags)
}

func inputFrom(r db.Document, content string) domain.DocumentInput {
	in := domain.DocumentInput{
		ExternalID: deref(r.ExternalID), Title: r.Title, Content: content, DocType: r.DocType, SourceType: r.SourceType,
		SourceURL: r.SourceUrl, RepoID: r.RepoID, Language: r.Language, Metadata: r.Metadata,
	}
	// The column holds what json.Marshal wrote of a []string.
	_ = json.Unmarshal(r.Tags, &in.Tags)
	return in
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
