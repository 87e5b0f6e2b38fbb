package devstack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/devstack"
)

// envParent makes this test binary a parent process to be killed.
const envParent = "DEVSTACK_TEST_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envParent); dir != "" {
		runParent(dir)
	}
	os.Exit(m.Run())
}

// runParent starts a stack, says so, and waits to be killed.
func runParent(dir string) {
	stack, err := devstack.Start(context.Background(), options(dir))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready", stack.DatabaseURL())
	select {}
}

// startParent returns once the other process's stack is ready.
func startParent(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envParent+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line := make([]byte, 4096)
	n, err := out.Read(line)
	require.NoError(t, err)
	url, ready := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "ready ")
	require.True(t, ready, string(line[:n]))
	return cmd, url
}

func TestKilledParentTakesItsServersAlongAndLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parent, url := startParent(t, dir)
	_, err := connect(t, url).Exec(t.Context(), "CREATE TABLE kept (n int)")
	require.NoError(t, err)
	pids := children(t, dir)
	require.Len(t, pids, 3)

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	again := start(t, dir) // at once, while the old servers may still be ending
	requireGone(t, pids)
	_, err = connect(t, again.DatabaseURL()).Exec(t.Context(), "SELECT FROM kept")
	require.NoError(t, err)
}

func TestOrphansThatIgnoreTheParentsDeathAreEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	orphan := exec.Command("sleep", "600")
	require.NoError(t, orphan.Start())
	go func() { _ = orphan.Wait() }()
	stranger := exec.Command("sleep", "600")
	require.NoError(t, stranger.Start())
	t.Cleanup(func() { _ = stranger.Process.Kill(); _ = stranger.Wait() })

	writeChildren(t, dir, []map[string]any{
		{"name": "redis", "pid": orphan.Process.Pid, "started": identity(t, orphan.Process.Pid), "stop_signal": syscall.SIGTERM},
		// A pid that was used again since: same number, another start time.
		{"name": "temporal", "pid": stranger.Process.Pid, "started": "another-boot/1", "stop_signal": syscall.SIGTERM},
	})
	start(t, dir)
	requireGone(t, map[string]int{"orphan": orphan.Process.Pid})
	require.NoError(t, stranger.Process.Signal(syscall.Signal(0)), "a stranger's process was ended")
}

func writeChildren(t *testing.T, dir string, list []map[string]any) {
	t.Helper()
	raw, err := json.Marshal(list)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "children.json"), raw, 0o600))
}

// identity is what the registry records: boot id and start time.
func identity(t *testing.T, pid int) string {
	t.Helper()
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	require.NoError(t, err)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	return strings.TrimSpace(string(boot)) + "/" + strings.Fields(string(stat))[21]
}

func TestALockFileOfAPidUsedAgainDoesNotStopPostgres(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stack, err := devstack.Start(t.Context(), options(dir))
	require.NoError(t, err)
	require.NoError(t, stack.Stop(t.Context()))
	lock := fmt.Sprintf("%d\n%s\n%d\n", os.Getpid(), filepath.Join(dir, "postgres"), time.Now().Unix())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres", "postmaster.pid"), []byte(lock), 0o600))
	start(t, dir)
}
