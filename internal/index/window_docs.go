package index

// searchDocuments evaluates a window of documents of several chunks. A
// document can only become a hit when its best chunk is good enough for
// need/(20+6+3), which is what the clauses are split by; the sums of all its
// chunks are then completed together.
func (w *window) searchDocuments() {
	q := w.q
	need, least, counting := int64(1), uint32(1), q.counting
	if !counting {
		need = w.need()
		least = unitsNeeded(need, weightFirst+weightSecond+weightThird)
	}
	if !w.split(least) {
		return
	}
	w.mark(least, false)
	w.collectDocuments()
	for i := w.optional - 1; i >= 0 && len(w.found) > 0; i-- {
		w.dropDocuments(need)
		c := w.order[i]
		w.rest -= c.windowBound
		for _, doc := range w.found {
			first, end := w.v.chunksOf(int(doc))
			for c.seek(uint32(first)); c.chunk < uint32(end); c.next() {
				w.sums[c.chunk-w.base] += c.score()
			}
		}
	}
	w.dropDocuments(need)
	for _, doc := range w.found {
		score, best := w.documentScore(doc)
		w.offer(best, score)
	}
	if counting {
		q.counted(len(w.found))
	}
	w.clean()
}

// collectDocuments lists the documents with an eligible marked chunk.
func (w *window) collectDocuments() {
	w.found = w.found[:0]
	marks, size := bitset(w.marks), int(w.end-w.base)
	for j := marks.next(0, size); j >= 0; {
		chunk := j + int(w.base)
		if w.eligible != nil && !w.eligible.has(chunk) {
			j = marks.next(j+1, size)
			continue
		}
		doc := w.v.docOf(chunk)
		w.found = append(w.found, uint32(doc))
		_, end := w.v.chunksOf(doc)
		j = marks.next(end-int(w.base), size)
	}
}

// dropDocuments drops the documents found that cannot have a score of need.
func (w *window) dropDocuments(need int64) {
	n := 0
	for _, doc := range w.found {
		if score, _ := w.documentScore(doc); score >= need {
			w.found[n] = doc
			n++
		}
	}
	w.found = w.found[:n]
}

// documentScore weighs the three best eligible chunks of a document, each with
// what the clauses that are left can add, and returns the best chunk.
func (w *window) documentScore(doc uint32) (score int64, best uint32) {
	var one, two, three uint32
	first, end := w.v.chunksOf(int(doc))
	for c := uint32(first); c < uint32(end); c++ {
		if w.eligible != nil && !w.eligible.has(int(c)) {
			continue
		}
		switch sum := w.sums[c-w.base] + w.rest; {
		case sum > one:
			one, two, three, best = sum, one, two, c
		case sum > two:
			two, three = sum, two
		case sum > three:
			three = sum
		}
	}
	return weightFirst*int64(one) + weightSecond*int64(two) + weightThird*int64(three), best
}
