package workflows

import (
	"context"
	"log/slog"
	"sync"
	"time"

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
	jobs chan domain.Job
	done sync.WaitGroup
}

// NewStarter starts the background senders. Close ends them.
func NewStarter(c *Client) *Starter {
	s := &Starter{Client: c, jobs: make(chan domain.Job, starterQueue)}
	for range starterWorkers {
		s.done.Go(s.run)
	}
	return s
}

// StartJob hands a committed job over. It never blocks.
func (s *Starter) StartJob(job domain.Job) {
	select {
	case s.jobs <- job:
	default:
		slog.Warn("too many jobs wait for Temporal; this one is started by the next sweep", "job", job.ID)
	}
}

func (s *Starter) run() {
	for job := range s.jobs {
		ctx, cancel := context.WithTimeout(context.Background(), starterTimeout)
		if err := s.Client.StartJob(ctx, job); err != nil {
			slog.Warn("a job could not be started; the next sweep starts it", "job", job.ID, "error", err)
		}
		cancel()
	}
}

// Close hands over what is queued, each within its timeout, and ends.
func (s *Starter) Close() {
	close(s.jobs)
	s.done.Wait()
}
