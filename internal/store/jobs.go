package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// Job returns one job.
func (s *Store) Job(ctx context.Context, tenant, id uuid.UUID) (j domain.Job, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.JobGet(ctx, db.JobGetParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("job")
		}
		j = jobFrom(row)
		return err
	})
	return j, err
}

// JobItems lists the documents of a job in the order they were given, those
// after the given number. An empty state lists all.
func (s *Store) JobItems(ctx context.Context, tenant, job uuid.UUID, state domain.ItemState, afterSeq, limit int) (out []domain.JobItem, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.JobItemList(ctx, db.JobItemListParams{
			TenantID: tenant, JobID: job, AfterSeq: int32(afterSeq), State: optional(string(state)), RowLimit: int32(limit),
		})
		for _, r := range rows {
			out = append(out, domain.JobItem{
				Seq: int(r.Seq), DocumentID: r.DocumentID, ExternalID: r.ExternalID, Title: r.Title, Version: r.Version,
				State: domain.ItemState(r.State), Stage: r.Stage, ErrorCode: r.ErrorCode, ErrorMessage: r.ErrorMessage,
				Attempts: int(r.Attempts), UpdatedAt: r.UpdatedAt.UTC(),
			})
		}
		return err
	})
	return out, err
}

// CancelJob ends a job: what is not indexed yet will not be. Documents that a
// batch commits at this very moment are either wholly in or wholly out. A job
// that has ended already is a conflict.
func (s *Store) CancelJob(ctx context.Context, tenant, id uuid.UUID) (j domain.Job, err error) {
	err = s.endJob(ctx, tenant, id, func(q *db.Queries, job db.Job) (domain.JobState, domain.EventType, error) {
		if domain.JobState(job.State).Final() {
			return "", "", domain.Errorf(domain.CodeConflict, "the job has ended already: it is %s", job.State)
		}
		rows, err := q.JobItemCancelAll(ctx, db.JobItemCancelAllParams{TenantID: tenant, JobID: id})
		if err != nil {
			return "", "", err
		}
		fail := db.DocumentMarkFailedManyParams{TenantID: tenant}
		for _, r := range rows {
			appendFailure(&fail, r.DocumentID, r.Version, "job_canceled", "the job was canceled before this document was indexed")
		}
		if err := q.DocumentMarkFailedMany(ctx, fail); err != nil {
			return "", "", err
		}
		return domain.JobCanceled, domain.EventJobCanceled, auditJob(ctx, q, job, "job.canceled")
	})
	if err != nil {
		return domain.Job{}, err
	}
	return s.Job(ctx, tenant, id)
}

// FailJob ends a job whose workflow gave up: every document that is not
// indexed is marked with the reason.
func (s *Store) FailJob(ctx context.Context, tenant, id uuid.UUID, code, message string) error {
	return s.endJob(ctx, tenant, id, func(q *db.Queries, job db.Job) (domain.JobState, domain.EventType, error) {
		if domain.JobState(job.State).Final() {
			return "", "", nil
		}
		failed, err := failItems(ctx, q, db.JobItemFailRangeParams{
			TenantID: tenant, JobID: id, ToSeq: job.Total, Stage: job.Stage, Code: code, Message: message,
		})
		if err != nil {
			return "", "", err
		}
		_, err = q.JobAdvance(ctx, db.JobAdvanceParams{TenantID: tenant, ID: id, Failed: int32(failed), Stage: job.Stage})
		return domain.FinishedState(int(job.Total), int(job.Failed)+failed), domain.EventJobFailed, err
	})
}

// auditJob records what a person did to a job; what the system does is in the job.
func auditJob(ctx context.Context, q *db.Queries, job db.Job, action string) error {
	if domain.ActorFrom(ctx).Kind == domain.ActorSystem {
		return nil
	}
	return audit(ctx, q, job.TenantID, change{action: action, kind: "job", id: job.ID.String(), before: jobFacts{job.Kind, job.State}})
}

type jobFacts struct {
	Kind  string `json:"kind"`
	State string `json:"state"`
}

// endJob locks a job, lets fn decide its last state and writes state and event.
func (s *Store) endJob(ctx context.Context, tenant, id uuid.UUID, fn func(*db.Queries, db.Job) (domain.JobState, domain.EventType, error)) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		job, err := q.JobLock(ctx, db.JobLockParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("job")
		}
		if err != nil {
			return err
		}
		state, event, err := fn(q, job)
		if err != nil || state == "" {
			return err
		}
		return finishJob(ctx, q, tenant, id, state, event)
	})
}

func finishJob(ctx context.Context, q *db.Queries, tenant, id uuid.UUID, state domain.JobState, event domain.EventType) error {
	if err := q.JobFinish(ctx, db.JobFinishParams{TenantID: tenant, ID: id, State: string(state)}); err != nil {
		return err
	}
	job, err := q.JobGet(ctx, db.JobGetParams{TenantID: tenant, ID: id})
	if err != nil {
		return err
	}
	var events outbox
	err = events.add(event, jobEvent{
		JobID: id, Kind: domain.JobKind(job.Kind), State: state, Total: int(job.Total), Done: int(job.Done), Failed: int(job.Failed),
	})
	if err != nil {
		return err
	}
	return events.write(ctx, q, tenant)
}

