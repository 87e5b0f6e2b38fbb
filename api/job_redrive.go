package api

import (
	"context"
	"net/http"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// retryJob has another job do what this one did not. Without Temporal it is stored
// all the same and starts when Temporal is back, like every accepted document.
func (s *Server) retryJob(ctx context.Context, in *JobIDInput) (*jobOutput, error) {
	id, err := parseID(in.ID, "job")
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	old, err := s.deps.Store.Retriable(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if old.Kind == domain.JobRebuildIndex {
		return s.retryRebuild(ctx, old)
	}
	job, err := s.deps.Store.RetryJob(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	s.deps.Starter.StartJob(ctx, job)
	return s.jobAnswer(ctx, &job, nil)
}

func (s *Server) retryRebuild(ctx context.Context, old domain.Job) (*jobOutput, error) {
	id, workflowID, err := s.deps.IndexKeeper.StartRebuild(ctx, old.TenantID, "retry")
	if err != nil {
		return nil, temporalAway(err)
	}
	made := domain.Job{
		ID: id, TenantID: old.TenantID, Kind: old.Kind, State: domain.JobRunning, Stage: "build", WorkflowID: workflowID, Title: "Rebuild the index: retry",
	}
	if err := s.deps.Store.LinkRetry(ctx, old, made); err != nil {
		return nil, err
	}
	job, err := s.deps.Store.Job(ctx, old.TenantID, id)
	return s.jobAnswer(ctx, &job, err)
}

type redriveBody struct {
	Filter       redriveFilter `json:"filter,omitempty" doc:"Which jobs; all that failed when empty."`
	DryRun       bool          `json:"dry_run,omitempty" doc:"Count and start nothing."`
	ConfirmCount *int64        `json:"confirm_count,omitempty" minimum:"0" doc:"How many jobs you expect. It must be what a dry run counts; needed when the filter is empty."`
}

type redriveFilter struct {
	States    []string `json:"states,omitempty" enum:"failed,completed_with_errors,canceled" doc:"failed and completed_with_errors when left out."`
	ErrorCode string   `json:"error_code,omitempty" maxLength:"100"`
	Since     string   `json:"since,omitempty" format:"date-time" doc:"Created then or later."`
	Until     string   `json:"until,omitempty" format:"date-time" doc:"Created before."`
}

type redriveInput struct{ Body body[redriveBody] }

// Redrive is the answer to a request to retry many jobs.
type Redrive struct {
	Count int64 `json:"count" doc:"Jobs that are, or would be, retried."`
	Job   *Job  `json:"job,omitempty" doc:"The job that retries them; left out of a dry run and when there are none."`
}

type redriveOutput struct {
	Status int
	Body   Redrive
}

func (s *Server) redriveJobs(ctx context.Context, in *redriveInput) (*redriveOutput, error) {
	b := &in.Body.Value
	f, err := b.Filter.read()
	if err != nil {
		return nil, err
	}
	if f.Empty() && !b.DryRun && b.ConfirmCount == nil {
		return nil, &domain.Error{Code: domain.CodeInvalid, Message: "this would retry every job that failed", Fields: []domain.FieldError{{
			Field: "confirm_count", Message: "is required without a filter: ask with dry_run first and send the count that it answers",
		}}}
	}
	tenant := caller(ctx).TenantID
	count, err := s.deps.Store.CountRedrive(ctx, tenant, f)
	if err != nil {
		return nil, err
	}
	if b.DryRun || count == 0 {
		return &redriveOutput{http.StatusOK, Redrive{Count: count}}, nil
	}
	if b.ConfirmCount != nil && *b.ConfirmCount != count {
		return nil, domain.Errorf(domain.CodeConflict, "there are %d such jobs now, not %d: look at them again", count, *b.ConfirmCount)
	}
	job, err := s.deps.Store.StartRedrive(ctx, tenant, f, count)
	if err != nil {
		return nil, err
	}
	s.deps.Starter.StartJob(ctx, job)
	view := s.jobView(ctx, &job)
	return &redriveOutput{http.StatusAccepted, Redrive{Count: count, Job: &view}}, nil
}

func (r *redriveFilter) read() (f store.JobFilter, err error) {
	f.States, f.ErrorCode = jobStates(r.States), r.ErrorCode
	for _, state := range f.States {
		switch state {
		case domain.JobFailed, domain.JobCompletedWithErrors, domain.JobCanceled:
		default:
			return f, &domain.Error{Code: domain.CodeInvalid, Message: "the filter is not valid", Fields: []domain.FieldError{{
				Field: "filter.states", Message: "must be of failed, completed_with_errors and canceled: in others nothing is left to retry",
			}}}
		}
	}
	if f.Since, f.Until, err = jobTimes(r.Since, r.Until); err != nil {
		return f, err
	}
	return f, nil
}
