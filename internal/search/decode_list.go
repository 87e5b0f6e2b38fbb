package search

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

// at names an entry of a list in errors.
func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// sort reads ["created_at:desc", {"field": "metadata.price", "order": "asc"}], or one
// text with commas.
func (d *decoder) sort(path string, value json.RawMessage) {
	if value[0] == '"' {
		for text := range strings.SplitSeq(unquote(value), ",") {
			d.request.Sort = append(d.request.Sort, d.sortText(path, strings.TrimSpace(text)))
		}
		return
	}
	parts, ok := d.list(path, value, index.MaxSortKeys)
	for i, part := range parts {
		key := at(path, i)
		switch {
		case !ok:
		case part[0] == '"':
			d.request.Sort = append(d.request.Sort, d.sortText(key, unquote(part)))
		case part[0] == '{':
			d.request.Sort = append(d.request.Sort, d.sortObject(key, part))
		default:
			d.add(key, "must be a text as created_at:desc or an object with field and order")
		}
	}
}

// list returns the entries of a list.
func (d *decoder) list(path string, value json.RawMessage, most int) ([]json.RawMessage, bool) {
	if value[0] != '[' {
		d.add(path, "must be a list")
		return nil, false
	}
	parts, ok := elements(value, most)
	if !ok {
		d.add(path, "must have at most %d entries", most)
	}
	return parts, ok
}

func (d *decoder) sortText(path, text string) index.Sort {
	field, order := text, ""
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		field, order = text[:i], text[i+1:]
	}
	return d.sortKey(path, field, order)
}

func (d *decoder) sortObject(path string, value json.RawMessage) index.Sort {
	var field, order string
	d.members(path, value, func(name string, value json.RawMessage) {
		key := path + "." + shorten(name)
		switch name {
		case "field":
			d.string(key, value, &field, "must be a text")
		case "order":
			d.string(key, value, &order, badOrder)
		default:
			d.add(key, "is not a part of a sort key; use field and order")
		}
	})
	return d.sortKey(path, field, order)
}

const badOrder = "must be asc or desc"

// sortKey puts the best score first, and otherwise what is least.
func (d *decoder) sortKey(path, field, order string) index.Sort {
	switch order {
	case "asc", "desc":
		return index.Sort{Field: field, Descending: order == "desc"}
	case "":
		return index.Sort{Field: field, Descending: field == index.FieldScore}
	}
	d.add(path, badOrder)
	return index.Sort{Field: field}
}

// facets reads a list of names and of objects.
func (d *decoder) facets(path string, value json.RawMessage) {
	parts, _ := d.list(path, value, index.MaxFacets)
	for i, part := range parts {
		var f index.Facet
		switch part[0] {
		case '"':
			f.Field = unquote(part)
		case '{':
			d.facet(at(path, i), part, &f)
		default:
			d.add(at(path, i), "must be the name of a field or an object")
			continue
		}
		d.request.Facets = append(d.request.Facets, f)
	}
}

func (d *decoder) facet(path string, value json.RawMessage, f *index.Facet) {
	d.members(path, value, func(name string, value json.RawMessage) {
		key := path + "." + shorten(name)
		switch name {
		case "field":
			d.string(key, value, &f.Field, "must be a text")
		case "limit":
			if d.value(key, value, &f.Limit, "must be a whole number"); f.Limit < 1 || f.Limit > index.MaxFacetLimit {
				d.add(key, "must be from 1 to %d", index.MaxFacetLimit)
				f.Limit = 0
			}
		case "sort":
			var by string
			if d.string(key, value, &by, badFacetSort) && by != "count" && by != "value" {
				d.add(key, badFacetSort)
			}
			f.ByValue = by == "value"
		case "exclude_own_filter":
			d.bool(key, value, &f.ExcludeOwnFilter)
		case "ranges":
			parts, _ := d.list(key, value, index.MaxFacetRanges)
			for i, part := range parts {
				f.Ranges = append(f.Ranges, d.facetRange(at(key, i), part))
			}
		default:
			d.add(key, "is not a part of a facet")
		}
	})
	if f.Field == "" {
		d.add(path+".field", "is missing")
	}
	for i := range f.Ranges {
		r := &f.Ranges[i]
		if isDate(f.Field) && !r.Date && (r.From != nil || r.To != nil) {
			d.add(at(path+".ranges", i), badDate)
		}
	}
}

const badFacetSort = "must be count or value"

func isDate(field string) bool { return field == index.FieldCreatedAt || field == index.FieldUpdatedAt }

// facetRange reads {"from": 10, "to": 20, "label": "cheap"}; the bounds may be dates.
func (d *decoder) facetRange(path string, value json.RawMessage) (r index.FacetRange) {
	if value[0] != '{' {
		d.add(path, "must be an object with from, to and label")
		return r
	}
	numbers, dates := 0, 0
	d.members(path, value, func(name string, value json.RawMessage) {
		key := path + "." + shorten(name)
		var into **float64
		switch name {
		case "label":
			d.string(key, value, &r.Label, "must be a text")
			d.text(key, r.Label, domain.MaxLabelBytes)
			return
		case "from":
			into = &r.From
		case "to":
			into = &r.To
		default:
			d.add(key, "is not a part of a range; use from, to and label")
			return
		}
		bound, date, ok := d.bound(key, value, false)
		if !ok {
			return
		}
		*into = &bound
		if date {
			dates++
		} else {
			numbers++
		}
	})
	if numbers > 0 && dates > 0 {
		d.add(path, "has a number and a date; both must be of one kind")
	}
	if r.From != nil && r.To != nil && *r.From > *r.To {
		d.add(path+".from", "is more than to")
	}
	r.Date = dates > 0
	return r
}

// highlight reads true, false or {"fragments": 3, "size": 150}.
func (d *decoder) highlight(path string, value json.RawMessage) {
	r := d.request
	switch value[0] {
	case 't', 'f':
		r.Highlight = value[0] == 't'
		return
	case '{':
	default:
		d.add(path, "must be true, false or an object with fragments and size")
		return
	}
	d.members(path, value, func(name string, value json.RawMessage) {
		key := path + "." + shorten(name)
		into := map[string]*int{"fragments": &r.Fragments, "size": &r.FragmentSize}[name]
		if into == nil {
			d.add(key, "is not a part of highlight; use fragments and size")
			return
		}
		if d.value(key, value, into, "must be a whole number"); *into == 0 {
			d.add(key, "must be at least 1")
		}
	})
	r.Highlight = true
}

// include reads the names of fields.
func (d *decoder) include(path string, value json.RawMessage) {
	parts, _ := d.list(path, value, 2*len(fieldNames))
	for i, part := range parts {
		var name string
		if !d.string(at(path, i), part, &name, "must be a text") {
			continue
		}
		if f, ok := fieldOf(name); ok {
			d.request.Include |= f
		} else {
			d.add(at(path, i), "%q is not a field of a result", shorten(name))
		}
	}
	d.request.Include |= FieldIdentity
}
