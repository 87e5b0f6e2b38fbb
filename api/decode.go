package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// body is the JSON body of a request, read strictly: see decodeObject. huma knows
// T's schema and leaves the reading to us, because its own way loses the kind of
// an error and lets invalid UTF-8 and repeated fields pass.
type body[T any] struct {
	Value T
	err   error
}

// Schema implements huma.SchemaProvider.
func (body[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// Resolve implements huma.Resolver: it reports what reading found.
func (b *body[T]) Resolve(huma.Context) []error {
	if b.err != nil {
		return []error{b.err}
	}
	return nil
}

func (b *body[T]) decode(data []byte) { b.err = decodeObject(data, &b.Value) }

// hash identifies the request's meaning for its idempotency key: spaces and the
// order of fields do not matter.
func (b *body[T]) hash() ([32]byte, error) {
	canonical, err := json.Marshal(b.Value)
	return sha256.Sum256(canonical), err
}

// jsonFormat is what huma reads and writes bodies with.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if strict, ok := v.(interface{ decode([]byte) }); ok {
			strict.decode(data)
			return nil
		}
		return decodeObject(data, v)
	},
}

// decodeObject reads a JSON object into the struct that dst points to. It refuses
// broken JSON with the position, and unknown, repeated, wrongly typed fields,
// invalid UTF-8 and NUL characters with the field's name, all of them at once.
// null is as good as leaving a field out, unless the field is an optional.
func decodeObject(data []byte, dst any) error {
	d := objectDecoder{}
	if !d.object("", data, reflect.ValueOf(dst).Elem()) {
		return syntaxError(data)
	}
	if len(d.errs) > 0 {
		return &domain.Error{Code: domain.CodeInvalid, Message: "the request is not valid", Fields: d.errs}
	}
	return nil
}

// maxFieldErrors bounds an answer, whatever was sent.
const maxFieldErrors = 50

type objectDecoder struct{ errs []domain.FieldError }

func (d *objectDecoder) fail(field, format string, args ...any) {
	if len(d.errs) < maxFieldErrors {
		d.errs = append(d.errs, domain.FieldError{Field: shorten(field), Message: fmt.Sprintf(format, args...)})
	}
}

// object reads data into a struct. Errors name its fields behind prefix. It returns
// false for data that is not exactly one object.
func (d *objectDecoder) object(prefix string, data []byte, target reflect.Value) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return false
	}
	names, seen := fieldsOf(target.Type()), map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return false
		}
		name := token.(string)
		index, known := names[name]
		switch {
		case !known:
			d.fail(prefix+name, "is not a known field")
		case seen[name]:
			d.fail(prefix+name, "is given twice")
		default:
			seen[name] = true
			d.field(prefix+name, raw, target.Field(index))
		}
	}
	if _, err := dec.Token(); err != nil {
		return false
	}
	_, err := dec.Token()
	return err == io.EOF
}

// field reads the value of one field.
func (d *objectDecoder) field(name string, raw json.RawMessage, target reflect.Value) {
	if !utf8.Valid(raw) {
		d.fail(name, "is not valid UTF-8")
		return
	}
	if hasEscapedNUL(raw) {
		d.fail(name, "must not contain a NUL character")
		return
	}
	if raw[0] == '"' && isPlainText(target) {
		target.SetString(unquote(raw))
		return
	}
	dst := target.Addr().Interface()
	if raw[0] == '{' {
		if inner := objectIn(dst); inner.IsValid() {
			d.object(name+".", raw, inner)
			return
		}
	}
	if err := json.Unmarshal(raw, dst); err != nil {
		d.fail(name, "%s", typeMessage(err))
	}
}

// objectIn returns the struct that a field or an optional holds, which is read as
// strictly as what is around it; the zero Value for one that reads itself and for
// everything else.
func objectIn(dst any) reflect.Value {
	if o, ok := dst.(interface{ give() any }); ok {
		dst = o.give()
	}
	if _, own := dst.(json.Unmarshaler); own {
		return reflect.Value{}
	}
	if v := reflect.ValueOf(dst).Elem(); v.Kind() == reflect.Struct {
		return v
	}
	return reflect.Value{}
}

