package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// record is one document on its way, as a line of a bulk request.
type record struct {
	line []byte // without a line break
	// externalID is empty where the document has none, or where the line cannot be read; the server then says why.
	externalID string
	origin     origin
	input      int64 // bytes of input read so far, of which this record is the last
}

// origin says where a document comes from, for reports.
type origin struct {
	file string
	line int // from 1; 0 for a document that is a whole file
}

func (o origin) String() string {
	if o.line == 0 {
		return o.file
	}
	return fmt.Sprintf("%s:%d", o.file, o.line)
}

// source yields records in an order that is the same in each run. An error ends it.
type source interface {
	records() iter.Seq2[record, error]
	// size is the input's length in bytes, or 0 if that is not known.
	size() int64
}

// encode gives the JSON of a document without escaping what only HTML needs escaped: markup would grow by half.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

var (
	errNotAnObject = errors.New("the line is not a JSON object")
	keyBEIRID      = []byte(`"_id"`)
	keyBEIRText    = []byte(`"text"`)
)

// convert brings a line of NDJSON to the API's fields. Lines of BEIR collections say _id and text for external_id and
// content; a document without text gets its title as content. docType is given to documents that have none. Fields
// that the API does not know are left for it to name. The line is returned as it is when there is nothing to change.
func convert(line []byte, docType string) (out []byte, externalID string, err error) {
	if docType == "" && !bytes.Contains(line, keyBEIRID) && !bytes.Contains(line, keyBEIRText) {
		var doc struct {
			ExternalID string `json:"external_id"`
		}
		if err := json.Unmarshal(line, &doc); err != nil {
			return line, "", errNotAnObject
		}
		return line, doc.ExternalID, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil || fields == nil {
		return line, "", errNotAnObject
	}
	rename(fields, "_id", "external_id")
	rename(fields, "text", "content")
	if id := fields["external_id"]; len(id) > 0 && (id[0] == '-' || id[0] >= '0' && id[0] <= '9') {
		fields["external_id"] = json.RawMessage(`"` + string(id) + `"`)
	}
	if isEmptyString(fields["content"]) && !isEmptyString(fields["title"]) {
		fields["content"] = fields["title"]
	}
	if docType != "" && isEmptyString(fields["doc_type"]) {
		fields["doc_type"], _ = json.Marshal(docType)
	}
	_ = json.Unmarshal(fields["external_id"], &externalID)
	return join(fields, len(line)+32), externalID, nil
}

// rename moves a field unless the new name is taken.
func rename(fields map[string]json.RawMessage, from, to string) {
	value, ok := fields[from]
	if !ok {
		return
	}
	delete(fields, from)
	if _, taken := fields[to]; !taken {
		fields[to] = value
	}
}

func isEmptyString(raw json.RawMessage) bool {
	switch string(raw) {
	case "", `""`, "null":
		return true
	}
	if len(raw) > 64 || raw[0] != '"' {
		return false
	}
	var s string
	return json.Unmarshal(raw, &s) == nil && strings.TrimSpace(s) == ""
}

// join writes the fields in the order of their names, so that the same line gives the same bytes in each run.
func join(fields map[string]json.RawMessage, size int) []byte {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	out := make([]byte, 0, size)
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		quoted, _ := json.Marshal(name) // a string: cannot fail
		out = append(append(append(out, quoted...), ':'), fields[name]...)
	}
	return append(out, '}')
}
