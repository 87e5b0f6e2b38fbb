package index

import (
	"math"
	"sort"
)

// clauseGroup scores the terms of one word in one field of one segment: a
// posting contributes the best of its terms. That is never more than any bound
// of a single one, so the bounds of the group are the greatest of its members.
type clauseGroup struct {
	members []*clause
	list    postingsList // only its length, that of all members together
	best    []uint32     // per chunk of a window; all 0 between two calls
	touched []uint32     // where best is not 0
}

// groupWeights are the numbers of a group over the whole snapshot.
type groupWeights struct {
	df, titleDF   int // of the most frequent member
	idf, titleIDF float64
	text, title   float64 // score of a posting of infinite frequency of the word itself
	// The members' shares in score units; base is what the word itself has on
	// top of its corrections.
	textUnits, titleUnits []float32
	base                  uint32
}

// openGroup starts the clauses of a group for its members that the view has.
func (w *window) openGroup(g int, postings []termPostings) {
	weights := &w.q.groupWeights[g]
	members := w.q.plan.groups[g].members
	text, title := w.newGroup(), w.newGroup()
	for i, m := range members {
		p := &postings[m.term]
		if p.text.n == 0 || weights.textUnits[i] == 0 {
			continue
		}
		base := weights.baseOf(m.kind)
		text.member(w).start(&p.text, w.v.Segment, w.v.lengths, weights.textUnits[i], base, w.q.norms.text)
		if p.titleDocs > 0 && weights.titleUnits[i] > 0 {
			title.member(w).start(&p.title, w.v.Segment, w.v.titleLengths, weights.titleUnits[i], 1, w.q.norms.title)
		}
	}
	w.addGroup(text)
	w.addGroup(title)
}

// baseOf returns the least contribution of a member to the text's score.
func (g *groupWeights) baseOf(kind variant) uint32 {
	if kind == variantTypo {
		return 1
	}
	return g.base
}

func (w *window) newGroup() *clauseGroup {
	if n := len(w.groups); n > 0 {
		g := w.groups[n-1]
		w.groups = w.groups[:n-1]
		return g
	}
	return &clauseGroup{}
}

// member adds a clause to the group.
func (g *clauseGroup) member(w *window) *clause {
	c := w.clause()
	w.clauses = w.clauses[:len(w.clauses)-1]
	g.members = append(g.members, c)
	return c
}

// addGroup adds the clause of a group. One term alone needs no group.
func (w *window) addGroup(g *clauseGroup) {
	switch len(g.members) {
	case 0:
		w.groups = append(w.groups, g)
		return
	case 1:
		w.clauses = append(w.clauses, g.members[0])
		g.members = g.members[:0]
		w.groups = append(w.groups, g)
		return
	}
	c := w.clause()
	g.list = postingsList{}
	for _, m := range g.members {
		g.list.n += m.list.n
	}
	c.group, c.bad = g, false
	c.list, c.limit = &g.list, g.members[0].limit
}

// closeGroup takes the clause of a group apart.
func (w *window) closeGroup(c *clause) {
	g := c.group
	c.group = nil
	w.spare = append(w.spare, g.members...)
	clear(g.members)
	g.members = g.members[:0]
	w.groups = append(w.groups, g)
}

func (g *clauseGroup) bad() bool {
	for _, m := range g.members {
		if m.bad {
			return true
		}
	}
	return false
}

// boundWindow returns the best score of the chunks [base, end).
func (g *clauseGroup) boundWindow(base, end uint32) uint32 {
	bound := uint32(0)
	for _, m := range g.members {
		m.boundWindow(base, end)
		bound = max(bound, m.windowBound)
	}
	return bound
}

// accumulate is that of a clause. A block of a member may be left out when it
// cannot help a chunk, whatever the others add: if another member does better
// there, that one counts.
func (g *clauseGroup) accumulate(sums []uint32, marks []uint64, base, end, need, skip uint32) {
	g.grow(int(end - base))
	for _, m := range g.members {
		g.gather(m, base, end, skip)
	}
	for _, j := range g.touched {
		sum := sums[j] + g.best[j]
		sums[j], g.best[j] = sum, 0
		if sum >= need {
			bitset(marks).set(int(j))
		}
	}
	g.touched = g.touched[:0]
}

func (g *clauseGroup) grow(n int) {
	if len(g.best) < n {
		g.best = make([]uint32, max(n, windowSize))
	}
}

