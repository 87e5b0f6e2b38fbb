package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// DocumentStatus answers "why is this document (not) searchable?".
type DocumentStatus struct {
	ID             uuid.UUID            `json:"id"`
	State          domain.DocumentState `json:"state" enum:"queued,indexed,failed"`
	Searchable     bool                 `json:"searchable"`
	Version        int64                `json:"version"`
	IndexedVersion int64                `json:"indexed_version"`
	ErrorCode      string               `json:"error_code,omitempty"`
	Error          string               `json:"error,omitempty"`
	Message        string               `json:"message" doc:"The state in words."`
	Hint           string               `json:"hint,omitempty" doc:"What to do about it."`
	Job            *Job                 `json:"job,omitempty" doc:"The job of the newest version."`
}

type documentStatusOutput struct{ Body DocumentStatus }

func (s *Server) getDocumentStatus(ctx context.Context, in *DocumentIDInput) (*documentStatusOutput, error) {
	id, err := parseID(in.ID, "document")
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	d, err := s.deps.Store.DocumentInfo(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	out := DocumentStatus{
		ID: d.ID, State: d.State, Searchable: d.Searchable(), Version: d.Version, IndexedVersion: d.IndexedVersion,
		ErrorCode: d.ErrorCode, Error: d.ErrorMessage,
	}
	job, err := s.deps.Store.Job(ctx, tenant, d.JobID)
	switch {
	case err == nil:
		view := s.jobView(ctx, &job)
		out.Job = &view
	case domain.CodeOf(err) != domain.CodeNotFound: // old jobs may be gone
		return nil, err
	}
	out.Message, out.Hint = explain(&d, out.Job)
	return &documentStatusOutput{out}, nil
}

// explain says where a document stands and what its owner can do.
func explain(d *domain.Document, job *Job) (message, hint string) {
	switch d.State {
	case domain.DocumentIndexed:
		return "the newest version is searchable", ""
	case domain.DocumentFailed:
		message = "the newest version could not be indexed"
		if d.Searchable() {
			message += "; searches find an older one"
		}
		if d.ErrorCode == "job_canceled" {
			return message, "its job was canceled; POST /api/index with this document_id queues it again"
		}
		return message, "change the document, or queue it again with POST /api/index"
	case domain.DocumentQueued:
		message = "the newest version waits for the index"
		if d.Searchable() {
			message += "; until then searches find the one before"
		}
		if job != nil && job.State == domain.JobRunning {
			return message, "its job is running"
		}
		return message, "its job has not started yet; GET /api/health tells whether a worker is there"
	}
	return "", ""
}
