package search

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// latencyWindow is over how long latencies are told: the running window and the
// one before it, so between one and two of them.
const latencyWindow = 5 * time.Minute

// A histogram counts durations of microseconds in buckets whose width is an
// eighth of their value, so a quantile is off by at most that. It is bounded,
// and counting takes no lock.
const (
	subBits    = 3
	subBuckets = 1 << subBits
	// The last bucket holds all above about nine minutes.
	bucketCount = 27 * subBuckets
)

type histogram struct{ counts [bucketCount]atomic.Uint32 }

func bucketOf(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	if us < subBuckets {
		return int(us)
	}
	exp := bits.Len64(us) - 1 - subBits // how far the leading bits are shifted
	return min(exp*subBuckets+int(us>>exp), bucketCount-1)
}

// bucketTop is the largest duration of a bucket.
func bucketTop(i int) time.Duration {
	if i < 2*subBuckets {
		return time.Duration(i) * time.Microsecond
	}
	exp := i/subBuckets - 1
	lead := uint64(i - exp*subBuckets)
	return time.Duration((lead+1)<<exp-1) * time.Microsecond
}

// latency keeps the last two windows.
type latency struct {
	current, previous atomic.Pointer[histogram]
	turn              atomic.Int64 // when current ends, Unix nanoseconds
}

func (l *latency) observe(d time.Duration, now time.Time) {
	l.rotate(now)
	if h := l.current.Load(); h != nil {
		h.counts[bucketOf(d)].Add(1)
	}
}

// rotate starts a new window when the running one is over.
func (l *latency) rotate(now time.Time) {
	at, due := now.UnixNano(), l.turn.Load()
	if at < due || !l.turn.CompareAndSwap(due, at+int64(latencyWindow)) {
		return
	}
	old := l.current.Swap(new(histogram))
	if at >= due+int64(latencyWindow) {
		old = nil // nothing was counted for a whole window
	}
	l.previous.Store(old)
}

// counts are the sum of some histograms.
type counts struct {
	buckets [bucketCount]uint64
	total   uint64
}

// add adds what was counted in the last two windows.
func (c *counts) add(l *latency, now time.Time) {
	l.rotate(now)
	for _, h := range []*histogram{l.current.Load(), l.previous.Load()} {
		if h == nil {
			continue
		}
		for i := range h.counts {
			n := uint64(h.counts[i].Load())
			c.buckets[i] += n
			c.total += n
		}
	}
}

// quantile returns the duration that the given share of the counted ones does
// not exceed; 0 when none was counted.
func (c *counts) quantile(share float64) time.Duration {
	rank := uint64(share * float64(c.total))
	var below uint64
	for i, n := range c.buckets {
		if below += n; n > 0 && below > rank {
			return bucketTop(i)
		}
	}
	return 0
}
