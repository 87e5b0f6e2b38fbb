package main

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server that was told to stop goes on answering while it says that it is not
// ready, so that a balancer looks elsewhere before anybody is refused.
func TestADrainingServerAnswersUntilTheBalancerHasLookedElsewhere(t *testing.T) {
	c := newCluster(t)
	const delay = 2 * time.Second
	p := c.startServer("DRAIN_DELAY=" + delay.String())
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	told := time.Now()
	c.eventually("it says that it stops", func() bool {
		status, _ := c.call(http.MethodGet, "/readyz", nil, nil)
		return status == http.StatusServiceUnavailable
	})
	answered := 0
	for time.Since(told) < delay-500*time.Millisecond {
		status, err := c.call(http.MethodPost, "/api/search", map[string]any{"query": "x"}, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		answered++
	}
	require.Positive(t, answered)
	require.NoError(t, p.wait(), "it ends by itself, and well")
	require.GreaterOrEqual(t, time.Since(told), delay)
}
