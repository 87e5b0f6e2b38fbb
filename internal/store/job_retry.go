package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

// RetryJob stores a job that does again what failed of one that has ended, and
// nothing else: documents that were replaced, indexed or deleted since are left out.
// The caller starts it. A job that has not ended, has nothing to retry, or was
// retried already, is a conflict.
func (s *Store) RetryJob(ctx context.Context, tenant, id uuid.UUID) (out domain.Job, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		old, err := q.JobLock(ctx, db.JobLockParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("job")
		}
		if err == nil {
			err = retriable(&old)
		}
		if err != nil {
			return err
		}
		made, err := retryJobs(ctx, q, tenant, []uuid.UUID{id})
		if err != nil {
			return err
		}
		if len(made) == 0 {
			return domain.Errorf(domain.CodeConflict, "there is nothing left to retry: every document of the job was indexed, replaced or deleted since")
		}
		if err := auditJob(ctx, q, old, "job.retried"); err != nil {
			return err
		}
		row, err := q.JobGet(ctx, db.JobGetParams{TenantID: tenant, ID: made[0]})
		out = jobFrom(row)
		return err
	})
	return out, err
}

// Retriable returns why a job cannot be retried, or nil.
func (s *Store) Retriable(ctx context.Context, tenant, id uuid.UUID) (j domain.Job, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.JobGet(ctx, db.JobGetParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("job")
		}
		if err != nil {
			return err
		}
		j = jobFrom(row)
		return retriable(&row)
	})
	return j, err
}

func retriable(j *db.Job) error {
	switch state := domain.JobState(j.State); {
	case !state.Final():
		return domain.Errorf(domain.CodeConflict, "the job is %s: cancel it first, or wait for its end", state)
	case state == domain.JobCompleted:
		return domain.Errorf(domain.CodeConflict, "the job is completed: there is nothing to retry")
	case !domain.JobKind(j.Kind).Abilities().Retry:
		return domain.Errorf(domain.CodeConflict, "jobs of kind %s cannot be retried: ask for another one", j.Kind)
	case j.RetriedBy != nil:
		return domain.Errorf(domain.CodeConflict, "the job was retried already, by job %s: retry that one", *j.RetriedBy)
	}
	return nil
}

// retryJobs stores the jobs that repeat others and returns them; those with nothing
// left to do get none.
func retryJobs(ctx context.Context, q *db.Queries, tenant uuid.UUID, old []uuid.UUID) ([]uuid.UUID, error) {
	fresh := make([]uuid.UUID, 0, len(old))
	repeats := make(map[uuid.UUID]uuid.UUID, len(old))
	for _, id := range old {
		again := uuid.Must(uuid.NewV7())
		fresh = append(fresh, again)
		repeats[again] = id
	}
	rows, err := q.JobRetryItems(ctx, db.JobRetryItemsParams{TenantID: tenant, OldIds: old, NewIds: fresh})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	in := db.JobRetryInsertManyParams{TenantID: tenant, TraceID: telemetry.TraceID(ctx)}
	for _, r := range rows {
		in.Ids = append(in.Ids, r.JobID)
		in.Totals = append(in.Totals, r.Items)
		in.Bytes = append(in.Bytes, r.Bytes)
		in.WorkflowIds = append(in.WorkflowIds, fmt.Sprintf("index/%s/%s", tenant, r.JobID))
		in.OldIds = append(in.OldIds, repeats[r.JobID])
	}
	if err := q.JobRetryInsertMany(ctx, in); err != nil {
		return nil, err
	}
	return in.Ids, q.JobRetryLinkMany(ctx, db.JobRetryLinkManyParams{TenantID: tenant, OldIds: in.OldIds, NewIds: in.Ids})
}

// LinkRetry stores the job of a workflow that was started to repeat another job.
func (s *Store) LinkRetry(ctx context.Context, old, made domain.Job) error {
	return s.inTenant(ctx, old.TenantID, func(q *db.Queries) error {
		row, err := q.JobLock(ctx, db.JobLockParams{TenantID: old.TenantID, ID: old.ID})
		if err != nil {
			return err
		}
		if err := followJob(ctx, q, &made); err != nil {
			return err
		}
		if err := q.JobRetryOf(ctx, db.JobRetryOfParams{TenantID: old.TenantID, ID: made.ID, OldID: &old.ID}); err != nil {
			return err
		}
		link := db.JobRetryLinkManyParams{TenantID: old.TenantID, OldIds: []uuid.UUID{old.ID}, NewIds: []uuid.UUID{made.ID}}
		if err := q.JobRetryLinkMany(ctx, link); err != nil {
			return err
		}
		return auditJob(ctx, q, row, "job.retried")
	})
}

