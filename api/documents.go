package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// documentBodyFields are the fields of a document as callers write it: the body
// of a single document and a line of a bulk request.
type documentBodyFields struct {
	Title      string       `json:"title,omitempty" maxLength:"1024" doc:"Counts more than the content in searches." example:"Async patterns"`
	Content    string       `json:"content" required:"true" minLength:"1" doc:"Text, Markdown, HTML or source code; at most 10 MiB." example:"# Channels\nSend values between tasks."`
	DocType    string       `json:"doc_type,omitempty" maxLength:"256" doc:"What it is, to filter by." example:"guide"`
	Tags       []string     `json:"tags,omitempty" maxItems:"64" nullable:"true" doc:"To filter by." example:"[\"rust\",\"async\"]"`
	Metadata   objectOrNull `json:"metadata,omitempty" doc:"Any JSON object of at most 16 KiB and 64 keys, to filter by."`
	SourceType string       `json:"source_type,omitempty" maxLength:"256" doc:"Where it comes from." example:"git"`
	SourceURL  string       `json:"source_url,omitempty" maxLength:"2048" doc:"Shown with results." example:"https://example.com/guide.md"`
	RepoID     string       `json:"repo_id,omitempty" maxLength:"256" doc:"The repository it belongs to." example:"acme/guide"`
	Language   string       `json:"language,omitempty" maxLength:"256" doc:"Human or programming language." example:"en"`
	ExternalID string       `json:"external_id,omitempty" maxLength:"512" doc:"Your name for it. Sending the same name again updates the document." example:"guide/async.md"`
}

func (f *documentBodyFields) input() domain.DocumentInput {
	return domain.DocumentInput{
		ExternalID: f.ExternalID, Title: f.Title, Content: f.Content, DocType: f.DocType, SourceType: f.SourceType,
		SourceURL: f.SourceURL, RepoID: f.RepoID, Language: f.Language, Tags: f.Tags, Metadata: json.RawMessage(f.Metadata),
	}
}

// checkContent applies this server's own limit, which may be below the general one.
func (s *Server) checkContent(content string) error {
	if len(content) <= s.deps.MaxDocumentBytes {
		return nil
	}
	return contentTooLong(len(content), s.deps.MaxDocumentBytes)
}

// normalize validates a document and brings it to its stored form.
func (s *Server) normalize(f *documentBodyFields) (domain.DocumentInput, error) {
	in := f.input()
	if err := s.checkContent(in.Content); err != nil {
		return in, err
	}
	return in, in.Normalize()
}

// Document is a document as it is answered.
type Document struct {
	ID             uuid.UUID            `json:"id"`
	ExternalID     string               `json:"external_id,omitempty"`
	Title          string               `json:"title"`
	Content        *string              `json:"content,omitempty" doc:"Only of a single document, not in lists."`
	DocType        string               `json:"doc_type,omitempty"`
	SourceType     string               `json:"source_type,omitempty"`
	SourceURL      string               `json:"source_url,omitempty"`
	RepoID         string               `json:"repo_id,omitempty"`
	Language       string               `json:"language,omitempty"`
	Tags           []string             `json:"tags"`
	Metadata       objectOrNull         `json:"metadata" doc:"null when there is none."`
	ContentBytes   int                  `json:"content_bytes"`
	State          domain.DocumentState `json:"state" enum:"queued,indexed,failed" doc:"Where the newest version stands."`
	Searchable     bool                 `json:"searchable" doc:"Whether some version is found by searches."`
	Version        int64                `json:"version" doc:"Grows with each accepted change."`
	IndexedVersion int64                `json:"indexed_version" doc:"The version that searches find; 0 for none."`
	ChunkCount     int                  `json:"chunk_count"`
	ErrorCode      string               `json:"error_code,omitempty"`
	Error          string               `json:"error,omitempty"`
	JobID          uuid.UUID            `json:"job_id" doc:"The job of the newest version."`
	CreatedAt      time.Time            `json:"created_at"`
	UpdatedAt      time.Time            `json:"updated_at"`
	IndexedAt      *time.Time           `json:"indexed_at" nullable:"true"`
}

func documentView(d *domain.Document) Document {
	tags := d.Tags
	if tags == nil {
		tags = []string{}
	}
	return Document{
		ID: d.ID, ExternalID: d.ExternalID, Title: d.Title, DocType: d.DocType, SourceType: d.SourceType, SourceURL: d.SourceURL,
		RepoID: d.RepoID, Language: d.Language, Tags: tags, Metadata: objectOrNull(d.Metadata), ContentBytes: d.ContentBytes,
		State: d.State, Searchable: d.Searchable(), Version: d.Version, IndexedVersion: d.IndexedVersion, ChunkCount: d.ChunkCount,
		ErrorCode: d.ErrorCode, Error: d.ErrorMessage, JobID: d.JobID, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
		IndexedAt: utc(d.IndexedAt),
	}
}

// utc brings a time of the store to UTC.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// DocumentIDInput names a document in the path.
type DocumentIDInput struct {
	ID string `path:"id" doc:"The document's id." example:"0198c0de-0000-7000-8000-000000000000"`
}

type documentOutput struct{ Body Document }

func (s *Server) getDocument(ctx context.Context, in *DocumentIDInput) (*documentOutput, error) {
	id, err := parseID(in.ID, "document")
	if err != nil {
		return nil, err
	}
	d, content, err := s.deps.Store.Document(ctx, caller(ctx).TenantID, id)
	if err != nil {
		return nil, err
	}
	view := documentView(&d)
	view.Content = &content
	return &documentOutput{view}, nil
}

type listDocumentsInput struct {
	PageInput
	State      string `query:"state" enum:"queued,indexed,failed" doc:"Only documents whose newest version stands there."`
	DocType    string `query:"doc_type" maxLength:"256"`
	SourceType string `query:"source_type" maxLength:"256"`
	RepoID     string `query:"repo_id" maxLength:"256"`
	ExternalID string `query:"external_id" maxLength:"512"`
	Tag        string `query:"tag" maxLength:"256" doc:"Only documents that have this tag."`
}

// DocumentList is one page of documents.
type DocumentList struct {
	Documents  []Document `json:"documents"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listDocumentsOutput struct{ Body DocumentList }

func (s *Server) listDocuments(ctx context.Context, in *listDocumentsInput) (*listDocumentsOutput, error) {
	before, err := in.beforeID()
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.Documents(ctx, caller(ctx).TenantID, store.DocumentFilter{
		State: domain.DocumentState(in.State), DocType: in.DocType, SourceType: in.SourceType, RepoID: in.RepoID,
		ExternalID: in.ExternalID, Tag: in.Tag, Before: before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(d domain.Document) string { return cursorOfID(d.ID) })
	out := &listDocumentsOutput{DocumentList{Documents: make([]Document, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.Documents[i] = documentView(&found[i])
	}
	return out, nil
}

func (s *Server) deleteDocument(ctx context.Context, in *DocumentIDInput) (*struct{}, error) {
	id, err := parseID(in.ID, "document")
	if err != nil {
		return nil, err
	}
	deleted, err := s.deps.Store.DeleteDocuments(ctx, caller(ctx).TenantID, []uuid.UUID{id})
	if err == nil && len(deleted) == 0 {
		return nil, domain.NotFound("document")
	}
	return nil, err
}
