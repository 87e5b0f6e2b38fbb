package ratelimit

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

const (
	// sharedTimeout bounds what a limit may cost a request.
	sharedTimeout = 25 * time.Millisecond
	// sharedPause is how long Redis is left alone after it failed.
	sharedPause = time.Second
)

// Shared limits keys over all processes that use the same Redis. Without Redis, and
// while it does not answer, each process limits for itself: the limiter fails
// open, a search does not wait for it. Every key may have a rate of its own.
type Shared struct {
	redis  *redis_rate.Limiter // nil for none
	prefix string
	local  *Limiter
	resume atomic.Int64 // when Redis is asked again, Unix nanoseconds
	// Failures counts the requests that Redis did not answer for.
	Failures atomic.Int64
}

// NewShared returns a Shared; client may be nil. Its keys in Redis begin with prefix.
func NewShared(client redis.UniversalClient, prefix string) *Shared {
	s := &Shared{prefix: prefix, local: New(PerMinute(1), 0)}
	if client != nil {
		s.redis = redis_rate.NewLimiter(client)
	}
	return s
}

// Allow takes one event of key, which may have perMinute of them a minute, all of
// which may come at once.
func (s *Shared) Allow(ctx context.Context, key string, perMinute int) Decision {
	now := time.Now()
	if s.redis == nil || now.UnixNano() < s.resume.Load() {
		return s.local.AllowAt(key, PerMinute(perMinute))
	}
	limited, cancel := context.WithTimeout(ctx, sharedTimeout)
	defer cancel()
	r, err := s.redis.Allow(limited, s.prefix+key, redis_rate.PerMinute(perMinute))
	if err != nil {
		if ctx.Err() == nil {
			s.Failures.Add(1)
			s.resume.Store(now.Add(sharedPause).UnixNano())
			// Once a pause, for it is not asked again meanwhile.
			slog.WarnContext(ctx, "Redis did not answer for a rate limit; this server limits for itself", slog.Any("error", err))
		}
		return s.local.AllowAt(key, PerMinute(perMinute))
	}
	return Decision{
		Allowed: r.Allowed > 0, Limit: perMinute, Remaining: r.Remaining,
		RetryAfter: max(0, r.RetryAfter), ResetAfter: max(0, r.ResetAfter),
	}
}