// redriveStates are those of jobs in which something failed.
var redriveStates = []domain.JobState{domain.JobFailed, domain.JobCompletedWithErrors, domain.JobCanceled}

func redriveFilter(f JobFilter) JobFilter {
	if len(f.States) == 0 {
		f.States = redriveStates[:2]
	}
	f.Kind, f.unretried = domain.JobIndexDocuments, true
	return f
}

// CountRedrive counts the jobs that a redrive would retry now.
func (s *Store) CountRedrive(ctx context.Context, tenant uuid.UUID, f JobFilter) (n int64, err error) {
	err = s.txInTenant(ctx, tenant, func(tx pgx.Tx) error {
		q, err := newJobQuery(ctx, db.New(tx), tenant, redriveFilter(f))
		if err != nil {
			return err
		}
		n, err = q.count(ctx, tx)
		return err
	})
	return n, err
}

// StartRedrive stores a job that retries, step by step, what the filter leaves and
// was created until now. The caller starts its workflow; one that is not started is
// listed by PendingJobs.
func (s *Store) StartRedrive(ctx context.Context, tenant uuid.UUID, f JobFilter, count int64) (out domain.Job, err error) {
	filter, err := json.Marshal(f)
	if err != nil {
		return out, fmt.Errorf("encode a filter: %w", err)
	}
	now := time.Now()
	j := domain.Job{
		ID: uuid.Must(uuid.NewV7()), TenantID: tenant, Kind: domain.JobRedrive, Title: fmt.Sprintf("Retry %d jobs", count),
		Total: int(count), DispatchedAt: &now,
	}
	j.WorkflowID = fmt.Sprintf("redrive/%s/%s", tenant, j.ID)
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if err := q.JobInsert(ctx, jobInsertParams(ctx, &j)); err != nil {
			return err
		}
		redrive := db.JobRedriveInsertParams{TenantID: tenant, ID: j.ID, Filter: filter, UntilID: j.ID}
		if err := q.JobRedriveInsert(ctx, redrive); err != nil {
			return err
		}
		if err := audit(ctx, q, tenant, change{action: "jobs.redriven", kind: "job", id: j.ID.String(), after: json.RawMessage(filter)}); err != nil {
			return err
		}
		row, err := q.JobGet(ctx, db.JobGetParams{TenantID: tenant, ID: j.ID})
		out = jobFrom(row)
		return err
	})
	return out, err
}

// RedriveStep is what one step of a redrive did.
type RedriveStep struct {
	Seen, Retried int
	More          bool
}

// RedriveSome retries the next jobs of a redrive, at most limit. A step that is
// repeated after a crash repeats nothing.
func (s *Store) RedriveSome(ctx context.Context, tenant, id uuid.UUID, limit int) (out RedriveStep, err error) {
	err = s.txInTenant(ctx, tenant, func(tx pgx.Tx) error {
		q := db.New(tx)
		redrive, err := q.JobRedriveLock(ctx, db.JobRedriveLockParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("redrive")
		}
		if err != nil {
			return err
		}
		var f JobFilter
		if err := json.Unmarshal(redrive.Filter, &f); err != nil {
			return fmt.Errorf("read the filter of a redrive: %w", err)
		}
		f = redriveFilter(f)
		f.ascending, f.after, f.Limit = true, redrive.AfterID, limit
		query, err := newJobQuery(ctx, q, tenant, f)
		if err != nil {
			return err
		}
		query.below(redrive.UntilID)
		found, err := query.list(ctx, tx)
		if err != nil || len(found) == 0 {
			return err
		}
		out.Seen, out.More = len(found), len(found) == limit
		old := make([]uuid.UUID, len(found))
		for n := range found {
			old[n] = found[n].ID
		}
		made, err := retryJobs(ctx, q, tenant, old)
		if err != nil {
			return err
		}
		out.Retried = len(made)
		if err := q.JobRedriveAdvance(ctx, db.JobRedriveAdvanceParams{TenantID: tenant, ID: id, AfterID: old[len(old)-1]}); err != nil {
			return err
		}
		return q.JobCount(ctx, db.JobCountParams{TenantID: tenant, ID: id, Done: int32(out.Seen), Stage: "retry"})
	})
	return out, err
}
