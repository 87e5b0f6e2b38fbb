package index

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
)

// filterEval finds the documents of a segment that a filter matches, as a set of
// bits: a segment of 200,000 documents takes 25 KB, whose conjunction costs less
// than looking at what a tree of compressed bitmaps is made of. Sets are used
// again, so that a search allocates none.
type filterEval struct {
	*Segment
	free []bitset
	used []bitset
}

// matching returns the documents that a valid filter matches. The set is valid
// until the next call.
func (e *filterEval) matching(s *Segment, f *Filter) (bitset, error) {
	e.Segment = s
	e.free, e.used = append(e.free, e.used...), e.used[:0]
	set := e.set()
	if err := e.eval(f, set); err != nil {
		return nil, err
	}
	e.Segment = nil
	return set, nil
}

// set returns an empty set of documents.
func (e *filterEval) set() bitset {
	words := bitsetWords(e.meta.Docs)
	var set bitset
	if n := len(e.free); n > 0 {
		set, e.free = e.free[n-1], e.free[:n-1]
	}
	if cap(set) < words {
		set = make(bitset, words)
	}
	set = set[:words]
	clear(set)
	e.used = append(e.used, set)
	return set
}

// put gives back the set that was taken last.
func (e *filterEval) put(set bitset) {
	e.used = e.used[:len(e.used)-1]
	e.free = append(e.free, set)
}

// eval adds to an empty set. The depth of f was checked, therefore it may recurse.
func (e *filterEval) eval(f *Filter, set bitset) error {
	switch f.Op {
	case OpAnd:
		return e.and(f.Children, set)
	case OpOr:
		return e.or(f.Children, set)
	case OpNot:
		if err := e.eval(f.Children[0], set); err != nil {
			return err
		}
		set.flip(e.meta.Docs)
		return nil
	case OpIn:
		return e.in(f, set)
	case OpRange:
		e.addRange(set, f.column(), f.Bounds)
		return nil
	case OpExists:
		if isDateField(f.Field) {
			set.setRange(0, e.meta.Docs)
			return nil
		}
		return e.addKey(set, existsKey(f.Field), true)
	}
	return fmt.Errorf("unknown filter operator %d", f.Op)
}

func (e *filterEval) and(children []*Filter, set bitset) error {
	if len(children) == 0 {
		set.setRange(0, e.meta.Docs)
		return nil
	}
	if err := e.eval(children[0], set); err != nil {
		return err
	}
	for _, child := range children[1:] {
		matching := e.set()
		if err := e.eval(child, matching); err != nil {
			return err
		}
		set.and(matching)
		e.put(matching)
	}
	return nil
}

func (e *filterEval) or(children []*Filter, set bitset) error {
	for _, child := range children {
		matching := e.set()
		if err := e.eval(child, matching); err != nil {
			return err
		}
		set.or(matching)
		e.put(matching)
	}
	return nil
}

func (e *filterEval) in(f *Filter, set bitset) error {
	for i, v := range f.Values {
		key := keywordKey(f.Field, v.String)
		switch v.Kind {
		case KindNumber:
			n := v.Number
			e.addRange(set, f.Field, Bounds{GTE: &n, LTE: &n})
			continue
		case KindBool:
			key = boolKey(f.Field, v.Bool)
		}
		if err := e.addKey(set, key, i == 0); err != nil {
			return err
		}
	}
	return nil
}

// addRange adds the documents with a number of the column within bounds. Of a
// date that every document has once, the smaller part is walked.
func (e *filterEval) addRange(set bitset, name string, b Bounds) {
	column, ok := e.numbers[name]
	if !ok {
		return
	}
	from, to := column.rangeOf(b)
	if isDateField(name) && column.n == e.meta.Docs && to-from > column.n/2 {
		inverse := e.set()
		inverse.setRange(0, e.meta.Docs)
		for i := range from {
			inverse.unset(int(column.doc(i)))
		}
		for i := to; i < column.n; i++ {
			inverse.unset(int(column.doc(i)))
		}
		set.or(inverse)
		e.put(inverse)
		return
	}
	for i := from; i < to; i++ {
		set.set(int(column.doc(i)))
	}
}

// addKey adds the documents of a keyword. empty says that the set is.
func (e *filterEval) addKey(set bitset, key string, empty bool) error {
	value, ok, err := e.keywordTerms.Get([]byte(key))
	if err != nil {
		return corrupt("keyword dictionary: %v", err)
	}
	if !ok {
		return nil
	}
	if value&1 != 0 {
		if value>>1 >= uint64(e.meta.Docs) {
			return corrupt("keyword of a document that does not exist")
		}
		set.set(int(value >> 1))
		return nil
	}
	docs, err := e.keywordBitmap(value)
	if err != nil {
		return err
	}
	if empty {
		docs.WriteDenseTo(set) // overwrites whole words
		return nil
	}
	docs.Iterate(func(doc uint32) bool {
		set.set(int(doc))
		return true
	})
	return nil
}

func (s *Segment) keywordBitmap(value uint64) (*roaring.Bitmap, error) {
	if value&1 != 0 {
		return roaring.BitmapOf(uint32(value >> 1)), nil
	}
	docs := roaring.New()
	if value>>1 > uint64(len(s.keywords)) {
		return nil, corrupt("keyword bitmap at %d", value>>1)
	}
	if _, err := docs.FromBuffer(s.keywords[value>>1:]); err != nil {
		return nil, corrupt("keyword bitmap: %v", err)
	}
	if !docs.IsEmpty() && int(docs.Maximum()) >= s.meta.Docs {
		return nil, corrupt("keyword bitmap of a document that does not exist")
	}
	return docs, nil
}
