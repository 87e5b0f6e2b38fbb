package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// longest is what the histogram can hold; more counts as it.
const longest = 2 * time.Minute

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest.Microseconds(), 3) }

// closedLoop lets clients ask through ask, each as soon as it is answered. What
// is asked when the time is over is waited for. An error of the first query ends
// it; later ones are counted.
func closedLoop(ctx context.Context, l load, ask func(ctx context.Context, query string) error) (*measured, error) {
	if err := ask(ctx, l.queries[0]); err != nil {
		return nil, fmt.Errorf("ask %q: %w", l.queries[0], err)
	}
	if l.warmup > 0 {
		run(ctx, l, l.warmup, ask)
	}
	m := run(ctx, l, l.duration, ask)
	return m, ctx.Err()
}

func run(ctx context.Context, l load, d time.Duration, ask func(ctx context.Context, query string) error) *measured {
	var ticket, failed atomic.Int64
	var clients sync.WaitGroup
	seen := make([]*hdrhistogram.Histogram, max(l.clients, 1))
	begin := time.Now()
	for i := range seen {
		h := newHistogram()
		seen[i] = h
		clients.Go(func() {
			for time.Since(begin) < d && ctx.Err() == nil {
				query := l.queries[int((ticket.Add(1)-1)%int64(len(l.queries)))]
				asked := time.Now()
				if ask(ctx, query) != nil {
					failed.Add(1)
					continue
				}
				_ = h.RecordValue(min(max(time.Since(asked), time.Microsecond), longest).Microseconds())
			}
		})
	}
	clients.Wait()
	m := &measured{latency: newHistogram(), elapsed: time.Since(begin), errors: failed.Load()}
	for _, h := range seen {
		m.latency.Merge(h)
	}
	return m
}
