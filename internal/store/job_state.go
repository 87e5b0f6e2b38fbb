package store

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// JobGauge counts the jobs of one kind in one state, over all tenants.
type JobGauge struct {
	Kind  domain.JobKind
	State domain.JobState
	Jobs  int
	// Oldest is how long ago the oldest of them was accepted.
	Oldest time.Duration
}

// JobState counts the jobs that are queued and running, over all tenants.
func (s *Store) JobState(ctx context.Context) (out []JobGauge, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.JobState(ctx)
		for _, r := range rows {
			out = append(out, JobGauge{
				Kind: domain.JobKind(r.Kind), State: domain.JobState(r.State), Jobs: int(r.Jobs),
				Oldest: time.Duration(r.OldestSeconds * float64(time.Second)),
			})
		}
		return err
	})
	return out, err
}
