package devstack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// Service names a program the stack runs.
type Service string

// The services of a stack.
const (
	Postgres Service = "postgres"
	Redis    Service = "redis"
	Temporal Service = "temporal"
)

// Options say what to start and where.
type Options struct {
	// DataDir holds everything: clusters, passwords, logs. It is created when
	// missing and must not be shared with another running stack.
	DataDir string
	// Ports to listen on; the zero value means any free port for each.
	Ports Ports
	// Redis asks for a Redis server. Where redis-server is not installed the
	// stack starts without it, says so in the log, and RedisURL is empty.
	Redis bool
	// Ephemeral trades durability for speed (no fsync) and allows many more
	// connections: for tests, never for data somebody wants back.
	Ephemeral bool
	// Log receives what happens to the services; nil means slog.Default().
	Log *slog.Logger
}

// Stack is a set of running servers. Its methods are safe for concurrent use.
type Stack struct {
	log      *slog.Logger
	lock     *dirLock
	postgres *postgres
	redis    *redisServer // nil without Redis
	temporal *temporal
	units    map[Service]*unit
}

// Start brings the servers up in parallel and returns when all of them answer.
// On an error nothing is left running. Ending ctx aborts a start in progress;
// it does not stop a started stack, Stop does.
func Start(ctx context.Context, o Options) (*Stack, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	group, groupCtx := errgroup.WithContext(ctx)
	for _, u := range s.units {
		group.Go(func() error { return u.start(groupCtx) })
	}
	if err := group.Wait(); err != nil {
		// The caller's context may be the reason; stopping needs its own time.
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		return nil, errors.Join(err, s.Stop(stopCtx))
	}
	s.log.Info("services ready", "took", time.Since(began).Round(time.Millisecond).String())
	return s, nil
}

// open claims the data folder, ends what an earlier run left behind, finds the
// programs and settles the ports. Nothing is running yet when it returns.
func open(ctx context.Context, o Options) (*Stack, error) {
	dir, err := prepareDataDir(o.DataDir)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Stack{log: o.Log, lock: lock, units: map[Service]*unit{}}
	if err := s.assemble(ctx, dir, o); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return s, nil
}

func (s *Stack) assemble(ctx context.Context, dir string, o Options) error {
	reg, err := openRegistry(filepath.Join(dir, "children.json"))
	if err != nil {
		return err
	}
	if err := reg.endOrphans(ctx, o.Log); err != nil {
		return err
	}
	if err := CheckPorts(o.Ports.public()...); err != nil {
		return err
	}
	secrets, err := loadSecrets(dir)
	if err != nil {
		return err
	}
	base := serviceBase{dir: dir, ephemeral: o.Ephemeral, log: o.Log, secrets: secrets, ports: newPortPicker()}
	pg, pgErr := newPostgres(base, o.Ports.Postgres)
	temp, tempErr := newTemporal(base, o.Ports)
	if err := errors.Join(pgErr, tempErr); err != nil {
		return err
	}
	s.postgres, s.temporal = pg, temp
	s.units[Postgres] = newUnit(pg, reg, dir, o.Log)
	s.units[Temporal] = newUnit(temp, reg, dir, o.Log)
	if o.Redis {
		s.redis = newRedis(base, o.Ports.Redis)
	}
	if s.redis != nil {
		s.units[Redis] = newUnit(s.redis, reg, dir, o.Log)
	}
	return nil
}

// serviceBase is what every service needs to know about its stack.
type serviceBase struct {
	dir       string
	ephemeral bool
	log       *slog.Logger
	secrets   *secrets
	ports     *portPicker
}

// Stop ends every server and gives the data folder free. Nothing of the stack
// is running when it returns nil. The services do not depend on each other, so
// they stop in parallel; stop what uses them (workers, HTTP) before.
func (s *Stack) Stop(ctx context.Context) error {
	var group errgroup.Group
	for _, u := range s.units {
		group.Go(func() error { return u.stop(ctx) })
	}
	return errors.Join(group.Wait(), s.lock.release())
}

// StopService ends one server and keeps it down until StartService: fault
// tests use it to take Redis or Temporal away.
func (s *Stack) StopService(ctx context.Context, name Service) error {
	u, ok := s.units[name]
	if !ok {
		return fmt.Errorf("devstack: %s is not part of this stack", name)
	}
	return u.stop(ctx)
}

// StartService brings a server stopped by StopService back on the same port,
// with its data, and returns when it answers.
func (s *Stack) StartService(ctx context.Context, name Service) error {
	u, ok := s.units[name]
	if !ok {
		return fmt.Errorf("devstack: %s is not part of this stack", name)
	}
	return u.start(ctx)
}

// DatabaseURL connects to database "rustassistant" as its owner, role
// "rustassistant": LOGIN and CREATEROLE, but neither superuser nor BYPASSRLS,
// so that row-level security holds in development as it does in production.
func (s *Stack) DatabaseURL() string { return s.postgres.url(appRole, appDatabase) }

// AdminURL connects as the cluster's superuser. Only tests need it.
func (s *Stack) AdminURL() string { return s.postgres.url(superuser, "postgres") }

// RedisURL is empty when the stack runs without Redis.
func (s *Stack) RedisURL() string {
	if s.redis == nil {
		return ""
	}
	return s.redis.url()
}

// TemporalAddress is host:port of the Temporal frontend (gRPC).
func (s *Stack) TemporalAddress() string { return s.temporal.address() }

// TemporalUIURL is where a browser finds the Temporal UI.
func (s *Stack) TemporalUIURL() string { return s.temporal.uiURL() }

// Environment is the stack as environment variables of the product, ready to
// be handed to a `server` or `worker` process.
func (s *Stack) Environment() map[string]string {
	return map[string]string{
		"DATABASE_URL":     s.DatabaseURL(),
		"REDIS_URL":        s.RedisURL(),
		"TEMPORAL_ADDRESS": s.TemporalAddress(),
	}
}

// prepareDataDir makes the folder and its absolute, symlink-free name.
func prepareDataDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("devstack: no data folder given")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("devstack: data folder: %w", err)
	}
	// Root runs PostgreSQL as another user, who must be able to pass through.
	// Nothing secret is readable by that: every file inside is 0600 or 0700.
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(filepath.Join(abs, "logs"), mode); err != nil {
		return "", fmt.Errorf("devstack: cannot create the data folder: %w", err)
	}
	resolved, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("devstack: data folder: %w", err)
	}
	probe, err := os.CreateTemp(resolved, ".writable-*")
	if err != nil {
		return "", fmt.Errorf("devstack: the data folder %s belongs to another user or is read-only; "+
			"run as its owner or choose another folder: %w", resolved, err)
	}
	return resolved, errors.Join(probe.Close(), os.Remove(probe.Name()))
}
