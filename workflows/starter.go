package workflows

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	starterQueue   = 4096
	starterWorkers = 8
	starterTimeout = 10 * time.Second
)

// Starter starts the workflows of accepted jobs in the background: a request
// is answered when its job is committed, not when Temporal has heard of it. A
// job that cannot be started now is left to the RecoverPending schedule.
type Starter struct {
	*Client
	dispatch Dispatch
	jobs     chan accepted
	done     sync.WaitGroup
}

// Dispatch gives the tenant's free places to the jobs that have waited longest and
// returns these.
type Dispatch func(ctx context.Context, tenant uuid.UUID) ([]domain.Job, error)

// accepted is a job and the trace of the request that brought it.
type accepted struct {
	job   domain.Job
	trace trace.SpanContext
}

// NewStarter starts the background senders. Close ends them.
func NewStarter(c *Client, dispatch Dispatch) *Starter {
	s := &Starter{Client: c, dispatch: dispatch, jobs: make(chan accepted, starterQueue)}
	for range starterWorkers {
		s.done.Go(s.run)
	}
	return s
}

// StartJob hands a committed job over. It never blocks. Of ctx only its trace is
// used: the workflow goes on with it after the request has ended.
func (s *Starter) StartJob(ctx context.Context, job domain.Job) {
	select {
	case s.jobs <- accepted{job, trace.SpanContextFromContext(ctx)}:
	default:
		slog.Warn("too many jobs wait for Temporal; this one is started by the next sweep", "job", job.ID)
	}
}

func (s *Starter) run() {
	for a := range s.jobs {
		ctx, cancel := context.WithTimeout(trace.ContextWithSpanContext(context.Background(), a.trace), starterTimeout)
		if err := s.start(ctx, a.job); err != nil {
			slog.WarnContext(ctx, "a job could not be started; the next sweep starts it", "job", a.job.ID, "error", err)
		}
		cancel()
	}
}

// start starts what the tenant has a place for: the job, or those before it.
func (s *Starter) start(ctx context.Context, job domain.Job) error {
	if job.Kind != domain.JobIndexDocuments {
		return s.Client.StartJob(ctx, job)
	}
	jobs, err := s.dispatch(ctx, job.TenantID)
	for _, j := range jobs {
		err = errors.Join(err, s.Client.StartJob(ctx, j))
	}
	return err
}

// Close hands over what is queued, each within its timeout, and ends.
func (s *Starter) Close() {
	close(s.jobs)
	s.done.Wait()
}
