package webhook

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// retryDelays are the waits after each failed attempt; with the first attempt
// there are eight, over a bit more than a day.
var retryDelays = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
}

// MaxAttempts is how often one delivery is tried.
var MaxAttempts = len(retryDelays) + 1

const (
	// retryJitter spreads retries, so that a receiver that comes back is not
	// hit by all of them at once.
	retryJitter = 0.2
	// maxRetryAfter bounds what a receiver may ask for.
	maxRetryAfter = 24 * time.Hour
)

// RetryDelay returns how long to wait after the given number of failed
// attempts, and false when there will be no other. A receiver's Retry-After
// makes the wait longer, never shorter.
func RetryDelay(failed int, retryAfter time.Duration) (time.Duration, bool) {
	if failed > len(retryDelays) {
		return 0, false
	}
	base := retryDelays[max(failed, 1)-1]
	spread := 1 + retryJitter*(2*rand.Float64()-1)
	return max(time.Duration(float64(base)*spread), min(retryAfter, maxRetryAfter)), true
}

// parseRetryAfter reads seconds or an HTTP date; 0 is none.
func parseRetryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now))
}
