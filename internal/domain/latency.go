package domain

import (
	"math/bits"
	"time"
)

// A latency histogram counts microseconds in buckets whose width is an eighth of
// their value: a quantile is off by 12.5 % at most, and two histograms are merged
// by adding their counts. What the buckets mean is stored, so it never changes.
const (
	latencySubBits = 3
	latencySub     = 1 << latencySubBits
	// LatencyBuckets is how many there are; the last holds all above 9 minutes.
	LatencyBuckets = 27 * latencySub
)

// LatencyBucket returns the bucket that a duration is counted in.
func LatencyBucket(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	if us < latencySub {
		return int(us)
	}
	shift := bits.Len64(us) - 1 - latencySubBits
	return min(shift*latencySub+int(us>>shift), LatencyBuckets-1)
}

// latencyTop is the largest duration of a bucket.
func latencyTop(bucket int) time.Duration {
	if bucket < 2*latencySub {
		return time.Duration(bucket) * time.Microsecond
	}
	shift := bucket/latencySub - 1
	lead := uint64(bucket - shift*latencySub)
	return time.Duration((lead+1)<<shift-1) * time.Microsecond
}

// Latency is a histogram of durations. The zero value is empty.
type Latency struct {
	counts [LatencyBuckets]int64
	total  int64
}

// Add counts n durations of a bucket. A bucket that does not exist is ignored.
func (l *Latency) Add(bucket int, n int64) {
	if bucket >= 0 && bucket < LatencyBuckets {
		l.counts[bucket] += n
		l.total += n
	}
}

// Quantile returns the duration that the given share of all does not exceed; 0 of
// an empty histogram.
func (l *Latency) Quantile(share float64) time.Duration {
	rank := int64(share * float64(l.total))
	var below int64
	for i, n := range l.counts {
		if below += n; n > 0 && below > rank {
			return latencyTop(i)
		}
	}
	for i := LatencyBuckets - 1; i >= 0; i-- { // a share of 1
		if l.counts[i] > 0 {
			return latencyTop(i)
		}
	}
	return 0
}
