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
// current chunk. The terms of one compound share a position; that is why two
// different terms may also be at the same one, and why two terms of a compound
// in the query may be one apart in the text.
func (m *phraseMatcher) adjacent(ph phrase) bool {
	if len(ph) == 1 {
		return true
	}
	m.reached = m.cursors[0].positions(m.reached[:0])
	for k := 1; k < len(ph) && len(m.reached) > 0; k++ {
		distance := uint32(ph[k].offset - ph[k-1].offset)
		same := ph[k].term != ph[k-1].term
		other := m.cursors[k].positions(m.positions[0][:0])
		next := m.positions[1][:0]
		for _, p := range other {
			if m.reachable(p, distance, same) {
				next = append(next, p)
			}
		}
		m.positions[0] = other
		m.positions[1], m.reached = m.reached, next
	}
	return len(m.reached) > 0
}

// reachable reports whether position p continues one of those reached.
func (m *phraseMatcher) reachable(p, distance uint32, same bool) bool {
	if step := max(distance, 1); p >= step {
		if _, ok := slices.BinarySearch(m.reached, p-step); ok {
			return true
		}
	}
	if !same {
		return false
	}
	_, ok := slices.BinarySearch(m.reached, p)
	return ok
}
