package openai

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/sony/gobreaker/v2"
)

const (
	// queryCacheBytes bounds the query vectors in memory: about 2,600 of 1,536
	// dimensions, 14,000 of 256.
	queryCacheBytes = 16 << 20
	queryOverhead   = 200
	// queryTTL: a model under the same name may be replaced on the server.
	queryTTL = 24 * time.Hour
	// tripAfter failures in a row queries are answered without the provider for
	// probeAfter; then one asks it, and nobody waits for that one.
	tripAfter  = 3
	probeAfter = 5 * time.Second
)

type queryKey struct {
	identity string
	dims     int
	text     string
}

type queryVectors struct {
	entries *otter.Cache[queryKey, []float32]
}

func newQueryVectors() *queryVectors {
	return &queryVectors{otter.Must(&otter.Options[queryKey, []float32]{
		MaximumWeight: queryCacheBytes,
		Weigher: func(k queryKey, v []float32) uint32 {
			return uint32(len(k.identity) + len(k.text) + 4*len(v) + queryOverhead)
		},
		ExpiryCalculator: otter.ExpiryWriting[queryKey, []float32](queryTTL),
	})}
}

func (q *queryVectors) close() { q.entries.StopAllGoroutines() }

// breaker returns the breaker of a model: one that the server has no more does
// not cut off the others.
func (c *Client) breaker(identity string) *gobreaker.CircuitBreaker[answer] {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.breakers[identity]
	if b == nil {
		b = c.newBreaker()
		c.breakers[identity] = b
	}
	return b
}

// newBreaker counts every failure of the provider, also a refused key: each
// query would wait for the same refusal. A caller who left and our own limits
// say nothing of the provider.
func (c *Client) newBreaker() *gobreaker.CircuitBreaker[answer] {
	return gobreaker.NewCircuitBreaker[answer](gobreaker.Settings{
		Name: "embeddings", MaxRequests: 1, Timeout: probeAfter,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= tripAfter },
		IsExcluded: func(err error) bool {
			var e *Error
			if err == nil {
				return false
			}
			unsent := errors.As(err, &e) && e.Status == 0 && (e.Code == CodeLimitOwn || e.Code == CodeRateLimited)
			return e == nil || unsent
		},
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case to == gobreaker.StateOpen && from == gobreaker.StateClosed:
				c.o.Logger.Warn("the embeddings provider fails: searches are answered by keyword meanwhile")
			case to == gobreaker.StateClosed:
				c.o.Logger.Info("the embeddings provider answers again")
			}
		},
	})
}

// EmbedQuery implements embed.Embedder. It takes QueryTimeout at most, and no
// time while the provider is known to be down. Equal queries at the same moment
// are one request. The vector is shared: it must not be changed.
func (m *Model) EmbedQuery(ctx context.Context, text string) ([]float32, error) {
	c := m.client
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	c.counts.queries.Add(1)
	key := queryKey{m.spec.Identity(), m.dims, text}
	if v, ok := c.queries.entries.GetIfPresent(key); ok {
		c.counts.queryHits.Add(1)
		return v, nil
	}
	// The flight is not the first caller's alone: it outlives them.
	probing := m.breaker.State() == gobreaker.StateHalfOpen
	flight := c.flights.DoChan(key.identity+"\x00"+text, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.o.QueryTimeout)
		defer cancel()
		return m.fetchQuery(ctx, key)
	})
	if probing {
		c.counts.failed.Add(1)
		return nil, errDown()
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-flight:
		if r.Err != nil {
			c.counts.failed.Add(1)
			return nil, r.Err
		}
		return r.Val.([]float32), nil
	}
}

func (m *Model) fetchQuery(ctx context.Context, key queryKey) ([]float32, error) {
	a, err := m.breaker.Execute(func() (answer, error) { return m.askQuery(ctx, key.text) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, errDown()
	}
	if err != nil {
		return nil, exported(err)
	}
	if a.final {
		m.client.queries.entries.Set(key, a.vector)
	}
	return a.vector, nil
}

// askQuery asks for as much of a query's beginning as the model takes.
func (m *Model) askQuery(ctx context.Context, text string) (answer, error) {
	for range trimSteps {
		input := m.spec.QueryPrefix + text
		if err := m.client.budget.admitQuery(tokensOf(input)); err != nil {
			return answer{}, err
		}
		answers, err := m.client.send(ctx, m.spec, []string{input}, m.dims)
		if err == nil {
			return answers[0], nil
		}
		if !tooLarge(err) {
			return answer{}, err
		}
		if text = firstHalf(text); text == "" {
			break
		}
	}
	return answer{final: true}, nil
}

func errDown() error {
	e := transient(CodeUnavailable, "the provider did not answer lately and is asked again in a moment")
	e.RetryAfter = probeAfter
	return e
}
