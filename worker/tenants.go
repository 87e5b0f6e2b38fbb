package worker

import (
	"context"

	"github.com/google/uuid"
	"go.temporal.io/sdk/worker"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/workflows"
)

// registerTenants does what register does for the life of tenants.
func registerTenants(maintenance worker.Registry, o Options, jobs *activities.Jobs) *activities.Tenants {
	tenants := &activities.Tenants{
		Store: o.Store, Workflows: o.Workflows, MaxExportBytes: o.MaxExportBytes,
		Steer: func(ctx context.Context, tenant uuid.UUID, paused bool) (int, error) {
			steer := jobs.ResumeTenantJobs
			if paused {
				steer = jobs.PauseTenantJobs
			}
			out, err := steer(ctx, activities.TenantJobsInput{TenantID: tenant, Reason: domain.PausedWithItsTenant})
			return out.Told, err
		},
	}
	maintenance.RegisterWorkflow(workflows.ProvisionTenant)
	maintenance.RegisterWorkflow(workflows.SuspendTenant)
	maintenance.RegisterWorkflow(workflows.ResumeTenant)
	maintenance.RegisterWorkflow(workflows.ExportTenant)
	maintenance.RegisterWorkflow(workflows.OffboardTenant)
	maintenance.RegisterActivity(tenants)
	return tenants
}

// listener hears of deliveries, and of tenants that are gone: their segments go from
// this machine.
func listener(ctx context.Context, o Options, wakeups *activities.Wakeups) store.WorkListener {
	l := store.WorkListener{Due: wakeups.Notify}
	if o.Index == nil {
		return l
	}
	l.TenantChanged = func(tenant uuid.UUID, state string) {
		if state == store.TenantGone {
			o.Index.Forget(tenant)
		}
	}
	l.Connected = func() { go o.Index.ForgetMissing(ctx, o.Store.GoneTenants) }
	return l
}
