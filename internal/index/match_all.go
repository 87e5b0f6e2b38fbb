package index

// matchAll answers for a view when nothing is left to score: every eligible
// document, or chunk, is a hit with score 0, in the order of document ids. Only
// as many are visited as the answer needs.
func (q *search) matchAll(view int, eligible bitset) {
	if q.top.least > 0 {
		return
	}
	v := q.snapshot.views[view]
	if q.collect != nil {
		q.collectAll(v, eligible)
		return
	}
	q.total += q.countAll(v, eligible)
	chunk := 0
	if after := q.top.after; after != nil && after.score == 0 {
		doc := v.searchDocs(0, v.meta.Docs, after.key)
		if doc == v.meta.Docs {
			return
		}
		chunk, _ = v.chunksOf(doc)
	}
	for chunk < v.meta.Chunks {
		if eligible != nil {
			if chunk = eligible.next(chunk, v.meta.Chunks); chunk < 0 {
				return
			}
		}
		doc := v.docOf(chunk)
		c := candidate{segment: view, chunk: uint32(chunk), key: v.docKey(doc), ordinal: v.ordinalOf(chunk)}
		if q.top.full() && !c.before(&q.top.heap[0]) {
			return // and so are all behind it
		}
		q.top.offer(c)
		chunk++
		if q.request.Group == GroupDocument {
			_, chunk = v.chunksOf(doc)
		}
	}
}

// countAll returns the number of hits of a view.
func (q *search) countAll(v *view, eligible bitset) int {
	switch {
	case eligible == nil && q.request.Group == GroupDocument:
		return v.meta.Docs
	case eligible == nil:
		return v.meta.Chunks
	case q.request.Group == GroupNone || v.firstChunks == nil:
		return eligible.count()
	}
	n := 0
	for chunk := eligible.next(0, v.meta.Chunks); chunk >= 0; n++ {
		_, end := v.chunksOf(v.docOf(chunk))
		chunk = eligible.next(end, v.meta.Chunks)
	}
	return n
}

// collectAll gives every eligible document, or chunk, to the collector.
func (q *search) collectAll(v *view, eligible bitset) {
	for chunk := 0; chunk < v.meta.Chunks; {
		if eligible != nil {
			if chunk = eligible.next(chunk, v.meta.Chunks); chunk < 0 {
				return
			}
		}
		q.collect.add(uint32(chunk), 0)
		chunk++
		if q.request.Group == GroupDocument {
			_, chunk = v.chunksOf(v.docOf(chunk - 1))
		}
	}
}
