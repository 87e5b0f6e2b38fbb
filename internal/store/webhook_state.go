package store

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// WebhookState counts webhooks and what they wait for, over all tenants.
func (s *Store) WebhookState(ctx context.Context) (out domain.WebhookState, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		r, err := q.WebhookState(ctx)
		out = domain.WebhookState{
			Pending: int(r.Pending), Oldest: time.Duration(r.OldestSeconds * float64(time.Second)),
			Endpoints: map[domain.EndpointState]int{
				domain.EndpointActive: int(r.Active), domain.EndpointPaused: int(r.Paused), domain.EndpointDisabled: int(r.Disabled),
			},
		}
		return err
	})
	return out, err
}
