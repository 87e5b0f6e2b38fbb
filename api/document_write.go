package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// What became of a document that was sent.
const (
	statusQueued    = "queued_for_indexing"
	statusUnchanged = "unchanged"
	statusDuplicate = "duplicate"
)

// AcceptedDocument is the answer to one document.
type AcceptedDocument struct {
	ID          uuid.UUID  `json:"id"`
	JobID       *uuid.UUID `json:"job_id,omitempty" doc:"The job that makes it searchable; left out when there is nothing to do."`
	Status      string     `json:"status" enum:"queued_for_indexing,unchanged,duplicate"`
	Version     int64      `json:"version"`
	DuplicateOf *uuid.UUID `json:"duplicate_of,omitempty" doc:"The document that has this content already."`
}

// acceptedOutput answers 202 when there is a job and 200 when there is nothing to do.
type acceptedOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the first answer to the same Idempotency-Key."`
	Body     AcceptedDocument
}

// IdempotencyInput lets a caller repeat a request that may have been accepted.
type IdempotencyInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" pattern:"^[\\x21-\\x7e]+$" patternDescription:"printable ASCII" doc:"The same key with the same request within 24 hours gets the first answer; nothing happens twice."`
}

type createDocumentInput struct {
	IdempotencyInput
	Body body[documentBodyFields]
}

func (s *Server) createDocument(ctx context.Context, in *createDocumentInput) (*acceptedOutput, error) {
	doc, err := s.normalize(&in.Body.Value)
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, in.IdempotencyKey, "POST /api/documents", in.Body.hash, func(i *store.Ingest) (store.Accepted, error) {
		accepted, err := i.Add(ctx, []domain.DocumentInput{doc})
		if err != nil {
			return store.Accepted{}, err
		}
		return accepted[0], nil
	})
}

type replaceDocumentInput struct {
	DocumentIDInput
	IdempotencyInput
	Body body[documentBodyFields]
}

func (s *Server) replaceDocument(ctx context.Context, in *replaceDocumentInput) (*acceptedOutput, error) {
	id, err := parseID(in.ID, "document")
	if err != nil {
		return nil, err
	}
	next, err := s.normalize(&in.Body.Value)
	if err != nil {
		return nil, err
	}
	return s.accept(ctx, in.IdempotencyKey, "PUT /api/documents/"+id.String(), in.Body.hash, func(i *store.Ingest) (store.Accepted, error) {
		return i.Replace(ctx, id, func(current domain.DocumentInput) (domain.DocumentInput, error) {
			if next.ExternalID != "" && next.ExternalID != current.ExternalID {
				return next, &domain.Error{Code: domain.CodeInvalid, Message: "the document is not valid", Fields: []domain.FieldError{{
					Field: "external_id", Message: "cannot be changed; it is the document's name",
				}}}
			}
			next.ExternalID = current.ExternalID
			return next, nil
		})
	})
}

// documentPatchBody is the body of a change.
type documentPatchBody struct {
	Title      optional[string]       `json:"title,omitempty" doc:"null clears it."`
	Content    optional[string]       `json:"content,omitempty" doc:"Cannot be cleared."`
	DocType    optional[string]       `json:"doc_type,omitempty"`
	Tags       optional[[]string]     `json:"tags,omitempty"`
	Metadata   optional[objectOrNull] `json:"metadata,omitempty" doc:"Replaces the whole object."`
	SourceType optional[string]       `json:"source_type,omitempty"`
	SourceURL  optional[string]       `json:"source_url,omitempty"`
	RepoID     optional[string]       `json:"repo_id,omitempty"`
	Language   optional[string]       `json:"language,omitempty"`
}

func (b *documentPatchBody) patch() domain.DocumentPatch {
	return domain.DocumentPatch{
		Title: b.Title.pointer(), Content: b.Content.pointer(), DocType: b.DocType.pointer(), SourceType: b.SourceType.pointer(),
		SourceURL: b.SourceURL.pointer(), RepoID: b.RepoID.pointer(), Language: b.Language.pointer(), Tags: b.Tags.pointer(),
		Metadata: (*json.RawMessage)(b.Metadata.pointer()),
	}
}

