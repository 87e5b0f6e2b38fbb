package index

import (
	"container/heap"
	"context"
	"math"
	"slices"
)

// collector takes every hit of a search, where the best by score are not enough:
// to sort and group them by fields, and to count facets. A search that needs none
// of that does not pay for it.
type collector struct {
	minScore *float64
	// matched are the documents that match, by view; nil when not wanted.
	matched []bitset
	keys    []Sort // nil when nothing is ranked
	ranking ranking
	groups  *grouper // nil when hits are not grouped by a field

	search *search
	view   int
	sorter sorter
	total  int
}

// byScore is the order when a request asks for no other.
var byScore = []Sort{{Field: FieldScore, Descending: true}}

// run collects all hits of a request, which is not paged but by the collector.
func (c *collector) run(ctx context.Context, q *search, s *Snapshot, r *Request) error {
	c.search, q.collect = q, c
	err := q.run(ctx, s, r)
	q.collect, c.search = nil, nil
	return err
}

// open turns to a view before its hits are added.
func (c *collector) open(view int) error {
	c.view = view
	v := c.search.snapshot.views[view]
	if c.matched != nil {
		c.matched[view] = newBitset(v.meta.Docs)
	}
	if c.keys != nil {
		c.sorter.open(v, c.keys)
	}
	if c.groups != nil {
		return c.groups.open(v)
	}
	return nil
}

// add takes a hit of the view.
func (c *collector) add(chunk uint32, score int64) {
	q := c.search
	if c.minScore != nil && q.score(score) < *c.minScore {
		return
	}
	v := q.snapshot.views[c.view]
	doc := v.docOf(int(chunk))
	c.total++
	if c.matched != nil {
		c.matched[c.view].set(doc)
	}
	if c.keys == nil {
		return
	}
	o := ordered{values: c.sorter.values(doc, score)}
	if c.groups == nil && c.ranking.hopeless(&o.values) {
		return
	}
	o.candidate = candidate{
		score: score, segment: c.view, chunk: chunk, key: v.docKey(doc), ordinal: v.ordinalOf(int(chunk)),
	}
	if c.groups != nil {
		c.groups.add(doc, &o)
		return
	}
	c.ranking.offer(&o)
}

// ranking keeps the first hits of an order, once it is full in a heap whose root
// is the last of them.
type ranking struct {
	limit int
	after *ordered // only what ranks behind it
	hits  []ordered
}

// Len, Less, Swap, Push and Pop make it a heap.
func (r *ranking) Len() int           { return len(r.hits) }
func (r *ranking) Less(i, j int) bool { return r.hits[j].before(&r.hits[i]) }
func (r *ranking) Swap(i, j int)      { r.hits[i], r.hits[j] = r.hits[j], r.hits[i] }

// Push and Pop are not used: the heap has one size.
func (r *ranking) Push(any) {}

// Pop is not used either.
func (r *ranking) Pop() any { return nil }

func (r *ranking) offer(o *ordered) {
	if r.after != nil && !r.after.before(o) {
		return
	}
	switch {
	case len(r.hits) < r.limit:
		r.hits = append(r.hits, *o)
		if len(r.hits) == r.limit {
			heap.Init(r)
		}
	case r.limit > 0 && o.before(&r.hits[0]):
		r.hits[0] = *o
		heap.Fix(r, 0)
	}
}

// hopeless reports whether nothing of these values can enter.
func (r *ranking) hopeless(v *SortValues) bool {
	return len(r.hits) == r.limit && r.limit > 0 && v.compare(&r.hits[0].values) > 0
}

func (r *ranking) sorted() []ordered {
	slices.SortFunc(r.hits, compareOrdered)
	return r.hits
}

func compareOrdered(a, b ordered) int {
	switch {
	case a.before(&b):
		return -1
	case b.before(&a):
		return 1
	}
	return 0
}

// score returns the score of a candidate.
func (q *search) score(units int64) float64 { return float64(units) / weightFirst / q.scale }

// searchOrdered answers a request that sorts or groups by fields. It takes along
// which documents match when facets are wanted.
func (q *search) searchOrdered(ctx context.Context, s *Snapshot, r *Request, c *collector) (*Result, error) {
	c.minScore, c.keys = r.MinScore, r.Sort
	if len(c.keys) == 0 {
		c.keys = byScore
	}
	// The cursor's score is read in the units of this search, which are known
	// when its terms were looked up.
	c.ranking.limit = r.Limit
	if r.GroupBy != "" {
		c.groups = newGrouper(r.GroupBy, r.Limit, r.GroupSize)
	}
	if err := c.run(ctx, q, s, r); err != nil {
		return nil, err
	}
	result := &Result{Generation: s.generation, Total: c.total}
	var hits []ordered
	if c.groups != nil {
		result.Groups, hits = c.groups.ranked()
		result.TotalGroups = len(c.groups.list)
	} else {
		hits = c.ranking.sorted()
	}
	q.ranked = q.ranked[:0]
	for i := range hits {
		q.ranked = append(q.ranked, hits[i].candidate)
	}
	var err error
	if result.Hits, err = q.hits(); err != nil {
		return nil, err
	}
	q.explainReading(result)
	for i := range hits {
		h := &result.Hits[i]
		h.sort = externalise(c.keys, hits[i].values, h.Score)
	}
	return result, nil
}

// start forgets the hits of a narrower reading of the query and reads the
// request's cursor, once the units of scores are known.
func (c *collector) start(after *Cursor) {
	c.total, c.ranking.hits = 0, c.ranking.hits[:0]
	if c.groups != nil {
		c.groups.reset()
	}
	if after == nil || c.keys == nil {
		return
	}
	q := c.search
	values := after.Sort
	if len(q.request.Sort) == 0 {
		values = SortValues{{Value: math.Float64bits(after.Score)}}
	}
	values = q.internalise(c.keys, values)
	o := &ordered{values, *q.cursor()}
	if c.groups != nil {
		c.groups.after = o
		return
	}
	c.ranking.after = o
}
