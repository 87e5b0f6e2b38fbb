package devstack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// redisServer is a private Redis. It keeps nothing on disk: the product treats
// Redis as a cache that may be lost at any moment.
type redisServer struct {
	serviceBase
	program   string
	preferred int

	mu   sync.Mutex
	port int
}

// newRedis is nil, and says so, where redis-server is not installed.
func newRedis(base serviceBase, preferred int) *redisServer {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if program, err := exec.LookPath(name); err == nil {
			return &redisServer{serviceBase: base, program: program, preferred: preferred}
		}
	}
	base.log.Warn("redis-server was not found: running without Redis, answers are cached in memory only " +
		"(Debian: apt-get install redis-server)")
	return nil
}

func (r *redisServer) name() Service { return Redis }

func (r *redisServer) configFile() string { return filepath.Join(r.dir, "redis", "redis.conf") }

func (r *redisServer) prepare(context.Context) error {
	if err := os.MkdirAll(filepath.Dir(r.configFile()), 0o700); err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	return nil
}

// choosePort also writes the configuration, in a file of its own because a
// password among the arguments would show in the list of processes.
func (r *redisServer) choosePort() error {
	port, err := r.ports.pick(r.preferred)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.port = port
	r.mu.Unlock()
	lines := []string{
		"bind " + loopback,
		"port " + strconv.Itoa(port),
		"requirepass " + r.secrets.Redis,
		"dir " + strconv.Quote(filepath.Dir(r.configFile())),
		`save ""`, "appendonly no",
		"maxmemory 256mb", "maxmemory-policy allkeys-lru",
	}
	if r.ephemeral {
		lines = append(lines, "databases "+strconv.Itoa(RedisDatabases))
	}
	return writeFileAtomic(r.configFile(), []byte(strings.Join(lines, "\n")+"\n"))
}

// RedisDatabases is how many numbered databases the Redis of an ephemeral
// stack has: tests take one each.
const RedisDatabases = 4096

func (r *redisServer) currentPort() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.port
}

func (r *redisServer) portTaken() bool { return tryListen(loopback, r.currentPort()) != nil }

func (r *redisServer) command() command {
	return command{path: r.program, args: []string{r.configFile()}, stopSignal: syscall.SIGTERM}
}

func (r *redisServer) url() string {
	return fmt.Sprintf("redis://:%s@%s:%d/0", r.secrets.Redis, loopback, r.currentPort())
}

func (r *redisServer) ready(ctx context.Context) error {
	options, err := redis.ParseURL(r.url())
	if err != nil {
		return err
	}
	options.MaxRetries = -1
	client := redis.NewClient(options)
	defer client.Close()
	return client.Ping(ctx).Err()
}
