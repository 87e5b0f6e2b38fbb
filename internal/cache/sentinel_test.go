package cache

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/config"
)

const groupPassword = "k2J9xQm4vT7wZpL8"

// redisGroup is a master, a replica and three sentinels, started by the script and
// with the configuration of the compose file.
type redisGroup struct {
	t         *testing.T
	master    string
	sentinels []string
	processes map[string]*exec.Cmd
}

func startGroup(t *testing.T) *redisGroup {
	t.Helper()
	g := &redisGroup{t: t, processes: map[string]*exec.Cmd{}}
	address := func() string { return net.JoinHostPort("127.0.0.1", freePort(t)) }
	g.master = address()
	replica := address()
	for range 3 {
		g.sentinels = append(g.sentinels, address())
	}
	g.start("server", g.master)
	g.eventually("the master answers", func() bool { return g.info(g.master, "role:master") })
	g.start("server", replica)
	g.eventually("the replica follows", func() bool { return g.info(replica, "master_link_status:up") })
	for _, s := range g.sentinels {
		g.start("sentinel", s)
	}
	for _, s := range g.sentinels {
		g.eventually("the sentinels know each other", func() bool { return g.info(s, "slaves=1,sentinels=3") })
	}
	return g
}

func (g *redisGroup) start(role, address string) {
	g.t.Helper()
	script, err := filepath.Abs("../../config/redis/start.sh")
	require.NoError(g.t, err)
	_, port, _ := strings.Cut(address, ":")
	cmd := exec.Command("sh", script, role)
	cmd.Env = append(os.Environ(), "REDIS_PASSWORD="+groupPassword, "REDIS_ANNOUNCE=127.0.0.1", "REDIS_PORT="+port,
		"REDIS_MASTER="+g.master, "REDIS_SENTINELS="+strings.Join(g.sentinels, ","), "REDIS_DATA="+g.t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(g.t, cmd.Start())
	g.processes[address] = cmd
	g.t.Cleanup(func() { g.kill(address) })
}

func (g *redisGroup) kill(address string) {
	_ = g.processes[address].Process.Kill()
	_ = g.processes[address].Wait()
}

func (g *redisGroup) info(address, want string) bool {
	client := redis.NewClient(&redis.Options{Addr: address, Password: groupPassword, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	text, err := client.Info(ctx).Result()
	return err == nil && strings.Contains(text, want)
}

func (g *redisGroup) eventually(what string, condition func() bool) {
	g.t.Helper()
	require.Eventually(g.t, condition, 60*time.Second, 50*time.Millisecond, what)
}

// client returns a client as the product makes it of its configuration.
func (g *redisGroup) client() redis.UniversalClient {
	g.t.Helper()
	cfg, err := config.LoadFrom(config.RoleServer, map[string]string{
		"DATABASE_URL": "postgresql://a:b@localhost/c", "REDIS_URL": "redis://:" + groupPassword + "@ignored:6379",
		"REDIS_SENTINEL_MASTER": "rustassistant", "REDIS_SENTINELS": strings.Join(g.sentinels, ","),
		"REDIS_SENTINEL_PASSWORD": groupPassword,
	})
	require.NoError(g.t, err)
	opts, err := cfg.Redis()
	require.NoError(g.t, err)
	return clientOf(g.t, opts, 0)
}

func TestTheDeathOfTheRedisMasterFailsNoRequest(t *testing.T) {
	t.Parallel()
	g := startGroup(t)
	c := newProcess(t, g.client(), Options{RedisTimeout: 250 * time.Millisecond})
	eventually(t, func() bool { return c.Stats().Redis.Connected }, "connected through the sentinels")
	underFault(t, c, "before", 80)
	waitWritten(t, c, 80)

	g.kill(g.master)
	killed, slowest := time.Now(), time.Duration(0)
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for round := 0; ; round++ { // every answer must be right while nobody is master
		slowest = max(slowest, underFault(t, c, fmt.Sprint("away", round), 80))
		if stats := c.Stats().Redis; round > 0 && stats.Connected && stats.Breaker == "closed" && time.Since(killed) > 2*time.Second {
			break
		}
		require.Less(t, time.Since(killed), 60*time.Second, "the new master is found")
		<-pace.C
	}
	t.Logf("the new master is used %v after the kill; the slowest answer took %v", time.Since(killed), slowest)
	require.Less(t, slowest, 2*time.Second)
	written := c.Stats().Redis.Written
	underFault(t, c, "after", 80)
	waitWritten(t, c, written+80)

	// Whoever was master comes back as a replica, since the sentinels say so.
	g.start("server", g.master)
	g.eventually("the old master follows the new one", func() bool { return g.info(g.master, "role:slave") && g.info(g.master, "master_link_status:up") })
}
