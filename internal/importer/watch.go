package importer

import (
	"context"
	"sync"
	"time"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	defaultPollEvery = 500 * time.Millisecond
	// pollAtOnce bounds the requests of one round. Jobs end about in the order in which they began.
	pollAtOnce = 8
)

// watcher follows jobs until they end.
type watcher struct {
	client *apiclient.Client
	state  *state
	report *report
	every  time.Duration

	mu   sync.Mutex
	jobs []*watchedJob // in order of acceptance
}

type watchedJob struct {
	id       string
	accepted int
	done     int // ended well or not, as far as known
}

// add begins to follow a job of that many documents.
func (w *watcher) add(id string, accepted int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs = append(w.jobs, &watchedJob{id: id, accepted: accepted})
	w.report.update(func(c *counts) { c.waiting += accepted })
}

// run polls until no job is left after accepted is closed, or ctx ends.
func (w *watcher) run(ctx context.Context, accepted <-chan struct{}) error {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		closing := false
		select {
		case <-accepted:
			closing = true
		default:
		}
		if err := w.poll(ctx); err != nil {
			return err
		}
		if closing && len(w.oldest(1)) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// poll asks for the oldest jobs, and goes on while they turn out to have ended.
func (w *watcher) poll(ctx context.Context) error {
	for {
		open := 0
		jobs := w.oldest(pollAtOnce)
		for _, j := range jobs {
			ended, err := w.ask(ctx, j)
			if err != nil {
				return err
			}
			if !ended {
				open++
			}
		}
		if open > 0 || len(jobs) == 0 {
			return nil
		}
	}
}

func (w *watcher) oldest(n int) []*watchedJob {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*watchedJob(nil), w.jobs[:min(n, len(w.jobs))]...)
}

// ask brings one job up to date.
func (w *watcher) ask(ctx context.Context, j *watchedJob) (ended bool, err error) {
	job, err := w.client.GetJob(ctx, j.id)
	if apiclient.IsNotFound(err) { // removed by retention: it has ended
		job, err = &apiclient.Job{State: domain.JobCompleted, Total: j.accepted, Done: j.accepted}, nil
	}
	if err != nil {
		return false, err
	}
	done := min(job.Done+job.Failed, j.accepted)
	if job.State.Final() {
		done = j.accepted
	}
	w.report.update(func(c *counts) { c.waiting -= done - j.done })
	j.done = done
	if !job.State.Final() {
		return false, nil
	}
	w.remove(j)
	return true, w.end(ctx, j, job)
}

func (w *watcher) remove(j *watchedJob) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.jobs {
		if w.jobs[i] == j {
			w.jobs = append(w.jobs[:i], w.jobs[i+1:]...)
			return
		}
	}
}

// end writes down how a job ended, with each document that failed.
func (w *watcher) end(ctx context.Context, j *watchedJob, job *apiclient.Job) error {
	entry := &stateEntry{Ended: j.id, Clean: job.Failed == 0 && job.State == domain.JobCompleted}
	if entry.Clean {
		return w.state.append(entry)
	}
	failed := 0
	err := w.client.FailedItems(ctx, j.id, func(item apiclient.JobItem) error {
		failed++
		if item.ExternalID != "" {
			entry.Forget = append(entry.Forget, item.ExternalID)
		}
		name := item.ExternalID
		if name == "" {
			name = item.DocumentID
		}
		w.report.failJob(name, item.ErrorCode, item.ErrorMessage)
		return nil
	})
	if err != nil {
		return err
	}
	if job.State == domain.JobCanceled || job.State == domain.JobFailed {
		entry.Forget = nil // all of it
		reason := job.ErrorMessage
		if reason == "" {
			reason = "the job was " + string(job.State)
		}
		w.report.failJob("job "+j.id, job.ErrorCode, reason)
		failed = max(failed, j.accepted-job.Done)
	}
	w.report.update(func(c *counts) { c.failed += max(failed, job.Failed) })
	return w.state.append(entry)
}
