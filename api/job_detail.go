package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// shownAttempts is how many attempts the answer for one job has.
const shownAttempts = 20

// JobDetail tells a job's whole story.
type JobDetail struct {
	Job
	Can              JobAbilities             `json:"can" doc:"What can be done with it now."`
	Stages           []JobStage               `json:"stages" doc:"What it goes through."`
	Outcomes         map[domain.ItemState]int `json:"outcomes" doc:"Its documents by their state."`
	Attempts         []JobAttempt             `json:"attempts" doc:"The newest; all of them at …/attempts."`
	PauseReasons     []domain.PauseReason     `json:"pause_reasons" doc:"Who has paused it: operator, tenant_suspended."`
	HeartbeatAge     *float64                 `json:"heartbeat_age_seconds" nullable:"true" doc:"How long its last sign of life is ago; null when it has ended or never had one."`
	Worker           string                   `json:"worker,omitempty" doc:"Who has worked on it last: process@host."`
	WorkflowID       string                   `json:"workflow_id"`
	RunID            string                   `json:"run_id,omitempty" doc:"The run of the workflow that has worked on it last."`
	TraceID          string                   `json:"trace_id,omitempty" doc:"Of the request that brought it."`
	TraceURL         string                   `json:"trace_url,omitempty" doc:"The trace in Jaeger."`
	DispatchedAt     *time.Time               `json:"dispatched_at" nullable:"true" doc:"When it got one of the tenant's places and was handed to Temporal."`
	RunningJobsLimit int                      `json:"running_jobs_limit" doc:"How many indexing jobs of a tenant run at once; 0 for any number."`
}

// JobAbilities are the verbs that would not be refused.
type JobAbilities struct {
	Cancel bool `json:"cancel"`
	Pause  bool `json:"pause"`
	Resume bool `json:"resume"`
	Retry  bool `json:"retry"`
}

// JobStage is one of the stages of a job's kind.
type JobStage struct {
	Name  string `json:"name"`
	State string `json:"state" enum:"done,current,pending,failed"`
}

// JobAttempt is one attempt at one step.
type JobAttempt struct {
	ID         uuid.UUID           `json:"id"`
	Step       string              `json:"step" doc:"The activity." example:"IndexBatch"`
	Items      *domain.SeqRange    `json:"items,omitempty" doc:"The numbers of its documents, both included."`
	Attempt    int                 `json:"attempt" doc:"From 1."`
	State      domain.AttemptState `json:"state" enum:"running,succeeded,failed,lost"`
	Stage      string              `json:"stage,omitempty" doc:"Where it is, or ended."`
	ErrorCode  string              `json:"error_code,omitempty"`
	Error      string              `json:"error,omitempty"`
	Hint       string              `json:"hint,omitempty"`
	Worker     string              `json:"worker"`
	RunID      string              `json:"run_id"`
	StartedAt  time.Time           `json:"started_at"`
	EndedAt    *time.Time          `json:"ended_at" nullable:"true"`
	DurationMS int64               `json:"duration_ms" doc:"Until now while it runs."`
}

type jobDetailOutput struct{ Body JobDetail }

func (s *Server) getJobDetail(ctx context.Context, in *JobIDInput) (*jobDetailOutput, error) {
	id, err := parseID(in.ID, "job")
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	j, err := s.deps.Store.Job(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	attempts, err := s.deps.Store.JobAttempts(ctx, tenant, id, uuid.Nil, shownAttempts)
	if err != nil {
		return nil, err
	}
	outcomes, err := s.deps.Store.JobOutcomes(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	out := JobDetail{
		Job: s.jobView(ctx, &j), Can: abilitiesNow(&j), Stages: stagesOf(&j), Outcomes: outcomes, Attempts: attemptViews(attempts, now),
		PauseReasons: append([]domain.PauseReason{}, j.PauseReasons...), Worker: j.Worker, WorkflowID: j.WorkflowID, RunID: j.RunID,
		TraceID: j.TraceID, DispatchedAt: utc(j.DispatchedAt), RunningJobsLimit: s.deps.MaxRunningJobs,
	}
	if j.HeartbeatAt != nil && !j.State.Final() {
		age := max(0, now.Sub(*j.HeartbeatAt)).Seconds()
		out.HeartbeatAge = &age
	}
	if s.deps.JaegerURL != "" && j.TraceID != "" {
		out.TraceURL = s.deps.JaegerURL + "/trace/" + j.TraceID
	}
	return &jobDetailOutput{out}, nil
}

func abilitiesNow(j *domain.Job) JobAbilities {
	kind, over := j.Kind.Abilities(), j.State.Final()
	operator := false
	for _, r := range j.PauseReasons {
		operator = operator || r == domain.PausedByOperator
	}
	return JobAbilities{
		Cancel: !over, Pause: kind.Pause && !over && !operator, Resume: operator,
		Retry: kind.Retry && over && j.State != domain.JobCompleted && j.RetriedBy == nil,
	}
}

// stagesOf tells where a job is among the stages of its kind. A stage that is none
// of them says nothing about the others.
func stagesOf(j *domain.Job) []JobStage {
	names := j.Kind.Abilities().Stages
	out := make([]JobStage, len(names))
	at := -1
	for n, name := range names {
		if name == j.Stage {
			at = n
		}
	}
	if j.Stage == "done" && (j.State == domain.JobCompleted || j.State == domain.JobCompletedWithErrors) {
		at = len(names)
	}
	for n, name := range names {
		out[n] = JobStage{Name: name, State: "pending"}
		switch {
		case n < at:
			out[n].State = "done"
		case n == at && j.State == domain.JobFailed:
			out[n].State = "failed"
		case n == at:
			out[n].State = "current"
		}
	}
	return out
}

func attemptViews(attempts []domain.JobAttempt, now time.Time) []JobAttempt {
	out := make([]JobAttempt, len(attempts))
	for n := range attempts {
		a := &attempts[n]
		out[n] = JobAttempt{
			ID: a.ID, Step: a.Step, Attempt: a.Attempt, State: a.State, Stage: a.Stage, ErrorCode: a.ErrorCode, Error: a.Error,
			Hint: jobHint(a.ErrorCode), Worker: a.Worker, RunID: a.RunID, StartedAt: a.StartedAt, EndedAt: utc(a.EndedAt),
		}
		end := now
		if a.EndedAt != nil {
			end = *a.EndedAt
		}
		out[n].DurationMS = max(0, end.Sub(a.StartedAt)).Milliseconds()
		if a.Items.To > 0 {
			out[n].Items = &a.Items
		}
	}
	return out
}

type listJobAttemptsInput struct {
	JobIDInput
	PageInput
}

// JobAttemptList is one page of a job's attempts.
type JobAttemptList struct {
	Attempts   []JobAttempt `json:"attempts"`
	NextCursor string       `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listJobAttemptsOutput struct{ Body JobAttemptList }

func (s *Server) listJobAttempts(ctx context.Context, in *listJobAttemptsInput) (*listJobAttemptsOutput, error) {
	id, err := parseID(in.ID, "job")
	if err != nil {
		return nil, err
	}
	before, err := in.beforeID()
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	if _, err := s.deps.Store.Job(ctx, tenant, id); err != nil {
		return nil, err
	}
	found, err := s.deps.Store.JobAttempts(ctx, tenant, id, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(a domain.JobAttempt) string { return cursorOfID(a.ID) })
	return &listJobAttemptsOutput{JobAttemptList{Attempts: attemptViews(found, time.Now()), NextCursor: next}}, nil
}
