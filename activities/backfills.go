package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	// backfillSlice ends an activity now and then: deployments get their turn, and
	// the workflow shows how far it is.
	backfillSlice = 20 * time.Second
	// backfillQuiet is how long a running back-fill may show no sign of life before
	// its workflow is looked for: a day is counted within it.
	backfillQuiet = 2 * time.Minute
	backfillLimit = 200
)

// BackfillStarter starts the workflow of a back-fill unless it was started before,
// and tells what its execution is doing.
type BackfillStarter interface {
	StartOrDescribeBackfill(ctx context.Context, b domain.Backfill) (Execution, error)
}

// BackfillSomeInput names a back-fill.
type BackfillSomeInput struct {
	TenantID   uuid.UUID `json:"tenant_id"`
	BackfillID uuid.UUID `json:"backfill_id"`
}

// BackfillSomeOutput is how a back-fill stands.
type BackfillSomeOutput struct {
	State domain.BackfillState `json:"state"`
	Hours int64                `json:"hours"`
	Next  time.Time            `json:"next"`
	Until time.Time            `json:"until"`
	Error string               `json:"error,omitempty"`
}

// BackfillSome takes a back-fill further, day by day, until it has ended or the slice
// is over. How far it is is in the database, committed with each day: another
// attempt goes on there.
func (a *Analytics) BackfillSome(ctx context.Context, in BackfillSomeInput) (out BackfillSomeOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	for ends := time.Now().Add(backfillSlice); ; {
		now, err := a.Store.StepBackfill(ctx, in.TenantID, in.BackfillID, time.Now())
		if err != nil {
			return out, toTemporal(err)
		}
		out = BackfillSomeOutput{State: now.State, Hours: now.Hours, Next: now.Next, Until: now.Until, Error: now.Error}
		beat.set(Progress{Stage: "count again", Done: int(now.Hours), Total: int(now.Until.Sub(now.Since) / time.Hour)})
		if now.State != domain.BackfillRunning || stopping(ctx) || time.Now().After(ends) {
			return out, ctx.Err()
		}
	}
}

// EndBackfillInput names a back-fill and says how it ended.
type EndBackfillInput struct {
	TenantID   uuid.UUID            `json:"tenant_id"`
	BackfillID uuid.UUID            `json:"backfill_id"`
	State      domain.BackfillState `json:"state"`
	Message    string               `json:"message,omitempty"`
}

// EndBackfill makes a back-fill's row follow its workflow. One that has ended
// already stays as it is.
func (a *Analytics) EndBackfill(ctx context.Context, in EndBackfillInput) error {
	_, err := a.Store.EndBackfill(ctx, in.TenantID, in.BackfillID, in.State, in.Message)
	return toTemporal(err)
}

// followQuietBackfills starts back-fills that were committed and never started, and
// ends those whose workflow an operator has ended.
func (a *Analytics) followQuietBackfills(ctx context.Context) error {
	if a.Starter == nil {
		return nil
	}
	quiet, err := a.Store.QuietBackfills(ctx, backfillQuiet, backfillLimit)
	if err != nil {
		return err
	}
	for _, q := range quiet {
		state, err := a.Starter.StartOrDescribeBackfill(ctx, q)
		if err != nil {
			return err
		}
		end := EndBackfillInput{TenantID: q.TenantID, BackfillID: q.ID, State: domain.BackfillFailed}
		switch state {
		case ExecutionMissing, ExecutionRunning:
			continue
		case ExecutionCanceled:
			end.State = domain.BackfillCanceled
		case ExecutionTerminated:
			end.Message = "an operator terminated the workflow of this back-fill"
		case ExecutionCompleted, ExecutionFailed:
			end.Message = "the workflow of this back-fill ended before the back-fill did"
		}
		if err := a.EndBackfill(ctx, end); err != nil {
			return err
		}
	}
	return nil
}
