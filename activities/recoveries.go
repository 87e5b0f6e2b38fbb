package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	// recoverySlice ends an activity now and then: deployments get their turn, and
	// the workflow shows how far it is.
	recoverySlice = 30 * time.Second
	// recoveryPause is between two looks at a receiver that has enough to do.
	recoveryPause = 200 * time.Millisecond
	// recoveryQuiet is how long a running recovery may show no sign of life before
	// its workflow is looked for; well above the pause of a workflow that waits.
	recoveryQuiet = 2 * time.Minute
	recoveryLimit = 200
)

// RecoveryStarter starts the workflow of a recovery unless it was started
// before, and tells what its execution is doing.
type RecoveryStarter interface {
	StartOrDescribeRecovery(ctx context.Context, r domain.Recovery) (Execution, error)
}

// Recoveries send again what endpoints did not get.
type Recoveries struct {
	Store   *store.Store
	Starter RecoveryStarter
}

// RecoverSomeInput names a recovery.
type RecoverSomeInput struct {
	TenantID   uuid.UUID `json:"tenant_id"`
	RecoveryID uuid.UUID `json:"recovery_id"`
}

// RecoverSomeOutput is how a recovery stands.
type RecoverSomeOutput struct {
	State    domain.RecoveryState `json:"state"`
	Stage    string               `json:"stage"`
	Seen     int64                `json:"seen"`
	Resent   int64                `json:"resent"`
	Created  int64                `json:"created"`
	WaitsFor string               `json:"waits_for,omitempty"`
	Error    string               `json:"error,omitempty"`
}

// RecoverSome takes a recovery further until it has ended, waits for somebody's
// decision, or the slice is over. How far it is is in the database, committed
// with what it did: another attempt goes on there.
func (r *Recoveries) RecoverSome(ctx context.Context, in RecoverSomeInput) (out RecoverSomeOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	step, err := beginStep(ctx, r.Store, beat, in.TenantID, in.RecoveryID, domain.SeqRange{}, "", false)
	if err != nil {
		return out, toTemporal(err)
	}
	defer func() { step.end(ctx, err) }()
	for ends := time.Now().Add(recoverySlice); ; {
		now, err := r.Store.RecoverSome(ctx, in.TenantID, in.RecoveryID)
		if err != nil {
			return out, toTemporal(err)
		}
		out = RecoverSomeOutput{
			State: now.State, Stage: now.Stage, Seen: now.Seen, Resent: now.Resent, Created: now.Created, WaitsFor: now.WaitsFor, Error: now.Error,
		}
		beat.set(Progress{Stage: now.Stage, Done: int(now.Resent + now.Created)})
		switch {
		case now.State != domain.RecoveryRunning, stopping(ctx), time.Now().After(ends):
			return out, ctx.Err()
		case now.WaitsFor == domain.RecoveryWaitsForReceiver:
			sleepOrStop(ctx, recoveryPause)
		case now.WaitsFor != "":
			return out, nil
		}
	}
}

// sleepOrStop waits, unless there is no time for that.
func sleepOrStop(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-activity.GetWorkerStopChannel(ctx):
	case <-ctx.Done():
	}
}

// EndRecoveryInput names a recovery and says how it ended.
type EndRecoveryInput struct {
	TenantID   uuid.UUID            `json:"tenant_id"`
	RecoveryID uuid.UUID            `json:"recovery_id"`
	State      domain.RecoveryState `json:"state"`
	Message    string               `json:"message,omitempty"`
}

// EndRecovery makes a recovery's row follow its workflow. One that has ended
// already stays as it is. What was made due stays due.
func (r *Recoveries) EndRecovery(ctx context.Context, in EndRecoveryInput) error {
	_, err := r.Store.EndRecovery(ctx, in.TenantID, in.RecoveryID, in.State, in.Message)
	return toTemporal(err)
}

// followQuiet starts recoveries that were committed and never started, and ends
// those whose workflow an operator has ended.
func (r *Recoveries) followQuiet(ctx context.Context) error {
	quiet, err := r.Store.QuietRecoveries(ctx, recoveryQuiet, recoveryLimit)
	if err != nil {
		return toTemporal(err)
	}
	for _, q := range quiet {
		state, err := r.Starter.StartOrDescribeRecovery(ctx, q)
		if err != nil {
			return err
		}
		end := EndRecoveryInput{TenantID: q.TenantID, RecoveryID: q.ID, State: domain.RecoveryFailed}
		switch state {
		case ExecutionMissing, ExecutionRunning:
			continue
		case ExecutionCanceled:
			end.State = domain.RecoveryCanceled
		case ExecutionTerminated:
			end.Message = "an operator terminated the workflow of this recovery"
		case ExecutionCompleted, ExecutionFailed:
			end.Message = "the workflow of this recovery ended before the recovery did"
		}
		if err := r.EndRecovery(ctx, end); err != nil {
			return err
		}
	}
	return nil
}
