package index

import (
	"bytes"
	"cmp"
	"math"
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// FieldScore sorts by score.
const FieldScore = "_score"

// MaxSortKeys bounds Request.Sort.
const MaxSortKeys = 3

// Sort orders hits by a field. Documents without a number or date there come
// last in either direction; of several values the one counts that comes first.
type Sort struct {
	// Field is FieldScore, FieldCreatedAt, FieldUpdatedAt or of metadata. There
	// documents with numbers come before those with dates (see DateOf).
	Field      string
	Descending bool
}

// SortValue is what a hit is ordered by for one key: a place in the order, which
// means something only beside others of the same key.
type SortValue struct {
	// Class comes first: what has numbers, what has dates, what has neither.
	Class uint8
	// Value is a number mapped to an integer of the same order, complemented for
	// falling order; of FieldScore the bits of the score, for what is kept longer
	// than a snapshot.
	Value uint64
}

// The classes of a SortValue.
const (
	classNumber uint8 = iota
	classDate
	classMissing
)

// SortValues are a hit's for all keys of a request.
type SortValues [MaxSortKeys]SortValue

func (v *SortValues) compare(o *SortValues) int {
	for i := range v {
		if v[i] != o[i] {
			return cmp.Or(cmp.Compare(v[i].Class, o[i].Class), cmp.Compare(v[i].Value, o[i].Value))
		}
	}
	return 0
}

// ValidateSort checks the keys of a request. Its errors are domain errors.
func ValidateSort(keys []Sort) error {
	if len(keys) > MaxSortKeys {
		return sortError("at most %d keys are allowed", MaxSortKeys)
	}
	for i, k := range keys {
		known := k.Field == FieldScore || isDateField(k.Field) ||
			len(k.Field) > len(MetadataPrefix) && strings.HasPrefix(k.Field, MetadataPrefix)
		if !known {
			return sortError("%q is not a field that can be sorted by", k.Field)
		}
		for _, before := range keys[:i] {
			if before.Field == k.Field {
				return sortError("%q is given more than once", k.Field)
			}
		}
	}
	return nil
}

func sortError(format string, args ...any) error {
	err := domain.Errorf(domain.CodeInvalid, format, args...)
	return &domain.Error{
		Code: domain.CodeInvalid, Message: "the search is not valid",
		Fields: []domain.FieldError{{Field: "sort", Message: err.Error()}},
	}
}

// ordered is a candidate with what it is ordered by.
type ordered struct {
	values SortValues
	candidate
}

// before reports whether o ranks before p.
func (o *ordered) before(p *ordered) bool {
	if c := o.values.compare(&p.values); c != 0 {
		return c < 0
	}
	if d := bytes.Compare(o.key, p.key); d != 0 {
		return d < 0
	}
	return o.ordinal < p.ordinal
}

// sorter gives the documents of one view their SortValues.
type sorter struct {
	keys    []Sort
	columns [MaxSortKeys]sortColumns
}

// sortColumns are the columns of one key in one view, nil for none.
type sortColumns struct{ numbers, dates []uint64 }

// open turns to another view.
func (s *sorter) open(v *view, keys []Sort) {
	s.keys = keys
	for i, k := range keys {
		s.columns[i] = sortColumns{}
		if k.Field == FieldScore {
			continue
		}
		s.columns[i].numbers = v.docNumbers(k.Field).firstOf(k.Descending)
		if !isDateField(k.Field) {
			s.columns[i].dates = v.docNumbers(dateColumn(k.Field)).firstOf(k.Descending)
		}
	}
}

// values returns the place of a document with a score.
func (s *sorter) values(doc int, score int64) (v SortValues) {
	for i, k := range s.keys {
		columns := &s.columns[i]
		switch {
		case k.Field == FieldScore:
			v[i].Value = uint64(score)
		case columns.numbers != nil && columns.numbers[doc] != 0:
			v[i].Value = columns.numbers[doc]
		case columns.dates != nil && columns.dates[doc] != 0:
			v[i] = SortValue{classDate, columns.dates[doc]}
		default:
			v[i].Class = classMissing
			continue // in either direction
		}
		if k.Descending {
			v[i].Value = ^v[i].Value
		}
	}
	return v
}

// externalise replaces score units by the score, so that a position outlives the
// snapshot whose units they are; internalise does the opposite.
func externalise(keys []Sort, v SortValues, score float64) SortValues {
	for i, k := range keys {
		if k.Field == FieldScore {
			v[i].Value = math.Float64bits(score)
		}
	}
	return v
}

func (q *search) internalise(keys []Sort, v SortValues) SortValues {
	for i, k := range keys {
		if k.Field != FieldScore {
			continue
		}
		v[i] = SortValue{Value: uint64(q.units(math.Float64frombits(v[i].Value)))}
		if k.Descending {
			v[i].Value = ^v[i].Value
		}
	}
	return v
}

// units returns a score in the units of candidates.
func (q *search) units(score float64) int64 { return int64(math.Round(score * q.scale * weightFirst)) }
