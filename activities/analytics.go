package activities

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	// rollupTime is how long one round works, well inside of its timeout.
	rollupTime = 4 * time.Minute
	// analyticsBeat is well inside of the heartbeat timeout of sweeps.
	analyticsBeat = 5 * time.Second
	// defaultRetention is that of the configuration.
	defaultRetention = 90 * 24 * time.Hour
)

// Analytics keeps what is known about searches in order: rollups and retention.
type Analytics struct {
	Store *store.Store
	// Retention is how long recorded searches and their rollups are kept; 90 days
	// when 0. They go by whole weeks.
	Retention time.Duration
}

// RollUpAnalyticsOutput counts what one round rolled up.
type RollUpAnalyticsOutput struct {
	Hours int `json:"hours"`
	Days  int `json:"days"`
	// More is set when the round ended before its work.
	More bool `json:"more,omitempty"`
}

// RollUpAnalytics recounts the hours and days that have changed since they were
// rolled up. It may die at any point and be started again.
func (a *Analytics) RollUpAnalytics(ctx context.Context) (RollUpAnalyticsOutput, error) {
	beat := startHeartbeat(ctx, analyticsBeat)
	defer beat.stop()
	now := time.Now()
	out, err := a.Store.RollUpAnalytics(ctx, now, now.Add(rollupTime), func(done store.RolledUp) {
		beat.set(Progress{Stage: "roll up", Done: done.Hours + done.Days})
	})
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
}

// PurgeAnalytics removes what is past its retention.
func (a *Analytics) PurgeAnalytics(ctx context.Context) (PurgeAnalyticsOutput, error) {
	beat := startHeartbeat(ctx, analyticsBeat)
	defer beat.stop()
	retention := a.Retention
	if retention <= 0 {
		retention = defaultRetention
	}
	out, err := a.Store.PurgeAnalytics(ctx, time.Now().Add(-retention))
	return PurgeAnalyticsOutput(out), toTemporal(err)
}
