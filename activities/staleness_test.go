package activities_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/search"
	"github.com/rustassistant/rustassistant/internal/store"
)

// server is what a server process keeps fresh; listen says whether it hears
// notifications.
func (b *bundle) server(listen bool) *index.Manager {
	b.t.Helper()
	m, err := index.NewManager(b.store, index.ManagerOptions{CacheDir: b.t.TempDir()})
	require.NoError(b.t, err)
	answers := cache.New(cache.Options{Disabled: true})
	service := search.NewService(search.Deps{Index: m, Cache: answers, Generations: b.store.Generations})
	ctx, cancel := context.WithCancel(context.Background())
	var gone sync.WaitGroup
	connected := make(chan struct{})
	gone.Go(func() { service.Run(ctx) })
	if listen {
		once := sync.OnceFunc(func() { close(connected) })
		gone.Go(func() {
			b.store.Listen(ctx, store.Listener{Generation: service.OnGeneration, KeyChanged: func([]byte) {}, Connected: once})
		})
		<-connected
	}
	b.t.Cleanup(func() { cancel(); gone.Wait(); m.Close(); answers.Close() })
	require.NoError(b.t, m.Refresh(b.t.Context(), b.tenant))
	return m
}

// shows waits until a manager has reached a generation and returns how long it took
// from start.
func shows(t *testing.T, m *index.Manager, tenant uuid.UUID, generation uint64, start time.Time) time.Duration {
	t.Helper()
	require.Eventually(t, func() bool { return m.Loaded()[tenant] >= generation }, 30*time.Second, time.Millisecond)
	return time.Since(start)
}

// A commit is searched by every server within a second, whether its notification
// arrives or is lost.
func TestACommitIsSeenByTwoServersWithinASecond(t *testing.T) {
	b := setup(t)
	b.index1(doc("first", "text"))
	hears, polls := b.server(true), b.server(false)
	var byNotify, byPoll []time.Duration
	for i := range 15 {
		out, err := b.run(b.accept(doc(fmt.Sprint(i), "more text")))
		require.NoError(t, err)
		start := time.Now()
		byNotify = append(byNotify, shows(t, hears, b.tenant, out.Generation, start))
		byPoll = append(byPoll, shows(t, polls, b.tenant, out.Generation, start))
	}
	slices.Sort(byNotify)
	slices.Sort(byPoll)
	t.Logf("notified: p50 %s, max %s; polled: p50 %s, max %s", byNotify[7], byNotify[14], byPoll[7], byPoll[14])
	require.Less(t, byNotify[7], time.Second)
	require.Less(t, byPoll[7], time.Second)
}
