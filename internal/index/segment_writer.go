package index

import (
	"bytes"
	"io"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// segmentWriter writes what a Builder has gathered.
type segmentWriter struct {
	b     *Builder
	out   *sectionWriter
	docs  []*builtDoc // live, by id
	table *docTable
}

func newSegmentWriter(b *Builder, w io.Writer) *segmentWriter {
	s := &segmentWriter{b: b, out: newSectionWriter(w), table: newDocTable()}
	for _, d := range b.docs {
		if d != nil {
			s.docs = append(s.docs, d)
		}
	}
	slices.SortFunc(s.docs, func(x, y *builtDoc) int { return bytes.Compare(x.doc.ID[:], y.doc.ID[:]) })
	return s
}

func (s *segmentWriter) write() (Meta, error) {
	languages := languageSet(0)
	for _, d := range s.docs {
		languages |= setOf(d.language)
		s.table.addDoc(d.doc.ID, d.doc.Version, d.titleLength)
		for i, c := range d.chunks {
			s.table.addChunk(uint32(d.doc.Chunks[i].Ordinal), c.length, d.titleLength)
		}
	}
	s.table.meta.Languages = languages.codes()
	s.table.write(s.out)
	if err := s.writePostings(); err != nil {
		return Meta{}, err
	}
	if err := s.writeKeywords(); err != nil {
		return Meta{}, err
	}
	s.writeNumbers()
	s.writeStored()
	return s.out.finish(s.table.meta)
}

// inverted lists, per term, where it occurs. Entries of one term are
// consecutive and sorted.
type inverted struct {
	starts  []uint32 // per term, and one more
	entries []uint64 // chunk << 32 | position
}

// invert sorts occurrences by term. Visit calls emit for each document's or
// chunk's occurrences, in the order of their number.
func invert(terms int, visit func(emit func(number uint32, occurrences []occurrence))) inverted {
	v := inverted{starts: make([]uint32, terms+1)}
	visit(func(_ uint32, occurrences []occurrence) {
		for _, o := range occurrences {
			v.starts[o.term+1]++
		}
	})
	for t := range terms {
		v.starts[t+1] += v.starts[t]
	}
	v.entries = make([]uint64, v.starts[terms])
	next := slices.Clone(v.starts[:terms])
	visit(func(number uint32, occurrences []occurrence) {
		for _, o := range occurrences {
			v.entries[next[o.term]] = uint64(number)<<32 | uint64(o.position)
			next[o.term]++
		}
	})
	return v
}

func (v *inverted) of(term uint32) []uint64 { return v.entries[v.starts[term]:v.starts[term+1]] }

func (s *segmentWriter) visitChunks(emit func(uint32, []occurrence)) {
	chunk := uint32(0)
	for _, d := range s.docs {
		start := d.textStart
		for _, c := range d.chunks {
			emit(chunk, s.b.text[start:c.end])
			start = c.end
			chunk++
		}
	}
}

func (s *segmentWriter) visitTitles(emit func(uint32, []occurrence)) {
	for i, d := range s.docs {
		emit(uint32(i), s.b.titles[d.titleStart:d.titleEnd])
	}
}

func (s *segmentWriter) writePostings() error {
	dict, err := newDictionaryWriter()
	if err != nil {
		return err
	}
	terms := len(s.b.terms)
	text, titles := invert(terms, s.visitChunks), invert(terms, s.visitTitles)
	order := make([]uint32, 0, terms)
	for t := range uint32(terms) {
		if len(text.of(t)) > 0 {
			order = append(order, t)
		}
	}
	slices.SortFunc(order, func(x, y uint32) int { return compareStrings(s.b.terms[x], s.b.terms[y]) })
	s.out.begin(sectionPostings)
	e := newTermEncoder(s.table)
	for _, t := range order {
		offset := s.out.length()
		e.text.addEntries(text.of(t))
		s.addTitles(e, titles.of(t))
		s.out.put(e.finish())
		if err := dict.insert([]byte(s.b.terms[t]), offset); err != nil {
			return err
		}
	}
	s.out.end()
	return dict.finish(s.out, sectionTerms)
}

// addTitles turns a term's titles into postings of their chunks.
func (s *segmentWriter) addTitles(e *termEncoder, entries []uint64) {
	for i := 0; i < len(entries); {
		doc := uint32(entries[i] >> 32)
		j := i
		for j < len(entries) && uint32(entries[j]>>32) == doc {
			j++
		}
		e.titleDocs++
		first := s.table.firstChunks[doc]
		for c := range uint32(len(s.docs[doc].chunks)) {
			e.title.add(first+c, uint32(j-i), nil)
		}
		i = j
	}
}

func compareStrings(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func (s *segmentWriter) writeKeywords() error {
	docs := make(map[string]*roaring.Bitmap)
	for i, d := range s.docs {
		for _, key := range d.attributes.keys {
			bitmap, ok := docs[key]
			if !ok {
				bitmap = roaring.New()
				docs[key] = bitmap
			}
			bitmap.Add(uint32(i))
		}
	}
	keys := make([]string, 0, len(docs))
	for key := range docs {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	w, err := newKeywordWriter(s.out)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := w.add([]byte(key), docs[key]); err != nil {
			return err
		}
	}
	return w.finish()
}

func (s *segmentWriter) writeNumbers() {
	columns := make(map[string]*numberColumn)
	for i, d := range s.docs {
		for _, n := range d.attributes.numbers {
			c, ok := columns[n.field]
			if !ok {
				c = &numberColumn{}
				columns[n.field] = c
			}
			c.add(sortableNumber(n.value), uint32(i))
		}
	}
	writeNumbers(s.out, columns)
}

func (s *segmentWriter) writeStored() {
	w := newStoredWriter(s.out)
	defer w.release()
	var item []byte
	for _, d := range s.docs {
		item = appendDocRecord(item[:0], &d.doc)
		w.add(item, true)
		for i := range d.doc.Chunks {
			item = appendChunkRecord(item[:0], &d.doc.Chunks[i])
			w.add(item, i > 0)
		}
	}
	w.finish()
}
