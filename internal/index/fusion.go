package index

import (
	"cmp"
	"math"
	"slices"
)

// pooled is a hit of a list that vectors have ranked: a document, or a chunk.
type pooled struct {
	segment    int
	first, end uint32 // its chunks
	chunk      uint32 // the one that is shown
	key        []byte
	ordinal    int

	keyword     int64 // score units, 0 for no word of the query
	vector      int64 // vectorUnits
	hasVector   bool
	keywordRank int // 0 for beyond the branch's best
	vectorRank  int

	score int64 // vectorUnits
}

// rankedBy returns what the list is ordered by.
func (p *pooled) rankedBy() candidate {
	return candidate{score: p.score, key: p.key, ordinal: p.ordinal}
}

// candidate returns what the hit is read by, with its keyword score.
func (p *pooled) candidate() candidate {
	return candidate{score: p.keyword, segment: p.segment, chunk: p.chunk, key: p.key, ordinal: p.ordinal}
}

// fusionBounds are what is brought to 0 and 1. A keyword score of 0 is that of a
// document without any word of the query, so it is its own lower bound. A
// likeness has no such zero: it is taken from the last of the branch's best.
type fusionBounds struct {
	keyword   int64
	low, high int64
}

// rrfConstant is k of reciprocal rank fusion.
const rrfConstant = 60

// newPooled returns the pool's entry of a branch's hit.
func newPooled(q *search, c *candidate) pooled {
	p := pooled{segment: c.segment, first: c.chunk, end: c.chunk + 1, chunk: c.chunk, key: c.key, ordinal: c.ordinal}
	if q.request.Group == GroupDocument {
		v := q.snapshot.views[c.segment]
		first, end := v.chunksOf(v.docOf(int(c.chunk)))
		p.first, p.end = uint32(first), uint32(end)
	}
	return p
}

// poolVectors makes the vector branch alone the pool, in its order.
func (f *fusedSearch) poolVectors(q *search) {
	for i := range f.branch.hits {
		p := newPooled(q, &f.branch.hits[i])
		p.vector, p.hasVector, p.vectorRank = f.branch.hits[i].score, true, i+1
		p.score = p.vector
		f.pool = append(f.pool, p)
	}
}

// join fills the pool with the best of both branches, each hit once, in the order
// of segments and chunks.
func (f *fusedSearch) join(q *search) {
	for i := range f.keyword {
		p := newPooled(q, &f.keyword[i])
		p.keyword, p.keywordRank = f.keyword[i].score, i+1
		f.pool = append(f.pool, p)
	}
	for i := range f.branch.hits {
		p := newPooled(q, &f.branch.hits[i])
		p.vector, p.hasVector, p.vectorRank = f.branch.hits[i].score, true, i+1
		f.pool = append(f.pool, p)
	}
	slices.SortFunc(f.pool, func(a, b pooled) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.first, b.first), cmp.Compare(b.keywordRank, a.keywordRank))
	})
	n := 0
	for i := range f.pool {
		p := &f.pool[i]
		if n > 0 && f.pool[n-1].segment == p.segment && f.pool[n-1].first == p.first {
			last := &f.pool[n-1] // from the keyword branch, p from the other one
			last.vector, last.hasVector, last.vectorRank = p.vector, true, p.vectorRank
			continue
		}
		f.pool[n] = *p
		n++
	}
	f.pool = f.pool[:n]
}

