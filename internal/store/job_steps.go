package store

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

// keptAttempts is how many attempts of one job are kept; successes go first.
const keptAttempts = 200

// maxErrorText bounds the message of one attempt.
const maxErrorText = 1000

// JobStep is one attempt at one step of a job that is about to begin.
type JobStep struct {
	TenantID, JobID uuid.UUID
	Step            string
	Items           domain.SeqRange
	Attempt         int
	Stage           string
	Worker          string
	RunID           string
	// Reset tells that an operator's reset has started this run: what failed of a
	// job that has ended is taken up again.
	Reset bool
}

// BegunStep is an attempt that has begun. AttemptID is uuid.Nil when none is
// recorded, since the job is paused, has ended or is not known.
type BegunStep struct {
	AttemptID uuid.UUID
	State     domain.JobState // "" when there is no such job
}

// BeginStep marks a job as running and records the attempt. Of a job that is
// paused or has ended it only says so.
func (s *Store) BeginStep(ctx context.Context, step JobStep) (out BegunStep, err error) {
	err = s.inTenant(ctx, step.TenantID, func(q *db.Queries) error {
		out.State, err = beginJob(ctx, q, &step)
		if err != nil || out.State != domain.JobRunning {
			return err
		}
		if step.Attempt > 1 {
			lose := db.JobAttemptLoseParams{
				TenantID: step.TenantID, JobID: step.JobID, Step: step.Step, FromSeq: int32(step.Items.From), Attempt: int32(step.Attempt),
			}
			if err := q.JobAttemptLose(ctx, lose); err != nil {
				return err
			}
		}
		out.AttemptID = uuid.Must(uuid.NewV7())
		return q.JobAttemptInsert(ctx, db.JobAttemptInsertParams{
			TenantID: step.TenantID, JobID: step.JobID, ID: out.AttemptID, Step: step.Step, FromSeq: int32(step.Items.From), ToSeq: int32(step.Items.To),
			Attempt: int32(step.Attempt), Stage: step.Stage, Worker: step.Worker, RunID: step.RunID,
		})
	})
	return out, err
}

func beginJob(ctx context.Context, q *db.Queries, step *JobStep) (domain.JobState, error) {
	begin := db.JobBeginParams{TenantID: step.TenantID, ID: step.JobID, Stage: step.Stage, RunID: step.RunID, Worker: step.Worker}
	state, err := q.JobBegin(ctx, begin)
	if !noRows(err) {
		return domain.JobState(state), err
	}
	job, err := q.JobLock(ctx, db.JobLockParams{TenantID: step.TenantID, ID: step.JobID})
	if noRows(err) {
		return "", nil
	}
	if err != nil || !step.Reset || job.RunID == step.RunID {
		return domain.JobState(job.State), err
	}
	return reopenJob(ctx, q, job, step.RunID)
}

// reopenJob takes up what failed of a job that has ended, for a run that an
// operator's reset has started.
func reopenJob(ctx context.Context, q *db.Queries, job db.Job, runID string) (domain.JobState, error) {
	items, err := q.JobItemReopen(ctx, db.JobItemReopenParams{TenantID: job.TenantID, JobID: job.ID})
	if err != nil || len(items) == 0 {
		return domain.JobState(job.State), err
	}
	again := db.DocumentReopenManyParams{TenantID: job.TenantID}
	for _, i := range items {
		again.Ids = append(again.Ids, i.DocumentID)
		again.Versions = append(again.Versions, i.Version)
	}
	if err := q.DocumentReopenMany(ctx, again); err != nil {
		return "", err
	}
	left := max(0, int(job.Failed)-len(items)) // canceled documents were not counted as failed
	n, err := q.JobReopen(ctx, db.JobReopenParams{TenantID: job.TenantID, ID: job.ID, RunID: runID, Reopened: job.Failed - int32(left)})
	if err != nil || n == 0 {
		return domain.JobState(job.State), err
	}
	return domain.JobRunning, nil
}

