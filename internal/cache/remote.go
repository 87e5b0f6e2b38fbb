package cache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

const (
	// tripAfter failures in a row open the breaker.
	tripAfter = 5
	writers   = 2
)

var errSlow = errors.New("redis answered too slowly to be of use")

// remote is the second tier.
//
// The breaker's half-open state is for the probe alone: requests go to Redis only
// while it is closed, so none of them pays for finding out that Redis still hangs.
type remote struct {
	client   redis.UniversalClient
	breaker  *gobreaker.CircuitBreaker[[]byte]
	opts     Options
	queue    chan write
	stop     chan struct{}
	stopOnce sync.Once
	cancel   context.CancelFunc // ends writes and probes at once
	work     sync.WaitGroup
	counts   remoteCounters
	// rejectedLog keeps a Redis full of foreign values from filling the log.
	rejectedLog rate.Sometimes
}

type remoteCounters struct {
	misses, skipped                    atomic.Int64
	errors, rejected, written, dropped atomic.Int64
	queuedBytes                        atomic.Int64
	connected                          atomic.Bool
	lastError                          atomic.Value // string: a class, never a server's text
}

// write is a value on its way to Redis.
type write struct {
	name string
	data []byte
	ttl  time.Duration
}

func newRemote(opts Options) *remote {
	ctx, cancel := context.WithCancel(context.Background())
	r := &remote{
		client: opts.Redis, opts: opts, cancel: cancel,
		queue: make(chan write, opts.MaxQueuedWrites), stop: make(chan struct{}),
		rejectedLog: rate.Sometimes{Interval: time.Second},
	}
	r.breaker = gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
		Name: "redis", MaxRequests: 1, Timeout: opts.ProbeInterval,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case to == gobreaker.StateOpen && from == gobreaker.StateClosed:
				opts.Logger.Warn("the redis cache is left alone: it does not answer in time")
			case to == gobreaker.StateClosed:
				opts.Logger.Info("the redis cache is used again")
			}
		},
	})
	for range writers {
		r.work.Go(func() { r.writeLoop(ctx) })
	}
	r.work.Go(func() { r.probeLoop(ctx) })
	return r
}

// get returns the key's entry, or false for any reason not to have it.
func (r *remote) get(ctx context.Context, key Key) (*entry, bool) {
	if !r.ready() {
		r.counts.skipped.Add(1)
		return nil, false
	}
	name := key.redis(r.opts.Prefix)
	data, err := r.guarded(ctx, true, func(ctx context.Context) ([]byte, error) {
		// Not GET: whatever lies there, no more than this is read into memory.
		return r.client.GetRange(ctx, name, 0, envelopeHeader+MaxValueBytes).Bytes()
	})
	if err != nil || len(data) == 0 {
		return nil, false
	}
	e, err := open(data, key, time.Now().UnixNano(), maxFresh(r.opts), r.opts.StaleTTL)
	if err != nil {
		r.counts.rejected.Add(1)
		r.counts.lastError.Store("rejected_value")
		r.rejectedLog.Do(func() {
			r.opts.Logger.WarnContext(ctx, "refused a value from the redis cache", slog.Any("error", err))
		})
		return nil, false
	}
	return e, true
}

// put sends an entry on its way; it never waits.
func (r *remote) put(key Key, e *entry) {
	if !r.ready() || r.stopped() {
		r.counts.dropped.Add(1)
		return
	}
	size := int64(envelopeHeader + len(e.body))
	if r.counts.queuedBytes.Add(size) > r.opts.MaxQueuedBytes {
		r.counts.queuedBytes.Add(-size)
		r.counts.dropped.Add(1)
		return
	}
	w := write{name: key.redis(r.opts.Prefix), data: seal(key, e), ttl: time.Duration(e.staleUntil - e.createdAt)}
	select {
	case r.queue <- w:
	default:
		r.counts.queuedBytes.Add(-size)
		r.counts.dropped.Add(1)
	}
}

func (r *remote) writeLoop(ctx context.Context) {
	for {
		select {
		case w := <-r.queue:
			r.write(ctx, w)
		case <-r.stop:
			r.writeOut(ctx)
			return
		}
	}
}

// writeOut writes what is queued; with a dead Redis or ctx that is dropping it.
func (r *remote) writeOut(ctx context.Context) {
	for {
		select {
		case w := <-r.queue:
			r.write(ctx, w)
		default:
			return
		}
	}
}

func (r *remote) write(ctx context.Context, w write) {
	defer r.counts.queuedBytes.Add(-int64(len(w.data)))
	if !r.ready() || ctx.Err() != nil {
		r.counts.dropped.Add(1)
		return
	}
	_, err := r.guarded(ctx, false, func(ctx context.Context) ([]byte, error) {
		return nil, r.client.Set(ctx, w.name, w.data, w.ttl).Err()
	})
	if err != nil {
		r.counts.dropped.Add(1)
		return
	}
	r.counts.written.Add(1)
}

// probeLoop asks Redis how it is, so that requests need not.
func (r *remote) probeLoop(ctx context.Context) {
	tick := time.NewTicker(r.opts.ProbeInterval)
	defer tick.Stop()
	for {
		_, err := r.guarded(ctx, true, func(ctx context.Context) ([]byte, error) {
			return nil, r.client.Ping(ctx).Err()
		})
		if !errors.Is(err, gobreaker.ErrOpenState) {
			r.counts.connected.Store(err == nil)
		}
		select {
		case <-tick.C:
		case <-r.stop:
			return
		}
	}
}

// guarded runs one command under the breaker and the timeout.
func (r *remote) guarded(ctx context.Context, read bool, command func(context.Context) ([]byte, error)) ([]byte, error) {
	var answer []byte
	var answerErr error
	_, err := r.breaker.Execute(func() ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, r.opts.RedisTimeout)
		defer cancel()
		start := time.Now()
		answer, answerErr = command(ctx)
		if answerErr != nil && !errors.Is(answerErr, redis.Nil) {
			r.counts.errors.Add(1)
			r.counts.lastError.Store(errorClass(answerErr))
		}
		if !countsAsFailure(answerErr, read) {
			if time.Since(start) > r.opts.RedisTimeout/2 {
				r.counts.lastError.Store(errorClass(errSlow))
				return nil, errSlow // for the breaker; the answer itself is used
			}
			return nil, nil
		}
		return nil, answerErr
	})
	if err != nil && !errors.Is(err, errSlow) {
		return nil, err
	}
	if errors.Is(answerErr, redis.Nil) {
		return nil, nil
	}
	return answer, answerErr
}

func (r *remote) ready() bool { return r.breaker.State() == gobreaker.StateClosed }

func (r *remote) stopped() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

// close writes out what is queued until ctx ends, and drops the rest.
func (r *remote) close(ctx context.Context) {
	r.stopOnce.Do(func() { close(r.stop) })
	done := make(chan struct{})
	go func() {
		r.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	r.cancel()
}

// maxFresh is the longest fresh time that jitter can give.
func maxFresh(o Options) time.Duration { return o.TTL + o.TTL/10 }
