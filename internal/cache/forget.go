package cache

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const (
	// forgetTimeout bounds the search for a tenant's keys in Redis. What it does not
	// get to expires by itself: nobody asks for it any more.
	forgetTimeout = 2 * time.Minute
	forgetBatch   = 1000
)

// Forget drops every answer of a tenant that is no more, from this process and from
// Redis.
func (c *Cache) Forget(ctx context.Context, tenant uuid.UUID) {
	if c.memory != nil {
		c.memory.forget(tenant)
	}
	if c.remote == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, forgetTimeout)
	defer cancel()
	if err := c.remote.forget(ctx, tenant); err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "the cached answers of a tenant that is gone stay in Redis until they expire", "tenant", tenant, "error", err)
	}
}

func (m *memory) forget(tenant uuid.UUID) {
	for key := range m.entries.Keys() {
		if key.tenant == tenant {
			m.entries.Invalidate(key)
		}
	}
}

func (r *remote) forget(ctx context.Context, tenant uuid.UUID) error {
	pattern := globEscape.Replace(r.opts.Prefix+"c1:"+tenant.String()+":") + "*"
	one := func(ctx context.Context, client redis.UniversalClient) error {
		for cursor := uint64(0); ; {
			keys, next, err := client.Scan(ctx, cursor, pattern, forgetBatch).Result()
			if err != nil {
				return err
			}
			// Of a cluster, one command takes the keys of one slot only.
			_, err = client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, key := range keys {
					p.Unlink(ctx, key)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	if cluster, ok := r.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, client *redis.Client) error { return one(ctx, client) })
	}
	return one(ctx, r.client)
}

var globEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)
