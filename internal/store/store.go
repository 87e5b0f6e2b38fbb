package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

const (
	appRole    = "rustassistant_app"
	systemRole = "rustassistant_system"
	// systemPoolSize is small: only schedules, credentials that are not in the
	// cache and administration use it.
	systemPoolSize = 6
	connectTimeout = 5 * time.Second
)

// Options says how to reach the database.
type Options struct {
	// URL is a postgres:// URL. Its user must be a member of both roles, which
	// the first migration sees to.
	URL string
	// PoolSize bounds the connections of the application role.
	PoolSize int
	// Configure may change each pool before it opens, for instance to trace queries.
	Configure func(*pgxpool.Config)
	// SearchEvents says which recorded searches are told to webhooks; none by default.
	SearchEvents domain.SearchEvents
}

// Store reads and writes the database.
type Store struct {
	app    *pgxpool.Pool
	system *pgxpool.Pool
	url    string

	searchEvents domain.SearchEvents
}

// Open connects lazily: it fails on a URL that cannot be read, not on a
// database that is down.
func Open(ctx context.Context, o Options) (*Store, error) {
	app, err := openPool(ctx, o, appRole, o.PoolSize)
	if err != nil {
		return nil, err
	}
	system, err := openPool(ctx, o, systemRole, systemPoolSize)
	if err != nil {
		app.Close()
		return nil, err
	}
	return &Store{app: app, system: system, url: o.URL, searchEvents: o.SearchEvents}, nil
}

func openPool(ctx context.Context, o Options, role string, size int) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	cfg.MaxConns = int32(max(size, 2))
	cfg.MaxConnLifetime = time.Hour
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	cfg.ConnConfig.RuntimeParams["role"] = role
	cfg.ConnConfig.RuntimeParams["application_name"] = role
	// Every statement looks rows up by key. A plan made for one tenant's id is
	// worse: while the statistics do not know a new tenant, it takes the tenant for
	// empty and reads all of it for each row.
	cfg.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	cfg.AfterConnect = registerUUIDs
	if o.Configure != nil {
		o.Configure(cfg)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the connection pool: %w", err)
	}
	return pool, nil
}

// Close waits for borrowed connections and closes the pools.
func (s *Store) Close() {
	s.app.Close()
	s.system.Close()
}

// Ping asks the database for an answer, as the application role.
func (s *Store) Ping(ctx context.Context) error { return s.app.Ping(ctx) }

// PoolStat is the state of the application pool, for metrics.
func (s *Store) PoolStat() *pgxpool.Stat { return s.app.Stat() }

// inTenant runs fn in a transaction of the application role that sees one
// tenant. The setting travels with BEGIN, so it costs no round trip; a UUID's
// text needs no quoting.
func (s *Store) inTenant(ctx context.Context, tenant uuid.UUID, fn func(*db.Queries) error) error {
	return s.beginInTenant(ctx, "begin", tenant, fn)
}

// readInTenant is inTenant for several reads that must show one moment.
func (s *Store) readInTenant(ctx context.Context, tenant uuid.UUID, fn func(*db.Queries) error) error {
	return s.beginInTenant(ctx, "begin isolation level repeatable read read only", tenant, fn)
}

func (s *Store) beginInTenant(ctx context.Context, begin string, tenant uuid.UUID, fn func(*db.Queries) error) error {
	o := pgx.TxOptions{BeginQuery: begin + "; select set_config('app.tenant_id', '" + tenant.String() + "', true)"}
	return translate(pgx.BeginTxFunc(ctx, s.app, o, func(tx pgx.Tx) error { return fn(db.New(tx)) }))
}

// inSystem runs fn in a transaction of the system role, which sees every tenant.
func (s *Store) inSystem(ctx context.Context, fn func(*db.Queries) error) error {
	return translate(pgx.BeginFunc(ctx, s.system, func(tx pgx.Tx) error { return fn(db.New(tx)) }))
}

// noRows reports whether a query found nothing.
func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// newestID sorts after every UUIDv7: where a descending list begins.
var newestID = uuid.Max

// beforeOr returns the id a descending list goes on from.
func beforeOr(before uuid.UUID) uuid.UUID {
	if before == uuid.Nil {
		return newestID
	}
	return before
}
