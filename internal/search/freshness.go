package search

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// freshness knows what is not known: since when the store has not been heard, and
// since when a tenant's snapshot lacks what it said was committed. The poll
// writes, searches read.
type freshness struct {
	heard atomic.Int64 // Unix nanoseconds
	unmet sync.Map     // uuid.UUID → commit
	count atomic.Int32 // entries in unmet, so that the usual case costs no lookup
}

// commit is the oldest one that a snapshot lacks. It is the oldest and not the
// newest, because under steady commits the newest is always a moment ahead.
type commit struct {
	generation uint64
	since      time.Time
}

// learnt notes that the store has told all generations as of a moment.
func (f *freshness) learnt(at time.Time) { f.heard.Store(at.UnixNano()) }

// told notes which generation of a tenant is committed, and which is loaded.
func (f *freshness) told(tenant uuid.UUID, loaded, committed uint64, at time.Time) {
	old, waiting := f.unmet.Load(tenant)
	if waiting && loaded >= old.(commit).generation {
		f.forget(tenant)
		waiting = false
	}
	if !waiting && loaded < committed {
		f.unmet.Store(tenant, commit{committed, at})
		f.count.Add(1)
	}
}

// keep forgets the tenants that are not loaded any more.
func (f *freshness) keep(loaded map[uuid.UUID]uint64) {
	if f.count.Load() == 0 {
		return
	}
	f.unmet.Range(func(tenant, _ any) bool {
		if _, ok := loaded[tenant.(uuid.UUID)]; !ok {
			f.forget(tenant.(uuid.UUID))
		}
		return true
	})
}

func (f *freshness) forget(tenant uuid.UUID) {
	f.unmet.Delete(tenant)
	f.count.Add(-1)
}

// silent says whether the store has not been heard for longer than limit.
func (f *freshness) silent(now time.Time, limit time.Duration) bool {
	return now.UnixNano()-f.heard.Load() > int64(limit)
}

// doubtful says whether an answer of a generation may lack what was committed
// more than limit ago.
func (f *freshness) doubtful(tenant uuid.UUID, generation uint64, now time.Time, limit time.Duration) bool {
	if f.silent(now, limit) {
		return true
	}
	if f.count.Load() == 0 {
		return false
	}
	c, ok := f.unmet.Load(tenant)
	return ok && generation < c.(commit).generation && now.Sub(c.(commit).since) > limit
}
