package index

// eligibility finds which chunks of a view may be hits at all: live, in the
// filter, with every required phrase and no excluded one.
type eligibility struct {
	v      *view
	p      *plan
	terms  []termPostings // of the view, by number; n is 0 for a missing term
	group  Group
	buffer *bitset // memory for the result
	phrase phraseMatcher
	filter *filterEval // memory for the filter; nil takes its own
}

// chunks returns the eligible chunks, nil for all.
func (e *eligibility) chunks(filter *Filter) (bitset, error) {
	if filter == nil && len(e.p.required) == 0 && len(e.p.excluded) == 0 {
		return e.v.live, nil
	}
	set, err := e.start(filter)
	if err != nil {
		return nil, err
	}
	for _, ph := range e.p.required {
		matching := newBitset(e.v.meta.Chunks)
		if err := e.match(&ph, set, func(chunk uint32) { matching.set(int(chunk)) }); err != nil {
			return nil, err
		}
		set.and(matching)
	}
	for _, ph := range e.p.excluded {
		if err := e.match(&ph, nil, func(chunk uint32) { e.exclude(set, int(chunk)) }); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// match calls emit for each chunk of within that has a variant of the phrase.
func (e *eligibility) match(ph *phrases, within bitset, emit func(uint32)) error {
	for _, variant := range ph.variants {
		if err := e.phrase.match(e.v, e.terms, variant, within, emit); err != nil {
			return err
		}
	}
	return nil
}

// exclude drops a chunk, or with grouping its document: whoever excludes a
// word does not want a document that has it, wherever it was cut.
func (e *eligibility) exclude(set bitset, chunk int) {
	if e.group == GroupNone {
		set.unset(chunk)
		return
	}
	first, end := e.v.chunksOf(e.v.docOf(chunk))
	for c := first; c < end; c++ {
		set.unset(c)
	}
}

// start returns the live chunks in the filter.
func (e *eligibility) start(filter *Filter) (bitset, error) {
	words := bitsetWords(e.v.meta.Chunks)
	if cap(*e.buffer) < words {
		*e.buffer = make(bitset, words)
	}
	set := (*e.buffer)[:words]
	clear(set)
	if filter == nil {
		set.setRange(0, e.v.meta.Chunks)
	} else {
		if e.filter == nil {
			e.filter = &filterEval{}
		}
		docs, err := e.filter.matching(e.v.Segment, filter)
		if err != nil {
			return nil, err
		}
		e.v.spread(docs, set)
	}
	if e.v.live != nil {
		set.and(e.v.live)
	}
	return set, nil
}

// spread sets the chunks of documents.
func (s *Segment) spread(docs, chunks bitset) {
	if s.firstChunks == nil {
		copy(chunks, docs)
		return
	}
	for doc := docs.next(0, s.meta.Docs); doc >= 0; doc = docs.next(doc+1, s.meta.Docs) {
		first, end := s.chunksOf(doc)
		chunks.setRange(first, end)
	}
}
