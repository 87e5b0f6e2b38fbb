package apiclient

import (
	"context"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Health is the answer of /api/health.
type Health struct {
	Status  string `json:"status"`
	Version string `json:"version"`
}

// Health asks whether the server is up.
func (c *Client) Health(ctx context.Context) (*Health, error) {
	var out Health
	err := c.get(ctx, "/api/health", nil, &out)
	return &out, err
}

// Stats are the figures of a tenant that commands use.
type Stats struct {
	Documents struct {
		Total      int `json:"total"`
		Searchable int `json:"searchable"`
	} `json:"documents"`
}

// Stats asks for the tenant's figures.
func (c *Client) Stats(ctx context.Context) (*Stats, error) {
	var out Stats
	err := c.get(ctx, "/api/stats", nil, &out)
	return &out, err
}

// CreateTenant makes a tenant without limits and waits until it is active; it needs a
// key of platform scope. A tenant that exists is an error of IsConflict.
func (c *Client) CreateTenant(ctx context.Context, slug, name string) error {
	_, err := c.MakeTenant(ctx, NewTenant{Slug: slug, Name: name, Tier: domain.TierUnlimited})
	return err
}
