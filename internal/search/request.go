package search

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

// Limits of a request. Sizes are in bytes unless said otherwise.
const (
	MaxQueryBytes   = 4096
	MaxLimit        = 100 // results
	DefaultLimit    = 10  // results
	MaxUserIDBytes  = 256
	MaxCursorBytes  = 256
	MaxGroupSize    = index.MaxGroupSize // results of one group
	MaxFragments    = 10                 // of one result
	MinFragmentSize = 20
	MaxFragmentSize = 2000
	MaxFilterDepth  = 8   // nested and, or, not
	MaxFilterLeaves = 64  // fields in all groups together
	MaxFilterValues = 256 // values of one field
)

// Type says which branches of the index a search asks.
type Type string

// The types of a search.
const (
	TypeHybrid   Type = "hybrid"
	TypeKeyword  Type = "keyword"
	TypeSemantic Type = "semantic"
)

// types fixes the order in which searches are counted and encoded.
var types = [...]Type{TypeHybrid, TypeKeyword, TypeSemantic}

func (t Type) ordinal() int {
	for i, known := range types {
		if t == known {
			return i
		}
	}
	return -1
}

// Group says what one result is.
type Group string

// The groups: one result a document, with its best passage, or one a passage. Any
// other Group is a field by which documents are grouped.
const (
	GroupDocument Group = "document"
	GroupNone     Group = "none"
)

// Request is a search as a caller asks for it. Make one with Decode or
// NewRequest; what is made otherwise must be passed to Validate.
type Request struct {
	Query     string
	Type      Type
	Limit     int // results
	Cursor    string
	Filter    *index.Filter // nil for none
	Highlight bool
	// Fragments of a result at most, and their size in bytes; 0 for the default.
	Fragments, FragmentSize int
	GroupBy                 Group
	GroupSize               int // results of a group of GroupBy's field; 0 for the default
	Sort                    []index.Sort
	Facets                  []index.Facet
	Include                 Fields // of a result; 0 for all
	Explain                 bool
	// Weights and Fusion are for TypeHybrid; nil and empty for the default.
	Weights *index.Weights
	Fusion  string
	// MinScore leaves out results that score less; nil for none.
	MinScore *float64
	// Language is the query's, as a tag; empty for the tenant's default.
	Language string
	// Prefix and Typos say how generously the query is read.
	Prefix Prefix
	Typos  Typos
	// UserID is the caller's name for who searches. It never changes an answer.
	UserID string

	after *index.Cursor // the decoded cursor
}

// Prefix says when the last word of a query is completed.
type Prefix string

// The values of Prefix: when it is found too little otherwise, always, never.
const (
	PrefixAuto   Prefix = "auto"
	PrefixAlways Prefix = "always"
	PrefixNever  Prefix = "never"
)

// Typos says whether words are corrected that are found too little.
type Typos string

// The values of Typos.
const (
	TyposAuto Typos = "auto"
	TyposOff  Typos = "off"
)

// NewRequest returns a request for query with everything else at its default.
func NewRequest(query string) *Request {
	return &Request{Query: query, Type: TypeHybrid, Limit: DefaultLimit, Highlight: true, GroupBy: GroupDocument, Prefix: PrefixAuto, Typos: TyposAuto}
}

// Validate checks the whole request and brings it to its normal form. Every
// violation is reported at once, in a domain.Error that names the fields.
func (r *Request) Validate() error {
	var v violations
	v.text("query", r.Query, MaxQueryBytes)
	if strings.TrimSpace(r.Query) == "" {
		v.add("query", "must not be empty")
	}
	if r.Type.ordinal() < 0 {
		v.add("type", "must be hybrid, keyword or semantic")
	}
	if r.Limit < 1 || r.Limit > MaxLimit {
		v.add("limit", "must be from 1 to %d", MaxLimit)
	}
	r.validateList(&v)
	r.validateHybrid(&v)
	r.validateReading(&v)
	v.text("user_id", r.UserID, MaxUserIDBytes)
	if r.Filter != nil {
		normalize(r.Filter)
	}
	r.readCursor(&v)
	return v.err()
}

// validateReading checks how the query is to be read, and brings the language to
// its code, so that de-AT and german are one search.
func (r *Request) validateReading(v *violations) {
	switch r.Prefix {
	case "":
		r.Prefix = PrefixAuto
	case PrefixAuto, PrefixAlways, PrefixNever:
	default:
		v.add("prefix", "must be auto, always or never")
	}
	switch r.Typos {
	case "":
		r.Typos = TyposAuto
	case TyposAuto, TyposOff:
	default:
		v.add("typo_tolerance", "must be auto or off")
	}
	if r.Language == "" {
		return
	}
	code, ok := index.Language(r.Language)
	if !ok {
		v.add("language", "has no rules here; leave it out, or use one of %s", strings.Join(index.Languages(), ", "))
		return
	}
	r.Language = code
}

// readCursor must come after the normal form of the filter, which the cursor is
// bound to.
func (r *Request) readCursor(v *violations) {
	r.after = nil
	if r.Cursor == "" || len(v.fields) > 0 {
		return
	}
	a, err := decodeCursor(r.Cursor, len(r.Sort), r.binding())
	if err != nil {
		v.add("cursor", "%s", err.Error())
		return
	}
	r.after = &a
}

// violations collects what is wrong with a request.
type violations struct{ fields []domain.FieldError }

func (v *violations) add(field, format string, args ...any) {
	v.fields = append(v.fields, domain.FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (v *violations) text(field, s string, limit int) {
	switch {
	case len(s) > limit:
		v.add(field, "is %d bytes long, at most %d are allowed", len(s), limit)
	case !utf8.ValidString(s):
		v.add(field, "is not valid UTF-8")
	case strings.IndexByte(s, 0) >= 0:
		v.add(field, "must not contain a NUL character")
	}
}

func (v *violations) err() error {
	if len(v.fields) == 0 {
		return nil
	}
	return &domain.Error{Code: domain.CodeInvalid, Message: "the search is not valid", Fields: v.fields}
}
