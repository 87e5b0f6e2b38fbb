package testenv

import (
	"context"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rustassistant/rustassistant/internal/devstack"
)

// RedisURL returns an empty numbered database of the test's own. Publish and
// subscribe are not separated by database: use channel names of your own.
func RedisURL(t testing.TB) string {
	t.Helper()
	options, err := redis.ParseURL(required(t, envRedis))
	if err != nil {
		t.Fatalf("%s is not a Redis URL: %v", envRedis, err)
	}
	// Packages run in processes of their own, so the counter is in Redis.
	// Database 0 belongs to it.
	counter := redis.NewClient(options)
	defer counter.Close()
	number, err := counter.Incr(t.Context(), "testenv:databases").Result()
	if err != nil {
		t.Fatalf("cannot take a Redis database: %v", err)
	}
	options.DB = 1 + int(number-1)%(devstack.RedisDatabases-1)
	flush(t, options)
	t.Cleanup(func() { flush(t, options) })
	return "redis://:" + options.Password + "@" + options.Addr + "/" + strconv.Itoa(options.DB)
}

func flush(t testing.TB, options *redis.Options) {
	t.Helper()
	own := *options
	client := redis.NewClient(&own)
	defer client.Close()
	if err := client.FlushDB(context.Background()).Err(); err != nil {
		t.Errorf("cannot empty Redis database %d: %v", options.DB, err)
	}
}
