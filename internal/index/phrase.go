package index

import (
	"slices"
)

// phraseMatcher finds the chunks with a phrase. It keeps its memory.
type phraseMatcher struct {
	cursors   []*cursor
	order     []int
	positions [2][]uint32
	reached   []uint32
}

// match calls emit for each chunk of within (nil for all) that has the phrase.
func (m *phraseMatcher) match(v *view, terms []termPostings, ph phrase, within bitset, emit func(uint32)) error {
	for _, t := range ph {
		if terms[t.term].text.n == 0 {
			return nil
		}
	}
	m.open(v, terms, ph)
	defer m.close()
	rarest := m.cursors[m.order[0]]
	for chunk := rarest.chunk; chunk != noMore; chunk = rarest.chunk {
		next := m.align(chunk)
		if next != chunk {
			rarest.seek(next)
			continue
		}
		if (within == nil || within.has(int(chunk))) && m.adjacent(ph) {
			emit(chunk)
		}
		rarest.next()
	}
	for _, c := range m.cursors {
		if c.bad {
			return corrupt("postings of a phrase")
		}
	}
	return nil
}

func (m *phraseMatcher) open(v *view, terms []termPostings, ph phrase) {
	m.cursors, m.order = m.cursors[:0], m.order[:0]
	for i, t := range ph {
		c := cursors.Get().(*cursor)
		c.open(&terms[t.term].text, v.meta.Chunks)
		m.cursors = append(m.cursors, c)
		m.order = append(m.order, i)
	}
	slices.SortStableFunc(m.order, func(a, b int) int { return m.cursors[a].list.n - m.cursors[b].list.n })
}

func (m *phraseMatcher) close() {
	for i, c := range m.cursors {
		cursors.Put(c)
		m.cursors[i] = nil
	}
}

// align moves the cursors to chunk. It returns chunk if all are there, else a
// later one before which there is no match.
func (m *phraseMatcher) align(chunk uint32) uint32 {
	for _, i := range m.order[1:] {
		c := m.cursors[i]
		if c.seek(chunk); c.chunk != chunk {
			return c.chunk
		}
	}
	return chunk
}

// adjacent reports whether the terms stand in the order of the phrase in the
// current chunk.
func (m *phraseMatcher) adjacent(ph phrase) bool {
	if len(ph) == 1 {
		return true
	}
	m.reached = m.cursors[0].positions(m.reached[:0])
	for k := 1; k < len(ph) && len(m.reached) > 0; k++ {
		other := m.cursors[k].positions(m.positions[0][:0])
		next := m.positions[1][:0]
		for i, p := range other {
			if m.follows(ph[k-1], ph[k], p, i > 0 && other[i-1] == p) {
				next = append(next, p)
			}
		}
		m.positions[0] = other
		m.positions[1], m.reached = m.reached, next
	}
	return len(m.reached) > 0
}

// follows reports whether term b at position p continues one of the positions
// reached by term a: at the distance that the phrase has, where neighbours in
// one compound count as one apart. The terms of one compound share a position
// in the text, so p may also be the same: of two different terms, or again of
// a term that the compound of the phrase has twice.
func (m *phraseMatcher) follows(a, b phraseTerm, p uint32, again bool) bool {
	distance := uint32(b.offset - a.offset)
	if step := max(distance, 1); p >= step {
		if _, ok := slices.BinarySearch(m.reached, p-step); ok {
			return true
		}
	}
	if a.term == b.term && (distance > 0 || !again) {
		return false
	}
	_, ok := slices.BinarySearch(m.reached, p)
	return ok
}
