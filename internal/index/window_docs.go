package index

import "math/bits"

// foundDoc is a document of a window that may still become a hit.
type foundDoc struct {
	first, end uint32 // chunks
	// upper is the score if every clause that is left had its bound in every
	// chunk.
	upper int64
	// shares is what upper loses when one such bound turns out to be 0: the
	// sum of the weights of the chunks that count.
	shares int64
}

// searchDocuments evaluates a window of documents of several chunks. A
// document can only become a hit when its best chunk is good enough for
// need/(20+6+3), which is what the clauses are split by; the sums of all its
// chunks are then completed together.
func (w *window) searchDocuments() {
	q := w.q
	need, counting := max(1, q.top.least), q.counting
	if !counting {
		need = w.need()
	}
	least := unitsNeeded(need, weightFirst+weightSecond+weightThird)
	if !w.split(least) {
		return
	}
	w.mark(least, false)
	w.collectDocuments(need)
	for i := w.optional - 1; i >= 0 && len(w.docs) > 0; i-- {
		w.addToDocuments(w.order[i], need)
	}
	for i := range w.docs {
		score, best := w.documentScore(&w.docs[i])
		w.offer(best, score)
	}
	if counting {
		q.counted(len(w.docs))
	}
	w.clean()
}

// collectDocuments lists the documents with an eligible marked chunk that may
// have a score of need. Where most documents are short, most of the chunks are
// documents of their own: those are told by their sum alone.
func (w *window) collectDocuments(need int64) {
	w.docs = w.docs[:0]
	alone := unitsNeeded(need, weightFirst)
	next := uint32(0) // chunks before it belong to a document that was looked at
	for word, set := range w.marks[:bitsetWords(int(w.end-w.base))] {
		for ; set != 0; set &= set - 1 {
			j := uint32(word<<6 + bits.TrailingZeros64(set))
			chunk := w.base + j
			if chunk < next || w.eligible != nil && !w.eligible.has(int(chunk)) {
				continue
			}
			if w.v.several.has(int(chunk)) {
				next = w.collectDocument(chunk, need)
			} else if sum := w.sums[j] + w.rest; sum >= alone {
				w.docs = append(w.docs, foundDoc{
					first: chunk, end: chunk + 1, upper: weightFirst * int64(sum), shares: weightFirst,
				})
			}
		}
	}
}

// collectDocument is collectDocuments for a document of several chunks. It
// returns the document's end.
func (w *window) collectDocument(chunk uint32, need int64) (end uint32) {
	first, behind := w.v.chunksOf(w.v.docOf(int(chunk)))
	d := foundDoc{first: uint32(first), end: uint32(behind), shares: w.shares(first, behind)}
	if d.upper, _ = w.documentScore(&d); d.upper >= need {
		w.docs = append(w.docs, d)
	}
	return d.end
}

// shares returns the sum of the weights of a document's chunks that count.
func (w *window) shares(first, end int) int64 {
	n := end - first
	if w.eligible != nil {
		n = w.eligible.countRange(first, end)
	}
	switch n {
	case 1:
		return weightFirst
	case 2:
		return weightFirst + weightSecond
	}
	return weightFirst + weightSecond + weightThird
}

// addToDocuments adds the scores of an optional clause and drops the documents
// that cannot have a score of need any more.
func (w *window) addToDocuments(c *clause, need int64) {
	bound := int64(c.windowBound)
	w.rest -= c.windowBound
	n := 0
	for i := range w.docs {
		d := w.docs[i]
		if c.group != nil {
			if c.group.addToDocument(w, &d) {
				d.upper, _ = w.documentScore(&d)
			} else {
				d.upper -= d.shares * bound
			}
		} else if c.seek(d.first); c.chunk < d.end {
			for ; c.chunk < d.end; c.next() {
				w.sums[c.chunk-w.base] += c.score()
			}
			d.upper, _ = w.documentScore(&d)
		} else {
			d.upper -= d.shares * bound
		}
		w.docs[n] = d
		if d.upper >= need {
			n++
		}
	}
	w.docs = w.docs[:n]
}

// documentScore weighs the three best eligible chunks of a document, each with
// what the clauses that are left can add, and returns the best chunk.
func (w *window) documentScore(d *foundDoc) (score int64, best uint32) {
	if d.end == d.first+1 { // it is eligible, else it would not be here
		return weightFirst * int64(w.sums[d.first-w.base]+w.rest), d.first
	}
	var one, two, three uint32
	for i, sum := range w.sums[d.first-w.base : d.end-w.base] {
		if w.eligible != nil && !w.eligible.has(int(d.first)+i) {
			continue
		}
		switch sum += w.rest; {
		case sum <= three:
		case sum > one:
			one, two, three, best = sum, one, two, d.first+uint32(i)
		case sum > two:
			two, three = sum, two
		default:
			three = sum
		}
	}
	return weightFirst*int64(one) + weightSecond*int64(two) + weightThird*int64(three), best
}
