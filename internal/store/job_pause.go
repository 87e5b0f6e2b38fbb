package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// pauseStep bounds the rows that one transaction pauses or resumes.
const pauseStep = 2000

// TellJob tells the workflow of a job, in the transaction that changes its row: an
// error takes the change back.
type TellJob func(ctx context.Context, job domain.Job) error

// PauseJob pauses a job for a reason. tell is called when its workflow may run; nil
// tells nobody. A job that the reason pauses already stays as it is; one that has
// ended, or whose kind does not pause, is a conflict.
func (s *Store) PauseJob(ctx context.Context, tenant, id uuid.UUID, reason domain.PauseReason, tell TellJob) (domain.Job, error) {
	return s.steerJob(ctx, tenant, id, "job.paused", func(q *db.Queries, job domain.Job) (db.Job, bool, error) {
		switch {
		case job.State.Final():
			return db.Job{}, false, domain.Errorf(domain.CodeConflict, "the job has ended already: it is %s", job.State)
		case !job.Kind.Abilities().Pause:
			return db.Job{}, false, domain.Errorf(domain.CodeConflict, "jobs of kind %s cannot be paused", job.Kind)
		case hasReason(job.PauseReasons, reason):
			return db.Job{}, false, nil
		}
		row, err := q.JobPause(ctx, db.JobPauseParams{TenantID: tenant, ID: id, Reason: string(reason)})
		return row, true, err
	}, tell)
}

// ResumeJob takes a reason away and returns the job, which goes on when it was the
// last one. A job that the reason does not pause stays as it is; one that has ended
// is a conflict.
func (s *Store) ResumeJob(ctx context.Context, tenant, id uuid.UUID, reason domain.PauseReason, tell TellJob) (domain.Job, error) {
	return s.steerJob(ctx, tenant, id, "job.resumed", func(q *db.Queries, job domain.Job) (db.Job, bool, error) {
		switch {
		case job.State.Final():
			return db.Job{}, false, domain.Errorf(domain.CodeConflict, "the job has ended already: it is %s", job.State)
		case !hasReason(job.PauseReasons, reason):
			return db.Job{}, false, nil
		}
		row, err := q.JobResume(ctx, db.JobResumeParams{TenantID: tenant, ID: id, Reason: string(reason)})
		return row, true, err
	}, tell)
}

func hasReason(reasons []domain.PauseReason, reason domain.PauseReason) bool {
	for _, r := range reasons {
		if r == reason {
			return true
		}
	}
	return false
}

func (s *Store) steerJob(ctx context.Context, tenant, id uuid.UUID, action string, change func(*db.Queries, domain.Job) (db.Job, bool, error), tell TellJob) (out domain.Job, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		before, err := q.JobLock(ctx, db.JobLockParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("job")
		}
		if err != nil {
			return err
		}
		out = jobFrom(before)
		after, changed, err := change(q, out)
		if err != nil || !changed {
			return err
		}
		out = jobFrom(after)
		if err := auditJob(ctx, q, before, action); err != nil || tell == nil || out.DispatchedAt == nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, jobSteerTimeout)
		defer cancel()
		return tell(limited, out)
	})
	return out, err
}

// PauseJobs pauses every job of a tenant that can be, for a reason. It returns
// those whose workflow may run and has to be told with TellJob. It may be repeated.
func (s *Store) PauseJobs(ctx context.Context, tenant uuid.UUID, reason domain.PauseReason) ([]domain.Job, error) {
	return s.steerJobs(ctx, tenant, func(q *db.Queries) ([]db.Job, error) {
		return q.JobPauseMany(ctx, db.JobPauseManyParams{TenantID: tenant, Reason: string(reason), Kinds: pausableKinds(), RowLimit: pauseStep})
	})
}

// ResumeJobs takes a reason away from every job of a tenant that it pauses, and
// from no other. It returns those whose workflow has to be told.
func (s *Store) ResumeJobs(ctx context.Context, tenant uuid.UUID, reason domain.PauseReason) ([]domain.Job, error) {
	return s.steerJobs(ctx, tenant, func(q *db.Queries) ([]db.Job, error) {
		return q.JobResumeMany(ctx, db.JobResumeManyParams{TenantID: tenant, Reason: string(reason), RowLimit: pauseStep})
	})
}

func (s *Store) steerJobs(ctx context.Context, tenant uuid.UUID, step func(*db.Queries) ([]db.Job, error)) (tell []domain.Job, err error) {
	for more := true; more && err == nil; {
		err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
			rows, err := step(q)
			more = len(rows) == pauseStep
			for _, r := range rows {
				if r.DispatchedAt != nil {
					tell = append(tell, jobFrom(r))
				}
			}
			return err
		})
	}
	return tell, err
}

func pausableKinds() (out []string) {
	for _, k := range domain.JobKinds {
		if k.Abilities().Pause {
			out = append(out, string(k))
		}
	}
	return out
}
