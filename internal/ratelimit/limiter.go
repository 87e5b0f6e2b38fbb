package ratelimit

import (
	"sync"
	"time"
)

// Rate is how many events a key may have in a period, spread evenly, and how many
// of them at once.
type Rate struct {
	Limit  int
	Period time.Duration
	// Burst is how many may come at once; Limit when 0.
	Burst int
}

// PerMinute returns a Rate of n a minute, all of which may come at once.
func PerMinute(n int) Rate { return Rate{Limit: n, Period: time.Minute} }

// Decision is the answer to one event.
type Decision struct {
	Allowed bool
	// Limit is the burst; Remaining is how many more may come now.
	Limit     int
	Remaining int
	// RetryAfter is when the event would be allowed; 0 if it is. It is -1 if it
	// never would be, because it asks for more than the burst.
	RetryAfter time.Duration
	// ResetAfter is when the key will be as if unused.
	ResetAfter time.Duration
}

// defaultMaxKeys takes about 10 MB with keys the size of an address.
const defaultMaxKeys = 65_536

// sweepPause is the least time between two looks at all keys for idle ones.
const sweepPause = time.Second

// Limiter limits events by key. It is safe for concurrent use.
type Limiter struct {
	pace
	maxKeys int
	now     func() time.Time

	mu        sync.Mutex
	busyUntil map[string]time.Time // the TAT of each key that is not idle
	nextSweep time.Time
}

// New returns a Limiter that remembers at most maxKeys keys (0 for 65,536). It
// panics when the rate is not positive: that is an error of the program.
func New(rate Rate, maxKeys int) *Limiter {
	if maxKeys <= 0 {
		maxKeys = defaultMaxKeys
	}
	return &Limiter{pace: paceOf(rate), maxKeys: maxKeys, now: time.Now, busyUntil: make(map[string]time.Time)}
}

// pace is a Rate as the algorithm uses it.
type pace struct {
	interval  time.Duration
	tolerance time.Duration
	burst     int
}

func paceOf(rate Rate) pace {
	if rate.Limit <= 0 || rate.Period <= 0 || rate.Burst < 0 {
		panic("ratelimit: the rate must be positive")
	}
	if rate.Burst == 0 {
		rate.Burst = rate.Limit
	}
	interval := max(rate.Period/time.Duration(rate.Limit), 1)
	return pace{interval: interval, tolerance: interval * time.Duration(rate.Burst), burst: rate.Burst}
}

// AllowAt is Allow for a key with a rate of its own, which must be positive.
func (l *Limiter) AllowAt(key string, rate Rate) Decision { return l.take(key, 1, paceOf(rate)) }

// Allow takes one event of key.
func (l *Limiter) Allow(key string) Decision { return l.Take(key, 1) }

// Take takes n events of key, all or none.
func (l *Limiter) Take(key string, n int) Decision { return l.take(key, n, l.pace) }

func (l *Limiter) take(key string, n int, p pace) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	until, d := p.decide(l.busyUntil[key], n, now)
	if d.Allowed && n > 0 {
		l.remember(key, until, now)
	}
	return d
}

// Peek tells what Allow would answer, and takes nothing. It serves limits on
// failures: ask before, and Allow only when it failed.
func (l *Limiter) Peek(key string) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	_, d := l.decide(l.busyUntil[key], 1, now)
	if d.Allowed {
		_, d = l.decide(l.busyUntil[key], 0, now)
	}
	return d
}

// Reset makes key as if unused, as after a sign-in that succeeded.
func (l *Limiter) Reset(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busyUntil, key)
}

// Keys returns how many keys are remembered.
func (l *Limiter) Keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.busyUntil)
}

// decide returns the TAT after n events and whether they are allowed.
func (p *pace) decide(tat time.Time, n int, now time.Time) (time.Time, Decision) {
	n = max(n, 0)
	if tat.Before(now) {
		tat = now
	}
	d := Decision{Limit: p.burst, Allowed: n <= p.burst}
	next := tat
	if d.Allowed {
		next = tat.Add(time.Duration(n) * p.interval)
		if wait := next.Sub(now) - p.tolerance; wait > 0 {
			d.Allowed, d.RetryAfter, next = false, wait, tat
		}
	} else {
		d.RetryAfter = -1
	}
	d.ResetAfter = next.Sub(now)
	d.Remaining = int((p.tolerance - d.ResetAfter) / p.interval)
	return next, d
}

// remember keeps the TAT of key, at the cost of another key when there are too many.
func (l *Limiter) remember(key string, until, now time.Time) {
	if _, known := l.busyUntil[key]; !known && len(l.busyUntil) >= l.maxKeys {
		l.sweep(now)
		for other := range l.busyUntil {
			if len(l.busyUntil) < l.maxKeys {
				break
			}
			delete(l.busyUntil, other)
		}
	}
	l.busyUntil[key] = until
}

// sweep forgets idle keys. A flood of new keys must not make every event pay for it.
func (l *Limiter) sweep(now time.Time) {
	if now.Before(l.nextSweep) {
		return
	}
	l.nextSweep = now.Add(sweepPause)
	for key, until := range l.busyUntil {
		if !until.After(now) {
			delete(l.busyUntil, key)
		}
	}
}
