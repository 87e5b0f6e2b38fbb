package index

import (
	"fmt"
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Fields a Filter may name. Metadata is addressed as "metadata.<key>", keys of
// nested objects joined by dots.
const (
	FieldDocType    = "doc_type"
	FieldTags       = "tags"
	FieldSourceType = "source_type"
	FieldRepoID     = "repo_id"
	FieldExternalID = "external_id"
	FieldLanguage   = "language"
	FieldCreatedAt  = "created_at"
	FieldUpdatedAt  = "updated_at"
	MetadataPrefix  = "metadata."
)

// Bounds of a filter tree. They protect the evaluation; the API may be stricter.
const (
	MaxFilterDepth = 32
	MaxFilterNodes = 4096
)

// FilterOp is the kind of a Filter node.
type FilterOp uint8

// The kinds of nodes.
const (
	OpAnd FilterOp = iota + 1
	OpOr
	OpNot
	OpIn
	OpRange
	OpExists
)

// Filter is a node of a condition on documents. Build it with And, Or, Not, Eq,
// In, Range and Exists.
type Filter struct {
	Op       FilterOp
	Children []*Filter // And, Or; exactly one for Not
	Field    string    // In, Range, Exists
	Values   []Value   // In
	Bounds   Bounds    // Range
	// Date says that Bounds are Unix milliseconds, for texts of a metadata field
	// that are dates: see DateOf.
	Date bool
}

// Bounds limit a number. Nil bounds are open. Dates are Unix milliseconds.
type Bounds struct {
	GT, GTE, LT, LTE *float64
}

// ValueKind is the type of a Value.
type ValueKind uint8

// The types of values. They never equal one another: "1" is not 1.
const (
	KindString ValueKind = iota + 1
	KindNumber
	KindBool
)

// Value is what a field is compared with.
type Value struct {
	Kind   ValueKind
	String string
	Number float64
	Bool   bool
}

// String returns a text value.
func String(s string) Value { return Value{Kind: KindString, String: s} }

// Number returns a numeric value. Numbers are compared as float64.
func Number(n float64) Value { return Value{Kind: KindNumber, Number: n} }

// Bool returns a truth value.
func Bool(b bool) Value { return Value{Kind: KindBool, Bool: b} }

// And matches what all filters match; without any, everything.
func And(filters ...*Filter) *Filter { return &Filter{Op: OpAnd, Children: filters} }

// Or matches what one of the filters matches; without any, nothing.
func Or(filters ...*Filter) *Filter { return &Filter{Op: OpOr, Children: filters} }

// Not matches what the filter does not match.
func Not(f *Filter) *Filter { return &Filter{Op: OpNot, Children: []*Filter{f}} }

// Eq matches documents one of whose values of the field equals v.
func Eq(field string, v Value) *Filter { return In(field, v) }

// In matches documents one of whose values of the field is among values.
func In(field string, values ...Value) *Filter {
	return &Filter{Op: OpIn, Field: field, Values: values}
}

// Range matches documents one of whose numbers of the field is within bounds.
func Range(field string, b Bounds) *Filter { return &Filter{Op: OpRange, Field: field, Bounds: b} }

// DateRange matches documents one of whose texts of a metadata field is a date
// (see DateOf) within bounds, in Unix milliseconds.
func DateRange(field string, b Bounds) *Filter {
	f := Range(field, b)
	f.Date = !isDateField(field) // which has nothing but dates
	return f
}

// column returns the name of the column that a Range looks at.
func (f *Filter) column() string {
	if f.Date {
		return dateColumn(f.Field)
	}
	return f.Field
}

// Exists matches documents that have a value of the field, or any key below it.
func Exists(field string) *Filter { return &Filter{Op: OpExists, Field: field} }

// Validate checks the tree's size and that every node makes sense. Its errors
// are domain errors that name the field.
func (f *Filter) Validate() error {
	type item struct {
		f     *Filter
		depth int
	}
	nodes := 0
	for stack := []item{{f, 1}}; len(stack) > 0; {
		it := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if it.f == nil {
			return filterError("filters", "an empty condition")
		}
		if it.depth > MaxFilterDepth {
			return filterError("filters", fmt.Sprintf("nested deeper than %d", MaxFilterDepth))
		}
		nodes += 1 + len(it.f.Values)
		if nodes > MaxFilterNodes {
			return filterError("filters", fmt.Sprintf("more than %d conditions", MaxFilterNodes))
		}
		if err := it.f.validateNode(); err != nil {
			return err
		}
		for _, c := range it.f.Children {
			stack = append(stack, item{c, it.depth + 1})
		}
	}
	return nil
}

func (f *Filter) validateNode() error {
	switch f.Op {
	case OpAnd, OpOr:
		return nil
	case OpNot:
		if len(f.Children) != 1 {
			return filterError("filters", "not takes exactly one condition")
		}
		return nil
	case OpIn, OpExists:
		if isDateField(f.Field) || f.knownField() {
			return nil
		}
		return filterError(f.Field, "unknown field")
	case OpRange:
		if !isDateField(f.Field) && !strings.HasPrefix(f.Field, MetadataPrefix) {
			return filterError(f.Field, "a range needs a date or a metadata field")
		}
		return nil
	}
	return filterError("filters", "unknown operator")
}

func (f *Filter) knownField() bool {
	switch f.Field {
	case FieldDocType, FieldTags, FieldSourceType, FieldRepoID, FieldExternalID, FieldLanguage:
		return true
	}
	return len(f.Field) > len(MetadataPrefix) && strings.HasPrefix(f.Field, MetadataPrefix)
}

func isDateField(field string) bool { return field == FieldCreatedAt || field == FieldUpdatedAt }

func filterError(field, message string) error {
	return &domain.Error{
		Code: domain.CodeInvalid, Message: "the filter is not valid",
		Fields: []domain.FieldError{{Field: field, Message: message}},
	}
}
