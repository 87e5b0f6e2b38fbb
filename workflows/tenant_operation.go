package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// tenantOperation drives a row of tenant_operations: what an operator watches and
// cancels. How far it is is in the row.
type tenantOperation struct {
	in     activities.TenantOperationInput
	status activities.TenantOperationStatus
}

// run has work do it, and the row follow how that ended.
func (o *tenantOperation) run(ctx workflow.Context, work func(workflow.Context) error) (activities.TenantOperationStatus, error) {
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (activities.TenantOperationStatus, error) { return o.status, nil })
	if err != nil {
		return o.status, err
	}
	if err = work(ctx); err == nil || workflow.IsContinueAsNewError(err) {
		return o.status, err
	}
	return o.status, o.end(ctx, err)
}

func (o *tenantOperation) end(ctx workflow.Context, cause error) error {
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	in := activities.EndTenantOperationInput{TenantOperationInput: o.in, State: domain.OperationCanceled}
	if !temporal.IsCanceledError(cause) {
		in.State = domain.OperationFailed
		_, in.Message = reasonOf(cause, "", "it could not be finished; see the workflow for every attempt")
	}
	var tenants *activities.Tenants
	if err := workflow.ExecuteActivity(rowOptions(ctx), tenants.EndTenantOperation, in).Get(ctx, nil); err != nil {
		return err
	}
	return cause
}

// SuspendTenant has what runs for a tenant pause. Its state is in its row already:
// keys and sessions are refused, webhooks wait, sweeps leave it alone.
func SuspendTenant(ctx workflow.Context, in activities.TenantOperationInput) (activities.TenantOperationStatus, error) {
	o := &tenantOperation{in: in}
	return o.run(ctx, o.follow)
}

// ResumeTenant has go on what the suspension has paused.
func ResumeTenant(ctx workflow.Context, in activities.TenantOperationInput) (activities.TenantOperationStatus, error) {
	o := &tenantOperation{in: in}
	return o.run(ctx, o.follow)
}

func (o *tenantOperation) follow(ctx workflow.Context) error {
	var tenants *activities.Tenants
	var told int
	if err := workflow.ExecuteActivity(batchOptions(ctx), tenants.FollowTenantState, o.in).Get(ctx, &told); err != nil {
		return err
	}
	o.status.Rows, o.status.State = int64(told), domain.OperationCompleted
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d jobs were told", told))
	end := activities.EndTenantOperationInput{TenantOperationInput: o.in, State: domain.OperationCompleted}
	return workflow.ExecuteActivity(rowOptions(ctx), tenants.EndTenantOperation, end).Get(ctx, nil)
}

// ExportTenant writes what a tenant has into files, part by part.
func ExportTenant(ctx workflow.Context, in activities.TenantOperationInput) (activities.TenantOperationStatus, error) {
	o := &tenantOperation{in: in}
	return o.run(ctx, func(ctx workflow.Context) error {
		if err := o.export(ctx, in); err != nil {
			return err
		}
		if o.status.State == domain.OperationRunning {
			return workflow.NewContinueAsNewError(ctx, ExportTenant, in)
		}
		return nil
	})
}

// export goes on until the export has ended or the history is long.
func (o *tenantOperation) export(ctx workflow.Context, in activities.TenantOperationInput) error {
	var tenants *activities.Tenants
	for range roundsPerRun {
		var now activities.TenantOperationStatus
		if err := workflow.ExecuteActivity(batchOptions(ctx), tenants.ExportSome, in).Get(ctx, &now); err != nil {
			return err
		}
		o.status = now
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("%s: %d rows in %d files, %d bytes", now.Stage, now.Rows, now.Parts, now.Bytes))
		switch {
		case now.State == domain.OperationCompleted:
			return nil
		case now.State != domain.OperationRunning:
			return temporal.NewNonRetryableApplicationError("the export is "+string(now.State)+": "+now.Error, string(now.State), nil)
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return nil
		}
	}
	return nil
}
