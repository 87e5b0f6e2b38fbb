package index

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
)

// filterDocs returns the documents of a segment that a valid filter matches.
// Its depth was checked, therefore it may recurse.
func (s *Segment) filterDocs(f *Filter) (*roaring.Bitmap, error) {
	switch f.Op {
	case OpAnd:
		return s.filterAnd(f.Children)
	case OpOr:
		return s.filterOr(f.Children)
	case OpNot:
		docs, err := s.filterDocs(f.Children[0])
		if err != nil {
			return nil, err
		}
		return roaring.Flip(docs, 0, uint64(s.meta.Docs)), nil
	case OpIn:
		return s.filterIn(f)
	case OpRange:
		docs := roaring.New()
		s.addRange(docs, f.Field, f.Bounds)
		return docs, nil
	case OpExists:
		if isDateField(f.Field) {
			return s.allDocs(), nil
		}
		return s.keywordDocs(existsKey(f.Field))
	}
	return nil, fmt.Errorf("unknown filter operator %d", f.Op)
}

func (s *Segment) allDocs() *roaring.Bitmap {
	docs := roaring.New()
	docs.AddRange(0, uint64(s.meta.Docs))
	return docs
}

func (s *Segment) filterAnd(children []*Filter) (*roaring.Bitmap, error) {
	docs := s.allDocs()
	for _, child := range children {
		matching, err := s.filterDocs(child)
		if err != nil {
			return nil, err
		}
		if docs.And(matching); docs.IsEmpty() {
			break
		}
	}
	return docs, nil
}

func (s *Segment) filterOr(children []*Filter) (*roaring.Bitmap, error) {
	docs := roaring.New()
	for _, child := range children {
		matching, err := s.filterDocs(child)
		if err != nil {
			return nil, err
		}
		docs.Or(matching)
	}
	return docs, nil
}

func (s *Segment) filterIn(f *Filter) (*roaring.Bitmap, error) {
	docs := roaring.New()
	for _, v := range f.Values {
		if v.Kind == KindNumber {
			n := v.Number
			s.addRange(docs, f.Field, Bounds{GTE: &n, LTE: &n})
			continue
		}
		key := keywordKey(f.Field, v.String)
		if v.Kind == KindBool {
			key = boolKey(f.Field, v.Bool)
		}
		matching, err := s.keywordDocs(key)
		if err != nil {
			return nil, err
		}
		docs.Or(matching)
	}
	return docs, nil
}

// addRange adds the documents with a number of the field within bounds.
func (s *Segment) addRange(docs *roaring.Bitmap, field string, b Bounds) {
	column, ok := s.numbers[field]
	if !ok {
		return
	}
	from, to := column.rangeOf(b)
	for i := from; i < to; i++ {
		docs.Add(column.doc(i))
	}
}

// keywordDocs returns the documents of a key. The bitmap may point into the
// segment and must not be changed.
func (s *Segment) keywordDocs(key string) (*roaring.Bitmap, error) {
	value, ok, err := s.keywordTerms.Get([]byte(key))
	if err != nil {
		return nil, corrupt("keyword dictionary: %v", err)
	}
	if !ok {
		return roaring.New(), nil
	}
	return s.keywordBitmap(value)
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
