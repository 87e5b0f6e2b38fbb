package activities

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	// stepBeatEvery is how often a job's row hears of a heartbeat.
	stepBeatEvery = 10 * time.Second
	// stepEndTimeout bounds the note of how an attempt ended, which is made also
	// when the activity has to end.
	stepEndTimeout = 5 * time.Second
)

// workerName names this process as Temporal's own pages do.
var workerName = sync.OnceValue(func() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return strconv.Itoa(os.Getpid()) + "@" + host
})

// jobStep is an attempt at a step of a job, told to the job's row.
type jobStep struct {
	store *store.Store
	step  store.JobStep
	begun store.BegunStep
	beat  *heartbeat
}

// beginStep records that an attempt begins, and passes its heartbeats on to the
// job. The caller ends it.
func beginStep(ctx context.Context, s *store.Store, beat *heartbeat, tenant, job uuid.UUID, items domain.SeqRange, stage string, reset bool) (*jobStep, error) {
	info := activity.GetInfo(ctx)
	j := &jobStep{store: s, beat: beat, step: store.JobStep{
		TenantID: tenant, JobID: job, Step: info.ActivityType.Name, Items: items, Attempt: int(info.Attempt), Stage: stage,
		Worker: workerName(), RunID: info.WorkflowExecution.RunID, Reset: reset,
	}}
	var err error
	if j.begun, err = s.BeginStep(ctx, j.step); err != nil {
		return nil, err
	}
	if j.begun.AttemptID != uuid.Nil && beat != nil {
		beat.tell(func(ctx context.Context, p Progress) { _ = s.JobHeartbeat(ctx, tenant, job, p.Stage) })
	}
	return j, nil
}

// state is the job's state when the attempt began.
func (j *jobStep) state() domain.JobState { return j.begun.State }

// end records how the attempt ended. That it could not be recorded is shown by the
// attempt after it.
func (j *jobStep) end(ctx context.Context, failure error) {
	end := store.StepEnd{State: domain.AttemptSucceeded, Stage: j.step.Stage}
	if j.beat != nil {
		if stage := j.beat.stage(); stage != "" {
			end.Stage = stage
		}
	}
	if failure != nil {
		end.State = domain.AttemptFailed
		end.Code, end.Message = failureOf(ctx, failure)
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepEndTimeout)
	defer cancel()
	if err := j.store.EndStep(limited, j.step, j.begun, end); err != nil {
		activity.GetLogger(ctx).Warn("the end of an attempt could not be recorded", "job", j.step.JobID, "error", err)
	}
}

// failureOf puts a failure into words that a user may read.
func failureOf(ctx context.Context, err error) (code, message string) {
	var known *domain.Error
	var app *temporal.ApplicationError
	switch {
	case errors.As(err, &known) && known.Code != domain.CodeInternal:
		return string(known.Code), known.Message
	case errors.As(err, &app) && app.Type() != "":
		return app.Type(), app.Message()
	case ctx.Err() != nil:
		return "interrupted", "the worker was stopped, or the job was canceled"
	}
	return string(domain.CodeInternal), "something went wrong on our side; the worker's log and the workflow tell what"
}
