package index

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// What sorts, groups and counts in the reference, the obvious way: over the list
// of all hits.

func refDate(v any) (float64, bool) {
	text, ok := v.(string)
	if !ok {
		return 0, false
	}
	ms, ok := DateOf(text)
	return float64(ms), ok
}

// all returns every hit of a request, with the score it asks for at least.
func (r *reference) all(req Request) []refHit {
	req.After, req.Limit = nil, MaxLimit
	hits, _ := r.search(req)
	return slices.DeleteFunc(hits, func(h refHit) bool { return req.MinScore != nil && h.score < *req.MinScore })
}

// refPlace is the place of a document for one sort key: its class, and a number
// that is smaller for what comes first.
func refPlace(d *Document, h refHit, k Sort) (class int, value float64) {
	if k.Field == FieldScore {
		if k.Descending {
			return 0, -h.score
		}
		return 0, h.score
	}
	var classes [2][]float64
	for _, v := range refValues(k.Field, d) {
		if n, ok := v.(float64); ok {
			classes[0] = append(classes[0], n)
		}
		if n, ok := refDate(v); ok {
			classes[1] = append(classes[1], n)
		}
	}
	for class, values := range classes {
		if len(values) > 0 && k.Descending {
			return class, -slices.Max(values)
		}
		if len(values) > 0 {
			return class, slices.Min(values)
		}
	}
	return 2, 0
}

func (r *reference) compare(keys []Sort, a, b refHit) int {
	da, db := r.docs[a.id], r.docs[b.id]
	for _, k := range keys {
		ca, va := refPlace(&da, a, k)
		cb, vb := refPlace(&db, b, k)
		if c := cmp.Or(cmp.Compare(ca, cb), cmp.Compare(va, vb)); c != 0 {
			return c
		}
	}
	return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.ordinal, b.ordinal))
}

// sorted returns all hits in the order of the request.
func (r *reference) sorted(req Request) []refHit {
	hits := r.all(req)
	keys := req.Sort
	if len(keys) == 0 {
		keys = []Sort{{FieldScore, true}}
	}
	slices.SortFunc(hits, func(a, b refHit) int { return r.compare(keys, a, b) })
	return hits
}

type refHits struct {
	value any // bool, string, float64 or nil
	hits  []refHit
}

func refFirst(values []any) any {
	var bools, texts, numbers []any
	for _, v := range values {
		switch v.(type) {
		case bool:
			bools = append(bools, v)
		case string:
			texts = append(texts, v)
		case float64:
			numbers = append(numbers, v)
		}
	}
	switch {
	case len(bools) > 0:
		return !slices.Contains(bools, any(false))
	case len(texts) > 0:
		return slices.MinFunc(texts, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	case len(numbers) > 0:
		return slices.MinFunc(numbers, func(a, b any) int { return cmp.Compare(a.(float64), b.(float64)) })
	}
	return nil
}

// grouped returns all groups of a request in their order.
func (r *reference) grouped(req Request) (groups []refHits) {
	for _, h := range r.sorted(req) {
		d := r.docs[h.id]
		value := refFirst(refValues(req.GroupBy, &d))
		i := slices.IndexFunc(groups, func(g refHits) bool { return g.value == value })
		if i < 0 {
			i = len(groups)
			groups = append(groups, refHits{value: value})
		}
		groups[i].hits = append(groups[i].hits, h)
	}
	return groups
}

// counts returns how many of the matching documents have each value.
func (r *reference) counts(req Request, field string) map[any]int {
	counts, seen := map[any]int{}, map[uuid.UUID]bool{}
	for _, h := range r.all(req) {
		if seen[h.id] {
			continue
		}
		seen[h.id] = true
		d := r.docs[h.id]
		values := map[any]bool{}
		for _, v := range refValues(field, &d) {
			if _, object := v.(map[string]any); !object {
				values[v] = true
			}
		}
		for v := range values {
			counts[v]++
		}
	}
	return counts
}

func (v *Value) any() any {
	switch {
	case v == nil:
		return nil
	case v.Kind == KindString:
		return v.String
	case v.Kind == KindNumber:
		return v.Number
	}
	return v.Bool
}
