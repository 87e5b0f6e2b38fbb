package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// dialTimeout is for connecting in the background; a request never waits for it
// longer than for any other command.
const dialTimeout = time.Second

// NewRedisClient returns a client for a cache: commands end with their context,
// nothing is tried again, and nothing waits for more than timeout (0 for 50 ms).
// opts say where and as whom to connect; they are not changed.
func NewRedisClient(opts *redis.UniversalOptions, timeout time.Duration) redis.UniversalClient {
	quietRedis()
	setDefault(&timeout, 50*time.Millisecond)
	o := *opts
	o.ContextTimeoutEnabled = true
	o.DialTimeout = dialTimeout
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewUniversalClient(&o)
}

// quietRedis makes the library's own log lines ours, for debugging only: it would
// write one to stderr for each connection that fails, which the breaker reports.
var quietRedis = sync.OnceFunc(func() { redis.SetLogger(redisLog{}) })

type redisLog struct{}

func (redisLog) Printf(ctx context.Context, format string, v ...any) {
	if slog.Default().Enabled(ctx, slog.LevelDebug) {
		slog.DebugContext(ctx, "redis client", slog.String("text", fmt.Sprintf(format, v...)))
	}
}

// countsAsFailure says what opens the breaker: no answer in time, and answers to
// reads that mean "not now". A refused write (out of memory, read-only replica)
// does not, since reads go on working.
func countsAsFailure(err error, read bool) bool {
	if err == nil || errors.Is(err, redis.Nil) {
		return false
	}
	var reply redis.Error
	if errors.As(err, &reply) {
		return read && !strings.HasPrefix(reply.Error(), "WRONGTYPE")
	}
	return true
}

// errorClass names an error without the server's or the network's own words.
func errorClass(err error) string {
	var reply redis.Error
	var netErr net.Error
	switch {
	case errors.Is(err, errSlow):
		return "slow"
	case errors.As(err, &reply):
		return replyClass(reply.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, redis.ErrPoolTimeout), errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, redis.ErrClosed):
		return "closed"
	}
	return "connection"
}

func replyClass(text string) string {
	code, _, _ := strings.Cut(text, " ")
	switch code {
	case "NOAUTH", "WRONGPASS", "NOPERM":
		return "auth"
	case "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN":
		return "not_ready"
	case "OOM":
		return "out_of_memory"
	case "READONLY":
		return "read_only"
	case "WRONGTYPE":
		return "wrong_type"
	}
	return "refused"
}
