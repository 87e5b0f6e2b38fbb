package telemetry

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestScrapesShareOneQuestionAndSurviveItsFailure(t *testing.T) {
	t.Parallel()
	m := NewMetrics("v", "c")
	asked, fail := 0, false
	m.BeforeScrape(time.Hour, func(context.Context) error {
		asked++
		m.SetJobs([]JobCount{{Kind: "a", State: "queued", Jobs: asked, Oldest: 3 * time.Second}})
		return nil
	})
	m.BeforeScrape(0, func(ctx context.Context) error {
		_, limited := ctx.Deadline()
		require.True(t, limited, "a scrape does not wait for ever")
		if fail {
			return errors.New("away")
		}
		m.IndexSegments.Set(7)
		return nil
	})
	for range 3 {
		text := scrape(t, m, "text/plain")
		require.Contains(t, text, `jobs{kind="a",state="queued"} 1`)
		require.Contains(t, text, `jobs_oldest_queued_seconds 3`)
		require.Contains(t, text, `index_segments 7`)
		fail = true
	}
	require.Equal(t, 1, asked)
}
