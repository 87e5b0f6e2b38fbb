package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
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
	if err := d.object("", body, d.field); err != nil {
		return nil, err
	}
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

// object calls each with the names and values of a JSON object, in their order.
// prefix stands before the names in errors.
func (d *decoder) object(prefix string, body []byte, each func(name string, value json.RawMessage)) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return malformed(dec, err, "the body must be a JSON object")
	}
	var seen [16]string
	names := seen[:0]
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return malformed(dec, err, "")
		}
		name, _ := t.(string) // More and Token see to it
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return malformed(dec, err, "")
		}
		for _, n := range names {
			if n == name {
				d.add(prefix+shorten(name), "is given more than once")
			}
		}
		names = append(names, name)
		if !utf8.Valid(value) {
			d.add(prefix+shorten(name), "is not valid UTF-8")
		} else if !isNull(value) {
			each(name, value)
		}
		if len(d.fields) > maxViolations {
			return d.err()
		}
	}
	if _, err := dec.Token(); err != nil {
		return malformed(dec, err, "")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return domain.Errorf(domain.CodeMalformed, "there is more after the JSON object, at byte %d", dec.InputOffset())
	}
	return nil
}

// maxViolations is how many are reported; a caller learns nothing from more.
const maxViolations = 20

func malformed(dec *json.Decoder, err error, message string) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		message = "the JSON ends too early"
		if dec.InputOffset() == 0 {
			message = "the body must be a JSON object, and it is empty"
		}
	case errors.As(err, &syntax):
		return domain.Errorf(domain.CodeMalformed, "the body is not JSON: %s, at byte %d", syntax.Error(), syntax.Offset)
	case message == "":
		message = "the body is not JSON"
	}
	return domain.Errorf(domain.CodeMalformed, "%s", message)
}

func (d *decoder) field(name string, value json.RawMessage) {
	r := d.request
	switch name {
	case "query":
		d.value(name, value, &r.Query, "must be a text")
	case "type", "search_type":
		d.readType(name, value)
	case "limit":
		d.value(name, value, &r.Limit, "must be a whole number")
	case "cursor":
		d.value(name, value, &r.Cursor, "must be a text")
	case "filters":
		r.Filter = d.filter(name, value, 0)
	case "highlight":
		d.value(name, value, &r.Highlight, "must be true or false")
	case "group_by":
		d.value(name, value, &r.GroupBy, "must be document or none")
	case "explain":
		d.value(name, value, &r.Explain, "must be true or false")
	case "user_id":
		d.value(name, value, &r.UserID, "must be a text")
	default:
		d.add(shorten(name), "is not a field of a search")
	}
}

// readType takes either name; both only when they agree.
func (d *decoder) readType(name string, value json.RawMessage) {
	var t Type
	if !d.value(name, value, &t, "must be hybrid, keyword or semantic") {
		return
	}
	if d.typed != "" && d.request.Type != t {
		d.add(name, "contradicts %s", d.typed)
		return
	}
	d.typed, d.request.Type = name, t
}

func (d *decoder) value(name string, value json.RawMessage, into any, message string) bool {
	if err := json.Unmarshal(value, into); err != nil {
		d.add(name, "%s", message)
		return false
	}
	return true
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
