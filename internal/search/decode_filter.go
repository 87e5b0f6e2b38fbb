package search

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

// filter reads an object of conditions that all must hold. path names it in
// errors. It returns nil when there is no condition in it.
func (d *decoder) filter(path string, value json.RawMessage, depth int) *index.Filter {
	if value[0] != '{' {
		d.add(path, "must be an object")
		return nil
	}
	if d.tooDeep(path, depth) {
		return nil
	}
	var all []*index.Filter
	var days dates
	d.members(path, value, func(name string, value json.RawMessage) {
		at := path + "." + shorten(name)
		switch name {
		case "and", "or":
			all = appendNode(all, d.group(at, name, value, depth))
		case "not":
			if inner := d.filter(at, value, depth+1); inner != nil {
				all = append(all, index.Not(inner))
			}
		case "date_from", "date_to":
			d.date(at, value, &days, name == "date_to")
		case "metadata":
			all = d.metadata(all, path, "metadata", value, depth)
		case index.FieldDocType, index.FieldTags, index.FieldSourceType, index.FieldRepoID,
			index.FieldExternalID, index.FieldLanguage, index.FieldCreatedAt, index.FieldUpdatedAt:
			all = appendNode(all, d.condition(at, name, value))
		default:
			if key, ok := strings.CutPrefix(name, index.MetadataPrefix); ok && key != "" {
				all = appendNode(all, d.condition(at, name, value))
				return
			}
			d.add(at, "is not a field that can be filtered")
		}
	})
	return allOf(appendNode(all, d.dates(path, &days)))
}

func appendNode(all []*index.Filter, f *index.Filter) []*index.Filter {
	if f == nil {
		return all
	}
	return append(all, f)
}

// allOf joins conditions; one alone needs no group.
func allOf(all []*index.Filter) *index.Filter {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return index.And(all...)
}

func (d *decoder) tooDeep(path string, depth int) bool {
	if depth > MaxFilterDepth {
		d.add(path, "is nested more than %d deep", MaxFilterDepth)
	}
	return depth > MaxFilterDepth
}

// members is object for a value at path.
func (d *decoder) members(path string, value json.RawMessage, each func(string, json.RawMessage)) {
	d.object(path+".", value, each)
}

func (d *decoder) group(path, name string, value json.RawMessage, depth int) *index.Filter {
	if value[0] != '[' {
		d.add(path, "must be a list of objects")
		return nil
	}
	parts, ok := elements(value, MaxFilterLeaves)
	if !ok || len(parts) == 0 {
		d.add(path, "must have from 1 to %d entries", MaxFilterLeaves)
		return nil
	}
	var nodes []*index.Filter
	for i, p := range parts {
		at := path + "[" + strconv.Itoa(i) + "]"
		before := len(d.fields)
		child := d.filter(at, p, depth+1)
		if child == nil && len(d.fields) == before {
			// In an "or" it would hold for every document, hardly what is meant.
			d.add(at, "must have at least one condition")
		}
		nodes = appendNode(nodes, child)
	}
	if name == "or" && len(nodes) > 1 {
		return index.Or(nodes...)
	}
	return allOf(nodes)
}

// metadata reads {"a": 1, "b": {"c": [2, 3]}} as metadata.a and metadata.b.c. An
// object of operators only is a condition.
func (d *decoder) metadata(all []*index.Filter, path, prefix string, value json.RawMessage, depth int) []*index.Filter {
	at := path + "." + shorten(prefix)
	if value[0] != '{' {
		d.add(at, "must be an object")
		return all
	}
	if d.tooDeep(at, depth) {
		return all
	}
	d.members(at, value, func(name string, value json.RawMessage) {
		field := prefix + "." + name
		switch {
		case name == "":
			d.add(at, "has a field without a name")
		case value[0] == '{' && !isCondition(value):
			all = d.metadata(all, path, field, value, depth+1)
		default:
			all = appendNode(all, d.condition(path+"."+shorten(field), field, value))
		}
	})
	return all
}

// in reads one value, or a list of which any may match.
func (d *decoder) in(path, field string, value json.RawMessage) *index.Filter {
	d.leaf(path)
	metadata := strings.HasPrefix(field, index.MetadataPrefix)
	d.text(path, field, len(index.MetadataPrefix)+domain.MaxLabelBytes)
	values, ok := []json.RawMessage{value}, true
	if value[0] == '[' {
		values, ok = elements(value, MaxFilterValues)
	}
	if !ok || len(values) == 0 {
		d.add(path, "must have from 1 to %d values", MaxFilterValues)
		return nil
	}
	f := index.In(field, make([]index.Value, 0, len(values))...)
	for _, raw := range values {
		v, ok := scalar(raw, metadata)
		if !ok {
			if metadata {
				d.add(path, "must be a text, a number, true, false or a list of them")
			} else {
				d.add(path, "must be a text or a list of texts")
			}
			return nil
		}
		d.text(path, v.String, domain.MaxLabelBytes)
		f.Values = append(f.Values, v)
	}
	return f
}

// scalar reads a JSON value; any but a string only in metadata.
func scalar(raw json.RawMessage, metadata bool) (v index.Value, ok bool) {
	switch c := raw[0]; {
	case c == '"':
		return index.String(unquote(raw)), true
	case !metadata || c == '{' || c == '[' || isNull(raw):
		return v, false
	case c == 't' || c == 'f':
		return index.Bool(c == 't'), true
	}
	v.Kind = index.KindNumber
	return v, json.Unmarshal(raw, &v.Number) == nil // fails for what no float64 holds
}

func (d *decoder) leaf(path string) {
	if d.leaves++; d.leaves == MaxFilterLeaves+1 {
		d.add(path, "is one field too many: at most %d are allowed in all filters together", MaxFilterLeaves)
	}
}