// gather puts the scores of a member into best.
func (g *clauseGroup) gather(m *clause, base, end, skip uint32) {
	m.seek(base)
	for m.chunk < end {
		if skip > 0 && m.blockBound(m.block) < skip {
			m.load(m.block + 1)
			continue
		}
		n := m.n
		if m.last >= end {
			n = m.i + sort.Search(m.n-m.i, func(k int) bool { return m.chunks[m.i+k] >= end })
		}
		m.loadFreqs()
		for k := m.i; k < n; k++ {
			chunk := m.chunks[k]
			g.put(chunk-base, m.contribution(m.freqs[k]+1, u16(m.lengths, int(chunk))))
		}
		if n < m.n {
			m.i, m.chunk = n, m.chunks[n]
			return
		}
		m.load(m.block + 1)
	}
}

// put keeps the better score of a chunk.
func (g *clauseGroup) put(j, score uint32) {
	switch best := g.best[j]; {
	case best == 0:
		g.touched = append(g.touched, j)
		g.best[j] = score
	case score > best:
		g.best[j] = score
	}
}

// addTo adds the scores of the chunks that w has found by looking them up.
func (g *clauseGroup) addTo(w *window) {
	for _, j := range w.found {
		w.sums[j] += g.scoreOf(w.base + j)
	}
}

// scoreOf returns the score of a chunk, 0 if no member has it. Chunks come in
// increasing order.
func (g *clauseGroup) scoreOf(chunk uint32) uint32 {
	best := uint32(0)
	for _, m := range g.members {
		if m.seek(chunk); m.chunk == chunk {
			best = max(best, m.score())
		}
	}
	return best
}

// addToDocument adds the scores of a document's chunks and reports whether
// there were any.
func (g *clauseGroup) addToDocument(w *window, d *foundDoc) bool {
	g.grow(int(d.end - d.first))
	for _, m := range g.members {
		for m.seek(d.first); m.chunk < d.end; m.next() {
			g.put(m.chunk-d.first, m.score())
		}
	}
	any := len(g.touched) > 0
	for _, j := range g.touched {
		w.sums[d.first-w.base+j] += g.best[j]
		g.best[j] = 0
	}
	g.touched = g.touched[:0]
	return any
}

// weighGroups computes the numbers of all groups and returns what they can add
// to a score.
func (q *search) weighGroups() float64 {
	p, st := q.request.Params, &q.snapshot.stats
	q.groupWeights = append(q.groupWeights[:0], make([]groupWeights, len(q.plan.groups))...)
	sum := 0.0
	for i := range q.plan.groups {
		g, w := &q.plan.groups[i], &q.groupWeights[i]
		for _, m := range g.members {
			w.df, w.titleDF = max(w.df, q.weights[m.term].df), max(w.titleDF, q.weights[m.term].titleDF)
		}
		w.idf, w.titleIDF = idf(st.Chunks, w.df), idf(st.Docs, w.titleDF)
		count := float64(g.count)
		if w.df > 0 {
			w.text = count * w.idf * (p.K1 + 1)
		}
		if w.titleDF > 0 {
			w.title = count * p.TitleBoost * w.titleIDF * (p.K1 + 1)
		}
		sum += w.text + w.title + g.lead(w)
	}
	return sum
}

// leadPassages is what three passages count together. A document with nothing
// but corrections in as many passages must not reach one with the word itself.
const leadPassages = float64(weightFirst+weightSecond+weightThird) / weightFirst

// lead returns the score that the word itself has on top of its corrections, so
// that it ranks before them however often they occur: the most that these can
// reach in a document.
func (g *group) lead(w *groupWeights) float64 {
	most := 0.0
	for _, m := range g.members {
		if m.kind == variantTypo {
			most = max(most, m.factor)
		}
	}
	return leadPassages * most * (w.text + w.title)
}

// scaleGroups turns the groups' numbers into score units.
func (q *search) scaleGroups() {
	for i := range q.plan.groups {
		g, w := &q.plan.groups[i], &q.groupWeights[i]
		w.base = 1
		if lead := g.lead(w); lead > 0 {
			// Every clause rounds up, so the corrections have up to 2 units a passage more.
			w.base += uint32(math.Ceil(lead*q.scale + 2*leadPassages))
		}
		w.textUnits, w.titleUnits = make([]float32, len(g.members)), make([]float32, len(g.members))
		for k, m := range g.members {
			w.textUnits[k], w.titleUnits[k] = float32(m.factor*w.text*q.scale), float32(m.factor*w.title*q.scale)
		}
	}
}
