package index

import (
	"iter"
	"math/bits"
	"slices"
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
// statistics of the rest. It is immutable.
type view struct {
	*Segment
	handle  *segmentHandle
	ref     SegmentRef
	vectors *vectorsHandle  // nil for none
	hidden  *roaring.Bitmap // documents; nil for none
	live    bitset          // chunks; nil for all
	// buried are the hidden chunks in the order in which snapshots hid them,
	// those of one snapshot by number.
	buried []uint32

	liveDocs, liveChunks    int
	textLength, titleLength uint64
	dfs                     *dfCache
}

// newView returns the view of a segment of which nothing is hidden.
func newView(h refHandle) *view {
	s := h.handle.segment
	return &view{
		Segment: s, handle: h.handle, ref: h.ref, vectors: h.vectors, liveDocs: s.meta.Docs, liveChunks: s.meta.Chunks,
		textLength: s.meta.TextLength, titleLength: s.meta.TitleLength,
	}
}

// hiding returns a view in which exactly the given documents are hidden. What
// is hidden in v must be among them.
func (v *view) hiding(hidden *roaring.Bitmap) *view {
	next := *v
	next.hidden = hidden
	added := hidden
	if v.hidden == nil {
		next.dfs = newDFCache()
		next.live = newBitset(v.meta.Chunks)
		next.live.setRange(0, v.meta.Chunks)
	} else {
		added = roaring.AndNot(hidden, v.hidden)
		next.live = slices.Clone(v.live)
	}
	next.buried = slices.Clip(v.buried)
	for it := added.Iterator(); it.HasNext(); {
		first, end := v.chunksOf(int(it.Next()))
		next.liveDocs--
		next.titleLength -= uint64(u16(v.titleLengths, first))
		for c := first; c < end; c++ {
			next.live.unset(c)
			next.liveChunks--
			next.textLength -= uint64(u16(v.lengths, c))
			next.buried = append(next.buried, uint32(c))
		}
	}
	return &next
}

// liveDF returns in how many live chunks (and titles of live documents) the
// term occurs whose record is at offset. What was found for fewer hidden chunks
// is carried on.
func (v *view) liveDF(offset uint64, t *termPostings) (text, title int, err error) {
	if v.hidden == nil {
		return t.text.n, t.titleDocs, nil
	}
	df, known := v.dfs.get(offset)
	known = known && df.buried <= len(v.buried)
	if known && df.buried == len(v.buried) {
		return df.text, df.title, nil
	}
	c := cursors.Get().(*cursor)
	defer cursors.Put(c)
	var text0, title0 int
	switch {
	case known && len(v.buried)-df.buried < t.text.n:
		text0, title0 = df.text, df.title
		added := slices.Clone(v.buried[df.buried:])
		slices.Sort(added)
		v.subtract(c, t, slices.Values(added), &text0, &title0)
	case len(v.buried) < t.text.n:
		text0, title0 = t.text.n, t.titleDocs
		v.subtract(c, t, v.buriedInOrder, &text0, &title0)
	default:
		v.countLive(c, t, &text0, &title0)
	}
	if c.bad {
		return 0, 0, corrupt("postings at %d", offset)
	}
	v.dfs.put(offset, docFreqs{text0, title0, len(v.buried)})
	return text0, title0, nil
}

// buriedInOrder yields the hidden chunks by number.
func (v *view) buriedInOrder(yield func(uint32) bool) {
	for i, w := range v.live {
		for dead := ^w; dead != 0; dead &= dead - 1 {
			chunk := i<<6 + bits.TrailingZeros64(dead)
			if chunk >= v.meta.Chunks || !yield(uint32(chunk)) {
				return
			}
		}
	}
}

// subtract looks up hidden chunks and takes those with the term off the counts.
func (v *view) subtract(c *cursor, t *termPostings, hidden iter.Seq[uint32], text, title *int) {
	c.open(&t.text, v.meta.Chunks)
	for chunk := range hidden {
		if c.seek(chunk); c.chunk == chunk {
			*text--
		}
	}
	if bad := c.bad; t.titleDocs > 0 && !bad {
		c.open(&t.title, v.meta.Chunks)
		for chunk := range hidden {
			if c.seek(chunk); c.chunk == chunk && v.isFirst(chunk) {
				*title--
			}
		}
	}
}

// countLive walks the postings and counts those of live chunks.
func (v *view) countLive(c *cursor, t *termPostings, text, title *int) {
	for c.open(&t.text, v.meta.Chunks); c.chunk != noMore; c.next() {
		if v.live.has(int(c.chunk)) {
			*text++
		}
	}
	if t.titleDocs == 0 || c.bad {
		return
	}
	for c.open(&t.title, v.meta.Chunks); c.chunk != noMore; c.next() {
		if v.live.has(int(c.chunk)) && v.isFirst(c.chunk) {
			*title++
		}
	}
}

// isFirst reports whether a chunk is the first of its document, which stands
// for the document's title.
func (v *view) isFirst(chunk uint32) bool {
	first, _ := v.chunksOf(v.docOf(int(chunk)))
	return int(chunk) == first
}

var cursors = sync.Pool{New: func() any { return new(cursor) }}

// maxCachedDFs bounds a dfCache.
const maxCachedDFs = 1 << 16

// docFreqs are document frequencies without the first buried chunks of a view.
type docFreqs struct{ text, title, buried int }

// dfCache remembers document frequencies by the offset of the term's record.
// The views of a segment in consecutive snapshots share it.
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

// put keeps df unless more is known already.
func (c *dfCache) put(offset uint64, df docFreqs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.dfs[offset]; ok && old.buried > df.buried {
		return
	}
	if len(c.dfs) >= maxCachedDFs {
		clear(c.dfs)
	}
	c.dfs[offset] = df
}
