package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// patience bounds what a loaded machine may take; nothing waits this long when
// it works.
const patience = 60 * time.Second

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "rustassistant-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "rustassistant")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// cluster is a database, a namespace and an admin key that processes share.
type cluster struct {
	t    *testing.T
	env  []string
	port int
	key  string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	t.Parallel()
	url := testenv.DatabaseURL(t)
	address, namespace := testenv.TemporalNamespace(t)
	key := auth.Generate().Reveal()
	c := &cluster{t: t, port: freePort(t), key: key}
	c.env = []string{
		"DATABASE_URL=" + url, "REDIS_URL=" + testenv.RedisURL(t),
		"TEMPORAL_ADDRESS=" + address, "TEMPORAL_NAMESPACE=" + namespace,
		"ADMIN_API_KEY=" + key, "ENVIRONMENT=test", "SHUTDOWN_TIMEOUT=5s",
		"SERVER_HOST=127.0.0.1", fmt.Sprintf("SERVER_PORT=%d", c.port),
		"INDEX_CACHE_DIR=" + t.TempDir(), "XDG_STATE_HOME=" + t.TempDir(),
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
	}
	s, err := store.Open(t.Context(), store.Options{URL: url, PoolSize: 2})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.EnsureTenant(t.Context(), "default", "Default")
	require.NoError(t, err)
	return c
}

// process is a running command of the program.
type process struct {
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan error
}

func (c *cluster) start(env []string, args ...string) *process {
	c.t.Helper()
	path, err := binary()
	require.NoError(c.t, err)
	return c.startProgram(path, env, args...)
}

func (c *cluster) startProgram(path string, env []string, args ...string) *process {
	c.t.Helper()
	p := &process{cmd: exec.Command(path, args...), log: &lockedBuffer{}, done: make(chan error, 1)}
	p.cmd.Env = append(append([]string{}, c.env...), env...)
	p.cmd.Dir = c.t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(c.t, p.cmd.Start())
	go func() { p.done <- p.cmd.Wait() }()
	c.t.Cleanup(func() {
		p.kill()
		if c.t.Failed() {
			c.t.Logf("%s:\n%s", strings.Join(args, " "), p.log.tail(4000))
		}
	})
	return p
}

// startServer returns when the server answers.
func (c *cluster) startServer(env ...string) *process {
	c.t.Helper()
	p := c.start(env, "server")
	c.eventually("the server is ready", func() bool {
		status, _ := c.call(http.MethodGet, "/readyz", nil, nil)
		return status == http.StatusOK
	})
	return p
}

// kill ends the process as a crash would. It may be called again.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
	}
	_ = p.wait()
}

func (p *process) wait() error {
	err := <-p.done
	p.done <- err
	return err
}

// call sends JSON with the admin key; a status of 0 means no answer.
func (c *cluster) call(method, path string, body, out any) (int, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		reader = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://127.0.0.1:%d%s", c.port, path), reader)
	if err != nil {
		return 0, err
	}
	if c.key != "" {
		req.Header.Set("X-API-Key", c.key)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err == nil && out != nil {
		err = json.Unmarshal(raw, out)
	}
	return res.StatusCode, err
}

func (c *cluster) eventually(what string, condition func() bool) {
	c.t.Helper()
	require.Eventually(c.t, condition, patience, 50*time.Millisecond, what)
}

// freePort is below the range that the system gives out by itself, so that
// nobody gets it by chance before the test uses it.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// lockedBuffer collects what a process prints.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string { return b.tail(1 << 30) }

func (b *lockedBuffer) tail(n int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.buf.String()
	return s[max(0, len(s)-n):]
}
