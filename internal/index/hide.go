package index

import (
	"bytes"
	"cmp"
	"slices"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/uuid"
)

// hider finds the copies of documents that a newer version or a tombstone
// hides. A copy once hidden stays hidden, so what an older snapshot has found
// is taken over and only pairs with a new segment are compared.
type hider struct {
	list   []refHandle
	old    map[uuid.UUID]*view
	hidden []*roaring.Bitmap // per segment; shared with old until changed
	owned  []bool
	dead   []Tombstone // sorted
}

func newHider(old *Snapshot, list []refHandle) *hider {
	h := &hider{
		list: list, old: make(map[uuid.UUID]*view), hidden: make([]*roaring.Bitmap, len(list)),
		owned: make([]bool, len(list)),
	}
	if old == nil {
		return h
	}
	h.dead = old.tombstones
	for _, v := range old.views {
		h.old[v.ref.ID] = v
	}
	for i, s := range list {
		if v := h.old[s.ref.ID]; v != nil {
			h.hidden[i] = v.hidden
		}
	}
	return h
}

func (h *hider) isNew(i int) bool { return h.old[h.list[i].ref.ID] == nil }

func (h *hider) hide(i int, doc int) {
	if h.hidden[i] != nil && h.hidden[i].Contains(uint32(doc)) {
		return
	}
	if !h.owned[i] {
		h.owned[i] = true
		if h.hidden[i] == nil {
			h.hidden[i] = roaring.New()
		} else {
			h.hidden[i] = h.hidden[i].Clone()
		}
	}
	h.hidden[i].Add(uint32(doc))
}

// tombstones applies new tombstones to all segments, and all to new segments.
func (h *hider) tombstones(added []Tombstone) {
	added = sortTombstones(slices.Clone(added))
	if len(added) > 0 {
		h.dead = sortTombstones(slices.Concat(h.dead, added))
	}
	for i := range h.list {
		if h.isNew(i) {
			h.bury(i, h.dead)
		} else {
			h.bury(i, added)
		}
	}
}

// sortTombstones sorts by document and keeps the highest version of each.
func sortTombstones(list []Tombstone) []Tombstone {
	slices.SortFunc(list, func(a, b Tombstone) int {
		if c := bytes.Compare(a.DocumentID[:], b.DocumentID[:]); c != 0 {
			return c
		}
		return cmp.Compare(b.Version, a.Version)
	})
	return slices.CompactFunc(list, func(a, b Tombstone) bool { return a.DocumentID == b.DocumentID })
}

// bury hides the documents of a segment that sorted tombstones name.
func (h *hider) bury(i int, dead []Tombstone) {
	s := h.list[i].handle.segment
	doc := 0
	first := sort.Search(len(dead), func(k int) bool { return bytes.Compare(dead[k].DocumentID[:], s.meta.MinID[:]) >= 0 })
	for _, t := range dead[first:] {
		if doc = s.gallop(doc, s.meta.Docs, t.DocumentID[:]); doc == s.meta.Docs {
			return
		}
		if bytes.Equal(s.docKey(doc), t.DocumentID[:]) && s.docVersion(doc) <= t.Version {
			h.hide(i, doc)
		}
	}
}

// segments compares each pair of segments of which one is new.
func (h *hider) segments() {
	order := make([]int, len(h.list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := h.list[a].handle.segment.meta.MinID, h.list[b].handle.segment.meta.MinID
		return bytes.Compare(x[:], y[:])
	})
	var open []int // segments whose range reaches the current one's
	for _, i := range order {
		s := h.list[i].handle.segment
		if s.meta.Docs == 0 {
			continue
		}
		open = slices.DeleteFunc(open, func(j int) bool {
			highest := h.list[j].handle.segment.meta.MaxID
			return bytes.Compare(highest[:], s.meta.MinID[:]) < 0
		})
		for _, j := range open {
			if h.isNew(i) || h.isNew(j) {
				h.compare(i, j)
			}
		}
		open = append(open, i)
	}
}

// compare hides the older copies of what two segments have in common. It walks
// the smaller overlap and gallops through the other.
func (h *hider) compare(i, j int) {
	a, b := h.list[i].handle.segment, h.list[j].handle.segment
	fromA, toA := a.docRange(b.meta.MinID, b.meta.MaxID)
	fromB, toB := b.docRange(a.meta.MinID, a.meta.MaxID)
	if toA-fromA > toB-fromB {
		i, j, a, b, fromA, toA, fromB, toB = j, i, b, a, fromB, toB, fromA, toA
	}
	for doc := fromA; doc < toA && fromB < toB; doc++ {
		key := a.docKey(doc)
		fromB = b.gallop(fromB, toB, key)
		if fromB == toB || !bytes.Equal(b.docKey(fromB), key) {
			continue
		}
		if h.newer(i, a.docVersion(doc), j, b.docVersion(fromB)) {
			h.hide(j, fromB)
		} else {
			h.hide(i, doc)
		}
	}
}

// newer reports whether the copy in segment i wins over that in j. Equal
// versions are the same document indexed twice: the later segment wins.
func (h *hider) newer(i int, vi uint64, j int, vj uint64) bool {
	if vi != vj {
		return vi > vj
	}
	x, y := h.list[i].ref, h.list[j].ref
	if x.AppliedGeneration != y.AppliedGeneration {
		return x.AppliedGeneration > y.AppliedGeneration
	}
	return bytes.Compare(x.ID[:], y.ID[:]) > 0
}

// view returns the segment's view, the old one if nothing changed.
func (h *hider) view(i int, s refHandle) *view {
	v := h.old[s.ref.ID]
	switch {
	case v == nil:
		v = newView(s)
	case v.vectors != s.vectors:
		next := *v
		next.ref, next.vectors = s.ref, s.vectors
		v = &next
	}
	if h.owned[i] {
		v = v.hiding(h.hidden[i])
	}
	return v
}

// searchDocs returns the first document in [from, to) whose id is not below id.
func (s *Segment) searchDocs(from, to int, id []byte) int {
	return from + sort.Search(to-from, func(i int) bool { return bytes.Compare(s.docKey(from+i), id) >= 0 })
}

// docRange returns the documents with ids from lowest to highest.
func (s *Segment) docRange(lowest, highest uuid.UUID) (from, to int) {
	from = s.searchDocs(0, s.meta.Docs, lowest[:])
	to = from + sort.Search(s.meta.Docs-from, func(i int) bool { return bytes.Compare(s.docKey(from+i), highest[:]) > 0 })
	return from, to
}

// gallop is searchDocs for an id that is probably near.
func (s *Segment) gallop(from, to int, id []byte) int {
	for step := 1; from < to && bytes.Compare(s.docKey(from), id) < 0; step *= 2 {
		if from+step >= to || bytes.Compare(s.docKey(from+step), id) >= 0 {
			return s.searchDocs(from+1, min(from+step, to), id)
		}
		from += step
	}
	return from
}
