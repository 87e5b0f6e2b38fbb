package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// leftoverPause is before what came in behind a purge is purged, too, and
// maxLeftovers how often: each round has less to do.
const (
	leftoverPause = 2 * time.Second
	maxLeftovers  = 100
)

// OffboardTenantInput names an off-boarding.
type OffboardTenantInput struct {
	activities.TenantOperationInput
	// Grace is how long requests that were admitted before may go on: until then
	// nothing is deleted.
	Grace time.Duration `json:"grace"`
}

// OffboardTenant takes a tenant away: its workflows end, it is exported when that
// was asked for, its rows are deleted in short transactions, and when a look at every
// table finds nothing a certificate says so.
//
//	stop ─▶ wait ─▶ (export) ─▶ begin ─▶ purge ◀──▶ certify
//	  └───────┴─────────┘ can be canceled: the tenant is suspended then
func OffboardTenant(ctx workflow.Context, in OffboardTenantInput) (activities.TenantOperationStatus, error) {
	w := &offboardTenant{tenantOperation: tenantOperation{in: in.TenantOperationInput}, all: in}
	return w.run(ctx, w.work)
}

type offboardTenant struct {
	tenantOperation
	all OffboardTenantInput
}

func (w *offboardTenant) work(ctx workflow.Context) error {
	var tenants *activities.Tenants
	if err := workflow.ExecuteActivity(rowOptions(ctx), tenants.TenantOperationStatus, w.in).Get(ctx, &w.status); err != nil {
		return err
	}
	if w.status.Stage != domain.StagePurge {
		if err := w.prepare(ctx); err != nil {
			return err
		}
		if err := workflow.ExecuteActivity(rowOptions(ctx), tenants.BeginPurge, w.in).Get(ctx, nil); err != nil {
			return err
		}
	}
	w.status.Stage = domain.StagePurge
	// There is no way back from here, also not by canceling.
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	return w.purge(ctx)
}

func (w *offboardTenant) prepare(ctx workflow.Context) error {
	var tenants *activities.Tenants
	workflow.SetCurrentDetails(ctx, "its workflows end, its requests run out")
	if err := workflow.ExecuteActivity(batchOptions(ctx), tenants.EndTenantWork, w.in).Get(ctx, nil); err != nil {
		return err
	}
	if err := workflow.Sleep(ctx, w.all.Grace); err != nil {
		return err
	}
	if !w.status.WithExport {
		return nil
	}
	export := w.in
	if err := workflow.ExecuteActivity(rowOptions(ctx), tenants.ExportForOffboarding, w.in).Get(ctx, &export.OperationID); err != nil {
		return err
	}
	w.status.Stage, w.status.ExportID = domain.StageExport, &export.OperationID
	// An export that is canceled with its off-boarding must not look as if it ran.
	e := &tenantOperation{in: export}
	if err := e.export(ctx, export); err != nil {
		return e.end(ctx, err)
	}
	if e.status.State == domain.OperationRunning {
		return workflow.NewContinueAsNewError(ctx, OffboardTenant, w.all)
	}
	return nil
}

func (w *offboardTenant) purge(ctx workflow.Context) error {
	var tenants *activities.Tenants
	for range maxLeftovers {
		if done, err := w.purgeAll(ctx); err != nil || !done {
			return err
		}
		w.status.Stage = domain.StageVerify
		var out activities.CertifyPurgeOutput
		if err := workflow.ExecuteActivity(rowOptions(ctx), tenants.CertifyPurge, w.in).Get(ctx, &out); err != nil {
			return err
		}
		if len(out.Left) == 0 {
			w.status.State, w.status.Stage = domain.OperationCompleted, "done"
			workflow.SetCurrentDetails(ctx, "nothing is left; see the certificate")
			return nil
		}
		workflow.SetCurrentDetails(ctx, "rows came in behind the purge: "+strings.Join(out.Left, ", "))
		if err := workflow.Sleep(ctx, leftoverPause); err != nil {
			return err
		}
	}
	return temporal.NewApplicationError("rows of the tenant keep coming in", "leftovers")
}

// purgeAll is false with the error that continues as new.
func (w *offboardTenant) purgeAll(ctx workflow.Context) (done bool, err error) {
	var tenants *activities.Tenants
	for !done {
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return false, workflow.NewContinueAsNewError(ctx, OffboardTenant, w.all)
		}
		var out activities.PurgeSomeOutput
		if err := workflow.ExecuteActivity(batchOptions(ctx), tenants.PurgeSome, w.in).Get(ctx, &out); err != nil {
			return false, err
		}
		done = out.Done
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("deleting rows of %s", out.Table))
	}
	return true, nil
}
