package index

import "math/bits"

// windowSize is how many chunks are evaluated together: their sums stay in the
// first-level cache.
const windowSize = 4096

// sparseWindow is the number of eligible chunks up to which a window is
// evaluated by looking up each chunk instead of walking the postings.
const sparseWindow = windowSize / 64

// window evaluates the clauses of a query over one view, window by window.
//
//	bound every clause in the window          too little in sum? next window
//	split: the clauses that together cannot reach what is needed are optional
//	walk the essential clauses, add scores, mark chunks that may get there
//	add the optional clauses to the marked, best first; after each one drop
//	those that cannot get there any more; offer the rest
//
// This is MaxScore with bounds per window and per block of postings.
type window struct {
	q        *search
	v        *view
	segment  int
	eligible bitset

	clauses []*clause // all of the view
	spare   []*clause
	groups  []*clauseGroup // unused
	order   []*clause      // by rising bound per posting
	sums    []uint32
	marks   []uint64
	found   []uint32   // marked chunks that may still be hits, less base
	docs    []foundDoc // the same for documents

	base, end uint32
	optional  int    // the first of order
	rest      uint32 // what the optional clauses can add
}

// search evaluates one view and offers its hits to q.top.
func (w *window) search(q *search, segment int, eligible bitset) error {
	w.q, w.segment, w.eligible = q, segment, eligible
	w.v = q.snapshot.views[segment]
	w.open(q.viewPostings(segment))
	defer w.closeClauses()
	grouped := q.request.Group == GroupDocument && w.v.firstChunks != nil
	w.grow(windowSize)
	for w.base = 0; int(w.base) < w.v.meta.Chunks && len(w.clauses) > 0; w.base = w.end {
		w.end = min(w.base+windowSize, uint32(w.v.meta.Chunks))
		if grouped {
			w.alignToDocument()
		}
		if eligible != nil && eligible.next(int(w.base), int(w.end)) < 0 {
			continue
		}
		if grouped {
			w.searchDocuments()
		} else {
			w.searchChunks()
		}
	}
	for _, c := range w.clauses {
		if c.bad || c.group != nil && c.group.bad() {
			return corrupt("postings")
		}
	}
	return nil
}

// open starts a clause for each scored term and field that the view has.
func (w *window) open(postings []termPostings) {
	q := w.q
	for t := range postings {
		p, weights := &postings[t], &q.weights[t]
		if p.text.n == 0 || q.plan.terms[t].count == 0 {
			continue
		}
		w.clause().start(&p.text, w.v.Segment, w.v.lengths, weights.textWeight, 1, q.norms.text)
		if p.titleDocs > 0 && weights.titleUnit > 0 {
			w.clause().start(&p.title, w.v.Segment, w.v.titleLengths, weights.titleUnit, 1, q.norms.title)
		}
	}
	for g := range q.plan.groups {
		w.openGroup(g, postings)
	}
	w.order = append(w.order[:0], w.clauses...)
}

// clause adds a clause.
func (w *window) clause() *clause {
	var c *clause
	if n := len(w.spare); n > 0 {
		c, w.spare = w.spare[n-1], w.spare[:n-1]
	} else {
		c = &clause{}
	}
	w.clauses = append(w.clauses, c)
	return c
}

func (w *window) closeClauses() {
	for _, c := range w.clauses {
		if c.group != nil {
			w.closeGroup(c)
		}
	}
	w.spare = append(w.spare, w.clauses...)
	w.clauses, w.order = w.clauses[:0], w.order[:0]
}

// release lets go of everything that points into segments.
func (w *window) release() {
	w.q, w.v, w.eligible = nil, nil, nil
	for _, c := range w.spare {
		c.list, c.lengths, c.inverse, c.decode.freqs, c.posBits = nil, nil, nil, nil, nil
	}
}

func (w *window) grow(n int) {
	if len(w.sums) < n {
		w.sums, w.marks = make([]uint32, n), make([]uint64, bitsetWords(n))
	}
}

// alignToDocument moves the end so that no document is cut.
func (w *window) alignToDocument() {
	if int(w.end) == w.v.meta.Chunks {
		return
	}
	first, end := w.v.chunksOf(w.v.docOf(int(w.end)))
	w.end = uint32(first)
	if w.end <= w.base { // a document larger than a window
		w.end = uint32(end)
		w.grow(int(w.end - w.base))
	}
}

// need returns the least score of a document in this window that can still
// become a hit.
func (w *window) need() int64 {
	return w.q.top.need(w.v.docKey(w.v.docOf(int(w.base))))
}

