package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// The signals that pause a workflow between two of its steps and let it go on. They
// may be sent with the Temporal CLI; without an input the reason is "operator".
const (
	PauseSignal  = "pause"
	ResumeSignal = "resume"
)

// PauseInput is the input of both signals.
type PauseInput struct {
	Reason domain.PauseReason `json:"reason"`
}

// pauser holds a workflow up while there is a reason. A workflow that has never got
// a signal has the same history as one without a pauser.
type pauser struct {
	tenant, job uuid.UUID
	reasons     map[domain.PauseReason]bool
	// row is set when an activity has found the job's row paused without a signal.
	row bool
	// resumes counts the signals that took a reason away.
	resumes int
}

// listenPauses has a pauser follow the signals from now on. job is called when one
// comes and may return uuid.Nil for a job without a row.
func listenPauses(ctx workflow.Context, tenant uuid.UUID, job func() uuid.UUID) *pauser {
	p := &pauser{tenant: tenant, reasons: map[domain.PauseReason]bool{}}
	pause, resume := workflow.GetSignalChannel(ctx, PauseSignal), workflow.GetSignalChannel(ctx, ResumeSignal)
	workflow.GoNamed(ctx, "pauses", func(ctx workflow.Context) {
		for ctx.Err() == nil {
			paused, in, heard := false, PauseInput{}, false
			selector := workflow.NewSelector(ctx)
			selector.AddReceive(pause, func(c workflow.ReceiveChannel, _ bool) { paused, heard = true, true; c.Receive(ctx, &in) })
			selector.AddReceive(resume, func(c workflow.ReceiveChannel, _ bool) { heard = true; c.Receive(ctx, &in) })
			selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
			selector.Select(ctx)
			if heard {
				p.job = job()
				p.hear(ctx, paused, in.Reason.OrDefault())
			}
		}
	})
	return p
}

// hear takes one signal and has the job's row follow it: a pause holds the workflow
// up at once, and it goes on when its row says so, for batches look there.
func (p *pauser) hear(ctx workflow.Context, paused bool, reason domain.PauseReason) {
	switch {
	case reason == domain.ResumedByRow:
		clear(p.reasons)
	case paused:
		p.reasons[reason] = true
		p.follow(ctx, paused, reason)
		return
	default:
		p.follow(ctx, paused, reason)
		delete(p.reasons, reason)
	}
	p.row = false
	p.resumes++
}

func (p *pauser) follow(ctx workflow.Context, paused bool, reason domain.PauseReason) {
	if p.job == uuid.Nil {
		return
	}
	var jobs *activities.Jobs
	in := activities.FollowPauseInput{TenantID: p.tenant, JobID: p.job, Paused: paused, Reason: reason}
	if err := workflow.ExecuteActivity(rowOptions(ctx), jobs.FollowPause, in).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("the row of a job does not say whether it is paused", "error", err)
	}
}

// sawPaused notes that an activity has found the row paused. resumes is what it was
// before: a look from before a resume says nothing any more.
func (p *pauser) sawPaused(resumes int) { p.row = p.row || resumes == p.resumes }

// wait returns when there is no reason to pause.
func (p *pauser) wait(ctx workflow.Context) error {
	if !p.paused() {
		return nil
	}
	workflow.SetCurrentDetails(ctx, "paused")
	return workflow.Await(ctx, func() bool { return !p.paused() })
}

func (p *pauser) paused() bool { return p.row || len(p.reasons) > 0 }
