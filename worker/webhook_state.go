package worker

import (
	"context"
	"log/slog"
	"time"
)

const (
	// stateEvery is how often a process counts what webhooks wait for. It does not
	// depend on who scrapes it.
	stateEvery   = 10 * time.Second
	stateTimeout = 5 * time.Second
)

// watchWebhooks keeps the gauges of webhooks up to date until ctx ends. While the
// database is away they stay as they were.
func watchWebhooks(ctx context.Context, o Options) {
	tick := time.NewTicker(stateEvery)
	defer tick.Stop()
	for {
		limited, cancel := context.WithTimeout(ctx, stateTimeout)
		state, err := o.Store.WebhookState(limited)
		cancel()
		switch {
		case err == nil:
			o.Metrics.SetWebhooks(state)
		case ctx.Err() == nil:
			slog.WarnContext(ctx, "the metrics of webhooks could not be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
