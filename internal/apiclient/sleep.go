package apiclient

import (
	"context"
	"time"
)

// Sleep waits between two looks at something that goes on; the error is ctx's.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
