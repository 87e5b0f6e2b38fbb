package devstack_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/rustassistant/rustassistant/internal/devstack"
)

func options(dir string) devstack.Options {
	return devstack.Options{
		DataDir: dir, Redis: true, Ephemeral: true, Log: slog.New(slog.DiscardHandler),
	}
}

func start(t *testing.T, dir string) *devstack.Stack {
	t.Helper()
	stack, err := devstack.Start(t.Context(), options(dir))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stack.Stop(context.Background())) })
	return stack
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// children reads the stack's own list of processes.
func children(t *testing.T, dir string) map[string]int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "children.json"))
	require.NoError(t, err)
	var list []struct {
		Name string
		PID  int
	}
	require.NoError(t, json.Unmarshal(raw, &list))
	pids := map[string]int{}
	for _, c := range list {
		pids[c.Name] = c.PID
	}
	return pids
}

func requireGone(t *testing.T, pids map[string]int) {
	t.Helper()
	for name, pid := range pids {
		require.Eventually(t, func() bool {
			stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
			return err != nil || len(stat) == 0
		}, 15*time.Second, 20*time.Millisecond, "%s (pid %d) is still there", name, pid)
	}
}

func TestStackRunsAndKeepsItsDataOverARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stack, err := devstack.Start(t.Context(), options(dir))
	require.NoError(t, err)
	pids := children(t, dir)
	require.Len(t, pids, 3)

	conn := connect(t, stack.DatabaseURL())
	_, err = conn.Exec(t.Context(), "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
	require.NoError(t, err)
	registerWorkflow(t, stack)
	require.NoError(t, stack.Stop(t.Context()))
	requireGone(t, pids)
	require.Empty(t, children(t, dir))

	again := start(t, dir)
	var n int
	require.NoError(t, connect(t, again.DatabaseURL()).QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n))
	require.Equal(t, 42, n)
	temporal, err := client.Dial(client.Options{HostPort: again.TemporalAddress()})
	require.NoError(t, err)
	defer temporal.Close()
	run, err := temporal.DescribeWorkflowExecution(t.Context(), "kept", "")
	require.NoError(t, err)
	require.Equal(t, "Kept", run.GetWorkflowExecutionInfo().GetType().GetName())
}

// registerWorkflow leaves a workflow that waits for a worker and carries every
// search attribute of the product.
func registerWorkflow(t *testing.T, stack *devstack.Stack) {
	t.Helper()
	temporal, err := client.Dial(client.Options{HostPort: stack.TemporalAddress()})
	require.NoError(t, err)
	defer temporal.Close()
	_, err = temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "kept", TaskQueue: "nobody-works-here",
		SearchAttributes: map[string]any{"TenantId": "t", "JobKind": "k", "DocumentId": "d", "EndpointId": "e"}, //nolint:staticcheck // the typed form needs keys, which is what is tested here
	}, "Kept")
	require.NoError(t, err)
}

func TestApplicationRoleIsBoundByRowLevelSecurity(t *testing.T) {
	t.Parallel()
	conn := connect(t, start(t, t.TempDir()).DatabaseURL())
	var role, database, owner string
	var super, bypass bool
	err := conn.QueryRow(t.Context(), `
		SELECT current_user, current_database(), pg_get_userbyid(datdba), rolsuper, rolbypassrls
		FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`,
	).Scan(&role, &database, &owner, &super, &bypass)
	require.NoError(t, err)
	require.Equal(t, []string{"rustassistant", "rustassistant", "rustassistant"}, []string{role, database, owner})
	require.False(t, super)
	require.False(t, bypass)
	_, err = conn.Exec(t.Context(), "CREATE ROLE made_by_a_migration NOLOGIN")
	require.NoError(t, err, "migrations create roles")
}

