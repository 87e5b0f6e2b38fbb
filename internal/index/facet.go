package index

import (
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Bounds of Request.Facets.
const (
	MaxFacets         = 20
	MaxFacetRanges    = 50
	DefaultFacetLimit = 10
	MaxFacetLimit     = 100
)

// Facet asks how many matching documents have each value of a field.
type Facet struct {
	// Field is one of texts, or of metadata; of dates only ranges are counted.
	Field string
	// Limit is the number of values; 0 means DefaultFacetLimit.
	Limit int
	// ByValue lists the values in their order instead of the most frequent first.
	ByValue bool
	// Ranges counts the documents with a number, or a date, in each.
	Ranges []FacetRange
	// ExcludeOwnFilter counts as if the filter had no conditions on the field:
	// those that must hold by themselves and name no other.
	ExcludeOwnFilter bool
}

// FacetRange counts values from From up to and without To; nil is open.
type FacetRange struct {
	Label    string
	From, To *float64
	// Date says that the bounds are Unix milliseconds, as Filter.Date.
	Date bool
}

// FacetResult is the answer to a Facet.
type FacetResult struct {
	Field string
	// Exact is false when there were too many different values in several
	// segments to add all up: counts may then be too low, and values be missing.
	Exact bool
	// TotalValues is the number of different values; at least so many unless Exact.
	TotalValues int
	Values      []FacetValue
	Ranges      []FacetRangeCount // in the order of the request
	// Stats are of the numbers, or of the dates of a field of dates; nil when no
	// matching document has any.
	Stats *FacetStats
}

// FacetValue is a value with the number of documents that have it.
type FacetValue struct {
	Value Value
	Count int
}

// FacetRangeCount is a range with the number of documents in it.
type FacetRangeCount struct {
	FacetRange
	Count int
}

// FacetStats describe all numbers of the matching documents.
type FacetStats struct {
	Count         int
	Min, Max, Sum float64
}

// ValidateFacets checks what is asked for and sets defaults. Its errors are
// domain errors.
func ValidateFacets(facets []Facet) error {
	if len(facets) > MaxFacets {
		return facetError("at most %d are allowed", MaxFacets)
	}
	for i := range facets {
		f := &facets[i]
		if !f.known() {
			return facetError("%q is not a field that can be counted", f.Field)
		}
		if f.Limit == 0 {
			f.Limit = DefaultFacetLimit
		}
		if f.Limit < 1 || f.Limit > MaxFacetLimit {
			return facetError("a limit must be from 1 to %d", MaxFacetLimit)
		}
		if len(f.Ranges) > MaxFacetRanges {
			return facetError("at most %d ranges of a field are allowed", MaxFacetRanges)
		}
	}
	return nil
}

func (f *Facet) known() bool {
	switch f.Field {
	case FieldDocType, FieldTags, FieldSourceType, FieldRepoID, FieldLanguage, FieldCreatedAt, FieldUpdatedAt:
		return true
	}
	return len(f.Field) > len(MetadataPrefix) && strings.HasPrefix(f.Field, MetadataPrefix)
}

func facetError(format string, args ...any) error {
	err := domain.Errorf(domain.CodeInvalid, format, args...)
	return &domain.Error{
		Code: domain.CodeInvalid, Message: "the search is not valid",
		Fields: []domain.FieldError{{Field: "facets", Message: err.Error()}},
	}
}

// withoutField returns a filter without the conditions on one field that must
// hold by themselves. The filter itself stays as it is.
func (f *Filter) withoutField(field string) *Filter {
	if f == nil || f.only(field) {
		return nil
	}
	if f.Op != OpAnd {
		return f
	}
	var rest []*Filter
	for _, c := range f.Children {
		if c = c.withoutField(field); c != nil {
			rest = append(rest, c)
		}
	}
	if len(rest) == len(f.Children) {
		same := true
		for i := range rest {
			same = same && rest[i] == f.Children[i]
		}
		if same {
			return f
		}
	}
	return And(rest...)
}

// only reports whether all conditions are on one field.
func (f *Filter) only(field string) bool {
	switch f.Op {
	case OpAnd, OpOr, OpNot:
		for _, c := range f.Children {
			if !c.only(field) {
				return false
			}
		}
		return len(f.Children) > 0
	}
	return f.Field == field
}