type changeDocumentInput struct {
	DocumentIDInput
	IdempotencyInput
	Body body[documentPatchBody]
}

func (s *Server) changeDocument(ctx context.Context, in *changeDocumentInput) (*acceptedOutput, error) {
	id, err := parseID(in.ID, "document")
	if err != nil {
		return nil, err
	}
	if err := s.checkContent(in.Body.Value.Content.Value); err != nil {
		return nil, err
	}
	patch := in.Body.Value.patch()
	return s.accept(ctx, in.IdempotencyKey, "PATCH /api/documents/"+id.String(), in.Body.hash, func(i *store.Ingest) (store.Accepted, error) {
		return i.Replace(ctx, id, func(current domain.DocumentInput) (domain.DocumentInput, error) {
			patch.Apply(&current)
			return current, nil
		})
	})
}

// accept runs one change of one document as an ingest and starts its job.
func (s *Server) accept(ctx context.Context, key, operation string, hash func() ([32]byte, error), change func(*store.Ingest) (store.Accepted, error)) (*acceptedOutput, error) {
	options := store.IngestOptions{
		IdempotencyKey: key, Operation: operation,
		ReadRequest: func(context.Context) ([32]byte, error) { return hash() },
	}
	result, err := s.deps.Store.Ingest(ctx, caller(ctx).TenantID, options, func(i *store.Ingest) (store.Reply, error) {
		accepted, err := change(i)
		if err != nil {
			return store.Reply{}, err
		}
		return replyWith(acceptedStatus(accepted), acceptedView(accepted, i.JobID()), hash)
	})
	if err != nil {
		return nil, err
	}
	s.start(ctx, result)
	out := &acceptedOutput{Status: result.Status, Replayed: replayedHeader(result)}
	return out, decodeReply(result, &out.Body)
}

// replyWith is the answer as it is kept under the idempotency key.
func replyWith(status int, view any, hash func() ([32]byte, error)) (store.Reply, error) {
	encoded, err := json.Marshal(view)
	if err != nil {
		return store.Reply{}, fmt.Errorf("encode the reply: %w", err)
	}
	sum, err := hash()
	if err != nil {
		return store.Reply{}, fmt.Errorf("hash the request: %w", err)
	}
	return store.Reply{Status: status, Body: encoded, RequestHash: sum}, nil
}

func decodeReply(result store.IngestResult, view any) error {
	if err := json.Unmarshal(result.Body, view); err != nil {
		return fmt.Errorf("decode the kept reply: %w", err)
	}
	return nil
}

// start hands the committed job over. It neither waits nor fails: a job that
// cannot be started now is started by the recovery schedule.
func (s *Server) start(ctx context.Context, result store.IngestResult) {
	if result.Job != nil {
		s.deps.Starter.StartJob(ctx, *result.Job)
	}
}

func replayedHeader(result store.IngestResult) string {
	if result.Replayed {
		return "true"
	}
	return ""
}

func acceptedStatus(a store.Accepted) int {
	if a.Queued() {
		return http.StatusAccepted
	}
	return http.StatusOK
}

func acceptedView(a store.Accepted, job uuid.UUID) AcceptedDocument {
	out := AcceptedDocument{ID: a.DocumentID, Version: a.Version, Status: statusQueued}
	switch a.Outcome {
	case store.AcceptCreated, store.AcceptUpdated:
		out.JobID = &job
	case store.AcceptUnchanged:
		out.Status, out.DuplicateOf = statusUnchanged, &a.DocumentID
	case store.AcceptDuplicate:
		out.Status, out.DuplicateOf = statusDuplicate, &a.DocumentID
	case store.AcceptRejected: // of bulk requests only
	}
	return out
}

func contentTooLong(size, limit int) error {
	return &domain.Error{Code: domain.CodeInvalid, Message: "the document is not valid", Fields: []domain.FieldError{{
		Field: "content", Message: fmt.Sprintf("is %d bytes long, at most %d are allowed", size, limit),
	}}}
}