// StepEnd is how an attempt ended.
type StepEnd struct {
	State domain.AttemptState
	Stage string
	// Code and Message are those of a failure.
	Code, Message string
}

// EndStep records how an attempt ended. Of a failure it notes with the job that
// another attempt is waited for.
func (s *Store) EndStep(ctx context.Context, step JobStep, begun BegunStep, end StepEnd) error {
	if begun.AttemptID == uuid.Nil {
		return nil
	}
	message := end.Message
	if len(message) > maxErrorText {
		message = message[:maxErrorText]
	}
	return s.inTenant(ctx, step.TenantID, func(q *db.Queries) error {
		err := q.JobAttemptEnd(ctx, db.JobAttemptEndParams{
			TenantID: step.TenantID, JobID: step.JobID, ID: begun.AttemptID, State: string(end.State), Stage: end.Stage, ErrorCode: end.Code, Error: validText(message),
		})
		if err != nil {
			return err
		}
		if end.State == domain.AttemptFailed {
			wait := db.JobWaitParams{TenantID: step.TenantID, ID: step.JobID, Waiting: domain.WaitRetry, Detail: end.Code + ": " + validText(message)}
			if err := q.JobWait(ctx, wait); err != nil {
				return err
			}
		}
		if step.Attempt == 1 && step.Items.From <= 1 {
			return nil // what cannot be many needs no look
		}
		return q.JobAttemptTrim(ctx, db.JobAttemptTrimParams{TenantID: step.TenantID, JobID: step.JobID, Keep: keptAttempts})
	})
}

// JobHeartbeat notes that somebody works on a job, and at which stage.
func (s *Store) JobHeartbeat(ctx context.Context, tenant, id uuid.UUID, stage string) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		return q.JobHeartbeat(ctx, db.JobHeartbeatParams{TenantID: tenant, ID: id, Stage: stage})
	})
}

// JobAttempts lists a job's attempts, newest first, those before the given id.
func (s *Store) JobAttempts(ctx context.Context, tenant, job, before uuid.UUID, limit int) (out []domain.JobAttempt, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.JobAttemptList(ctx, db.JobAttemptListParams{TenantID: tenant, JobID: job, BeforeID: beforeOr(before), RowLimit: int32(limit)})
		for _, r := range rows {
			out = append(out, domain.JobAttempt{
				ID: r.ID, Step: r.Step, Items: domain.SeqRange{From: int(r.FromSeq), To: int(r.ToSeq)}, Attempt: int(r.Attempt),
				State: domain.AttemptState(r.State), Stage: r.Stage, ErrorCode: r.ErrorCode, Error: r.Error, Worker: r.Worker,
				RunID: r.RunID, StartedAt: r.StartedAt.UTC(), EndedAt: r.EndedAt,
			})
		}
		return err
	})
	return out, err
}

// JobOutcomes counts the documents of a job by their state.
func (s *Store) JobOutcomes(ctx context.Context, tenant, job uuid.UUID) (map[domain.ItemState]int, error) {
	out := map[domain.ItemState]int{}
	err := s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.JobItemCountByState(ctx, db.JobItemCountByStateParams{TenantID: tenant, JobID: job})
		for _, r := range rows {
			out[domain.ItemState(r.State)] = int(r.Items)
		}
		return err
	})
	return out, err
}

func jobInsertParams(ctx context.Context, j *domain.Job) db.JobInsertParams {
	return db.JobInsertParams{
		TenantID: j.TenantID, ID: j.ID, Kind: string(j.Kind), Title: j.Title, Total: int32(j.Total), Bytes: j.Bytes,
		WorkflowID: j.WorkflowID, TraceID: telemetry.TraceID(ctx), RetryOf: j.RetryOf, DispatchedAt: j.DispatchedAt,
	}
}

// jobSteerTimeout bounds how long a job's row is locked while Temporal is told.
const jobSteerTimeout = 3 * time.Second

// validText makes a text one that PostgreSQL takes.
func validText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
