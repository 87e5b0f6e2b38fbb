package index

import (
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/uuid"
)

// segmentHandle counts the users of an open segment and closes it after the
// last one.
type segmentHandle struct {
	id      uuid.UUID
	segment *Segment
	refs    atomic.Int64
}

func newSegmentHandle(id uuid.UUID, s *Segment) *segmentHandle {
	h := &segmentHandle{id: id, segment: s}
	h.refs.Store(1)
	return h
}

func (h *segmentHandle) acquire() { h.refs.Add(1) }

func (h *segmentHandle) release() {
	if h.refs.Add(-1) == 0 {
		// Unmapping fails only for arguments that the kernel does not know,
		// and nobody could do anything about it.
		_ = h.segment.Close()
	}
}

// view is a segment as one snapshot sees it: with what is hidden, and the
// statistics of the rest. It is immutable but for its cache.
type view struct {
	*Segment
	handle  *segmentHandle
	ref     SegmentRef
	hidden  *roaring.Bitmap // documents; nil for none
	live    bitset          // chunks; nil for all
	hiddenC []uint32        // hidden chunks in order

	liveDocs, liveChunks    int
	textLength, titleLength uint64
	dfs                     *dfCache
}

func newView(h *segmentHandle, ref SegmentRef, hidden *roaring.Bitmap) *view {
	s := h.segment
	v := &view{
		Segment: s, handle: h, ref: ref, liveDocs: s.meta.Docs, liveChunks: s.meta.Chunks,
		textLength: s.meta.TextLength, titleLength: s.meta.TitleLength,
	}
	if hidden == nil || hidden.IsEmpty() {
		return v
	}
	v.hidden, v.dfs = hidden, newDFCache()
	v.live = newBitset(s.meta.Chunks)
	v.live.setRange(0, s.meta.Chunks)
	for it := hidden.Iterator(); it.HasNext(); {
		first, end := s.chunksOf(int(it.Next()))
		v.liveDocs--
		v.titleLength -= uint64(u16(s.titleLengths, first))
		for c := first; c < end; c++ {
			v.live.unset(c)
			v.liveChunks--
			v.textLength -= uint64(u16(s.lengths, c))
			v.hiddenC = append(v.hiddenC, uint32(c))
		}
	}
	return v
}

// liveDF returns in how many live chunks (and titles of live documents) the
// term occurs whose record is at offset.
func (v *view) liveDF(offset uint64, t *termPostings) (text, title int, err error) {
	if v.hidden == nil {
		return t.text.n, t.titleDocs, nil
	}
	if df, ok := v.dfs.get(offset); ok {
		return int(df.text), int(df.title), nil
	}
	c := cursors.Get().(*cursor)
	defer cursors.Put(c)
	text, title = t.text.n, t.titleDocs
	c.open(&t.text, v.meta.Chunks)
	for _, chunk := range v.hiddenC {
		if c.seek(chunk); c.chunk == chunk {
			text--
		}
	}
	bad := c.bad
	if t.titleDocs > 0 {
		c.open(&t.title, v.meta.Chunks)
		for _, chunk := range v.hiddenC {
			if first, _ := v.chunksOf(v.docOf(int(chunk))); int(chunk) != first {
				continue
			}
			if c.seek(chunk); c.chunk == chunk {
				title--
			}
		}
	}
	if bad || c.bad {
		return 0, 0, corrupt("postings at %d", offset)
	}
	v.dfs.put(offset, docFreqs{int32(text), int32(title)})
	return text, title, nil
}

var cursors = sync.Pool{New: func() any { return new(cursor) }}

// maxCachedDFs bounds a dfCache.
const maxCachedDFs = 1 << 16

type docFreqs struct{ text, title int32 }

// dfCache remembers document frequencies without the hidden documents.
type dfCache struct {
	mu  sync.RWMutex
	dfs map[uint64]docFreqs
}

func newDFCache() *dfCache { return &dfCache{dfs: make(map[uint64]docFreqs)} }

func (c *dfCache) get(offset uint64) (docFreqs, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	df, ok := c.dfs[offset]
	return df, ok
}

func (c *dfCache) put(offset uint64, df docFreqs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.dfs) >= maxCachedDFs {
		clear(c.dfs)
	}
	c.dfs[offset] = df
}
