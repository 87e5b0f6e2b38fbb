package cache

import (
	"context"
	"log/slog"
	"time"
)

// refreshPause is how long a stale answer is left alone after its refresh failed.
const refreshPause = time.Second

// startRefresh makes a stale answer anew in the background: once for an entry,
// and only when one of the few places is free. When none is, the next one who
// reads the entry tries again.
func (c *Cache) startRefresh(ctx context.Context, key Key, e *entry, load LoadFunc) {
	now := time.Now().UnixNano()
	due := e.nextRefresh.Load()
	if now < due || !e.nextRefresh.CompareAndSwap(due, now+int64(c.opts.LoadTimeout)) {
		return
	}
	select {
	case c.refresh <- struct{}{}:
	default:
		c.counts.refreshesSkipped.Add(1)
		e.nextRefresh.Store(0)
		return
	}
	if !c.begin() {
		<-c.refresh
		return
	}
	go func() {
		defer c.background.Done()
		defer func() { <-c.refresh }()
		c.makeAnew(ctx, key, e, load)
	}()
}

// makeAnew replaces e, or leaves it as it is when that fails.
func (c *Cache) makeAnew(ctx context.Context, key Key, e *entry, load LoadFunc) {
	r := <-c.flights.DoChan(key.flight(), func() (any, error) {
		return c.fly(ctx, key, load, true)
	})
	if r.Err == nil {
		c.counts.refreshes.Add(1)
	} else {
		c.counts.refreshErrors.Add(1)
		c.refreshLog.Do(func() {
			c.opts.Logger.WarnContext(ctx, "a stale answer could not be made anew", slog.Any("error", r.Err))
		})
	}
	// e is replaced by now, unless the load failed or its answer may not be kept.
	e.nextRefresh.Store(time.Now().UnixNano() + int64(refreshPause))
}

// begin counts a piece of background work, unless the cache is closed.
func (c *Cache) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.background.Add(1)
	return true
}
