package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// maxBatchIDs bounds one request to index again.
const maxBatchIDs = 1000

type indexDocumentBody struct {
	DocumentID   string `json:"document_id" required:"true" format:"uuid"`
	ForceReindex bool   `json:"force_reindex,omitempty" doc:"Also when it is indexed already."`
}

type indexDocumentInput struct {
	IdempotencyInput
	Body body[indexDocumentBody]
}

type indexDocumentsBody struct {
	DocumentIDs  []string `json:"document_ids" required:"true" minItems:"1" maxItems:"1000"`
	ForceReindex bool     `json:"force_reindex,omitempty" doc:"Also those that are indexed already."`
}

type indexDocumentsInput struct {
	IdempotencyInput
	Body body[indexDocumentsBody]
}

// IndexAccepted is the answer to a request to index again.
type IndexAccepted struct {
	JobID     *uuid.UUID `json:"job_id,omitempty" doc:"Left out when there is nothing to do."`
	Status    string     `json:"status" enum:"queued_for_indexing,already_indexed"`
	Documents int        `json:"documents" doc:"How many were queued."`
	NotFound  []string   `json:"not_found,omitempty" doc:"Ids that do not exist."`
}

type indexOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the first answer to the same Idempotency-Key."`
	Body     IndexAccepted
}

func (s *Server) indexDocument(ctx context.Context, in *indexDocumentInput) (*indexOutput, error) {
	b := in.Body.Value
	if b.DocumentID == "" {
		return nil, missing("document_id")
	}
	return s.requeue(ctx, in.IdempotencyKey, "POST /api/index", in.Body.hash, []string{b.DocumentID}, b.ForceReindex)
}

func (s *Server) indexDocuments(ctx context.Context, in *indexDocumentsInput) (*indexOutput, error) {
	b := in.Body.Value
	switch {
	case len(b.DocumentIDs) == 0:
		return nil, missing("document_ids")
	case len(b.DocumentIDs) > maxBatchIDs:
		return nil, &domain.Error{Code: domain.CodeInvalid, Message: "the request is not valid", Fields: []domain.FieldError{{
			Field: "document_ids", Message: "has more than 1000 entries",
		}}}
	}
	return s.requeue(ctx, in.IdempotencyKey, "POST /api/index/batch", in.Body.hash, b.DocumentIDs, b.ForceReindex)
}

func (s *Server) requeue(ctx context.Context, key, operation string, hash func() ([32]byte, error), texts []string, force bool) (*indexOutput, error) {
	ids, unknown := uniqueIDs(texts)
	options := store.IngestOptions{
		IdempotencyKey: key, Operation: operation,
		ReadRequest: func(context.Context) ([32]byte, error) { return hash() },
	}
	result, err := s.deps.Store.Ingest(ctx, caller(ctx).TenantID, options, func(i *store.Ingest) (store.Reply, error) {
		absent, err := i.Requeue(ctx, ids, force)
		if err != nil {
			return store.Reply{}, err
		}
		if len(absent) == len(ids) {
			return store.Reply{}, domain.NotFound("document")
		}
		view := IndexAccepted{Status: "already_indexed", Documents: i.Items(), NotFound: unknown}
		for _, id := range absent {
			view.NotFound = append(view.NotFound, id.String())
		}
		status := http.StatusOK
		if i.Items() > 0 {
			job := i.JobID()
			status, view.Status, view.JobID = http.StatusAccepted, statusQueued, &job
		}
		return replyWith(status, view, hash)
	})
	if err != nil {
		return nil, err
	}
	s.start(ctx, result)
	out := &indexOutput{Status: result.Status, Replayed: replayedHeader(result)}
	return out, decodeReply(result, &out.Body)
}

// uniqueIDs reads ids; what cannot be one is as good as one that does not exist.
func uniqueIDs(texts []string) (ids []uuid.UUID, unknown []string) {
	seen := make(map[uuid.UUID]bool, len(texts))
	for _, text := range texts {
		id, err := parseID(text, "document")
		if err != nil {
			unknown = append(unknown, shorten(text))
			continue
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, unknown
}
