package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Job is a job as it is answered.
type Job struct {
	ID          uuid.UUID       `json:"id"`
	Kind        domain.JobKind  `json:"kind" example:"index_documents"`
	State       domain.JobState `json:"state" enum:"queued,running,paused,completed,completed_with_errors,failed,canceled"`
	Condition   JobCondition    `json:"condition" doc:"What tells jobs of the same state apart."`
	Title       string          `json:"title,omitempty" doc:"What it does, where the kind alone does not say it."`
	Stage       string          `json:"stage" doc:"Where it is: queued, load, chunk, build, commit, done, or a stage of its kind." example:"build"`
	Total       int             `json:"total" doc:"Documents in the job, or what its kind works on; 0 when that is not known."`
	Done        int             `json:"done" doc:"Of these, ended well."`
	Failed      int             `json:"failed" doc:"Of these, ended with an error."`
	Bytes       int64           `json:"bytes" doc:"Content of all documents."`
	CreatedAt   time.Time       `json:"created_at"`
	StartedAt   *time.Time      `json:"started_at" nullable:"true"`
	FinishedAt  *time.Time      `json:"finished_at" nullable:"true"`
	HeartbeatAt *time.Time      `json:"heartbeat_at" nullable:"true" doc:"Its last sign of life."`
	ErrorCode   string          `json:"error_code,omitempty" doc:"Of the job, or of its first document that failed."`
	Error       string          `json:"error,omitempty"`
	Hint        string          `json:"hint,omitempty" doc:"What to do about the error."`
	RetryOf     *uuid.UUID      `json:"retry_of,omitempty" doc:"The job that this one repeats."`
	RetriedBy   *uuid.UUID      `json:"retried_by,omitempty" doc:"The job that repeats this one."`
	TenantID    *uuid.UUID      `json:"tenant_id,omitempty" doc:"In lists over all tenants."`
	TemporalURL string          `json:"temporal_url,omitempty" doc:"The job's workflow in the Temporal UI."`
}

// JobCondition is how a job stands, with the reason and since when.
type JobCondition struct {
	Name   domain.JobCondition `json:"name" enum:"queued_behind,no_worker,temporal_away,working,waiting,retrying,paused,ending,stuck,ended" doc:"queued_behind: others come first. no_worker: nobody polls its queue. temporal_away: Temporal does not answer. waiting: for what is outside, such as the embeddings server. retrying: an attempt failed, the next one is due. stuck: it runs and has shown no sign of life for 2 minutes."`
	Reason string              `json:"reason,omitempty" doc:"In words."`
	Since  *time.Time          `json:"since" nullable:"true"`
	// Position is not sent for jobs that have a place.
	Position *int `json:"position,omitempty" doc:"Its place among the tenant's jobs that wait, from 1; in the answer for one job."`
}

// jobView shows one job, with its position when it waits for a place.
func (s *Server) jobView(ctx context.Context, j *domain.Job) Job {
	around := s.surroundings(ctx, j)
	var position *int
	if j.State == domain.JobQueued && j.DispatchedAt == nil {
		if ahead, err := s.deps.Store.JobsAhead(ctx, j.TenantID, j.ID); err == nil {
			around.Ahead = ahead
			ahead++
			position = &ahead
		}
	}
	out := s.viewAmong(j, around)
	out.Condition.Position = position
	return out
}

func (s *Server) jobViews(ctx context.Context, jobs []domain.Job) []Job {
	out := make([]Job, len(jobs))
	for i := range jobs {
		out[i] = s.viewAmong(&jobs[i], s.surroundings(ctx, &jobs[i]))
	}
	return out
}

func (s *Server) viewAmong(j *domain.Job, around domain.JobSurroundings) Job {
	standing := j.Standing(time.Now(), around)
	out := Job{
		ID: j.ID, Kind: j.Kind, State: j.State, Title: j.Title, Stage: j.Stage, Total: j.Total, Done: j.Done, Failed: j.Failed, Bytes: j.Bytes,
		Condition: JobCondition{Name: standing.Condition, Reason: standing.Reason, Since: utc(standing.Since)},
		CreatedAt: j.CreatedAt, StartedAt: utc(j.StartedAt), FinishedAt: utc(j.FinishedAt), HeartbeatAt: utc(j.HeartbeatAt),
		ErrorCode: j.ErrorCode, Error: j.ErrorMessage, Hint: jobHint(j.ErrorCode), RetryOf: j.RetryOf, RetriedBy: j.RetriedBy,
		TemporalURL: s.deps.Starter.WorkflowURL(j.WorkflowID),
	}
	if out.TemporalURL != "" && j.RunID != "" {
		out.TemporalURL += "/" + j.RunID
	}
	return out
}

// jobHint says what to do about an error.
func jobHint(code string) string {
	switch code {
	case "":
		return ""
	case "job_canceled":
		return "the job was canceled: retry it to index what is left"
	case "terminated":
		return "an operator ended its workflow: retry the job, or reset the workflow with the temporal CLI"
	case "worker_died", "worker_lost":
		return "a worker was lost while it had this in hand: look for a crash or a lack of memory in the worker's log, then retry"
	case "chunking_failed":
		return "change the document's text, then index it again"
	case "interrupted":
		return "the next attempt goes on by itself"
	case string(domain.CodeUnavailable):
		return "a part of the system was away: it is tried again by itself, and can be retried when it gave up"
	case "provider_waiting":
		return "the embeddings server is away or asks to be left alone: look at its state, and at EMBEDDINGS_* of the worker"
	case string(domain.CodeInternal), "indexing_failed", "workflow_failed":
		return "the worker's log and the workflow tell the cause; retry the job when it is gone"
	}
	return "retry the job when the cause is gone"
}

// jobWorld is what the last look at Temporal has shown. It is looked at when a job
// that has not ended is shown, and at most every few seconds.
type jobWorld struct {
	mu      sync.Mutex
	at      time.Time
	workers int
	away    bool
}

const (
	worldFresh   = 3 * time.Second
	worldTimeout = time.Second
)

func (s *Server) surroundings(ctx context.Context, j *domain.Job) domain.JobSurroundings {
	out := domain.JobSurroundings{Ahead: -1, Limit: s.deps.MaxRunningJobs, Workers: -1}
	if j.State.Final() || j.State == domain.JobPaused {
		return out
	}
	w := &s.jobWorld
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.at) > worldFresh {
		limited, cancel := context.WithTimeout(ctx, worldTimeout)
		defer cancel()
		workers, err := s.deps.Starter.Workers(limited)
		if err != nil && ctx.Err() == nil {
			slog.DebugContext(ctx, "Temporal could not be asked for its workers", "error", err)
		}
		w.at, w.workers, w.away = time.Now(), workers, err != nil
	}
	out.Workers, out.TemporalAway = w.workers, w.away
	return out
}
