package search

import (
	"time"

	"github.com/rustassistant/rustassistant/internal/index"
)

// next returns where the next page begins, when there may be one.
func (r *Request) next(res *index.Result) (index.Cursor, bool) {
	if r.GroupBy.ByField() {
		n := len(res.Groups)
		if n < r.Limit || n == 0 {
			return index.Cursor{}, false
		}
		return res.Hits[len(res.Hits)-res.Groups[n-1].Hits].Cursor(), true
	}
	n := len(res.Hits)
	if n < r.Limit || n == 0 {
		return index.Cursor{}, false
	}
	return res.Hits[n-1].Cursor(), true
}

// appendResults appends the results, in groups when that was asked for.
func appendResults(b []byte, r *Request, res *index.Result) []byte {
	if !r.GroupBy.ByField() {
		return appendHits(append(b, `,"results":`...), r, res.Hits)
	}
	b = append(b, `,"results":[],"groups":[`...)
	hits := res.Hits
	for i, g := range res.Groups {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"value":`...)
		if g.Value == nil {
			b = append(b, "null"...)
		} else {
			b = appendTyped(b, *g.Value)
		}
		b = appendCount(b, `,"total_results":`, g.Total)
		b = appendHits(append(b, `,"results":`...), r, hits[:g.Hits])
		b = append(b, '}')
		hits = hits[g.Hits:]
	}
	return appendCount(b, `],"total_groups":`, res.TotalGroups)
}

func appendHits(b []byte, r *Request, hits []index.Hit) []byte {
	b = append(b, '[')
	for i := range hits {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendHit(b, r, &hits[i])
	}
	return append(b, ']')
}

// appendTexts appends the fields of a hit that are wanted.
func appendTexts(b []byte, include Fields, h *index.Hit) []byte {
	for _, f := range [...]struct {
		field       Fields
		name, value string
	}{
		{fieldExternalID, `,"external_id":`, h.ExternalID},
		{fieldTitle, `,"title":`, h.Title},
		{fieldHeading, `,"heading":`, h.Heading},
		{fieldContent, `,"content":`, h.Content},
		{fieldDocType, `,"doc_type":`, h.DocType},
		{fieldSourceURL, `,"source_url":`, h.SourceURL},
		{fieldSourceType, `,"source_type":`, h.SourceType},
		{fieldRepoID, `,"repo_id":`, h.RepoID},
		{fieldLanguage, `,"language":`, h.Language},
	} {
		if include.has(f.field) {
			b = appendField(b, f.name, f.value)
		}
	}
	if include.has(fieldHighlights) {
		b = append(b, `,"highlights":[`...)
		for i := range h.Highlights {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendFragment(b, &h.Highlights[i])
		}
		b = append(b, ']')
	}
	if include.has(fieldTags) {
		b = appendStrings(append(b, `,"tags":`...), h.Tags)
	}
	if include.has(fieldMetadata) {
		b = append(b, `,"metadata":`...)
		if len(h.Metadata) > 0 {
			b = append(b, h.Metadata...)
		} else {
			b = append(b, "{}"...)
		}
	}
	if include.has(fieldCreatedAt) {
		b = appendTime(append(b, `,"created_at":`...), h.CreatedAt)
	}
	if include.has(fieldUpdatedAt) {
		b = appendTime(append(b, `,"updated_at":`...), h.UpdatedAt)
	}
	return b
}

// appendTyped appends a value as its own kind of JSON.
func appendTyped(b []byte, v index.Value) []byte {
	switch {
	case v.Kind == index.KindString:
		return appendString(b, v.String)
	case v.Kind == index.KindNumber:
		return appendFloat(b, v.Number)
	case v.Bool:
		return append(b, "true"...)
	}
	return append(b, "false"...)
}

func appendBool(b []byte, name string, v bool) []byte {
	return appendTyped(append(b, name...), index.Bool(v))
}

func appendFacets(b []byte, facets []index.FacetResult) []byte {
	b = append(b, `,"facets":[`...)
	for i := range facets {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFacet(b, &facets[i])
	}
	return append(b, ']')
}

func appendFacet(b []byte, f *index.FacetResult) []byte {
	b = appendField(b, `{"field":`, f.Field)
	b = appendBool(b, `,"exact":`, f.Exact)
	b = appendCount(b, `,"total_values":`, f.TotalValues)
	b = append(b, `,"values":[`...)
	for i, v := range f.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTyped(append(b, `{"value":`...), v.Value)
		b = appendCount(b, `,"count":`, v.Count)
		b = append(b, '}')
	}
	b = append(b, ']')
	if len(f.Ranges) > 0 {
		b = append(b, `,"ranges":[`...)
		for i := range f.Ranges {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendRange(b, &f.Ranges[i])
		}
		b = append(b, ']')
	}
	if s := f.Stats; s != nil {
		moments := isDate(f.Field)
		b = appendCount(b, `,"stats":{"count":`, s.Count)
		b = appendPoint(append(b, `,"min":`...), s.Min, moments)
		b = appendPoint(append(b, `,"max":`...), s.Max, moments)
		if !moments {
			b = appendNumber(b, `,"avg":`, s.Sum/float64(s.Count))
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendRange(b []byte, r *index.FacetRangeCount) []byte {
	b = append(b, '{')
	if r.Label != "" {
		b = append(appendField(b, `"label":`, r.Label), ',')
	}
	if r.From != nil {
		b = append(appendPoint(append(b, `"from":`...), *r.From, r.Date), ',')
	}
	if r.To != nil {
		b = append(appendPoint(append(b, `"to":`...), *r.To, r.Date), ',')
	}
	return append(appendCount(b, `"count":`, r.Count), '}')
}

// appendPoint appends a number, or the moment of so many Unix milliseconds.
func appendPoint(b []byte, v float64, moment bool) []byte {
	if moment && v > -1e14 && v < 1e14 { // years of four digits and a few more
		return time.UnixMilli(int64(v)).UTC().AppendFormat(append(b, '"'), `2006-01-02T15:04:05.999Z07:00"`)
	}
	return appendFloat(b, v)
}
