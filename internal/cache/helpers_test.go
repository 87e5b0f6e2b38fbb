package cache

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var (
	tenantA = uuid.MustParse("00000000-0000-7000-8000-00000000000a")
	tenantB = uuid.MustParse("00000000-0000-7000-8000-00000000000b")
)

func keyOf(question string) Key {
	return Key{Tenant: tenantA, Generation: 1, Scope: "search", Hash: sha256.Sum256([]byte(question))}
}

func (k Key) at(generation uint64) Key {
	k.Generation = generation
	return k
}

// answer is a load that returns text.
func answer(text string) LoadFunc {
	return func(context.Context) (Value, error) { return Value{Body: []byte(text)}, nil }
}

// forbidden is a load that must not be called.
func forbidden(t testing.TB) LoadFunc {
	t.Helper()
	return func(context.Context) (Value, error) {
		t.Error("loaded what should have been kept")
		return Value{}, nil
	}
}

func newCache(t testing.TB, opts Options) *Cache {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	c := New(opts)
	t.Cleanup(c.Close)
	return c
}

func get(t testing.TB, c *Cache, key Key, load LoadFunc) Result {
	t.Helper()
	r, err := c.Get(t.Context(), key, load)
	require.NoError(t, err)
	return r
}

func requireResult(t testing.TB, r Result, body string, state State, tier Tier) {
	t.Helper()
	require.Equal(t, body, string(r.Body))
	require.Equal(t, state.String()+" "+tier.String(), r.State.String()+" "+r.Tier.String())
}

// advance moves the clock of a synctest bubble.
func advance(d time.Duration) { <-time.After(d) }
