package loadgen

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// TenantsOptions says how many tenants share the server.
type TenantsOptions struct {
	// Client needs a key of platform scope.
	Client *apiclient.Client
	// Prefix begins the slugs; tenants that exist are used, and filled where they lack documents.
	Prefix string
	// Tenants with Documents each, made with Parallel requests at the same time.
	Tenants, Documents, Parallel int
	// Clients ask for Duration, each time another tenant.
	Clients   int
	Duration  time.Duration
	Type      string
	Seed      uint64
	Processes []Process
	// Each, if set, hears how many tenants are filled.
	Each func(filled int)
}

// TenantsResult is what was measured.
type TenantsResult struct {
	// Filled is how long making and filling took, until all is searchable.
	Filled time.Duration
	// First is the first search of each tenant, Warm are those that follow, in microseconds.
	First, Warm *hdrhistogram.Histogram
	Elapsed     time.Duration // of the warm searches
	Errors      map[string]int64
	Memory      []Memory // while all tenants were searched
}

// tenantQueries is how many queries are asked of each tenant.
const tenantQueries = 8

// Tenants makes tenants of the same size, fills them, searches each once, and then searches them in no order, past the
// cache.
func Tenants(ctx context.Context, o TenantsOptions) (*TenantsResult, error) {
	if o.Tenants < 1 || o.Documents < 1 {
		return nil, errors.New("there must be at least one tenant with one document")
	}
	corpus := NewCorpus(o.Seed)
	begin := time.Now()
	if err := fillTenants(ctx, o, corpus); err != nil {
		return nil, err
	}
	r := &TenantsResult{Filled: time.Since(begin), First: newHistogram(), Warm: newHistogram(), Errors: map[string]int64{}}
	requests, target, err := tenantRequests(o, corpus)
	if err != nil {
		return nil, err
	}
	memory := watchMemory(ctx, o.Processes)
	defer func() { r.Memory = memory() }()
	if err := r.first(ctx, target, requests); err != nil {
		return r, err
	}
	r.warm(ctx, o, target, requests)
	return r, ctx.Err()
}

func (o *TenantsOptions) slug(n int) string { return fmt.Sprintf("%s-%d", o.Prefix, n+1) }

func fillTenants(ctx context.Context, o TenantsOptions, corpus *Corpus) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(o.Parallel, 1))
	var mu sync.Mutex
	filled := 0
	for n := range o.Tenants {
		group.Go(func() error {
			if err := fillTenant(ctx, o, corpus, o.slug(n)); err != nil {
				return fmt.Errorf("tenant %s: %w", o.slug(n), err)
			}
			mu.Lock()
			defer mu.Unlock()
			filled++
			if o.Each != nil {
				o.Each(filled)
			}
			return nil
		})
	}
	return group.Wait()
}

func fillTenant(ctx context.Context, o TenantsOptions, corpus *Corpus, slug string) error {
	if err := o.Client.CreateTenant(ctx, slug, "Benchmark "+slug); err != nil && !apiclient.IsConflict(err) {
		return err
	}
	client := o.Client.WithTenant(slug)
	// The same documents in every run: what is there already is not indexed again.
	res, err := client.BulkDocuments(ctx, corpus.Documents(o.Documents, slug), apiclient.BulkOptions{})
	if err != nil {
		return err
	}
	if res.RejectedCount > 0 {
		return fmt.Errorf("%d documents were rejected, the first: %s", res.RejectedCount, res.Rejected[0].Error)
	}
	if res.JobID == "" {
		return nil
	}
	return waitForJob(ctx, client, res.JobID)
}

// waitForJob returns when the job has ended, and fails when documents did.
func waitForJob(ctx context.Context, client *apiclient.Client, id string) error {
	wait := 20 * time.Millisecond
	for {
		job, err := client.GetJob(ctx, id)
		if err != nil {
			return err
		}
		if job.FinishedAt != nil {
			if job.Failed > 0 {
				return fmt.Errorf("%d documents could not be indexed: %s", job.Failed, job.ErrorMessage)
			}
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, time.Second)
	}
}

// tenantRequests has a list of requests for each tenant.
func tenantRequests(o TenantsOptions, corpus *Corpus) (requests [][][]byte, t *target, err error) {
	queries := corpus.Queries(tenantQueries, 2)
	requests = make([][][]byte, o.Tenants)
	for n := range requests {
		if t, err = newTarget(o.Client.WithTenant(o.slug(n)), "Cache-Control: no-cache"); err != nil {
			return nil, nil, err
		}
		for _, q := range queries {
			request, err := t.request(apiclient.SearchRequest{Query: q, Type: o.Type, Limit: 10})
			if err != nil {
				return nil, nil, err
			}
			requests[n] = append(requests[n], request)
		}
	}
	return requests, t, nil
}

func (r *TenantsResult) first(ctx context.Context, t *target, requests [][][]byte) error {
	c := &conn{target: t}
	defer c.shut()
	for n := range requests {
		asked := time.Now()
		a, err := c.do(ctx, requests[n][0])
		switch {
		case err != nil:
			return fmt.Errorf("search tenant %d: %w", n+1, err)
		case a.status != 200:
			return fmt.Errorf("the server answered the search of tenant %d with status %d", n+1, a.status)
		}
		record(r.First, time.Since(asked))
	}
	return nil
}

func (r *TenantsResult) warm(ctx context.Context, o TenantsOptions, t *target, requests [][][]byte) {
	clients := make([]*searchClient, max(o.Clients, 1))
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range clients {
		c := &searchClient{conn: conn{target: t}, latency: newHistogram(), hits: newHistogram(), misses: newHistogram(), errors: map[string]int64{}}
		clients[i] = c
		wg.Go(func() {
			defer c.shut()
			random := rand.New(rand.NewPCG(o.Seed, uint64(i)))
			for time.Since(begin) < o.Duration && ctx.Err() == nil {
				of := requests[random.IntN(len(requests))]
				c.one(ctx, of[random.IntN(len(of))], time.Now())
			}
		})
	}
	wg.Wait()
	r.Elapsed = time.Since(begin)
	for _, c := range clients {
		r.Warm.Merge(c.latency)
		for name, n := range c.errors {
			r.Errors[name] += n
		}
	}
}
