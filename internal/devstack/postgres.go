package devstack

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
)

const (
	superuser   = "postgres"
	appRole     = "rustassistant"
	appDatabase = "rustassistant"
)

// postgres is a private cluster in <data>/postgres.
type postgres struct {
	serviceBase
	install   pgInstall
	cluster   string // the cluster's folder
	user      *runAs
	preferred int

	mu   sync.Mutex
	port int
}

func newPostgres(base serviceBase, preferred int) (*postgres, error) {
	cluster := filepath.Join(base.dir, "postgres")
	major, err := clusterMajor(cluster)
	if err != nil {
		return nil, err
	}
	install, err := findPostgres(major)
	if err != nil {
		return nil, err
	}
	as, err := postgresUser(base.dir, cluster)
	if err != nil {
		return nil, err
	}
	return &postgres{serviceBase: base, install: install, cluster: cluster, user: as, preferred: preferred}, nil
}

// clusterMajor is the version that made the cluster, 0 when there is none.
func clusterMajor(cluster string) (int, error) {
	if !exists(cluster) {
		return 0, nil
	}
	raw, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if err != nil {
		return 0, fmt.Errorf("devstack: %s is not a readable PostgreSQL cluster (made by another user?): %w", cluster, err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, fmt.Errorf("devstack: %s/PG_VERSION: %w", cluster, err)
	}
	return major, nil
}

func (p *postgres) name() Service { return Postgres }

func (p *postgres) prepare(ctx context.Context) error {
	if exists(p.cluster) {
		return p.endStray(ctx)
	}
	// Made aside and renamed: a cluster exists whole or not at all.
	fresh := p.cluster + ".new"
	if err := p.initdb(ctx, fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, p.cluster); err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	return nil
}

func (p *postgres) initdb(ctx context.Context, fresh string) error {
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	password := filepath.Join(p.dir, "initdb-password")
	if err := os.WriteFile(password, []byte(p.secrets.PostgresSuperuser+"\n"), 0o600); err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	defer os.Remove(password)
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	for _, name := range []string{fresh, password} {
		if err := p.user.own(name); err != nil {
			return fmt.Errorf("devstack: %w", err)
		}
	}
	args := []string{
		"--pgdata=" + fresh, "--username=" + superuser, "--pwfile=" + password,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
	}
	if p.ephemeral {
		args = append(args, "--no-sync")
	}
	child, err := spawn(command{
		path: filepath.Join(p.install.bin, "initdb"), args: args, user: p.user,
		stopSignal: syscall.SIGTERM, logFile: filepath.Join(p.dir, "logs", "initdb.log"),
	})
	if err != nil {
		return err
	}
	if err := child.wait(ctx); err != nil {
		_ = child.stop(ctx)
		return fmt.Errorf("devstack: initdb: %w\n%s", err, child.output())
	}
	return nil
}

// endStray ends a postmaster of this cluster that the list of children missed
// (killed between fork and the entry), and removes a lock file whose pid now
// belongs to a stranger, which PostgreSQL would take for a running server.
func (p *postgres) endStray(ctx context.Context) error {
	lockFile := filepath.Join(p.cluster, "postmaster.pid")
	raw, err := os.ReadFile(lockFile)
	if err != nil {
		return nil //nolint:nilerr // no lock file, the usual case
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return os.Remove(lockFile)
	}
	// A postmaster works in its cluster's folder; nothing else does.
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	started, startErr := startTime(pid)
	if err == nil && startErr == nil && cwd == p.cluster {
		p.log.Warn("ending a server left by an earlier run", "service", string(Postgres), "pid", pid)
		return endProcess(ctx, child{Name: Postgres, PID: pid, Started: started, StopSignal: syscall.SIGINT})
	}
	return os.Remove(lockFile)
}

func (p *postgres) choosePort() error {
	port, err := p.ports.pick(p.preferred)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.port = port
	return nil
}

func (p *postgres) currentPort() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.port
}

func (p *postgres) portTaken() bool { return tryListen(loopback, p.currentPort()) != nil }

func (p *postgres) command() command {
	args := []string{"-D", p.cluster}
	for _, setting := range p.settings() {
		args = append(args, "-c", setting)
	}
	return command{
		path: filepath.Join(p.install.bin, "postgres"), args: args, user: p.user,
		stopSignal: syscall.SIGINT, // "fast": ends sessions, writes a checkpoint
	}
}

// settings are handed over at every start, so that a newer version's apply to
// an older cluster.
func (p *postgres) settings() []string {
	settings := []string{
		"listen_addresses=" + loopback,
		"port=" + strconv.Itoa(p.currentPort()),
		"unix_socket_directories=", // TCP only: socket paths have a short limit
		"password_encryption=scram-sha-256",
		"timezone=UTC", "log_timezone=UTC", "log_line_prefix=%m [%p] %d ",
		"shared_buffers=256MB", "work_mem=16MB", "maintenance_work_mem=128MB",
		"random_page_cost=1.1", "effective_io_concurrency=16",
		"jit=off", // costs more than it gives on short queries
		// Nothing replicates from here, so the log of changes can be small.
		"wal_level=minimal", "max_wal_senders=0", "max_wal_size=2GB", "checkpoint_timeout=15min",
	}
	if p.ephemeral {
		return append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			// Packages of tests run in parallel, each with several pools.
			"max_connections=1000", "autovacuum_naptime=10s")
	}
	return append(settings, "max_connections=200", "log_lock_waits=on", "log_min_duration_statement=1s")
}

func (p *postgres) url(role, database string) string {
	password := p.secrets.PostgresApp
	if role == superuser {
		password = p.secrets.PostgresSuperuser
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password),
		Host: loopback + ":" + strconv.Itoa(p.currentPort()), Path: "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// ready connects and makes sure that the application's role and database are
// there. It is repeated until it works, so every step can be.
func (p *postgres) ready(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.url(superuser, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := p.ensureRole(ctx, conn); err != nil {
		return err
	}
	var found bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", appDatabase).Scan(&found)
	if err != nil || found {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+appDatabase+" OWNER "+appRole)
	return err
}

// ensureRole creates the application's role. It may create the roles that the
// migrations ask for, but is no superuser: those bypass row-level security.
func (p *postgres) ensureRole(ctx context.Context, conn *pgx.Conn) error {
	var found bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", appRole).Scan(&found)
	if err != nil || found {
		return err
	}
	// CREATE ROLE takes no parameters; the password is letters and digits.
	_, err = conn.Exec(ctx, "CREATE ROLE "+appRole+
		" LOGIN CREATEROLE NOSUPERUSER NOCREATEDB NOBYPASSRLS PASSWORD '"+p.secrets.PostgresApp+"'")
	return err
}