// split bounds the clauses and parts them into optional and essential ones for
// a chunk that needs a score of need. It reports whether any chunk can have it.
func (w *window) split(need uint32) bool {
	sum := uint32(0)
	for _, c := range w.clauses {
		c.boundWindow(w.base, w.end)
		sum += c.windowBound
	}
	if sum < need || sum == 0 {
		return false
	}
	for i := 1; i < len(w.order); i++ { // nearly sorted from window to window
		for j := i; j > 0 && w.order[j].worthLess(w.order[j-1]); j-- {
			w.order[j], w.order[j-1] = w.order[j-1], w.order[j]
		}
	}
	w.optional, w.rest = 0, 0
	for w.optional < len(w.order) && w.rest+w.order[w.optional].windowBound < need {
		w.rest += w.order[w.optional].windowBound
		w.optional++
	}
	return true
}

// mark walks the essential clauses. With skipping, blocks are left out that
// cannot help any chunk to reach need.
func (w *window) mark(need uint32, skipping bool) {
	if w.eligible != nil && w.eligible.countRange(int(w.base), int(w.end)) <= sparseWindow {
		w.markEligible()
		return
	}
	total := w.rest
	for _, c := range w.order[w.optional:] {
		total += c.windowBound
	}
	least := uint32(1)
	if need > w.rest {
		least = need - w.rest
	}
	for _, c := range w.order[w.optional:] {
		skip := uint32(0)
		if others := total - c.windowBound; skipping && need > others {
			skip = need - others
		}
		c.accumulate(w.sums, w.marks, w.base, w.end, least, skip)
	}
}

// markEligible makes every clause optional and every eligible chunk a
// candidate.
func (w *window) markEligible() {
	for _, c := range w.order[w.optional:] {
		w.rest += c.windowBound
	}
	w.optional = len(w.order)
	for c := w.eligible.next(int(w.base), int(w.end)); c >= 0; c = w.eligible.next(c+1, int(w.end)) {
		bitset(w.marks).set(c - int(w.base))
	}
}

// clean empties sums and marks for the next window.
func (w *window) clean() {
	n := int(w.end - w.base)
	clear(w.sums[:n])
	clear(w.marks[:bitsetWords(n)])
}

// searchChunks evaluates a window in which every chunk is a hit of its own.
func (w *window) searchChunks() {
	q := w.q
	need, counting := unitsNeeded(max(1, q.top.least), weightFirst), q.counting
	if !counting {
		need = unitsNeeded(w.need(), weightFirst)
	}
	if !w.split(need) {
		return
	}
	w.mark(need, !counting)
	w.collectMarked()
	for i := w.optional - 1; i >= 0 && len(w.found) > 0; i-- {
		if need > w.rest {
			w.drop(need - w.rest)
		}
		c := w.order[i]
		w.rest -= c.windowBound
		c.addTo(w, need)
	}
	w.drop(need)
	for _, j := range w.found {
		w.offer(w.base+j, int64(w.sums[j])*weightFirst)
	}
	if counting {
		q.counted(len(w.found))
	}
	w.clean()
}

// collectMarked lists the eligible chunks that are marked, less base.
func (w *window) collectMarked() {
	w.found = w.found[:0]
	for word, set := range w.marks[:bitsetWords(int(w.end-w.base))] {
		for ; set != 0; set &= set - 1 {
			j := uint32(word<<6 + bits.TrailingZeros64(set))
			if w.eligible == nil || w.eligible.has(int(w.base+j)) {
				w.found = append(w.found, j)
			}
		}
	}
}

// drop drops the chunks found whose sum is below least.
func (w *window) drop(least uint32) {
	n := 0
	for _, j := range w.found {
		w.found[n] = j
		if w.sums[j] >= least {
			n++
		}
	}
	w.found = w.found[:n]
}

// unitsNeeded returns the least chunk score that gives a document score of
// need when the chunk counts with the given weight.
func unitsNeeded(need, weight int64) uint32 {
	return uint32(min((need+weight-1)/weight, maxUnits))
}

// offer adds a hit if it is good enough.
func (w *window) offer(chunk uint32, score int64) {
	if c := w.q.collect; c != nil {
		c.add(chunk, score)
		return
	}
	top := &w.q.top
	if top.full() && score < top.heap[0].score {
		return
	}
	doc := w.v.docOf(int(chunk))
	top.offer(candidate{score: score, segment: w.segment, chunk: chunk, key: w.v.docKey(doc), ordinal: w.v.ordinalOf(int(chunk))})
}
