package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/rustassistant/rustassistant/activities"
)

const (
	// reconcileEvery keeps what operators do with Temporal's own tools visible in the
	// product within five seconds.
	reconcileEvery   = 2 * time.Second
	reconcileTimeout = 30 * time.Second
)

// reconcile makes job rows follow Temporal until ctx ends.
func reconcile(ctx context.Context, o Options) {
	r := &activities.Reconciler{
		Jobs: &activities.Jobs{Store: o.Store, Starter: o.Workflows, Limit: o.MaxRunningJobs}, Executions: o.Workflows,
	}
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	failing := false
	for {
		limited, cancel := context.WithTimeout(ctx, reconcileTimeout)
		err := r.Round(limited)
		cancel()
		if err != nil && !failing && ctx.Err() == nil {
			slog.WarnContext(ctx, "jobs cannot be compared with Temporal at the moment", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
