package loadgen

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// SearchOptions says how searches are asked.
type SearchOptions struct {
	Client  *apiclient.Client
	Queries []string
	Type    string
	Limit   int
	// Clients is the number of connections, Duration how long is measured after Warmup.
	Clients          int
	Duration, Warmup time.Duration
	// Rate makes an open loop of that many requests a second; 0 is the closed loop.
	Rate float64
	// Workload is WorkloadUncached when empty. In the others the query of rank r is asked with a probability proportional
	// to 1/r^Zipf.
	Workload Workload
	Zipf     float64
	// Seed fixes the order of the queries.
	Seed uint64
}

// SearchResult is what was measured.
type SearchResult struct {
	Requests int64
	Elapsed  time.Duration
	Latency  *hdrhistogram.Histogram // microseconds, of answers with status 200
	Errors   map[string]int64        // by what went wrong
	Cache    map[string]int64        // by X-Cache
	// Hits and Misses are Latency by where the answer came from: the cache (also a stale one) or the index.
	Hits, Misses *hdrhistogram.Histogram
}

// Rate is answers a second.
func (r *SearchResult) Rate() float64 { return float64(r.Latency.TotalCount()) / r.Elapsed.Seconds() }

// newHistogram holds latencies from a microsecond to two minutes.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, (2 * time.Minute).Microseconds(), 3)
}

// record adds a latency; what is longer than the histogram counts as its longest.
func record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Microseconds(), 1), h.HighestTrackableValue()))
}

// Search asks queries until the time is over or ctx ends.
func Search(ctx context.Context, o SearchOptions) (*SearchResult, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	requests, err := searchRequests(o)
	if err != nil {
		return nil, err
	}
	s := &searchLoad{SearchOptions: o, requests: requests}
	defer s.shut()
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	if o.Warmup > 0 {
		s.run(ctx, o.Warmup)
	}
	return s.run(ctx, o.Duration), ctx.Err()
}

// searchRequests builds the request of each query, in an order that the seed fixes.
func searchRequests(o SearchOptions) ([][]byte, error) {
	var header []string
	if o.Workload == WorkloadUncached {
		header = []string{"Cache-Control: no-cache"}
	}
	t, err := newTarget(o.Client, header...)
	if err != nil {
		return nil, err
	}
	requests := make([][]byte, len(o.Queries))
	for i, at := range rand.New(rand.NewPCG(o.Seed, 1)).Perm(len(o.Queries)) {
		requests[i], err = t.request(apiclient.SearchRequest{Query: o.Queries[at], Type: o.Type, Limit: o.Limit})
		if err != nil {
			return nil, err
		}
	}
	return requests, nil
}

// searchLoad is one measurement.
type searchLoad struct {
	SearchOptions
	requests [][]byte
	clients  []*searchClient
	ticket   atomic.Int64 // number of the next request
}

// searchClient is one connection with what it saw.
type searchClient struct {
	conn
	zipf    *rand.Zipf
	latency *hdrhistogram.Histogram
	hits    *hdrhistogram.Histogram
	misses  *hdrhistogram.Histogram
	count   int64
	errors  map[string]int64
	cache   [cacheStates]int64
}

// connect opens all connections. For WorkloadCached it also asks every query once.
func (s *searchLoad) connect(ctx context.Context) error {
	t, err := newTarget(s.Client)
	if err != nil {
		return err
	}
	for i := range max(s.Clients, 1) {
		r := rand.New(rand.NewPCG(s.Seed, uint64(i)+2))
		c := &searchClient{conn: conn{target: t}}
		if s.Workload != WorkloadUncached {
			c.zipf = rand.NewZipf(r, s.Zipf, 1, uint64(len(s.requests)-1))
		}
		s.clients = append(s.clients, c)
	}
	first := s.requests[:1]
	if s.Workload == WorkloadCached {
		first = s.requests
	}
	for _, r := range first {
		a, err := s.clients[0].do(ctx, r)
		switch {
		case err != nil:
			return fmt.Errorf("ask %s: %w", s.Client.BaseURL(), err)
		case a.status != 200:
			return fmt.Errorf("%s answered a search with status %d; rustassistant search says why", s.Client.BaseURL(), a.status)
		}
	}
	return nil
}

func (s *searchLoad) shut() {
	for _, c := range s.clients {
		c.shut()
	}
}

// run lets all clients ask for a while.
func (s *searchLoad) run(ctx context.Context, d time.Duration) *SearchResult {
	s.ticket.Store(0)
	begin := time.Now()
	var wg sync.WaitGroup
	for _, c := range s.clients {
		c.latency, c.errors, c.cache, c.count = newHistogram(), map[string]int64{}, [cacheStates]int64{}, 0
		c.hits, c.misses = newHistogram(), newHistogram()
		wg.Go(func() { s.ask(ctx, c, begin, begin.Add(d)) })
	}
	wg.Wait()
	r := &SearchResult{Elapsed: time.Since(begin), Latency: newHistogram(), Errors: map[string]int64{}, Cache: map[string]int64{}}
	r.Hits, r.Misses = newHistogram(), newHistogram()
	for _, c := range s.clients {
		r.Requests += c.count
		r.Latency.Merge(c.latency)
		r.Hits.Merge(c.hits)
		r.Misses.Merge(c.misses)
		for name, n := range c.errors {
			r.Errors[name] += n
		}
		for state, n := range c.cache {
			if n > 0 {
				r.Cache[cacheState(state).String()] += n
			}
		}
	}
	return r
}

// ask is one client's loop.
func (s *searchLoad) ask(ctx context.Context, c *searchClient, begin, end time.Time) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	<-pause.C
	for ctx.Err() == nil {
		ticket := s.ticket.Add(1) - 1
		due := time.Now()
		if s.Rate > 0 {
			due = begin.Add(time.Duration(float64(ticket) / s.Rate * float64(time.Second)))
		}
		if due.After(end) || !waitUntil(ctx, pause, due) {
			return
		}
		c.one(ctx, s.requests[s.next(c, ticket)], due)
	}
}

// waitUntil reports false when ctx ends before.
func waitUntil(ctx context.Context, pause *time.Timer, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return true
	}
	pause.Reset(wait)
	select {
	case <-pause.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// next chooses a query.
func (s *searchLoad) next(c *searchClient, ticket int64) int {
	if c.zipf != nil {
		return int(c.zipf.Uint64())
	}
	return int(ticket % int64(len(s.requests)))
}

// errorPause keeps a client from asking a server that is away in a busy loop.
const errorPause = 10 * time.Millisecond

// one asks and records; latency counts from when the request was due.
func (c *searchClient) one(ctx context.Context, request []byte, due time.Time) {
	a, err := c.do(ctx, request)
	c.count++
	switch {
	case err != nil:
		if ctx.Err() == nil {
			c.errors[errorName(err)]++
			select {
			case <-time.After(errorPause):
			case <-ctx.Done():
			}
		} else {
			c.count--
		}
	case a.status != 200:
		c.errors[fmt.Sprintf("status %d", a.status)]++
	default:
		c.answered(a.cache, time.Since(due))
	}
}

func (c *searchClient) answered(from cacheState, took time.Duration) {
	record(c.latency, took)
	c.cache[from]++
	switch from {
	case cacheHit, cacheStale:
		record(c.hits, took)
	case cacheMiss, cacheBypass:
		record(c.misses, took)
	case cacheNone, cacheStates:
	}
}

// errorName groups what goes wrong with connections.
func errorName(err error) string {
	var network net.Error
	switch {
	case errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, errAnswer):
		return "not HTTP"
	default:
		return "connection lost"
	}
}
