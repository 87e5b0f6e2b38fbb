package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

// cacheScope separates these answers from others in the cache. Its number counts
// the kept forms, so that processes of two releases may share one Redis.
const cacheScope = "search2"

// Deps are what a Service works with. Index, Cache and Generations are needed.
type Deps struct {
	Index *index.Manager
	Cache *cache.Cache
	// Generations asks the store for the committed generation of each tenant.
	Generations func(ctx context.Context, tenants []uuid.UUID) (map[uuid.UUID]uint64, error)
	// PollInterval is how often it is asked; 300 ms.
	PollInterval time.Duration
	// StaleAfter is how long the store may stay silent, or a snapshot behind what
	// the store said, until answers say that they may be stale; 5 s.
	StaleAfter time.Duration
	// Embedder makes the vectors of queries; nil answers all by keyword.
	Embedder QueryEmbedder
	// Popular lists what a tenant's users search for, the most popular first, for
	// suggestions; nil suggests no queries.
	Popular func(ctx context.Context, tenant uuid.UUID) ([]PopularQuery, error)
	Logger  *slog.Logger
}

func (d Deps) withDefaults() Deps {
	if d.PollInterval <= 0 {
		d.PollInterval = 300 * time.Millisecond
	}
	if d.StaleAfter <= 0 {
		d.StaleAfter = 5 * time.Second
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return d
}

// Service answers searches. It is safe for concurrent use.
type Service struct {
	deps    Deps
	caches  bool // whether there is a cache at all
	fresh   freshness
	stats   recorder
	popular popularQueries
	warned  atomic.Int64 // when a failing embedding was logged, Unix nanoseconds
}

// NewService returns a Service. Run must run beside it.
func NewService(deps Deps) *Service {
	deps = deps.withDefaults()
	s := &Service{deps: deps, caches: deps.Cache.Stats().Enabled}
	s.fresh.learnt(time.Now())
	return s
}

// Options of one call of Search.
type Options struct {
	// NoCache answers from the index, whatever is kept.
	NoCache bool
}

// Search answers a validated request of a tenant. Its errors are domain errors,
// or those of ctx.
func (s *Service) Search(ctx context.Context, tenant uuid.UUID, r *Request, opts Options) (*Answer, error) {
	start := time.Now()
	a, err := s.answer(ctx, tenant, r, opts)
	if err != nil {
		s.stats.failed(r.Type)
		return nil, outward(err)
	}
	a.Took = time.Since(start)
	a.Cache = max(0, a.Cache-a.Index-a.Embed)
	s.stats.answered(a, start.Add(a.Took))
	return a, nil
}

func (s *Service) answer(ctx context.Context, tenant uuid.UUID, r *Request, opts Options) (*Answer, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make a query id: %w", err)
	}
	a := &Answer{QueryID: id, Query: r.Query, Type: r.Type}
	if opts.NoCache || !s.caches {
		a.State = Bypass
		value, err := s.load(ctx, tenant, r, &a.Index, &a.Embed)
		if err != nil {
			return nil, err
		}
		return a, s.open(a, tenant, value.Body)
	}
	generation, err := s.generation(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return a, s.cached(ctx, a, tenant, generation, r)
}

// generation is that of what this process can search now.
func (s *Service) generation(ctx context.Context, tenant uuid.UUID) (uint64, error) {
	snapshot, err := s.deps.Index.Snapshot(ctx, tenant)
	if err != nil {
		return 0, err
	}
	defer snapshot.Release()
	return snapshot.Generation(), nil
}

// cached fills in the answer from the cache, which calls load where it must.
func (s *Service) cached(ctx context.Context, a *Answer, tenant uuid.UUID, generation uint64, r *Request) error {
	key := cache.Key{Tenant: tenant, Generation: generation, Scope: cacheScope, Hash: r.hash()}
	var took, embedding time.Duration
	start := time.Now()
	kept, err := s.deps.Cache.Get(ctx, key, func(ctx context.Context) (cache.Value, error) {
		// A snapshot of its own: the caller may leave while others wait for this.
		// Snapshots only get newer, so it is of the key's generation at least.
		return s.load(ctx, tenant, r, &took, &embedding)
	})
	a.Cache = time.Since(start)
	if err != nil {
		return err
	}
	a.Tier = kept.Tier
	switch kept.State {
	case cache.Miss:
		// The load of this call, if it was that, has ended by now. In the other
		// states it may be running still, to make a stale answer anew.
		a.State, a.Index, a.Embed = Miss, took, embedding
	case cache.Hit:
		a.State = Hit
	case cache.Stale:
		a.State, a.Stale = Stale, true
	}
	return s.open(a, tenant, kept.Body)
}

// load searches the index. took and embedding are set to the times that the index
// and the embedding of the query needed.
func (s *Service) load(ctx context.Context, tenant uuid.UUID, r *Request, took, embedding *time.Duration) (value cache.Value, err error) {
	start := time.Now()
	err = s.deps.Index.Use(ctx, tenant, func(snapshot *index.Snapshot) error {
		value, *embedding, err = s.search(ctx, tenant, snapshot, r)
		return err
	})
	if err != nil {
		return cache.Value{}, err
	}
	*took = time.Since(start) - *embedding
	return value, nil
}

// search is load on one snapshot. embedded is the time that the embedding of the
// query needed.
func (s *Service) search(ctx context.Context, tenant uuid.UUID, snapshot *index.Snapshot, r *Request) (value cache.Value, embedded time.Duration, err error) {
	query := r.forIndex()
	by, embedded, err := s.embed(ctx, tenant, snapshot, r, &query)
	if err != nil {
		return cache.Value{}, 0, err
	}
	result, err := snapshot.Search(ctx, query)
	if err != nil {
		return cache.Value{}, 0, err
	}
	return cache.Value{
		Body: encodeAnswer(r, result, by), Negative: len(result.Hits) == 0 || by.reason != nil && by.reason.Passing,
	}, embedded, nil
}

func (r *Request) forIndex() index.Request {
	q := index.Request{
		Query: r.Query, Limit: r.Limit, Filter: r.Filter, After: r.after,
		Highlight: r.Highlight && r.Include.has(fieldHighlights), Fragments: r.Fragments, FragmentSize: r.FragmentSize,
		Explain: r.Explain, Sort: r.Sort, Facets: slices.Clone(r.Facets), MinScore: r.MinScore,
		Language: r.Language, NoTypos: r.Typos == TyposOff,
	}
	switch r.Prefix {
	case PrefixAuto:
	case PrefixAlways:
		q.Prefix = index.PrefixAlways
	case PrefixNever:
		q.Prefix = index.PrefixNever
	}
	switch {
	case r.GroupBy == GroupNone:
		q.Group = index.GroupNone
	case r.GroupBy.ByField():
		q.GroupBy, q.GroupSize = string(r.GroupBy), r.GroupSize
	}
	return q
}

// open reads the kept answer and marks one that may lack what was committed.
func (s *Service) open(a *Answer, tenant uuid.UUID, kept []byte) error {
	if err := a.open(kept); err != nil {
		return err
	}
	if s.fresh.doubtful(tenant, a.Generation, time.Now(), s.deps.StaleAfter) {
		a.State, a.Stale = Stale, true
	}
	return nil
}

// retryAfterSeconds is for an index that cannot be loaded at the moment.
const retryAfterSeconds = 2

// outward makes an error one that a caller may see. The cause stays in the chain,
// for the log.
func outward(err error) error {
	var known *domain.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", &domain.Error{
		Code: domain.CodeUnavailable, Message: "the search index cannot be read at the moment",
		RetryAfterSeconds: retryAfterSeconds,
	}, err)
}