// lookUpKeyword gives the hits that only the vector branch found their keyword
// score.
func (f *fusedSearch) lookUpKeyword(q *search) error {
	if !q.scoring() {
		return nil
	}
	for at := 0; at < len(f.pool); {
		end := at + 1
		for end < len(f.pool) && f.pool[end].segment == f.pool[at].segment {
			end++
		}
		if err := f.lookUpKeywordIn(q, f.pool[at:end]); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// lookUpKeywordIn does so for hits of one view, in the order of their chunks.
func (f *fusedSearch) lookUpKeywordIn(q *search, pool []pooled) error {
	segment, chunks := pool[0].segment, 0
	for i := range pool {
		if pool[i].keywordRank == 0 {
			chunks += int(pool[i].end - pool[i].first)
		}
	}
	if chunks == 0 {
		return nil
	}
	f.sums = append(f.sums[:0], make([]uint32, chunks)...)
	w := &q.window
	w.q, w.segment, w.v = q, segment, q.snapshot.views[segment]
	w.open(q.viewPostings(segment))
	defer w.closeClauses()
	for _, c := range w.clauses {
		if c.group == nil {
			c.addLookedUp(pool, f.sums)
		} else {
			f.best = append(f.best[:0], make([]uint32, chunks)...)
			for _, m := range c.group.members {
				m.bestLookedUp(pool, f.best)
			}
			for i, best := range f.best {
				f.sums[i] += best
			}
		}
		if c.bad || c.group != nil && c.group.bad() {
			return corrupt("postings")
		}
	}
	at := f.sums
	for i := range pool {
		if p := &pool[i]; p.keywordRank == 0 {
			p.keyword = passages(at[:p.end-p.first], p.first, f.sets[segment])
			at = at[p.end-p.first:]
		}
	}
	return nil
}

// lookedUp calls yield for each posting in a hit that only the vector branch
// found, with the number of its chunk among all of those hits.
func (c *clause) lookedUp(pool []pooled, yield func(chunk uint32)) {
	at := uint32(0)
	for i := range pool {
		p := &pool[i]
		if p.keywordRank != 0 {
			continue
		}
		for c.seek(p.first); c.chunk < p.end; c.next() {
			yield(at + c.chunk - p.first)
		}
		at += p.end - p.first
	}
}

// addLookedUp adds the clause's scores to sums.
func (c *clause) addLookedUp(pool []pooled, sums []uint32) {
	c.lookedUp(pool, func(i uint32) { sums[i] += c.score() })
}

// bestLookedUp puts the clause's scores into best where they are more.
func (c *clause) bestLookedUp(pool []pooled, best []uint32) {
	c.lookedUp(pool, func(i uint32) { best[i] = max(best[i], c.score()) })
}

// passages weighs the three best eligible of the chunks from first on.
func passages(sums []uint32, first uint32, eligible bitset) int64 {
	var one, two, three uint32
	for i, sum := range sums {
		if eligible != nil && !eligible.has(int(first)+i) {
			continue
		}
		switch {
		case sum > one:
			one, two, three = sum, one, two
		case sum > two:
			two, three = sum, two
		case sum > three:
			three = sum
		}
	}
	return weightFirst*int64(one) + weightSecond*int64(two) + weightThird*int64(three)
}

// lookUpVectors gives the hits that only the keyword branch found their likeness.
func (f *fusedSearch) lookUpVectors(q *search) {
	for i := range f.pool {
		p := &f.pool[i]
		if p.vectorRank == 0 {
			v := q.snapshot.views[p.segment]
			p.vector, _, p.hasVector = f.query.best(v, int(p.first), int(p.end), f.sets[p.segment])
		}
	}
}

// score fuses the scores of the pool and orders it.
func (f *fusedSearch) score(q *search) {
	f.bounds = fusionBounds{}
	for i := range f.pool {
		f.bounds.keyword = max(f.bounds.keyword, f.pool[i].keyword)
	}
	if n := len(f.branch.hits); n > 0 {
		f.bounds.low, f.bounds.high = f.branch.hits[n-1].score, f.branch.hits[0].score
	}
	shares := q.request.shares()
	for i := range f.pool {
		p := &f.pool[i]
		keyword, vector := f.parts(p, q.request.Fusion)
		sum := float64(shares.Keyword*keyword) + float64(shares.Vector*vector)
		p.score = int64(math.RoundToEven(sum * vectorUnits))
	}
	slices.SortFunc(f.pool, func(a, b pooled) int {
		x, y := a.rankedBy(), b.rankedBy()
		switch {
		case x.before(&y):
			return -1
		case y.before(&x):
			return 1
		}
		return 0
	})
}

// parts returns what the weights are multiplied by.
func (f *fusedSearch) parts(p *pooled, method Fusion) (keyword, vector float64) {
	if method == FusionRRF {
		return reciprocal(p.keywordRank), reciprocal(p.vectorRank)
	}
	if f.bounds.keyword > 0 {
		keyword = float64(p.keyword) / float64(f.bounds.keyword)
	}
	low, high := f.bounds.low, f.bounds.high
	switch {
	case !p.hasVector || p.vector < low:
	case p.vector >= high:
		vector = 1
	default:
		vector = float64(p.vector-low) / float64(high-low)
	}
	return keyword, vector
}

func reciprocal(rank int) float64 {
	if rank == 0 {
		return 0
	}
	return 1 / float64(rrfConstant+rank)
}
