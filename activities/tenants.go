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
	// tenantSlice ends an activity now and then: deployments get their turn, and the
	// workflow shows how far it is.
	tenantSlice = 30 * time.Second
	// operationQuiet is how long a running operation may show no sign of life before
	// its workflow is looked for.
	operationQuiet = 10 * time.Second
	operationLimit = 100
	// turns bounds how often a tenant may be suspended and resumed while its jobs
	// follow; the next sweep goes on.
	maxTurns = 20
)

// TenantWorkflows are the workflows of tenants: *workflows.Client.
type TenantWorkflows interface {
	// StartOrDescribeTenantOperation starts the workflow of an operation that has none
	// yet, and then returns ExecutionMissing; else it says what the workflow is doing.
	StartOrDescribeTenantOperation(ctx context.Context, op domain.TenantOperation) (Execution, error)
	// RestartTenantOperation starts another one in place of one that has ended.
	RestartTenantOperation(ctx context.Context, op domain.TenantOperation) error
	// EndTenantWork asks every workflow of a tenant to end but its operations, or makes
	// it when force is set. It returns how many run still.
	EndTenantWork(ctx context.Context, tenant uuid.UUID, force bool) (running int, err error)
}

// SteerJobs pauses every job of a tenant, or has those go on that were paused for
// that. It may be repeated.
type SteerJobs func(ctx context.Context, tenant uuid.UUID, paused bool) (told int, err error)

// Tenants makes, suspends, exports and takes away tenants.
type Tenants struct {
	Store     *store.Store
	Workflows TenantWorkflows
	Steer     SteerJobs
	// MaxExportBytes bounds what all exports together may take; 0 is no bound.
	MaxExportBytes int64
}

// TenantOperationInput names an operation.
type TenantOperationInput struct {
	TenantID    uuid.UUID `json:"tenant_id"`
	OperationID uuid.UUID `json:"operation_id"`
}

// TenantOperationStatus is how an operation stands.
type TenantOperationStatus struct {
	State      domain.TenantOperationState `json:"state"`
	Stage      string                      `json:"stage"`
	WithExport bool                        `json:"with_export,omitempty"`
	ExportID   *uuid.UUID                  `json:"export_id,omitempty"`
	Rows       int64                       `json:"rows"`
	Bytes      int64                       `json:"bytes"`
	Parts      int                         `json:"parts,omitempty"`
	Error      string                      `json:"error,omitempty"`
}

func statusOf(op *domain.TenantOperation) TenantOperationStatus {
	return TenantOperationStatus{
		State: op.State, Stage: op.Stage, WithExport: op.WithExport, ExportID: op.ExportID, Rows: op.Done, Bytes: op.Bytes, Parts: op.Parts, Error: op.Error,
	}
}

// TenantOperationStatus reads how an operation stands.
func (t *Tenants) TenantOperationStatus(ctx context.Context, in TenantOperationInput) (TenantOperationStatus, error) {
	op, err := t.Store.TenantOperation(ctx, in.TenantID, in.OperationID)
	return statusOf(&op), toTemporal(err)
}

// FollowTenantState makes the jobs of a tenant follow its state, whichever way it
// was turned last: it looks again when they do. So of a suspension and a resumption
// at the same time the one that ends last leaves what the tenant's row says.
func (t *Tenants) FollowTenantState(ctx context.Context, in TenantOperationInput) (told int, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	for range maxTurns {
		before, err := t.Store.TenantState(ctx, in.TenantID)
		if err != nil {
			return told, toTemporal(err)
		}
		n, err := t.Steer(ctx, in.TenantID, before != domain.TenantActive)
		if err != nil {
			return told, toTemporal(err)
		}
		told += n
		beat.set(Progress{Stage: string(before), Done: told})
		if err := t.Store.TouchTenantOperation(ctx, in.TenantID, in.OperationID, int64(told)); err != nil {
			return told, toTemporal(err)
		}
		after, err := t.Store.TenantState(ctx, in.TenantID)
		if err != nil || after == before {
			return told, toTemporal(err)
		}
	}
	return told, domain.Errorf(domain.CodeConflict, "the tenant is suspended and resumed again and again")
}

// EndTenantOperationInput says how an operation ended.
type EndTenantOperationInput struct {
	TenantOperationInput
	State   domain.TenantOperationState `json:"state"`
	Message string                      `json:"message,omitempty"`
}

// EndTenantOperation makes an operation's row follow its workflow. One that has ended
// stays as it is.
func (t *Tenants) EndTenantOperation(ctx context.Context, in EndTenantOperationInput) error {
	return toTemporal(t.Store.EndTenantOperation(ctx, in.TenantID, in.OperationID, in.State, in.Message))
}

// ExportSome takes an export further until it has ended or the slice is over. How far
// it is is in the database, committed with each part: another attempt goes on there.
func (t *Tenants) ExportSome(ctx context.Context, in TenantOperationInput) (out TenantOperationStatus, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	for ends := time.Now().Add(tenantSlice); ; {
		op, err := t.Store.ExportSome(ctx, in.TenantID, in.OperationID, t.MaxExportBytes)
		if err != nil {
			return out, toTemporal(err)
		}
		out = statusOf(&op)
		beat.set(Progress{Stage: op.Table, Done: int(op.Done)})
		if op.State != domain.OperationRunning || stopping(ctx) || time.Now().After(ends) {
			return out, ctx.Err()
		}
	}
}

// FollowQuiet starts operations that were committed and never started, and ends those
// whose workflow an operator has ended. An off-boarding that has begun to delete is
// started again: there is no way back.
func (t *Tenants) FollowQuiet(ctx context.Context) error {
	quiet, err := t.Store.QuietTenantOperations(ctx, operationQuiet, operationLimit)
	if err != nil {
		return err
	}
	for _, op := range quiet {
		state, err := t.Workflows.StartOrDescribeTenantOperation(ctx, op)
		if err != nil {
			return err
		}
		if state == ExecutionRunning || state == ExecutionMissing {
			err = t.Store.TouchTenantOperation(ctx, op.TenantID, op.ID, 0)
		} else {
			activity.GetLogger(ctx).Warn("the workflow of a tenant's operation ended before the operation did", "operation", op.ID, "execution", state)
			err = t.followEnded(ctx, op, state)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Tenants) followEnded(ctx context.Context, op domain.TenantOperation, state Execution) error {
	end, message := domain.OperationFailed, "the workflow of this operation ended before the operation did"
	switch state {
	case ExecutionCanceled:
		end, message = domain.OperationCanceled, "the workflow of this operation was canceled"
	case ExecutionTerminated:
		message = "an operator terminated the workflow of this operation"
	case ExecutionMissing, ExecutionRunning, ExecutionCompleted, ExecutionFailed:
	}
	err := t.Store.EndTenantOperation(ctx, op.TenantID, op.ID, end, message)
	if domain.CodeOf(err) == domain.CodeConflict {
		return t.Workflows.RestartTenantOperation(ctx, op)
	}
	return err
}
