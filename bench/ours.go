package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/evaluation"
	"github.com/rustassistant/rustassistant/internal/loadgen"
)

// ours is a running server.
type ours struct {
	client *apiclient.Client
	kind   string // type of the searches
	skip   bool   // the tenant holds the documents already
}

// newOurs makes the tenant where it does not exist.
func newOurs(ctx context.Context, o apiclient.Options, kind string, skip bool) (*ours, error) {
	tenant := o.Tenant
	o.UserAgent = "rustassistant-beside"
	client, err := apiclient.New(o)
	if err != nil {
		return nil, err
	}
	if err := client.Ping(ctx); err != nil {
		return nil, fmt.Errorf("%w: start one with make dev, or leave it out with --engines bleve,postgres", err)
	}
	if !skip {
		if err := evaluation.EnsureTenant(ctx, client, tenant, "Beside"); err != nil {
			return nil, err
		}
	}
	return &ours{client: client, kind: kind, skip: skip}, nil
}

func (r *ours) name() string { return "RustAssistant (HTTP server), " + r.kind }

func (r *ours) index(ctx context.Context, docs *corpus) (int, error) {
	if r.skip {
		return 0, nil
	}
	in := docs.ndjson()
	defer in.Close()
	res, err := loadgen.Index(ctx, loadgen.IndexOptions{Client: r.client, In: in})
	if err != nil {
		return 0, err
	}
	return res.Documents, nil
}

func (r *ours) search(ctx context.Context, l load) (*measured, error) {
	res, err := loadgen.Search(ctx, loadgen.SearchOptions{
		Client: r.client, Queries: l.queries, Type: r.kind, Limit: results, Clients: l.clients,
		Duration: l.duration, Warmup: l.warmup, Seed: 1,
	})
	if err != nil {
		return nil, err
	}
	m := &measured{latency: res.Latency, elapsed: res.Elapsed}
	var names []string
	for name, n := range res.Errors {
		m.errors += n
		names = append(names, name)
	}
	if res.Latency.TotalCount() == 0 && m.errors > 0 {
		return nil, fmt.Errorf("no search succeeded: %s", strings.Join(names, ", "))
	}
	return m, nil
}

// close leaves the tenant: it can be measured again with --skip-import.
func (r *ours) close(context.Context) error { return nil }
