package store_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	clusterPassword = "k2J9xQm4vT7wZpL8"
	// takeover bounds how long writes may fail: the promotion and one round of
	// connecting. A loaded machine needs some of it.
	takeover = 30 * time.Second
)

// pgServer is a PostgreSQL of the test's own, run with the configuration that the
// compose file runs it with.
type pgServer struct {
	t       *testing.T
	bin     string
	as      *syscall.Credential
	dir     string
	data    string
	port    int
	env     []string
	process *exec.Cmd
}

// configFile is a file of config/postgres as this server's user can read it: the
// checkout may be in a folder that is closed to others.
func (s *pgServer) configFile(name string) string { return filepath.Join(s.dir, "etc", name) }

func (s *pgServer) copyConfig() {
	s.t.Helper()
	require.NoError(s.t, os.CopyFS(filepath.Join(s.dir, "etc"), os.DirFS("../../config/postgres")))
}

func newPGServer(t *testing.T, dir string) *pgServer {
	t.Helper()
	s := &pgServer{t: t, dir: dir, data: filepath.Join(dir, "data"), port: freePGPort(t)}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	require.NotEmpty(t, found, "PostgreSQL is needed: scripts/tools.sh postgres")
	s.bin = found[len(found)-1]
	if os.Geteuid() == 0 { // PostgreSQL refuses root
		account, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, _ := strconv.Atoi(account.Uid)
		gid, _ := strconv.Atoi(account.Gid)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		require.NoError(t, os.Chown(dir, uid, gid))
	}
	s.copyConfig()
	return s
}

func freePGPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *pgServer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "PATH="+s.bin+":"+os.Getenv("PATH"), "PGDATA="+s.data, "POSTGRES_PASSWORD="+clusterPassword, "LC_ALL=C.UTF-8")
	cmd.Env = append(cmd.Env, s.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: s.as}
	return cmd
}

func (s *pgServer) run(name string, args ...string) {
	s.t.Helper()
	out, err := s.command(filepath.Join(s.bin, name), args...).CombinedOutput()
	require.NoError(s.t, err, "%s: %s", name, out)
}

// start runs cmd, a server, until the test ends, with what differs from a container.
func (s *pgServer) start(config string, program ...string) {
	s.t.Helper()
	args := append(program[1:], "-c", "config_file="+s.configFile(config), "-c", "hba_file="+s.configFile("pg_hba.conf"),
		"-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(s.port), "-c", "unix_socket_directories="+s.dir,
		"-c", "shared_buffers=32MB", "-c", "max_connections=100", "-c", "fsync=off")
	s.process = s.command(program[0], args...)
	log, err := os.Create(filepath.Join(s.dir, "log"))
	require.NoError(s.t, err)
	s.process.Stdout, s.process.Stderr = log, log
	require.NoError(s.t, s.process.Start())
	s.t.Cleanup(func() {
		s.kill()
		if s.t.Failed() {
			text, _ := os.ReadFile(log.Name())
			s.t.Logf("%s:\n%s", config, text[max(0, len(text)-3000):])
		}
		_ = log.Close()
	})
}

// kill ends the server and its sessions as the death of its machine would.
func (s *pgServer) kill() {
	if s.process.ProcessState != nil {
		return
	}
	// Children have the postmaster as their parent; without it they end themselves,
	// but not at once.
	children, _ := exec.Command("pgrep", "-P", strconv.Itoa(s.process.Process.Pid)).Output()
	_ = s.process.Process.Kill()
	for _, pid := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(pid); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}
	_ = s.process.Wait()
}

func (s *pgServer) ready(query string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, s.socketURL("postgres"))
		if err != nil {
			return false
		}
		defer conn.Close(ctx)
		var yes bool
		return conn.QueryRow(ctx, query).Scan(&yes) == nil && yes
	}, 90*time.Second, 100*time.Millisecond, query)
}

// socketURL connects as the superuser, which pg_hba.conf allows on the socket only.
func (s *pgServer) socketURL(database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s&port=%d", database, s.dir, s.port)
}

