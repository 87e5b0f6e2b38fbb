package activities

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// redriveStep bounds the jobs that one transaction retries.
const redriveStep = 50

// RedriveInput names a redrive by its job.
type RedriveInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	JobID    uuid.UUID `json:"job_id"`
}

// RedriveOutput is what one step did. Paused tells that it did nothing, since the
// redrive is paused.
type RedriveOutput struct {
	Seen    int  `json:"seen"`
	Retried int  `json:"retried"`
	More    bool `json:"more"`
	Paused  bool `json:"paused,omitempty"`
}

// RedriveSome retries the next jobs of a redrive. They wait for their places like
// any others.
func (j *Jobs) RedriveSome(ctx context.Context, in RedriveInput) (out RedriveOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	step, err := beginStep(ctx, j.Store, beat, in.TenantID, in.JobID, domain.SeqRange{}, "retry", false)
	if err != nil {
		return out, toTemporal(err)
	}
	if step.state() == domain.JobPaused {
		return RedriveOutput{Paused: true}, nil
	}
	defer func() { step.end(ctx, err) }()
	done, err := j.Store.RedriveSome(ctx, in.TenantID, in.JobID, redriveStep)
	if err != nil {
		return out, toTemporal(err)
	}
	out = RedriveOutput{Seen: done.Seen, Retried: done.Retried, More: done.More}
	return out, toTemporal(j.DispatchJobs(ctx, in.TenantID))
}

// FollowJobInput says how a job of a kind without documents stands.
type FollowJobInput struct {
	TenantID   uuid.UUID       `json:"tenant_id"`
	JobID      uuid.UUID       `json:"job_id"`
	Kind       domain.JobKind  `json:"kind"`
	WorkflowID string          `json:"workflow_id"`
	Title      string          `json:"title,omitempty"`
	State      domain.JobState `json:"state"`
	Stage      string          `json:"stage,omitempty"`
	Total      int             `json:"total,omitempty"`
	Done       int             `json:"done,omitempty"`
	Code       string          `json:"code,omitempty"`
	Message    string          `json:"message,omitempty"`
}

// FollowJob makes, moves on or ends the row of a job: see Store.FollowJob.
func (j *Jobs) FollowJob(ctx context.Context, in FollowJobInput) error {
	return toTemporal(j.Store.FollowJob(ctx, domain.Job{
		ID: in.JobID, TenantID: in.TenantID, Kind: in.Kind, WorkflowID: in.WorkflowID, Title: in.Title, State: in.State, Stage: in.Stage,
		Total: in.Total, Done: in.Done, ErrorCode: in.Code, ErrorMessage: in.Message,
	}))
}
