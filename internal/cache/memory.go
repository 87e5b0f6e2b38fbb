package cache

import (
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// entryOverhead is about what an entry takes besides its body: the entry, its
// node in the cache and its share of the hash table.
const entryOverhead = 320

// memory is the first tier. It is bounded in items and in bytes by one weight: an
// entry weighs its bytes, but at least a MaxMemoryItems-th of MaxMemoryBytes, so
// that neither can be exceeded.
type memory struct {
	entries   *otter.Cache[memoryKey, *entry]
	bytes     atomic.Int64
	evictions atomic.Int64
	oversized atomic.Int64
}

func newMemory(maxItems int, maxBytes int64) *memory {
	m := &memory{}
	// No more than this can be reached, and it keeps the least weight within 32 bits.
	maxBytes = min(maxBytes, int64(maxItems)*(MaxValueBytes+entryOverhead))
	least := (maxBytes + int64(maxItems) - 1) / int64(maxItems)
	m.entries = otter.Must(&otter.Options[memoryKey, *entry]{
		MaximumWeight: uint64(maxBytes),
		Weigher: func(_ memoryKey, e *entry) uint32 {
			return uint32(max(e.size(), least))
		},
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[memoryKey, *entry]) time.Duration {
			// From now on, not from when it was made: it may come from Redis.
			return time.Duration(max(1, e.Value.staleUntil-e.SnapshotAtNano))
		}),
		OnAtomicDeletion: func(e otter.DeletionEvent[memoryKey, *entry]) {
			m.bytes.Add(-e.Value.size())
			if e.Cause == otter.CauseOverflow {
				m.evictions.Add(1)
			}
		},
	})
	return m
}

// get returns the entry of exactly this generation.
func (m *memory) get(key Key) (*entry, bool) {
	e, ok := m.entries.GetIfPresent(key.memory())
	if !ok || e.generation != key.Generation {
		return nil, false
	}
	return e, true
}

// set keeps an entry, in the place of one of another generation.
func (m *memory) set(key Key, e *entry) {
	if len(e.body) > MaxValueBytes {
		m.oversized.Add(1)
		return
	}
	m.bytes.Add(e.size())
	m.entries.Set(key.memory(), e)
}

func (m *memory) close() { m.entries.StopAllGoroutines() }

func (e *entry) size() int64 { return int64(len(e.body)) + entryOverhead }