func TestServersAskForPasswords(t *testing.T) {
	t.Parallel()
	stack := start(t, t.TempDir())
	config, err := pgx.ParseConfig(stack.DatabaseURL())
	require.NoError(t, err)
	config.Password = "guessed"
	_, err = pgx.ConnectConfig(t.Context(), config)
	require.ErrorContains(t, err, "password authentication failed")

	server, err := redis.ParseURL(stack.RedisURL())
	require.NoError(t, err)
	server.Password = ""
	anonymous := redis.NewClient(server)
	defer anonymous.Close()
	require.ErrorContains(t, anonymous.Ping(t.Context()).Err(), "NOAUTH")
}

func TestAServiceThatDiesComesBackOnTheSamePort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stack := start(t, dir)
	for name, pid := range children(t, dir) {
		process, err := os.FindProcess(pid)
		require.NoError(t, err)
		require.NoError(t, process.Kill(), name)
	}
	require.Eventually(t, func() bool { return allAnswer(t.Context(), stack) }, 30*time.Second, 50*time.Millisecond)
}

func allAnswer(ctx context.Context, stack *devstack.Stack) bool {
	conn, err := pgx.Connect(ctx, stack.DatabaseURL())
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	server, err := redis.ParseURL(stack.RedisURL())
	if err != nil {
		return false
	}
	cache := redis.NewClient(server)
	defer cache.Close()
	if cache.Ping(ctx).Err() != nil {
		return false
	}
	temporal, err := client.DialContext(ctx, client.Options{HostPort: stack.TemporalAddress()})
	if err != nil {
		return false
	}
	temporal.Close()
	return true
}

func TestAServiceCanBeTakenAwayAndBroughtBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stack := start(t, dir)
	require.NoError(t, stack.StopService(t.Context(), devstack.Redis))
	require.NotContains(t, children(t, dir), "redis")
	require.NoError(t, stack.StartService(t.Context(), devstack.Redis))
	require.True(t, allAnswer(t.Context(), stack))
}

func TestOneStackPerDataFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir)
	_, err := devstack.Start(t.Context(), options(dir))
	var inUse *devstack.InUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, strconv.Itoa(os.Getpid()), inUse.PID)
}

func TestTakenPublicPortsAreAllNamedWithTheirHolder(t *testing.T) {
	t.Parallel()
	grpc, ui := listen(t), listen(t)
	o := options(t.TempDir())
	o.Ports = devstack.Ports{Temporal: grpc, TemporalUI: ui}
	_, err := devstack.Start(t.Context(), o)
	var taken *devstack.PortError
	require.ErrorAs(t, err, &taken)
	for _, want := range []string{
		strconv.Itoa(grpc), "DEV_TEMPORAL_PORT", strconv.Itoa(ui), "DEV_TEMPORAL_UI_PORT", "(pid " + strconv.Itoa(os.Getpid()) + ")",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NoFileExists(t, filepath.Join(o.DataDir, "postgres"), "nothing was started")
}

func TestPrivatePortsMoveAside(t *testing.T) {
	t.Parallel()
	busy := listen(t)
	o := options(t.TempDir())
	o.Ports.Postgres = busy
	stack, err := devstack.Start(t.Context(), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, stack.Stop(context.Background())) }()
	config, err := pgx.ParseConfig(stack.DatabaseURL())
	require.NoError(t, err)
	require.Greater(t, int(config.Port), busy)
}

// listen takes a free port for the length of the test.
func listen(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func TestAnEndedContextLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	_, err := devstack.Start(ctx, options(dir))
	require.Error(t, err)
	require.Empty(t, children(t, dir))
	start(t, dir) // and the folder is usable
}

func TestPasswordsThatAreGoneAreNotReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stack, err := devstack.Start(t.Context(), options(dir))
	require.NoError(t, err)
	require.NoError(t, stack.Stop(t.Context()))
	require.NoError(t, os.Remove(filepath.Join(dir, "credentials.json")))
	_, err = devstack.Start(t.Context(), options(dir))
	require.ErrorContains(t, err, "holds the passwords")
}
