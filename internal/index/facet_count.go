package index

import (
	"cmp"
	"context"
	"slices"
)

// maxFacetMerge is how many values of a field each segment gives when several
// are added up.
const maxFacetMerge = 10_000

// addFacets counts the request's facets. own are the documents that match the
// request as it is, when they are known already. Since all of them are counted
// anyway, the total becomes exact.
func (s *Snapshot) addFacets(ctx context.Context, r *Request, own *collector, result *Result) error {
	type matches struct {
		filter *Filter
		docs   []bitset
	}
	known := []matches{{r.Filter, own.matched}}
	if own.keys == nil { // the list was not made of all that matches
		if err := s.collectMatches(ctx, r, r.Filter, own); err != nil {
			return err
		}
		if r.Mode == ModeKeyword {
			result.Total, result.TotalIsLowerBound = own.total, false
		}
	}
	for i := range r.Facets {
		f := &r.Facets[i]
		filter := r.Filter
		if f.ExcludeOwnFilter {
			filter = filter.withoutField(f.Field)
		}
		at := slices.IndexFunc(known, func(m matches) bool { return m.filter == filter })
		if at < 0 {
			at = len(known)
			c := collector{matched: make([]bitset, len(s.views))}
			if err := s.collectMatches(ctx, r, filter, &c); err != nil {
				return err
			}
			known = append(known, matches{filter, c.matched})
		}
		counted, err := s.countFacet(f, known[at].docs)
		if err != nil {
			return err
		}
		result.Facets = append(result.Facets, counted)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// collectMatches finds all documents that match a request with another filter:
// those with one of its words, or for ModeSemantic, which finds something near
// to any, those that are not excluded.
func (s *Snapshot) collectMatches(ctx context.Context, r *Request, filter *Filter, c *collector) error {
	all := Request{
		Query: r.Query, Filter: filter, Group: r.Group, Params: r.Params, Limit: 1, CountLimit: 1,
		Language: r.Language, Prefix: r.Prefix, NoTypos: r.NoTypos,
	}
	if r.Mode == ModeKeyword {
		c.minScore = r.MinScore
	}
	q := searches.Get().(*search)
	q.unscored = r.Mode == ModeSemantic
	if err := c.run(ctx, q, s, &all); err != nil {
		return err
	}
	q.unscored = false
	q.release()
	return nil
}

// valueCount is a value of a segment's column with its documents.
type valueCount struct {
	value string // as in hitGroup
	n     int
}

// countFacet counts one facet over the documents that match, by view.
func (s *Snapshot) countFacet(f *Facet, matched []bitset) (FacetResult, error) {
	out := FacetResult{Field: f.Field, Exact: true, Values: []FacetValue{}}
	for _, r := range f.Ranges {
		out.Ranges = append(out.Ranges, FacetRangeCount{FacetRange: r})
	}
	var parts [][]valueCount
	cut := false
	for i, v := range s.views {
		counts, err := v.countValues(f, matched[i])
		if err != nil {
			return out, err
		}
		if len(counts) > maxFacetMerge && len(s.views) > 1 {
			topValues(counts, maxFacetMerge, false)
			counts, cut = counts[:maxFacetMerge], true
		}
		if len(counts) > 0 {
			parts = append(parts, counts)
		}
		v.countRanges(f, matched[i], out.Ranges)
		v.addStats(f.Field, matched[i], &out)
	}
	all := mergeCounts(parts)
	out.Exact = !cut || len(parts) == 1
	out.TotalValues = len(all)
	n := min(f.Limit, len(all))
	topValues(all, n, f.ByValue)
	for _, c := range all[:n] {
		out.Values = append(out.Values, FacetValue{*typedValue(c.value), c.n})
	}
	return out, nil
}

// mergeCounts adds up the counts of several segments.
func mergeCounts(parts [][]valueCount) []valueCount {
	if len(parts) == 0 {
		return nil
	}
	all := parts[0]
	if len(parts) == 1 {
		return all
	}
	at := make(map[string]int, len(all))
	for i, c := range all {
		at[c.value] = i
	}
	for _, part := range parts[1:] {
		for _, c := range part {
			if i, ok := at[c.value]; ok {
				all[i].n += c.n
				continue
			}
			at[c.value] = len(all)
			all = append(all, c)
		}
	}
	return all
}

// topValues moves the first n values to the front, in order.
func topValues(all []valueCount, n int, byValue bool) {
	compare := func(a, b valueCount) int {
		if byValue {
			return cmp.Compare(a.value, b.value)
		}
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.value, b.value))
	}
	if n < len(all)/8 && n <= MaxFacetLimit {
		first := all[:0:0]
		for _, c := range all {
			if len(first) == n && compare(c, first[n-1]) >= 0 {
				continue
			}
			at, _ := slices.BinarySearchFunc(first, c, compare)
			if len(first) == n {
				first = first[:n-1]
			}
			first = slices.Insert(first, at, c)
		}
		copy(all, first)
		return
	}
	slices.SortFunc(all, compare)
}

