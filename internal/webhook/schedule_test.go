package webhook

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func contextWithCancelAfter(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	timer := time.AfterFunc(d, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

// resolverAt asks one name server only.
func resolverAt(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp4", address)
	}}
}

func TestRetriesFollowTheScheduleWithJitter(t *testing.T) {
	t.Parallel()
	want := []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour}
	require.Equal(t, 8, MaxAttempts)
	seen := map[time.Duration]bool{}
	for n, base := range want {
		for range 50 {
			d, again := RetryDelay(n+1, 0)
			require.True(t, again)
			require.InDelta(t, base.Seconds(), d.Seconds(), 0.2*base.Seconds()+0.001)
			seen[d] = true
		}
	}
	require.Greater(t, len(seen), 300, "retries are spread")
	_, again := RetryDelay(8, time.Minute)
	require.False(t, again, "eight attempts are all")
}

func TestRetryAfterLengthensWithinBounds(t *testing.T) {
	t.Parallel()
	d, _ := RetryDelay(1, time.Hour)
	require.Equal(t, time.Hour, d)
	d, _ = RetryDelay(1, 365*24*time.Hour)
	require.Equal(t, 24*time.Hour, d)
	d, _ = RetryDelay(3, time.Second)
	require.Greater(t, d, 20*time.Minute, "it never shortens")
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	require.Empty(t, CheckEvents([]string{"document.indexed", "search.performed"}), "the guide's")
	require.Empty(t, CheckEvents([]string{"*"}))
	require.Empty(t, CheckEvents([]string{"document.*", "job.*"}))
	for _, bad := range []string{"", "document", "documents.*", "document.exploded", "doc*", "*.indexed", "**", "document.indexed "} {
		require.NotEmpty(t, CheckEvents([]string{bad}), "%q", bad)
	}
	require.NotEmpty(t, CheckEvents(nil))
	require.NotEmpty(t, CheckEvents(slices.Repeat([]string{"*"}, 51)))
	require.True(t, Matches("document.*", domain.EventDocumentFailed))
	require.False(t, Matches("document.*", domain.EventJobFailed))
}
