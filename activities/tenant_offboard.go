package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
)

const (
	// endPatience is how long the workflows of an off-boarded tenant may take to end
	// before they are terminated, and endLimit when that is given up.
	endPatience = 15 * time.Second
	endLimit    = 2 * time.Minute
	endPoll     = 500 * time.Millisecond
)

// EndTenantWork ends every workflow of a tenant but its operations: first it asks,
// then it makes them. Visibility is a second or so behind, so one look at nothing is
// not believed.
func (t *Tenants) EndTenantWork(ctx context.Context, in TenantOperationInput) error {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	began, quiet := time.Now(), 0
	for quiet < 3 {
		running, err := t.Workflows.EndTenantWork(ctx, in.TenantID, time.Since(began) > endPatience)
		if err != nil {
			return err
		}
		if quiet++; running > 0 {
			quiet = 0
		}
		if time.Since(began) > endLimit {
			// What runs still finds no rows. The purge counts what it deletes, whoever wrote it.
			return nil
		}
		if err := t.Store.TouchTenantOperation(ctx, in.TenantID, in.OperationID, 0); err != nil {
			return toTemporal(err)
		}
		beat.set(Progress{Stage: "stop", Done: running})
		sleepOrStop(ctx, endPoll)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// ExportForOffboarding records the export of an off-boarding, once.
func (t *Tenants) ExportForOffboarding(ctx context.Context, in TenantOperationInput) (uuid.UUID, error) {
	id, err := t.Store.ExportForOffboarding(ctx, in.TenantID, in.OperationID)
	return id, toTemporal(err)
}

// BeginPurge is the point of no return.
func (t *Tenants) BeginPurge(ctx context.Context, in TenantOperationInput) error {
	return toTemporal(t.Store.BeginPurge(ctx, in.TenantID, in.OperationID))
}

// PurgeSomeOutput says whether everything was looked at in this slice.
type PurgeSomeOutput struct {
	Done  bool   `json:"done"`
	Table string `json:"table,omitempty"`
}

// PurgeSome deletes rows of the tenant until none is left or the slice is over. What
// is deleted is counted in the same transaction.
func (t *Tenants) PurgeSome(ctx context.Context, in TenantOperationInput) (out PurgeSomeOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	ends := time.Now().Add(tenantSlice)
	out.Done, err = t.Store.PurgeTenant(ctx, in.TenantID, in.OperationID, func(table string, rows int64) bool {
		out.Table = table
		beat.set(Progress{Stage: table, Done: int(rows)})
		return !stopping(ctx) && ctx.Err() == nil && time.Now().Before(ends)
	})
	return out, toTemporal(err)
}

// CertifyPurgeOutput lists the tables that have rows of the tenant still.
type CertifyPurgeOutput struct {
	Left []string `json:"left,omitempty"`
}

// CertifyPurge verifies that nothing is left and issues the certificate.
func (t *Tenants) CertifyPurge(ctx context.Context, in TenantOperationInput) (CertifyPurgeOutput, error) {
	left, err := t.Store.CertifyPurge(ctx, in.TenantID, in.OperationID)
	return CertifyPurgeOutput{Left: left}, toTemporal(err)
}