// FailItems marks the queued items of a range as failed, each with its document.
func (s *Store) FailItems(ctx context.Context, tenant, job uuid.UUID, r domain.SeqRange, stage, code, message string, attempts int) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if _, err := q.JobLock(ctx, db.JobLockParams{TenantID: tenant, ID: job}); err != nil {
			return err
		}
		failed, err := failItems(ctx, q, db.JobItemFailRangeParams{
			TenantID: tenant, JobID: job, FromSeq: int32(r.From), ToSeq: int32(r.To),
			Stage: stage, Code: code, Message: message, Attempts: int32(attempts),
		})
		if err != nil || failed == 0 {
			return err
		}
		return advanceJob(ctx, q, db.JobAdvanceParams{TenantID: tenant, ID: job, Failed: int32(failed), Stage: stage})
	})
}

func failItems(ctx context.Context, q *db.Queries, p db.JobItemFailRangeParams) (int, error) {
	rows, err := q.JobItemFailRange(ctx, p)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	fail := db.DocumentMarkFailedManyParams{TenantID: p.TenantID}
	var events outbox
	for _, r := range rows {
		appendFailure(&fail, r.DocumentID, r.Version, p.Code, p.Message)
		event := documentEvent{DocumentID: r.DocumentID, Version: r.Version, JobID: p.JobID, ErrorCode: p.Code, Error: p.Message}
		if err := events.add(domain.EventDocumentFailed, event); err != nil {
			return 0, err
		}
	}
	if err := q.DocumentMarkFailedMany(ctx, fail); err != nil {
		return 0, err
	}
	return len(rows), events.write(ctx, q, p.TenantID)
}

func appendFailure(p *db.DocumentMarkFailedManyParams, id uuid.UUID, version int64, code, message string) {
	p.Ids = append(p.Ids, id)
	p.Versions = append(p.Versions, version)
	p.Codes = append(p.Codes, code)
	p.Messages = append(p.Messages, message)
}

// advanceJob adds to a job's counts and finishes it when nothing is left.
func advanceJob(ctx context.Context, q *db.Queries, p db.JobAdvanceParams) error {
	row, err := q.JobAdvance(ctx, p)
	if err != nil || row.Done+row.Failed < row.Total || domain.JobState(row.State).Final() {
		return err
	}
	state := domain.FinishedState(int(row.Total), int(row.Failed))
	event := domain.EventJobCompleted
	if state == domain.JobFailed {
		event = domain.EventJobFailed
	}
	return finishJob(ctx, q, p.TenantID, p.ID, state, event)
}

// PendingJobs lists jobs of all tenants, oldest first, that were handed to Temporal
// and have not ended: those that were never seen alive for the grace time, and
// those that were last seen alive six times as long ago.
func (s *Store) PendingJobs(ctx context.Context, grace time.Duration, limit int) (out []domain.Job, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.JobListPending(ctx, db.JobListPendingParams{Grace: interval(grace), RowLimit: int32(limit)})
		for _, r := range rows {
			out = append(out, jobFrom(r))
		}
		return err
	})
	return out, err
}

// TouchJobs notes that the workflows of jobs are known to be alive.
func (s *Store) TouchJobs(ctx context.Context, jobs []domain.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	var p db.JobTouchManyParams
	for _, j := range jobs {
		p.TenantIds = append(p.TenantIds, j.TenantID)
		p.Ids = append(p.Ids, j.ID)
	}
	return s.inSystem(ctx, func(q *db.Queries) error { return q.JobTouchMany(ctx, p) })
}

func interval(d time.Duration) pgtype.Interval {
	return pgtype.Interval{Microseconds: d.Microseconds(), Valid: true}
}

func jobFrom(r db.Job) domain.Job {
	j := domain.Job{
		ID: r.ID, TenantID: r.TenantID, Kind: domain.JobKind(r.Kind), State: domain.JobState(r.State), Title: r.Title, Stage: r.Stage,
		Total: int(r.Total), Done: int(r.Done), Failed: int(r.Failed), Bytes: r.Bytes, ErrorCode: r.ErrorCode,
		ErrorMessage: r.ErrorMessage, WorkflowID: r.WorkflowID, RunID: r.RunID, Worker: r.Worker, TraceID: r.TraceID,
		PausedAt: r.PausedAt, ResumedAt: r.ResumedAt, RetryOf: r.RetryOf, RetriedBy: r.RetriedBy, DispatchedAt: r.DispatchedAt,
		Wait:      domain.JobWait{Reason: r.Waiting, Detail: r.WaitingDetail, Since: r.WaitingSince},
		CreatedAt: r.CreatedAt.UTC(), StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, HeartbeatAt: r.HeartbeatAt,
	}
	for _, reason := range r.PauseReasons {
		j.PauseReasons = append(j.PauseReasons, domain.PauseReason(reason))
	}
	return j
}

func jobsFrom(rows []db.Job) []domain.Job {
	out := make([]domain.Job, len(rows))
	for n := range rows {
		out[n] = jobFrom(rows[n])
	}
	return out
}
