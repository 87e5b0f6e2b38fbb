package store

import (
	"bytes"
	"context"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// endpointFacts is what the audit log shows of an endpoint: no secret, and of the
// headers only their names.
type endpointFacts struct {
	URL            string               `json:"url"`
	Description    string               `json:"description,omitempty"`
	Events         []string             `json:"events"`
	State          domain.EndpointState `json:"state"`
	MaxConcurrency int                  `json:"max_concurrency"`
	Headers        []string             `json:"headers,omitempty"`
}

func factsOf(e *domain.Endpoint) *endpointFacts {
	return &endpointFacts{e.URL, e.Description, e.Events, e.State, e.MaxConcurrency, e.HeaderNames}
}

// auditEndpoint writes what became of an endpoint; before is nil for a new one.
func auditEndpoint(ctx context.Context, q *db.Queries, before, after *domain.Endpoint) error {
	c := change{action: "webhook.created", kind: "webhook", id: after.ID.String(), after: factsOf(after)}
	if before != nil {
		c.action, c.before = "webhook.changed", factsOf(before)
		switch {
		case after.State == domain.EndpointDeleted:
			c.action, c.after = "webhook.deleted", nil
		case !bytes.Equal(before.SealedSecret, after.SealedSecret):
			c.action = "webhook.secret_rotated"
		}
	}
	return audit(ctx, q, after.TenantID, c)
}
