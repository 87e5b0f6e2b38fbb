package openai_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/internal/embed/openai"
)

func TestRequestsPerMinuteAreKeptByAllCallersTogether(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	// A tenth is kept for queries; documents: 540 a minute, 54 at once, then 8.1 a second.
	c := s.client(func(o *openai.Options) { o.RequestsPerMinute, o.BatchInputs = 600, 1 })
	m := c.Model(c.Spec(), testDims)
	start := time.Now()
	group, ctx := errgroup.WithContext(t.Context())
	for range 4 {
		group.Go(func() error {
			_, err := m.EmbedDocuments(ctx, texts(16))
			return err
		})
	}
	require.NoError(t, group.Wait())
	for i, r := range s.requests() {
		elapsed := r.at.Sub(start).Seconds()
		require.LessOrEqual(t, float64(i+1), 54+8.1*elapsed+1, "request %d after %.2fs", i+1, elapsed)
	}
	require.Len(t, s.requests(), 64)
	_, err := m.EmbedQuery(t.Context(), "a query")
	require.NoError(t, err, "documents do not use up what is kept for queries")
}

func TestTokensPerMinuteAreKept(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	// Documents: 5,400 tokens a minute, 2,700 of them at once, then 45 a second.
	m := s.model(func(o *openai.Options) { o.TokensPerMinute, o.BatchInputs, o.BatchTokens = 6000, 100, 5000 })
	long := make([]string, 10)
	for i := range long {
		for range 68 {
			long[i] += string(rune('a'+i)) + "bcdefg "
		}
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	for _, text := range long { // 70 tokens each
		_, err := m.EmbedDocuments(ctx, []string{text})
		require.NoError(t, err)
	}
	_, err := m.EmbedDocuments(ctx, []string{
		long[0] + long[1] + long[2] + long[3] + long[4] + long[5] + long[6] + long[7] + long[8] + long[9],
		long[0] + long[1] + long[2] + long[3] + long[4] + long[5] + long[6] + long[7] + long[8] + long[8],
		long[0] + long[1] + long[2] + long[3] + long[4] + long[5] + long[6] + long[7] + long[8] + long[7],
	})
	require.Error(t, err, "2,100 more are not there in time")
	_, ok := openai.Transient(err)
	require.True(t, ok, err)
	require.Less(t, time.Since(start), time.Second)
	require.Len(t, s.requests(), 10)
}

func TestARefusalPausesEveryCaller(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, in *asked) bool {
		if in.number > 1 {
			return false
		}
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	c := s.client(nil)
	m := c.Model(c.Spec(), testDims)
	for range 3 {
		_, err := m.EmbedDocuments(t.Context(), []string{"x"})
		after, ok := openai.Transient(err)
		require.True(t, ok)
		require.Greater(t, after, 50*time.Second)
		_, err = m.EmbedQuery(t.Context(), "q")
		require.Error(t, err)
	}
	require.Len(t, s.requests(), 1, "nobody asks during the pause")
}

func TestAShortPauseIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, header := range map[string][2]string{
		"requests": {"X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests"},
		"tokens":   {"X-Ratelimit-Remaining-Tokens", "X-Ratelimit-Reset-Tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ *asked) bool {
				w.Header().Set(header[0], "0")
				w.Header().Set(header[1], "400ms")
				return false
			})
			m := s.model(func(o *openai.Options) { o.BatchInputs = 1 })
			_, err := m.EmbedDocuments(t.Context(), texts(2))
			require.NoError(t, err)
			r := s.requests()
			require.Len(t, r, 2)
			require.GreaterOrEqual(t, r[1].at.Sub(r[0].at), 390*time.Millisecond)
		})
	}
}