// startPair starts a primary and a replica as the compose file does: roles by
// 10-roles.sh, the copy by replica.sh.
func startPair(t *testing.T) (primary, replica *pgServer) {
	t.Helper()
	primary, replica = newPGServer(t, shortDir(t)), newPGServer(t, shortDir(t))
	primary.run("initdb", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync", "--no-instructions")
	primary.start("primary.conf", filepath.Join(primary.bin, "postgres"))
	primary.ready("SELECT true")
	roles := primary.command("sh", primary.configFile("10-roles.sh"))
	roles.Env = append(roles.Env, "POSTGRES_USER=postgres", "PGHOST="+primary.dir, "PGPORT="+strconv.Itoa(primary.port))
	out, err := roles.CombinedOutput()
	require.NoError(t, err, string(out))
	replica.startReplica(primary)
	primary.ready("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")
	return primary, replica
}

func (s *pgServer) startReplica(of *pgServer) {
	s.t.Helper()
	s.env = []string{"POSTGRES_PRIMARY_HOST=127.0.0.1", "POSTGRES_PRIMARY_PORT=" + strconv.Itoa(of.port)}
	s.start("replica.conf", "sh", s.configFile("replica.sh"))
	s.ready("SELECT pg_is_in_recovery()")
}

// shortDir is a folder whose name leaves room for a socket in it.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pg") //nolint:usetesting // its name would be too long
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// The primary is killed while writers write, and the replica promoted: writers
// hear of it at once, go on with the other server, and nothing that they were
// told is stored is missing.
func TestNothingAcknowledgedIsLostWhenThePrimaryIsKilled(t *testing.T) {
	t.Parallel()
	primary, replica := startPair(t)
	url := fmt.Sprintf("postgresql://rustassistant:%s@127.0.0.1:%d,127.0.0.1:%d/rustassistant?target_session_attrs=read-write&sslmode=disable",
		clusterPassword, primary.port, replica.port)
	_, err := store.Migrate(t.Context(), url)
	require.NoError(t, err)
	s, err := store.Open(t.Context(), store.Options{
		URL: url, PoolSize: 8,
		ReplicaURL: fmt.Sprintf("postgresql://rustassistant:%s@127.0.0.1:%d/rustassistant?sslmode=disable", clusterPassword, replica.port),
	})
	require.NoError(t, err)
	defer s.Close()
	require.Eventually(t, func() bool { return s.ReplicaState().Used }, 30*time.Second, 50*time.Millisecond, "the replica keeps up")

	w := &writers{t: t, s: s, stop: make(chan struct{})}
	w.run(4)
	w.wait(50)
	primary.kill()
	killed := time.Now()
	replica.run("pg_ctl", "promote", "-w")
	before := w.acknowledged()
	require.Eventually(t, func() bool { return w.acknowledged() > before+20 }, takeover, 20*time.Millisecond, "writes go on")
	t.Logf("writes went on %v after the kill, of which the promotion is a part", time.Since(killed))
	close(w.stop)
	w.all.Wait()
	t.Logf("%d acknowledged, %d failed, the slowest failure took %v", len(w.stored), w.failed, w.slowest)
	require.Less(t, w.slowest, 5*time.Second, "a write fails or waits 5 s at most")
	for _, slug := range w.stored {
		_, err := s.EnsureTenant(t.Context(), slug, "must be there")
		require.NoError(t, err)
	}
	conn, err := pgx.Connect(t.Context(), replica.socketURL("rustassistant"))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var missing int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM tenants WHERE name = 'must be there'").Scan(&missing))
	require.Zero(t, missing, "what was acknowledged had to be made again")
	require.Eventually(t, func() bool { return s.ReplicaState().Used }, takeover, 50*time.Millisecond, "reports go on with the promoted server")
}

// writers write rows, and remember which of them were acknowledged.
type writers struct {
	t    *testing.T
	s    *store.Store
	stop chan struct{}
	all  sync.WaitGroup

	mu      sync.Mutex
	stored  []string
	failed  int
	slowest time.Duration
}

func (w *writers) run(n int) {
	for i := range n {
		w.all.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-w.stop:
					return
				default:
					w.write(fmt.Sprintf("t%d-%d", i, k))
				}
			}
		})
	}
}

func (w *writers) write(slug string) {
	start := time.Now()
	_, err := w.s.EnsureTenant(context.Background(), slug, "written")
	took := time.Since(start)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.stored = append(w.stored, slug)
		return
	}
	w.failed++
	w.slowest = max(w.slowest, took)
}

func (w *writers) acknowledged() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.stored)
}

func (w *writers) wait(n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.acknowledged() >= n }, 30*time.Second, 10*time.Millisecond)
}