// typeMessage says what was expected, in the words of JSON.
func typeMessage(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return "must be " + jsonTypeName(wrong.Type) + ", not " + strings.Fields(wrong.Value + " ?")[0]
	}
	var known *domain.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return "has a value that cannot be read"
}

func jsonTypeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	default:
		return "a number"
	}
}

// hasEscapedNUL reports whether a JSON text holds the escape of U+0000.
func hasEscapedNUL(raw []byte) bool {
	const escape = `\u0000`
	for at := 0; ; {
		i := bytes.Index(raw[at:], []byte(escape))
		if i < 0 {
			return false
		}
		at += i
		slashes := 0
		for j := at; j >= 0 && raw[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 1 {
			return true
		}
		at += len(escape)
	}
}

// syntaxError tells where JSON is broken, by line and column, both from 1. It reads
// data anew, because the decoder's own positions are not those in the whole text.
func syntaxError(data []byte) error {
	var ignored json.RawMessage
	err := json.Unmarshal(data, &ignored)
	if len(bytes.TrimSpace(data)) == 0 {
		return domain.Errorf(domain.CodeMalformed, "the body is empty; a JSON object is expected")
	}
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return domain.Errorf(domain.CodeMalformed, "the body must be one JSON object")
	}
	before := data[:max(0, min(int(syntax.Offset)-1, len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return domain.Errorf(domain.CodeMalformed, "the JSON is malformed at line %d, column %d: %s", line, column,
		strings.ToValidUTF8(syntax.Error(), "?"))
}

var fieldCache sync.Map // reflect.Type to map[string]int

// fieldsOf maps the JSON names of a struct's fields to their positions.
func fieldsOf(t reflect.Type) map[string]int {
	if known, ok := fieldCache.Load(t); ok {
		return known.(map[string]int)
	}
	names := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names[name] = i
		}
	}
	fieldCache.Store(t, names)
	return names
}

// optional is a field of a patch: absent, cleared by null, or set.
type optional[T any] struct {
	Given bool
	Value T
}

// UnmarshalJSON is called for null as well, which clears.
func (o *optional[T]) UnmarshalJSON(data []byte) error {
	o.Given = true
	return json.Unmarshal(data, &o.Value)
}

// MarshalJSON writes the value or null, for the request's hash.
func (o optional[T]) MarshalJSON() ([]byte, error) {
	if !o.Given {
		return []byte(`"\u0000absent"`), nil
	}
	return json.Marshal(o.Value)
}

// Schema implements huma.SchemaProvider. huma writes "nullable" of a type without
// a reference as two types; every optional here is a string, a list or an object.
func (optional[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), false, "")
	s.Nullable = true
	return &s
}

// give returns where the value of a field that is given is read to.
func (o *optional[T]) give() any {
	o.Given = true
	return &o.Value
}

// pointer returns the value of a field that was given.
func (o optional[T]) pointer() *T {
	if !o.Given {
		return nil
	}
	return &o.Value
}

// shorten keeps an error readable whatever was sent.
func shorten(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// missing returns an error for required fields that are empty.
func missing(fields ...string) error {
	if len(fields) == 0 {
		return nil
	}
	e := &domain.Error{Code: domain.CodeInvalid, Message: "the request is not valid"}
	for _, f := range slices.Compact(fields) {
		e.Fields = append(e.Fields, domain.FieldError{Field: f, Message: "is required"})
	}
	return e
}

// objectOrNull is a JSON object as it was written.
type objectOrNull json.RawMessage

// UnmarshalJSON keeps the text. It refuses what is no object.
func (o *objectOrNull) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		*o = nil
	case data[0] == '{':
		*o = append((*o)[:0], data...)
	default:
		return domain.Errorf(domain.CodeInvalid, "must be an object")
	}
	return nil
}

// MarshalJSON writes the text, null for none.
func (o objectOrNull) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("null"), nil
	}
	return o, nil
}

// Schema implements huma.SchemaProvider.
func (objectOrNull) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Nullable: true}
}
