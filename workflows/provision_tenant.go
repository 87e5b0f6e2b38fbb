package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
)

// ProvisionTenant makes a tenant: its row with a tier and what every tenant has, its
// first key when one is asked for, and then it becomes usable, which is told. What a
// failed step leaves is taken back: the slug is free again. The key's text is known
// to its caller only; here is its hash.
//
//	insert ─▶ key ─▶ activate
//	   └───────┴────────┴──▶ abandon, when one of them cannot be done
func ProvisionTenant(ctx workflow.Context, in activities.ProvisionTenantInput) (out activities.ProvisionedTenant, err error) {
	var tenants *activities.Tenants
	short := provisionOptions(ctx)
	workflow.SetCurrentDetails(ctx, "making the tenant")
	if err = workflow.ExecuteActivity(short, tenants.InsertTenant, in).Get(ctx, &out); err != nil {
		// Nothing was inserted, or an answer was lost. A slug that is another's has
		// nothing of this request to take back.
		return out, abandon(ctx, in, err)
	}
	in.TenantID = out.TenantID
	if in.Key != nil {
		if err = workflow.ExecuteActivity(short, tenants.InsertTenantKey, in).Get(ctx, nil); err != nil {
			return out, abandon(ctx, in, err)
		}
	}
	if err = workflow.ExecuteActivity(short, tenants.ActivateTenant, in).Get(ctx, nil); err != nil {
		return out, abandon(ctx, in, err)
	}
	return out, nil
}

// abandon is the compensation. It goes on when the workflow was canceled.
func abandon(ctx workflow.Context, in activities.ProvisionTenantInput, cause error) error {
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	var tenants *activities.Tenants
	workflow.SetCurrentDetails(ctx, "taking back what was made")
	if err := workflow.ExecuteActivity(rowOptions(ctx), tenants.AbandonTenant, in).Get(ctx, nil); err != nil {
		return err
	}
	if temporal.IsCanceledError(cause) {
		return temporal.NewCanceledError()
	}
	return cause
}
