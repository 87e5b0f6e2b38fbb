package cache

import (
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// MaxValueBytes is the size above which an answer is not kept anywhere.
const MaxValueBytes = 1 << 20

// Options configure a Cache. A zero field means its default.
type Options struct {
	// Disabled makes every Get call its load.
	Disabled bool
	// Prefix starts every key in Redis.
	Prefix string
	// MaxMemoryItems and MaxMemoryBytes bound what memory holds; 10,000 and 128 MiB.
	MaxMemoryItems int
	MaxMemoryBytes int64
	// TTL is how long an answer is fresh, within 10 % either way so that what was
	// made together does not expire together; one hour.
	TTL time.Duration
	// StaleTTL is how long after that it is still served while it is made anew;
	// ten minutes. Negative for not at all.
	StaleTTL time.Duration
	// NegativeTTL is the TTL of negative answers; 30 s, and never more than TTL.
	NegativeTTL time.Duration
	// LoadTimeout bounds a load, whoever waits for it; 30 s.
	LoadTimeout time.Duration
	// MaxRefreshes bounds the refreshes that run at the same time; 4.
	MaxRefreshes int

	// Redis is the second tier; nil for none. It stays the caller's to close. Use
	// NewRedisClient: with other timeouts the promises of this package do not hold.
	Redis redis.UniversalClient
	// RedisTimeout bounds each command; 50 ms. A command that takes more than half
	// of it counts as a failure for the breaker: such a Redis is no help.
	RedisTimeout time.Duration
	// ProbeInterval is how often Redis is asked whether it is well; 1 s. It is also
	// how long the breaker stays open at least.
	ProbeInterval time.Duration
	// MaxQueuedWrites and MaxQueuedBytes bound the writes that wait for Redis;
	// 1,024 and 16 MiB. What exceeds them is dropped and counted.
	MaxQueuedWrites int
	MaxQueuedBytes  int64
	// CloseTimeout bounds Close; 2 s.
	CloseTimeout time.Duration

	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxMemoryItems, 10_000)
	setDefault(&o.MaxMemoryBytes, 128<<20)
	setDefault(&o.TTL, time.Hour)
	setDefault(&o.NegativeTTL, 30*time.Second)
	setDefault(&o.LoadTimeout, 30*time.Second)
	setDefault(&o.MaxRefreshes, 4)
	setDefault(&o.RedisTimeout, 50*time.Millisecond)
	setDefault(&o.ProbeInterval, time.Second)
	setDefault(&o.MaxQueuedWrites, 1024)
	setDefault(&o.MaxQueuedBytes, 16<<20)
	setDefault(&o.CloseTimeout, 2*time.Second)
	o.NegativeTTL = min(o.NegativeTTL, o.TTL)
	if o.StaleTTL == 0 {
		o.StaleTTL = 10 * time.Minute
	}
	o.StaleTTL = max(o.StaleTTL, 0)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func setDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
