package search

import (
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Decode reads a request of JSON, strictly: unknown and repeated fields are
// refused by name. null is as good as leaving a field out. The error is a
// domain.Error: CodeMalformed when body is no JSON object, else CodeInvalid with
// every field that is wrong.
func Decode(body []byte) (*Request, error) {
	r := NewRequest("")
	d := decoder{request: r}
	if err := checkObject(body); err != nil {
		return nil, err
	}
	d.object("", body, d.field)
	if len(d.fields) > 0 {
		r.Cursor = "" // what it is bound to may be wrong itself
	}
	// Fields that could not be read keep their default, so this adds only what
	// is wrong with the others.
	err := r.Validate()
	if len(d.fields) == 0 {
		if err != nil {
			return nil, err
		}
		return r, nil
	}
	var invalid *domain.Error
	if errors.As(err, &invalid) {
		d.addOthers(invalid.Fields)
	}
	return nil, d.err()
}

// decoder reads one request.
type decoder struct {
	violations
	request *Request
	typed   string // the field that said the type
	leaves  int    // of the filter, so far
}

// object calls each with the names and values of a valid JSON object, in their
// order. prefix stands before the names in errors.
func (d *decoder) object(prefix string, object []byte, each func(name string, value json.RawMessage)) {
	var few [16]string
	names := few[:0]
	eachMember(object, func(quoted, value []byte) bool {
		name := unquote(quoted)
		switch {
		case slices.Contains(names, name):
			d.add(prefix+shorten(name), "is given more than once")
		case !utf8.Valid(value):
			d.add(prefix+shorten(name), "is not valid UTF-8")
		case !isNull(value):
			each(name, value)
		}
		names = append(names, name)
		return len(d.fields) <= maxViolations
	})
}

// maxViolations is how many are reported; a caller learns nothing from more.
const maxViolations = 20

func (d *decoder) field(name string, value json.RawMessage) {
	r := d.request
	switch name {
	case "query":
		d.string(name, value, &r.Query, "must be a text")
	case "type", "search_type":
		d.readType(name, value)
	case "limit":
		d.value(name, value, &r.Limit, "must be a whole number")
	case "cursor":
		d.string(name, value, &r.Cursor, "must be a text")
	case "filters":
		r.Filter = d.filter(name, value, 0)
	case "highlight":
		d.highlight(name, value)
	case "group_by":
		d.string(name, value, (*string)(&r.GroupBy), badGroup)
	case "group_size":
		d.value(name, value, &r.GroupSize, "must be a whole number")
	case "sort":
		d.sort(name, value)
	case "facets":
		d.facets(name, value)
	case "include":
		d.include(name, value)
	case "weights":
		d.weights(name, value)
	case "fusion":
		d.string(name, value, &r.Fusion, "must be minmax or rrf")
	case "min_score":
		d.minScore(name, value)
	case "language":
		d.string(name, value, &r.Language, "must be a text")
	case "prefix":
		d.string(name, value, (*string)(&r.Prefix), "must be auto, always or never")
	case "typo_tolerance":
		d.string(name, value, (*string)(&r.Typos), "must be auto or off")
	case "explain":
		d.bool(name, value, &r.Explain)
	case "user_id":
		d.string(name, value, &r.UserID, "must be a text")
	default:
		d.add(shorten(name), "is not a field of a search")
	}
}

// readType takes either name; both only when they agree.
func (d *decoder) readType(name string, value json.RawMessage) {
	var t Type
	if !d.string(name, value, (*string)(&t), "must be hybrid, keyword or semantic") {
		return
	}
	if d.typed != "" && d.request.Type != t {
		d.add(name, "contradicts %s", d.typed)
		return
	}
	d.typed, d.request.Type = name, t
}

func (d *decoder) value(name string, value json.RawMessage, into any, message string) {
	if err := json.Unmarshal(value, into); err != nil {
		d.add(name, "%s", message)
	}
}

func (d *decoder) string(name string, value json.RawMessage, into *string, message string) bool {
	if value[0] != '"' {
		d.add(name, "%s", message)
		return false
	}
	*into = unquote(value)
	return true
}

func (d *decoder) bool(name string, value json.RawMessage, into *bool) {
	switch value[0] {
	case 't', 'f':
		*into = value[0] == 't'
	default:
		d.add(name, "must be true or false")
	}
}

// addOthers adds the fields that are not reported yet.
func (d *decoder) addOthers(fields []domain.FieldError) {
	for _, f := range fields {
		known := false
		for _, have := range d.fields {
			known = known || have.Field == f.Field
		}
		if !known {
			d.fields = append(d.fields, f)
		}
	}
}

func (d *decoder) err() error {
	d.fields = d.fields[:min(len(d.fields), maxViolations)]
	return d.violations.err()
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// shorten keeps an error readable whatever name was sent.
func shorten(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "…"
}
