package index

import (
	"slices"

	"github.com/blevesearch/vellum"
)

// mergePostings merges the term dictionaries and remaps every posting.
func (m *merger) mergePostings() error {
	dictionaries := make([]*vellum.FST, len(m.sources))
	for i, s := range m.sources {
		dictionaries[i] = s.terms
	}
	terms, err := newDictionaryMerger(dictionaries)
	if err != nil {
		return err
	}
	dict, err := newDictionaryWriter()
	if err != nil {
		return err
	}
	m.out.begin(sectionPostings)
	lists := newListMerger(m)
	for n := 0; ; n++ {
		if n%1024 == 0 && m.ctx.Err() != nil {
			return m.ctx.Err()
		}
		more, err := terms.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		record, err := lists.merge(terms.sources, terms.values)
		if err != nil {
			return err
		}
		if record == nil {
			continue // all its documents are gone
		}
		offset := m.out.length()
		m.out.put(record)
		if err := dict.insert(terms.key, offset); err != nil {
			return err
		}
	}
	m.out.end()
	return dict.finish(m.out, sectionTerms)
}

// listMerger merges the postings of one term after the other.
type listMerger struct {
	m        *merger
	encoder  *termEncoder
	postings []termPostings
	streams  []*remapStream
	spare    []*remapStream
}

// remapStream walks a list in the numbers of the result.
type remapStream struct {
	cursor
	source *mergeSource
	mapped uint32 // current chunk in the result, or noMore
	deltas []uint32
}

func newListMerger(m *merger) *listMerger {
	return &listMerger{m: m, encoder: newTermEncoder(m.table)}
}

// merge returns the record of a term that sources have at offsets, nil when
// nothing is left of it.
func (l *listMerger) merge(sources []int, offsets []uint64) ([]byte, error) {
	l.postings = slices.Grow(l.postings[:0], len(sources))[:len(sources)]
	for k, i := range sources {
		var err error
		if l.postings[k], err = readTerm(l.m.sources[i].postings, offsets[i]); err != nil {
			return nil, err
		}
	}
	for k, i := range sources {
		l.open(&l.postings[k].text, l.m.sources[i])
	}
	if err := l.drain(func(s *remapStream) { s.copyTo(&l.encoder.text.listEncoder) }); err != nil {
		return nil, err
	}
	for k, i := range sources {
		if l.postings[k].titleDocs > 0 {
			l.open(&l.postings[k].title, l.m.sources[i])
		}
	}
	last := mergedAway
	err := l.drain(func(s *remapStream) {
		l.encoder.title.add(s.mapped, s.freq(), nil)
		if doc := l.m.table.chunkDocs[s.mapped]; doc != last {
			l.encoder.titleDocs++
			last = doc
		}
	})
	if err != nil {
		return nil, err
	}
	if l.encoder.text.count() == 0 {
		return nil, nil
	}
	return l.encoder.finish(), nil
}

func (l *listMerger) open(list *postingsList, source *mergeSource) {
	var s *remapStream
	if n := len(l.spare); n > 0 {
		s, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		s = &remapStream{}
	}
	s.source = source
	s.cursor.open(list, source.meta.Chunks)
	s.skipHidden()
	l.streams = append(l.streams, s)
}

// drain calls emit at each posting of all streams in the order of the result.
// It stays with a stream as long as no other is due, which for batches built
// one after the other is to its end.
func (l *listMerger) drain(emit func(*remapStream)) (err error) {
	for {
		var least *remapStream
		bound := noMore
		for _, s := range l.streams {
			switch {
			case least == nil || s.mapped < least.mapped:
				if least != nil {
					bound = min(bound, least.mapped)
				}
				least = s
			default:
				bound = min(bound, s.mapped)
			}
		}
		if least == nil || least.mapped == noMore {
			break
		}
		for least.mapped < bound {
			emit(least)
			least.cursor.next()
			least.skipHidden()
		}
	}
	for _, s := range l.streams {
		if s.bad {
			err = corrupt("postings")
		}
	}
	l.spare = append(l.spare, l.streams...)
	l.streams = l.streams[:0]
	return err
}

// skipHidden moves to a posting that is in the result.
func (s *remapStream) skipHidden() {
	for ; s.chunk != noMore; s.cursor.next() {
		if s.mapped = s.source.chunks[s.chunk]; s.mapped != mergedAway {
			return
		}
	}
	s.mapped = noMore
}

// copyTo adds the current posting with its positions, which stay encoded.
func (s *remapStream) copyTo(e *listEncoder) {
	if s.positionsAt != s.block && !s.locatePositions() {
		s.fail()
		return
	}
	from, to := int(s.posStarts[s.i]), int(s.posStarts[s.i+1])
	s.deltas = s.deltas[:0]
	for i := from; i < to; i++ {
		s.deltas = append(s.deltas, unpackOne(s.posBits, s.posWidth, i))
	}
	e.add(s.mapped, uint32(to-from), s.deltas)
}
