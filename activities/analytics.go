package activities

import (
	"cmp"
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	// rollupTime is how long one round works, well inside of its timeout.
	rollupTime = 4 * time.Minute
	// analyticsBeat is well inside of the heartbeat timeout of sweeps.
	analyticsBeat = 5 * time.Second
	// purgeTime is the same for what is past its retention.
	purgeTime = 4 * time.Minute
	// These are those of the configuration.
	defaultRetention       = 90 * 24 * time.Hour
	defaultRollupRetention = 400 * 24 * time.Hour
)

// Analytics keeps what is known about searches in order: rollups and retention.
type Analytics struct {
	Store *store.Store
	// Retention is how long recorded searches are kept, 90 days when 0, and
	// RollupRetention their rollups, 400 days when 0. They go by whole weeks.
	Retention, RollupRetention time.Duration
	// Starter starts back-fills; nil leaves those that were not started.
	Starter BackfillStarter
}

// RollUpAnalyticsOutput counts what one round rolled up.
type RollUpAnalyticsOutput struct {
	Hours int `json:"hours"`
	Days  int `json:"days"`
	Weeks int `json:"weeks,omitempty"`
	// More is set when the round ended before its work.
	More bool `json:"more,omitempty"`
}

// RollUpAnalytics recounts the hours, days and weeks that have changed since they were
// rolled up. It may die at any point and be started again.
func (a *Analytics) RollUpAnalytics(ctx context.Context) (RollUpAnalyticsOutput, error) {
	beat := startHeartbeat(ctx, analyticsBeat)
	defer beat.stop()
	now := time.Now()
	out, err := a.Store.RollUpAnalytics(ctx, now, now.Add(rollupTime), func(done store.RolledUp) {
		beat.set(Progress{Stage: "roll up", Done: done.Hours + done.Days + done.Weeks})
	})
	if err == nil {
		err = a.followQuietBackfills(ctx)
	}
	return RollUpAnalyticsOutput(out), toTemporal(err)
}

// EnsureAnalyticsPartitionsOutput counts new partitions.
type EnsureAnalyticsPartitionsOutput struct {
	Made int `json:"made"`
}

// EnsureAnalyticsPartitions makes the partitions of the next weeks.
func (a *Analytics) EnsureAnalyticsPartitions(ctx context.Context) (EnsureAnalyticsPartitionsOutput, error) {
	made, err := a.Store.EnsureAnalyticsPartitions(ctx, time.Now())
	return EnsureAnalyticsPartitionsOutput{Made: made}, toTemporal(err)
}

// PurgeAnalyticsOutput counts what was removed.
type PurgeAnalyticsOutput struct {
	Partitions int   `json:"partitions"`
	Rows       int64 `json:"rows"`
	Rollups    int64 `json:"rollups,omitempty"`
	// More is set when the round ended before its work.
	More bool `json:"more,omitempty"`
}

// PurgeAnalytics removes what is past its retention.
func (a *Analytics) PurgeAnalytics(ctx context.Context) (PurgeAnalyticsOutput, error) {
	beat := startHeartbeat(ctx, analyticsBeat)
	defer beat.stop()
	events, now := cmp.Or(a.Retention, defaultRetention), time.Now()
	keep := store.AnalyticsRetention{
		Events: now.Add(-events), Rollups: now.Add(-max(events, cmp.Or(a.RollupRetention, defaultRollupRetention))),
	}
	out, err := a.Store.PurgeAnalytics(ctx, keep, now, now.Add(purgeTime), func(done store.PurgedAnalytics) {
		beat.set(Progress{Stage: "purge", Done: int(done.Rollups)})
	})
	return PurgeAnalyticsOutput(out), toTemporal(err)
}
