package search

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// freshness knows what is not known: since when the store has not been heard, and
// which tenants' snapshots are behind what it last said.
type freshness struct {
	heard  atomic.Int64 // Unix nanoseconds
	behind sync.Map     // uuid.UUID → time.Time of when it was first seen to be
	lagged atomic.Int32 // entries in behind, so that the usual case costs no lookup
}

// learnt notes that the store has told all generations as of a moment.
func (f *freshness) learnt(at time.Time) {
	for {
		old := f.heard.Load()
		if at.UnixNano() <= old || f.heard.CompareAndSwap(old, at.UnixNano()) {
			return
		}
	}
}

// compare notes whether a tenant's snapshot has what the store said. Only the
// poll calls it, so there is one writer.
func (f *freshness) compare(tenant uuid.UUID, loaded, committed uint64, at time.Time) {
	if loaded >= committed {
		if _, was := f.behind.LoadAndDelete(tenant); was {
			f.lagged.Add(-1)
		}
		return
	}
	if _, was := f.behind.LoadOrStore(tenant, at); !was {
		f.lagged.Add(1)
	}
}

// keep forgets the tenants that are not among those loaded.
func (f *freshness) keep(loaded map[uuid.UUID]uint64) {
	if f.lagged.Load() == 0 {
		return
	}
	f.behind.Range(func(tenant, _ any) bool {
		if _, ok := loaded[tenant.(uuid.UUID)]; !ok {
			f.behind.Delete(tenant)
			f.lagged.Add(-1)
		}
		return true
	})
}

// doubtful says whether a tenant's snapshot may lack what was committed more than
// limit ago.
func (f *freshness) doubtful(tenant uuid.UUID, now time.Time, limit time.Duration) bool {
	if now.UnixNano()-f.heard.Load() > int64(limit) {
		return true
	}
	if f.lagged.Load() == 0 {
		return false
	}
	since, ok := f.behind.Load(tenant)
	return ok && now.Sub(since.(time.Time)) > limit
}
