package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Starter starts and ends the durable work behind jobs: *workflows.Starter.
type Starter interface {
	// StartJob hands a committed job over. It neither blocks nor fails; a job that
	// cannot be started now is started by the recovery schedule.
	StartJob(ctx context.Context, job domain.Job)
	// CancelWorkflow asks a job's workflow to end, as a courtesy: the job's row is
	// what counts.
	CancelWorkflow(ctx context.Context, workflowID string) error
	// SignalJob tells a job's workflow that it is paused or resumed.
	SignalJob(ctx context.Context, job domain.Job, paused bool, reason domain.PauseReason) error
	// TrainEmbeddings starts the making of a tenant's next model; one that is
	// running is a conflict. CancelTraining ends it as a courtesy, RequestVectors
	// has lacking vectors made.
	TrainEmbeddings(ctx context.Context, tenant uuid.UUID, reason string) error
	CancelTraining(ctx context.Context, tenant uuid.UUID) error
	RequestVectors(ctx context.Context, tenant uuid.UUID) error
	// EmbeddingsWorkflowID is the workflow that makes a model, or vectors.
	EmbeddingsWorkflowID(tenant uuid.UUID, training bool) string
	// WorkflowURL is the workflow's page in the Temporal UI, "" when unknown.
	WorkflowURL(workflowID string) string
	// UIURL is the Temporal UI, "" when unknown.
	UIURL() string
	// Health asks Temporal for a sign of life.
	Health(ctx context.Context) error
	// Workers counts the workers that were seen lately.
	Workers(ctx context.Context) (int, error)
}

// JobIDInput names a job in the path.
type JobIDInput struct {
	ID string `path:"id" doc:"The job's id." example:"0198c0de-0000-7000-8000-000000000000"`
}

type jobOutput struct{ Body Job }

func (s *Server) getJob(ctx context.Context, in *JobIDInput) (*jobOutput, error) {
	id, err := parseID(in.ID, "job")
	if err != nil {
		return nil, err
	}
	job, err := s.deps.Store.Job(ctx, caller(ctx).TenantID, id)
	if err != nil {
		return nil, err
	}
	return s.jobAnswer(ctx, &job, nil)
}

// JobItem is one document of a job.
type JobItem struct {
	Seq        int              `json:"seq" doc:"Its number in the job, from 1."`
	DocumentID uuid.UUID        `json:"document_id"`
	ExternalID string           `json:"external_id,omitempty"`
	Title      string           `json:"title"`
	Version    int64            `json:"version"`
	State      domain.ItemState `json:"state" enum:"queued,indexed,superseded,deleted,failed,canceled"`
	Stage      string           `json:"stage,omitempty" doc:"Where it failed."`
	ErrorCode  string           `json:"error_code,omitempty"`
	Error      string           `json:"error,omitempty"`
	Attempts   int              `json:"attempts"`
	UpdatedAt  time.Time        `json:"updated_at"`
}

type listJobItemsInput struct {
	JobIDInput
	PageInput
	State string `query:"state" enum:"queued,indexed,superseded,deleted,failed,canceled"`
}

// JobItemList is one page of a job's documents.
type JobItemList struct {
	Items      []JobItem `json:"items"`
	NextCursor string    `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listJobItemsOutput struct{ Body JobItemList }

func (s *Server) listJobItems(ctx context.Context, in *listJobItemsInput) (*listJobItemsOutput, error) {
	id, err := parseID(in.ID, "job")
	if err != nil {
		return nil, err
	}
	after, err := in.afterNumber()
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	if _, err := s.deps.Store.Job(ctx, tenant, id); err != nil {
		return nil, err
	}
	found, err := s.deps.Store.JobItems(ctx, tenant, id, domain.ItemState(in.State), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(i domain.JobItem) string { return cursorOfNumber(i.Seq) })
	out := &listJobItemsOutput{JobItemList{Items: make([]JobItem, len(found)), NextCursor: next}}
	for i, f := range found {
		out.Body.Items[i] = JobItem{
			Seq: f.Seq, DocumentID: f.DocumentID, ExternalID: f.ExternalID, Title: f.Title, Version: f.Version, State: f.State,
			Stage: f.Stage, ErrorCode: f.ErrorCode, Error: f.ErrorMessage, Attempts: f.Attempts, UpdatedAt: f.UpdatedAt,
		}
	}
	return out, nil
}

// cancelTimeout bounds what is only a courtesy.
const cancelTimeout = 2 * time.Second

// cancelJob ends a job that indexes by its row, which is what counts: its workflow
// finds nothing left to do, and telling it saves only time. The other kinds are ended
// by their workflows, which have to be told.
func (s *Server) cancelJob(ctx context.Context, in *JobIDInput) (*jobOutput, error) {
	id, err := parseID(in.ID, "job")
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	job, err := s.deps.Store.Job(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if job.Kind != domain.JobIndexDocuments {
		job, err = s.deps.Store.RequestCancel(ctx, tenant, id, func(ctx context.Context, job domain.Job) error {
			if err := s.deps.Starter.CancelWorkflow(ctx, job.WorkflowID); err != nil {
				return temporalAway(err)
			}
			return nil
		})
		return s.jobAnswer(ctx, &job, err)
	}
	if job, err = s.deps.Store.CancelJob(ctx, tenant, id); err != nil {
		return nil, err
	}
	tell, cancel := context.WithTimeout(ctx, cancelTimeout)
	defer cancel()
	if err := s.deps.Starter.CancelWorkflow(tell, job.WorkflowID); err != nil {
		slog.WarnContext(ctx, "a canceled job's workflow could not be told", slog.String("job", id.String()), slog.Any("error", err))
	}
	return s.jobAnswer(ctx, &job, nil)
}

func (s *Server) jobAnswer(ctx context.Context, job *domain.Job, err error) (*jobOutput, error) {
	if err != nil {
		return nil, err
	}
	return &jobOutput{s.jobView(ctx, job)}, nil
}
