package openai

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxPatience is how long a batch waits in here for the end of a pause. Longer
	// ones are the workflow's to wait for, where people see them.
	maxPatience = 10 * time.Second
	// queryShare of the budget is kept for queries (a tenth), so that an import
	// does not turn semantic search off.
	queryShare = 10
	// shortPause follows a refusal that does not say how long to wait.
	shortPause = time.Second
)

// budget keeps this process within its requests and tokens per minute, and
// within what the provider says in its answers.
//
// In no minute more is sent than allowed: a bucket of burst b that fills with
// (n-b)/min lets at most n through in any minute.
type budget struct {
	documents, queries allowance
	// Moments in Unix nanoseconds before which nothing, or no documents, are sent.
	allPaused, documentsPaused atomic.Int64
}

// allowance is a pair of limiters; a nil one has no limit.
type allowance struct{ requests, tokens *rate.Limiter }

func newBudget(requests, tokens, batchTokens int) *budget {
	b := &budget{}
	ownRequests, ownTokens := requests/queryShare, tokens/queryShare
	b.documents = allowance{perMinute(requests-ownRequests, 0), perMinute(tokens-ownTokens, batchTokens)}
	b.queries = allowance{perMinute(ownRequests, 0), perMinute(ownTokens, 0)}
	return b
}

// perMinute returns a limiter of n a minute whose bucket holds a tenth of them,
// or one batch, or at most half.
func perMinute(n, batch int) *rate.Limiter {
	if n <= 0 {
		return nil
	}
	burst := max(1, n/10, min(batch, n/2))
	if burst == n { // one a minute
		return rate.NewLimiter(rate.Every(time.Minute), 1)
	}
	return rate.NewLimiter(rate.Limit(float64(n-burst)/60), burst)
}

// batchTokens is the most tokens that one request of documents may have.
func (b *budget) batchTokens(wanted int) int {
	if b.documents.tokens == nil {
		return wanted
	}
	return min(wanted, b.documents.tokens.Burst())
}

// waitForDocuments returns when a request with this many tokens may be sent.
func (b *budget) waitForDocuments(ctx context.Context, tokens int) error {
	for {
		pause := time.Until(time.Unix(0, max(b.allPaused.Load(), b.documentsPaused.Load())))
		if pause <= 0 {
			break
		}
		if pause > maxPatience {
			e := transient(CodeRateLimited, "the provider asked for a pause")
			e.RetryAfter = pause
			return e
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
	if err := waitN(ctx, b.documents.requests, 1); err != nil {
		return err
	}
	return waitN(ctx, b.documents.tokens, tokens)
}

func waitN(ctx context.Context, l *rate.Limiter, n int) error {
	if l == nil {
		return ctx.Err()
	}
	if err := l.WaitN(ctx, min(n, l.Burst())); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// The caller's deadline comes before its turn.
		return transient(CodeLimitOwn, "EMBEDDINGS_REQUESTS_PER_MINUTE or EMBEDDINGS_TOKENS_PER_MINUTE is used up")
	}
	return nil
}

// admitQuery says whether a query may be sent at once: from its own share, or
// from what documents leave. It never waits.
func (b *budget) admitQuery(tokens int) error {
	if pause := time.Until(time.Unix(0, b.allPaused.Load())); pause > 0 {
		e := transient(CodeRateLimited, "the provider asked for a pause")
		e.RetryAfter = pause
		return e
	}
	if allow(b.queries.requests, b.documents.requests, 1) && allow(b.queries.tokens, b.documents.tokens, tokens) {
		return nil
	}
	return transient(CodeLimitOwn, "EMBEDDINGS_REQUESTS_PER_MINUTE or EMBEDDINGS_TOKENS_PER_MINUTE is used up")
}

func allow(own, documents *rate.Limiter, n int) bool {
	if own == nil && documents == nil {
		return true
	}
	return own != nil && own.AllowN(time.Now(), min(n, own.Burst())) || documents != nil && documents.AllowN(time.Now(), min(n, documents.Burst()))
}

// correct charges what the provider counted beyond the estimate.
func (b *budget) correct(estimated, counted int) {
	if l := b.documents.tokens; l != nil && counted > estimated {
		l.ReserveN(time.Now(), min(counted-estimated, l.Burst()))
	}
}

// learn reads an answer's headers and returns what Retry-After asks for.
func (b *budget) learn(status int, h http.Header, batchTokens int, now time.Time) time.Duration {
	after := retryAfter(h, now)
	refused := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
	switch {
	case refused && after > 0:
		pause(&b.allPaused, now.Add(after))
	case status == http.StatusTooManyRequests:
		after = max(exhausted(h, 0), 0)
		pause(&b.allPaused, now.Add(max(after, shortPause)))
	case status < 300:
		if left := h.Get("X-Ratelimit-Remaining-Requests"); left == "0" {
			pause(&b.allPaused, now.Add(min(resetTime(h, "X-Ratelimit-Reset-Requests"), time.Minute)))
		}
		pause(&b.documentsPaused, now.Add(min(exhausted(h, batchTokens), time.Minute)))
	}
	return after
}

// exhausted returns the longest time until what is used up is filled again:
// requests when none is left, tokens when fewer than need are.
func exhausted(h http.Header, need int) (wait time.Duration) {
	if n, err := strconv.Atoi(h.Get("X-Ratelimit-Remaining-Requests")); err == nil && n <= 0 {
		wait = resetTime(h, "X-Ratelimit-Reset-Requests")
	}
	if n, err := strconv.Atoi(h.Get("X-Ratelimit-Remaining-Tokens")); err == nil && n <= max(need, 0) {
		wait = max(wait, resetTime(h, "X-Ratelimit-Reset-Tokens"))
	}
	return wait
}

// resetTime reads "6m0s", "120ms" and plain seconds.
func resetTime(h http.Header, name string) time.Duration {
	text := h.Get(name)
	d, err := time.ParseDuration(text)
	if err != nil {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || !(seconds >= 0 && seconds < maxRetryAfter.Seconds()) {
			return 0
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	return min(max(d, 0), maxRetryAfter)
}

// retryAfter reads Retry-After in seconds or as a date (RFC 9110, 10.2.3), and
// OpenAI's retry-after-ms.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseInt(h.Get("Retry-After-Ms"), 10, 32); err == nil && ms >= 0 {
		return min(time.Duration(ms)*time.Millisecond, maxRetryAfter)
	}
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return min(max(time.Duration(seconds)*time.Second, 0), maxRetryAfter)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// pause moves a moment later, never earlier.
func pause(until *atomic.Int64, to time.Time) {
	for {
		was := until.Load()
		if to.UnixNano() <= was || until.CompareAndSwap(was, to.UnixNano()) {
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
