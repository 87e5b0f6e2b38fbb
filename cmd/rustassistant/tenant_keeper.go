package main

import (
	"context"
	"errors"
	"time"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/api"
	"github.com/rustassistant/rustassistant/workflows"
)

// tenantKeeper is the API's way to the workflows of tenants.
type tenantKeeper struct{ *workflows.Client }

// ProvisionTenant implements api.TenantKeeper.
func (k tenantKeeper) ProvisionTenant(ctx context.Context, r api.ProvisionRequest, wait time.Duration) (done bool, workflowID string, err error) {
	in := activities.ProvisionTenantInput{
		TenantID: r.TenantID, RequestID: r.RequestID, Slug: r.Slug, Name: r.Name, Tier: r.Plan.Tier, Requester: activities.RequesterFrom(ctx),
	}
	if !r.Plan.Override.IsZero() {
		in.Quota = &r.Plan.Override
	}
	if r.Key != nil {
		in.Key = &activities.TenantKey{
			ID: r.Key.ID, Name: r.Key.Name, Hash: r.Key.Hash, Prefix: r.Key.Prefix, LastFour: r.Key.LastFour, Scopes: r.Key.Scopes,
		}
	}
	_, workflowID, err = k.Client.ProvisionTenant(ctx, in, wait)
	if errors.Is(err, workflows.ErrStillRunning) {
		return false, workflowID, nil
	}
	return err == nil, workflowID, err
}
