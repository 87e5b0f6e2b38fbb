package index

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/vellum"
)

// MergeInput is a segment to merge, and the documents to leave out.
type MergeInput struct {
	Segment *Segment
	Hidden  *roaring.Bitmap
	// Vectors are the segment's vectors, nil for none.
	Vectors *Vectors
}

// mergedAway stands for a document or chunk that is not in the result.
const mergedAway = ^uint32(0)

// merger streams several segments into one. Nothing is analysed again. Memory
// is bounded by about 50 bytes per chunk plus the term dictionary; postings and
// texts are streamed.
type merger struct {
	ctx     context.Context
	out     *sectionWriter
	table   *docTable
	sources []*mergeSource
	order   []mergedDoc // documents of the result
}

// mergeSource is one input.
type mergeSource struct {
	*Segment
	hidden  *roaring.Bitmap
	vectors *Vectors
	next    int      // next document to take
	docs    []uint32 // number in the result by document
	chunks  []uint32 // number in the result by chunk
}

// mergedDoc says where a document of the result comes from.
type mergedDoc struct{ source, doc uint32 }

// Merge writes one segment with the documents of all inputs that are not
// hidden. Should inputs share a document, its highest version is kept; of
// equal versions that of the later input.
func Merge(ctx context.Context, inputs []MergeInput, w io.Writer) (Meta, error) {
	meta, _, err := MergeWithVectors(ctx, inputs, w, nil)
	return meta, err
}

// MergeWithVectors is Merge, and writes the vectors of the merged segment to
// vectors unless that is nil: the codes of the inputs as they are, missing ones
// stay missing. Nothing is written, and the zero VectorsMeta returned, when no
// input has vectors. Those of different dimensions are refused.
func MergeWithVectors(ctx context.Context, inputs []MergeInput, w, vectors io.Writer) (meta Meta, vmeta VectorsMeta, err error) {
	defer protect(&err)()
	m := &merger{ctx: ctx, out: newSectionWriter(w), table: newDocTable()}
	chunks, languages := 0, languageSet(0)
	for _, in := range inputs {
		if in.Segment == nil {
			return Meta{}, VectorsMeta{}, errors.New("merge: a segment is missing")
		}
		chunks += in.Segment.meta.Chunks
		m.table.meta.Analysis = min(m.table.meta.Analysis, in.Segment.meta.Analysis)
		languages |= in.Segment.languages
		m.table.meta.Outdated = m.table.meta.Outdated || in.Segment.outdated
		m.sources = append(m.sources, newMergeSource(in))
	}
	m.table.meta.Languages = languages.codes()
	if chunks > maxChunks {
		return Meta{}, VectorsMeta{}, errors.New("merge: too many chunks for one segment")
	}
	for _, step := range []func() error{
		m.mergeTables, m.mergePostings, m.mergeKeywords, m.mergeNumbers, m.mergeStored,
	} {
		if err := step(); err != nil {
			return Meta{}, VectorsMeta{}, err
		}
	}
	if meta, err = m.out.finish(m.table.meta); err != nil || vectors == nil {
		return meta, VectorsMeta{}, err
	}
	vmeta, err = m.mergeVectors(vectors)
	return meta, vmeta, err
}

func newMergeSource(in MergeInput) *mergeSource {
	s := &mergeSource{Segment: in.Segment, hidden: in.Hidden, vectors: in.Vectors}
	s.docs, s.chunks = make([]uint32, s.meta.Docs), make([]uint32, s.meta.Chunks)
	s.skipHidden()
	return s
}

// skipHidden moves next to a live document.
func (s *mergeSource) skipHidden() {
	for s.hidden != nil && s.next < s.meta.Docs && s.hidden.Contains(uint32(s.next)) {
		s.leaveOut(s.next)
		s.next++
	}
}

func (s *mergeSource) leaveOut(doc int) {
	s.docs[doc] = mergedAway
	first, end := s.chunksOf(doc)
	for c := first; c < end; c++ {
		s.chunks[c] = mergedAway
	}
}

