package cache

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// redisServer is a Redis of the test's own, to be killed, stopped and restarted.
type redisServer struct {
	t       *testing.T
	port    string
	process *exec.Cmd
}

func startRedis(t *testing.T) *redisServer {
	t.Helper()
	for range 5 {
		s := &redisServer{t: t, port: freePort(t)}
		s.start()
		if s.waitReady() {
			t.Cleanup(s.kill)
			return s
		}
		s.kill() // somebody else took the port meanwhile
	}
	t.Fatal("redis-server does not start; is it installed?")
	return nil
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func (s *redisServer) start() {
	s.t.Helper()
	s.process = exec.Command("redis-server", "--port", s.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", s.t.TempDir(), "--enable-debug-command", "local")
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(s.t, s.process.Start(), "redis-server is needed: apt-get install redis-server")
}

func (s *redisServer) waitReady() bool {
	client := redis.NewClient(&redis.Options{Addr: s.address(), MaxRetries: -1})
	defer func() { _ = client.Close() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		if client.Ping(context.Background()).Err() == nil {
			return true
		}
		<-tick.C
	}
	return false
}

func (s *redisServer) restart() {
	s.t.Helper()
	s.start()
	require.True(s.t, s.waitReady())
}

func (s *redisServer) address() string { return "127.0.0.1:" + s.port }

func (s *redisServer) signal(sig os.Signal) { require.NoError(s.t, s.process.Process.Signal(sig)) }

func (s *redisServer) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// client returns a client as the product makes it.
func (s *redisServer) client(timeout time.Duration) redis.UniversalClient {
	return clientOf(s.t, &redis.UniversalOptions{Addrs: []string{s.address()}, PoolSize: 10}, timeout)
}

func clientOf(t testing.TB, opts *redis.UniversalOptions, timeout time.Duration) redis.UniversalClient {
	t.Helper()
	client := NewRedisClient(opts, timeout)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// sharedRedis is a numbered database of the servers that all tests share.
func sharedRedis(t testing.TB) redis.UniversalClient {
	t.Helper()
	opts, err := config.RedisOptions(config.SecretURL(testenv.RedisURL(t)), 10)
	require.NoError(t, err)
	return clientOf(t, opts, patient)
}

// patient is a timeout for tests that are not about time: a busy machine must not
// make Redis look dead.
const patient = 5 * time.Second

// newProcess returns a cache as another process would have it on the same Redis.
func newProcess(t testing.TB, client redis.UniversalClient, opts Options) *Cache {
	t.Helper()
	opts.Redis, opts.Prefix = client, "test:"
	if opts.RedisTimeout == 0 {
		opts.RedisTimeout = patient
	}
	if opts.ProbeInterval == 0 {
		opts.ProbeInterval = 100 * time.Millisecond
	}
	opts.Logger = slog.New(slog.DiscardHandler)
	c := newCache(t, opts)
	return c
}

func eventually(t testing.TB, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 15*time.Second, 5*time.Millisecond, what)
}

// waitWritten waits until n values went to Redis.
func waitWritten(t testing.TB, c *Cache, n int64) {
	t.Helper()
	eventually(t, func() bool { return c.Stats().Redis.Written >= n }, "written to Redis")
}
