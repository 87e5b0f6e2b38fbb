package index

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// A document's attributes are what filters see: keys of the keyword dictionary,
// and numbers of the sorted columns.
//
//	field 0x00 's' text     the field has this text
//	field 0x00 'b' t or f   the field has this truth value
//	field 0x00 'e'          the field has a value, or a key below it has
//
// A text of metadata that is a date is in the column of its field's dates too.
// A longer text is cut and carries its hash, so that equality stays exact
// without large keys.
const (
	maxKeywordBytes = 256
	keepKeyword     = 200
	// maxAttributes bounds what one document's metadata can add.
	maxAttributes = 4096
)

type numberValue struct {
	field string
	value float64
}

// attributes of one document.
type attributes struct {
	keys    []string
	numbers []numberValue
}

func keywordKey(field, text string) string {
	if len(text) > maxKeywordBytes {
		text = text[:keepKeyword] + "\x00" + strconv.FormatUint(xxhash.Sum64String(text), 16)
	}
	return field + "\x00s" + text
}

func boolKey(field string, v bool) string {
	if v {
		return field + "\x00bt"
	}
	return field + "\x00bf"
}

func existsKey(field string) string { return field + "\x00e" }

// attributesOf lists what can be filtered of d.
func attributesOf(d *Document) (attributes, error) {
	var a attributes
	for _, f := range [...]struct{ field, value string }{
		{FieldDocType, d.DocType},
		{FieldSourceType, d.SourceType},
		{FieldRepoID, d.RepoID},
		{FieldExternalID, d.ExternalID},
		{FieldLanguage, d.Language},
	} {
		if f.value != "" {
			a.text(f.field, f.value)
		}
	}
	for _, t := range d.Tags {
		a.text(FieldTags, t)
	}
	a.numbers = append(a.numbers, numberValue{FieldCreatedAt, float64(d.CreatedAt)},
		numberValue{FieldUpdatedAt, float64(d.UpdatedAt)})
	if len(d.Metadata) == 0 {
		return a, nil
	}
	dec := json.NewDecoder(bytes.NewReader(d.Metadata))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return a, fmt.Errorf("%w %s: metadata: %w", ErrInvalidDocument, d.ID, err)
	}
	a.object(MetadataPrefix, object)
	return a, nil
}

func (a *attributes) full() bool { return len(a.keys)+len(a.numbers) >= maxAttributes }

func (a *attributes) text(field, value string) {
	a.keys = append(a.keys, keywordKey(field, value), existsKey(field))
}

func (a *attributes) number(field string, value float64) {
	a.numbers = append(a.numbers, numberValue{field, value})
	a.keys = append(a.keys, existsKey(field))
}

// object walks nested metadata; prefix ends with a dot.
func (a *attributes) object(prefix string, object map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(object)) { // in order, for the same bytes every time
		if !strings.Contains(key, "\x00") {
			a.value(prefix+key, object[key])
		}
	}
}

func (a *attributes) value(field string, value any) {
	if a.full() {
		return
	}
	switch v := value.(type) {
	case string:
		a.text(field, v)
		if ms, ok := DateOf(v); ok {
			a.numbers = append(a.numbers, numberValue{dateColumn(field), float64(ms)})
		}
	case bool:
		a.keys = append(a.keys, boolKey(field, v), existsKey(field))
	case json.Number:
		if n, err := v.Float64(); err == nil && !math.IsInf(n, 0) {
			a.number(field, n)
		}
	case []any:
		for _, item := range v {
			a.value(field, item)
		}
	case map[string]any:
		a.keys = append(a.keys, existsKey(field))
		a.object(field+".", v)
	}
}
