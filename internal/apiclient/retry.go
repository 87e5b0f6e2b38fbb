package apiclient

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sethvargo/go-retry"
)

const (
	firstWait = 200 * time.Millisecond
	longWait  = 10 * time.Second
	// maxRetryAfter bounds what the server may ask for: a command that seems dead is worse than one that fails.
	maxRetryAfter = time.Minute
)

// do sends the call until it succeeds, fails for good, or the budget is spent. It returns the answer's headers.
func (c *Client) do(ctx context.Context, call *call, out any) (header http.Header, err error) {
	waits := &serverPace{next: c.backoff(), notify: c.options.OnRetry}
	err = retry.Do(ctx, waits, func(ctx context.Context) error {
		header, err = c.attempt(ctx, call, out)
		if err == nil || ctx.Err() != nil || !worthRetrying(err) {
			return err
		}
		waits.last = err
		return retry.RetryableError(err)
	})
	if err != nil && ctx.Err() != nil {
		return header, ctx.Err()
	}
	return header, err
}

func (c *Client) backoff() retry.Backoff {
	if c.options.RetryFor < 0 {
		return retry.BackoffFunc(func() (time.Duration, bool) { return 0, true })
	}
	b := retry.WithCappedDuration(longWait, retry.NewExponential(firstWait))
	return retry.WithMaxDuration(c.options.RetryFor, retry.WithJitterPercent(25, b))
}

// serverPace waits at least as long as the server asked for.
type serverPace struct {
	next   retry.Backoff
	last   error
	notify func(error, time.Duration)
}

// Next implements retry.Backoff.
func (p *serverPace) Next() (time.Duration, bool) {
	wait, stop := p.next.Next()
	if stop {
		return 0, true
	}
	var answer *Error
	if errors.As(p.last, &answer) {
		wait = max(wait, min(answer.RetryAfter, maxRetryAfter))
	}
	if p.notify != nil {
		p.notify(p.last, wait)
	}
	return wait, false
}
