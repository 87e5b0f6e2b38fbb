package main

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/telemetry"
)

// jobsEvery is how often the jobs are counted at most, however many scrape.
const jobsEvery = 10 * time.Second

// registerMetrics shows the state of what the process holds.
func (a *app) registerMetrics() {
	a.metrics.RegisterPool("app", func() telemetry.PoolStats { return poolStats(a.store.PoolStat()) })
	if a.store.ReplicaState().Configured {
		a.metrics.RegisterPool("replica", func() telemetry.PoolStats { return poolStats(a.store.ReplicaStat()) })
		a.metrics.RegisterReplica(func() telemetry.ReplicaState {
			s := a.store.ReplicaState()
			return telemetry.ReplicaState{Used: s.Used, Lag: s.Lag}
		})
	}
	a.metrics.BeforeScrape(0, func(context.Context) error {
		a.metrics.IndexSegments.Set(float64(a.index.OpenSegments()))
		return nil
	})
	a.metrics.BeforeScrape(jobsEvery, func(ctx context.Context) error {
		found, err := a.store.JobState(ctx)
		if err != nil {
			return err
		}
		counts := make([]telemetry.JobCount, len(found))
		for i, f := range found {
			counts[i] = telemetry.JobCount(f)
		}
		a.metrics.SetJobs(counts)
		return nil
	})
}

// pool is what the driver says about a pool of connections.
type pool interface {
	MaxConns() int32
	AcquiredConns() int32
	IdleConns() int32
	AcquireCount() int64
	EmptyAcquireCount() int64
	EmptyAcquireWaitTime() time.Duration
}

func poolStats(s pool) telemetry.PoolStats {
	return telemetry.PoolStats{
		Max: int(s.MaxConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
		Acquires: s.AcquireCount(), Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}
