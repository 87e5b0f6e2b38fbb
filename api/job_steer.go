package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// pauseJob pauses a job for an operator. The row and the signal go together: when
// Temporal does not answer, nothing is changed.
func (s *Server) pauseJob(ctx context.Context, in *JobIDInput) (*jobOutput, error) {
	return s.steerJob(ctx, in, s.deps.Store.PauseJob, true)
}

// resumeJob takes the operator's reason away. A job that is paused for another
// reason stays paused.
func (s *Server) resumeJob(ctx context.Context, in *JobIDInput) (*jobOutput, error) {
	out, err := s.steerJob(ctx, in, s.deps.Store.ResumeJob, false)
	if err == nil && out.Body.State == domain.JobQueued {
		// It may get a place at once.
		s.deps.Starter.StartJob(ctx, domain.Job{ID: out.Body.ID, TenantID: caller(ctx).TenantID, Kind: out.Body.Kind})
	}
	return out, err
}

type steerJob func(ctx context.Context, tenant, id uuid.UUID, reason domain.PauseReason, tell store.TellJob) (domain.Job, error)

func (s *Server) steerJob(ctx context.Context, in *JobIDInput, steer steerJob, paused bool) (*jobOutput, error) {
	id, err := parseID(in.ID, "job")
	if err != nil {
		return nil, err
	}
	tell := func(ctx context.Context, job domain.Job) error {
		if err := s.deps.Starter.SignalJob(ctx, job, paused, domain.PausedByOperator); err != nil {
			return temporalAway(err)
		}
		return nil
	}
	job, err := steer(ctx, caller(ctx).TenantID, id, domain.PausedByOperator, tell)
	if err != nil {
		return nil, err
	}
	return s.jobAnswer(ctx, &job, nil)
}
