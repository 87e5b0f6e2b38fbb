package openai_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/internal/embed/openai"
)

func TestAQueryIsAskedForOnce(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := newServer(t, func(http.ResponseWriter, *http.Request, *asked) bool { <-release; return false })
	c := s.client(nil)
	m := c.Model(c.Spec(), testDims)
	group, ctx := errgroup.WithContext(t.Context())
	for range 8 {
		group.Go(func() error {
			_, err := m.EmbedQuery(ctx, "the same")
			return err
		})
	}
	require.Eventually(t, func() bool { return c.Stats().Queries == 8 }, 5*time.Second, time.Millisecond)
	close(release)
	require.NoError(t, group.Wait())
	v, err := m.EmbedQuery(t.Context(), "  the same ")
	require.NoError(t, err)
	requireUnit(t, v)
	require.Len(t, s.requests(), 1)
	blank, err := m.EmbedQuery(t.Context(), " ")
	require.NoError(t, err)
	require.Nil(t, blank)
}

func TestAQueryIsBoundedAndFailsFastWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request, _ *asked) bool {
		if down.Load() {
			<-r.Context().Done()
			return true
		}
		return false
	})
	m := s.model(func(o *openai.Options) { o.QueryTimeout = 200 * time.Millisecond })
	for i := range 3 {
		start := time.Now()
		_, err := m.EmbedQuery(t.Context(), texts(3)[i])
		_, ok := openai.Transient(err)
		require.True(t, ok, err)
		require.Less(t, time.Since(start), 2*time.Second)
	}
	asked := len(s.requests())
	start := time.Now()
	for range 100 {
		_, err := m.EmbedQuery(t.Context(), "anything")
		require.Error(t, err)
	}
	require.Less(t, time.Since(start), 150*time.Millisecond, "a hundred queries in less than one timeout")
	require.Len(t, s.requests(), asked, "the provider is left alone")

	down.Store(false)
	require.Eventually(t, func() bool {
		start := time.Now()
		v, err := m.EmbedQuery(t.Context(), "anything")
		require.Less(t, time.Since(start), 150*time.Millisecond, "nobody waits for the probe")
		return err == nil && v != nil
	}, 20*time.Second, 50*time.Millisecond, "it recovers by itself")
}

func TestACallerWhoLeavesHarmsNobody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := newServer(t, func(http.ResponseWriter, *http.Request, *asked) bool { <-release; return false })
	m := s.model(func(o *openai.Options) { o.QueryTimeout = 10 * time.Second })
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := m.EmbedQuery(ctx, "q")
		require.ErrorIs(t, err, context.Canceled)
	}
	close(release)
	v, err := m.EmbedQuery(t.Context(), "q")
	require.NoError(t, err, "the breaker has not counted them")
	requireUnit(t, v)
	require.Len(t, s.requests(), 1)
}

func TestARefusedKeyIsNotAskedWithEveryQuery(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ *asked) bool {
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	m := s.model(nil)
	for range 20 {
		_, err := m.EmbedQuery(t.Context(), "q")
		require.Error(t, err)
	}
	require.Len(t, s.requests(), 3)
}