// countValues returns the values that matching documents of the segment have.
func (s *Segment) countValues(f *Facet, matched bitset) (counts []valueCount, err error) {
	if isDateField(f.Field) {
		return nil, nil // nearly every document has a moment of its own
	}
	column, err := s.docKeywords(f.Field)
	if err != nil {
		return nil, err
	}
	n := make([]uint32, len(column.keys))
	if len(column.keys) > 0 {
		column.count(matched, s.meta.Docs, n)
	}
	for ord, n := range n {
		if n > 0 {
			counts = append(counts, valueCount{column.keys[ord], int(n)})
		}
	}
	if numbers, ok := s.numbers[f.Field]; ok {
		counts = numbers.count(matched, counts)
	}
	return counts, nil
}

// count adds the documents of each value to n.
func (d *docKeywords) count(matched bitset, docs int, n []uint32) {
	for doc := matched.next(0, docs); doc >= 0; doc = matched.next(doc+1, docs) {
		if d.starts == nil {
			if ord := d.ords[doc]; ord > 0 {
				n[ord-1]++
			}
			continue
		}
		for _, ord := range d.ords[d.starts[doc]:d.starts[doc+1]] {
			n[ord]++
		}
	}
}

// count appends the numbers that documents have, in their order.
func (c *numberReader) count(matched bitset, counts []valueCount) []valueCount {
	for i := 0; i < c.n; {
		value, n := c.value(i), 0
		for ; i < c.n && c.value(i) == value; i++ {
			if matched.has(int(c.doc(i))) {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, valueCount{numberKey(value), n})
		}
	}
	return counts
}

// countRanges adds the documents with a number in each range.
func (s *Segment) countRanges(f *Facet, matched bitset, ranges []FacetRangeCount) {
	if len(ranges) == 0 {
		return
	}
	seen := newBitset(s.meta.Docs)
	for i := range ranges {
		r := &ranges[i]
		name := f.Field
		if r.Date && !isDateField(name) {
			name = dateColumn(name)
		}
		column, ok := s.numbers[name]
		if !ok {
			continue
		}
		clear(seen)
		from, to := column.rangeOf(Bounds{GTE: r.From, LT: r.To})
		for j := from; j < to; j++ {
			if doc := int(column.doc(j)); matched.has(doc) {
				seen.set(doc)
			}
		}
		r.Count += seen.count()
	}
}

// addStats adds the numbers of the matching documents.
func (s *Segment) addStats(field string, matched bitset, out *FacetResult) {
	column, ok := s.numbers[field]
	if !ok {
		return
	}
	for i := range column.n {
		if !matched.has(int(column.doc(i))) {
			continue
		}
		v := numberOfSortable(column.value(i))
		if out.Stats == nil {
			out.Stats = &FacetStats{Min: v, Max: v}
		}
		out.Stats.Count++
		out.Stats.Sum += v
		out.Stats.Min, out.Stats.Max = min(out.Stats.Min, v), max(out.Stats.Max, v)
	}
}
