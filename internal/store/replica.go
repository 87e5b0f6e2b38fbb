package store

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

const (
	// replicaCheck is how often primary and replica are compared.
	replicaCheck   = time.Second
	replicaTimeout = 2 * time.Second
	// replicaMaxLag is how far behind a replica may be that answers reports. They
	// show what is counted in the background anyway.
	replicaMaxLag = 5 * time.Second
	// replicaMarks is how many positions of the primary are remembered.
	replicaMarks = 600
)

// replica is a streaming replica that answers reports: reads of much that nobody
// expects to find his own last write in. Everything else, lists of documents and
// jobs among it, is read from the primary, so that a client always sees what it
// wrote, whichever server it asks.
type replica struct {
	pool, primary *pgxpool.Pool
	stop          context.CancelFunc
	stopped       sync.WaitGroup

	usable atomic.Bool
	lag    atomic.Int64 // nanoseconds
	marks  []mark       // of the primary, oldest first; only check uses it
}

// mark is where the primary was at a moment.
type mark struct {
	at  time.Time
	lsn int64 // bytes of WAL since the beginning
}

// ReplicaState is how a replica does.
type ReplicaState struct {
	Configured bool
	// Used says that reports are read from it at the moment.
	Used bool
	// Lag is how long ago the primary was where the replica is now.
	Lag time.Duration
}

// ReplicaState returns how the replica does.
func (s *Store) ReplicaState() ReplicaState {
	if s.replica == nil {
		return ReplicaState{}
	}
	return ReplicaState{Configured: true, Used: s.replica.usable.Load(), Lag: time.Duration(s.replica.lag.Load())}
}

// ReplicaStat is the state of the replica's pool, nil without one.
func (s *Store) ReplicaStat() *pgxpool.Stat {
	if s.replica == nil {
		return nil
	}
	return s.replica.pool.Stat()
}

func openReplica(ctx context.Context, o Options, primary *pgxpool.Pool) (*replica, error) {
	o.URL = o.ReplicaURL
	pool, err := openPool(ctx, o, appRole, o.PoolSize)
	if err != nil {
		return nil, err
	}
	// The caller's context may end with the start; Close ends this.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &replica{pool: pool, primary: primary, stop: stop}
	r.stopped.Go(func() { r.watch(running) })
	return r, nil
}

func (r *replica) close() {
	r.stop()
	r.stopped.Wait()
	r.pool.Close()
}

func (r *replica) watch(ctx context.Context) {
	tick := time.NewTicker(replicaCheck)
	defer tick.Stop()
	for {
		usable := r.check(ctx)
		if ctx.Err() == nil && r.usable.Swap(usable) != usable {
			slog.InfoContext(ctx, "reports are read from another server now", "replica", usable, "lag", time.Duration(r.lag.Load()).String())
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// check compares the servers and reports whether the replica may answer. While
// the primary cannot be asked, nothing new is committed either: the replica stays.
func (r *replica) check(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, replicaTimeout)
	defer cancel()
	var position int64
	asked := time.Now()
	if err := r.primary.QueryRow(ctx, primaryPosition).Scan(&position); err == nil {
		r.marks = append(r.marks, mark{asked, position})
		r.marks = r.marks[max(0, len(r.marks)-replicaMarks):]
	}
	var replayed *int64
	if err := r.pool.QueryRow(ctx, replicaPosition).Scan(&replayed); err != nil {
		return false
	}
	lag := time.Duration(0)
	if replayed != nil { // otherwise it was promoted
		lag = r.behind(*replayed, time.Now())
	}
	r.lag.Store(int64(lag))
	return lag <= replicaMaxLag
}

const (
	// The position is asked of the server that takes writes; of one in recovery it is 0.
	primaryPosition = `SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') END::bigint`
	replicaPosition = `SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') END::bigint`
)

// behind is how long ago the primary was where the replica is. A clock of this
// process measures it, so that an idle primary is not taken for a slow replica.
func (r *replica) behind(replayed int64, now time.Time) time.Duration {
	reached := -1
	for i, m := range r.marks {
		if m.lsn <= replayed {
			reached = i
		}
	}
	switch {
	case len(r.marks) == 0, reached == len(r.marks)-1:
		return 0
	case reached < 0:
		return now.Sub(r.marks[0].at)
	}
	// It was there until the next mark at most.
	return now.Sub(r.marks[reached+1].at)
}

// reportInTenant is readInTenant on the replica, where one is usable. A replica
// that fails before anything was read is left for the primary.
func (s *Store) reportInTenant(ctx context.Context, tenant uuid.UUID, fn func(*db.Queries) error) error {
	if s.replica == nil || !s.replica.usable.Load() {
		return s.readInTenant(ctx, tenant, fn)
	}
	began := false
	err := pgx.BeginTxFunc(ctx, s.replica.pool, inTenantOptions(beginReading, tenant), func(tx pgx.Tx) error {
		began = true
		return fn(db.New(tx))
	})
	if err != nil && !began && ctx.Err() == nil {
		s.replica.usable.Store(false)
		return s.readInTenant(ctx, tenant, fn)
	}
	return translate(err)
}