// mergeTables decides which documents are kept, in the order of their ids.
func (m *merger) mergeTables() error {
	for n := 0; ; n++ {
		if n%1024 == 0 && m.ctx.Err() != nil {
			return m.ctx.Err()
		}
		best := m.lowest()
		if best < 0 {
			break
		}
		m.take(best)
	}
	m.table.write(m.out)
	return nil
}

// lowest returns the source with the next document, -1 at the end. It leaves
// out the other copies of that document.
func (m *merger) lowest() int {
	best := -1
	for i, s := range m.sources {
		if s.next >= s.meta.Docs {
			continue
		}
		if best >= 0 {
			b := m.sources[best]
			c := bytes.Compare(s.docKey(s.next), b.docKey(b.next))
			if c > 0 {
				continue
			}
			if c == 0 {
				loser := s
				if s.docVersion(s.next) >= b.docVersion(b.next) {
					loser, best = b, i
				}
				loser.leaveOut(loser.next)
				loser.next++
				loser.skipHidden()
				continue
			}
		}
		best = i
	}
	return best
}

// take moves the next document of a source to the result.
func (m *merger) take(source int) {
	s := m.sources[source]
	doc := s.next
	first, end := s.chunksOf(doc)
	titleLength := u16(s.titleLengths, first)
	s.docs[doc] = uint32(len(m.order))
	m.order = append(m.order, mergedDoc{uint32(source), uint32(doc)})
	m.table.addDoc(s.docID(doc), s.docVersion(doc), titleLength)
	for c := first; c < end; c++ {
		s.chunks[c] = uint32(len(m.table.chunkDocs))
		m.table.addChunk(uint32(s.ordinalOf(c)), u16(s.lengths, c), titleLength)
	}
	s.next++
	s.skipHidden()
}

// mergeKeywords remaps the bitmaps of every key.
func (m *merger) mergeKeywords() error {
	dictionaries := make([]*vellum.FST, len(m.sources))
	for i, s := range m.sources {
		dictionaries[i] = s.keywordTerms
	}
	keys, err := newDictionaryMerger(dictionaries)
	if err != nil {
		return err
	}
	w, err := newKeywordWriter(m.out)
	if err != nil {
		return err
	}
	for {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		more, err := keys.next()
		if err != nil {
			return err
		}
		if !more {
			return w.finish()
		}
		docs := roaring.New()
		for _, i := range keys.sources {
			if err := m.sources[i].remapKeyword(keys.values[i], docs); err != nil {
				return err
			}
		}
		if err := w.add(keys.key, docs); err != nil {
			return err
		}
	}
}

// remapKeyword adds the documents of a key to docs.
func (s *mergeSource) remapKeyword(value uint64, docs *roaring.Bitmap) error {
	if value&1 != 0 { // one document, without the detour of a bitmap
		if value>>1 >= uint64(len(s.docs)) {
			return corrupt("keyword of a document that does not exist")
		}
		if to := s.docs[value>>1]; to != mergedAway {
			docs.Add(to)
		}
		return nil
	}
	from, err := s.keywordBitmap(value)
	if err != nil {
		return err
	}
	remapped := make([]uint32, 0, from.GetCardinality())
	from.Iterate(func(doc uint32) bool {
		if to := s.docs[doc]; to != mergedAway {
			remapped = append(remapped, to)
		}
		return true
	})
	docs.AddMany(remapped)
	return nil
}

// mergeNumbers merges the columns field by field.
func (m *merger) mergeNumbers() error {
	columns := make(map[string]*numberColumn)
	for _, s := range m.sources {
		for field, from := range s.numbers {
			column, ok := columns[field]
			if !ok {
				column = &numberColumn{}
				columns[field] = column
			}
			for i := range from.n {
				doc := from.doc(i)
				if int(doc) >= len(s.docs) {
					return corrupt("number of a document that does not exist")
				}
				if to := s.docs[doc]; to != mergedAway {
					column.add(from.value(i), to)
				}
			}
		}
	}
	for field, column := range columns {
		if column.Len() == 0 {
			delete(columns, field)
		}
	}
	writeNumbers(m.out, columns)
	return m.ctx.Err()
}
