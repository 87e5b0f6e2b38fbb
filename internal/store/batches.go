package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// PlanBatches cuts the queued items after a number into ranges of at most
// maxItems items and about maxBytes bytes of content. It looks at no more than
// limit items; more says that there are further ones.
func (s *Store) PlanBatches(ctx context.Context, tenant, job uuid.UUID, after, maxItems, maxBytes, limit int) (out []domain.SeqRange, more bool, err error) {
	var rows []db.JobItemSizesRow
	err = s.inTenant(ctx, tenant, func(q *db.Queries) (err error) {
		rows, err = q.JobItemSizes(ctx, db.JobItemSizesParams{TenantID: tenant, JobID: job, AfterSeq: int32(after), RowLimit: int32(limit)})
		return err
	})
	items, size := 0, 0
	for _, r := range rows {
		if items == 0 || items >= maxItems || size+int(r.Bytes) > maxBytes {
			out = append(out, domain.SeqRange{From: int(r.Seq)})
			items, size = 0, 0
		}
		items++
		size += int(r.Bytes)
		out[len(out)-1].To = int(r.Seq)
	}
	return out, len(rows) == limit, err
}

// BatchItem is one queued document version with all that the index needs.
type BatchItem struct {
	Seq        int
	DocumentID uuid.UUID
	// Version is what the job is to index; Current is the document's version
	// now, 0 when the document is gone.
	Version    int64
	Current    int64
	ExternalID string
	Title      string
	DocType    string
	SourceType string
	SourceURL  string
	RepoID     string
	Language   string
	Tags       []string
	Metadata   json.RawMessage
	Content    string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// LoadBatch returns the items of a range that are still queued.
func (s *Store) LoadBatch(ctx context.Context, tenant, job uuid.UUID, r domain.SeqRange) (out []BatchItem, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.JobItemLoad(ctx, db.JobItemLoadParams{TenantID: tenant, JobID: job, FromSeq: int32(r.From), ToSeq: int32(r.To)})
		if err != nil {
			return err
		}
		out = make([]BatchItem, 0, len(rows))
		for _, row := range rows {
			item, err := batchItemFrom(row)
			if err != nil {
				return err
			}
			out = append(out, item)
		}
		return nil
	})
	return out, err
}

func batchItemFrom(r db.JobItemLoadRow) (BatchItem, error) {
	item := BatchItem{Seq: int(r.Seq), DocumentID: r.DocumentID, Version: r.ItemVersion}
	if r.Version == nil || r.Content == nil {
		return item, nil
	}
	item.Current = *r.Version
	item.ExternalID, item.Title, item.DocType = deref(r.ExternalID), deref(r.Title), deref(r.DocType)
	item.SourceType, item.SourceURL, item.RepoID = deref(r.SourceType), deref(r.SourceUrl), deref(r.RepoID)
	item.Language, item.Metadata, item.Content = deref(r.Language), r.Metadata, *r.Content
	item.CreatedAt, item.UpdatedAt = r.CreatedAt.UTC(), r.UpdatedAt.UTC()
	return item, json.Unmarshal(r.Tags, &item.Tags)
}
