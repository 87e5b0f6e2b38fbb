package index

import "slices"

// hits returns the hits of an answer by keyword.
func (q *search) hits() ([]Hit, error) {
	hits, err := q.read()
	if err == nil && q.request.Explain {
		err = q.explain(hits)
	}
	return hits, err
}

// read reads the stored fields of the ranked candidates, whose scores are those
// of keywords.
func (q *search) read() ([]Hit, error) {
	hits := make([]Hit, len(q.ranked))
	reader := hitReader{block: &q.block}
	var marker *highlighter
	if q.request.Highlight {
		marker = q.highlighter()
	}
	for i := range q.ranked {
		c := &q.ranked[i]
		v := q.snapshot.views[c.segment]
		h := &hits[i]
		if err := reader.read(v.Segment, int(c.chunk), h); err != nil {
			return nil, err
		}
		h.Score = q.score(c.score)
		if marker != nil {
			marker.language = q.languagesOf(h.Language)[0]
			h.Highlights = marker.fragments(h.Content)
		}
	}
	return hits, nil
}

// hitReader reads stored fields, and a block once when neighbours need it.
type hitReader struct {
	block   *storedBlock
	segment *Segment
}

func (r *hitReader) read(s *Segment, chunk int, h *Hit) error {
	doc := s.docOf(chunk)
	h.DocumentID, h.Version, h.ChunkOrdinal = s.docID(doc), s.docVersion(doc), s.ordinalOf(chunk)
	item, err := r.item(s, s.docItem(doc))
	if err != nil {
		return err
	}
	if err := readDocRecord(item, h); err != nil {
		return err
	}
	if item, err = r.item(s, s.chunkItem(chunk)); err != nil {
		return err
	}
	return readChunkRecord(item, h)
}

// item returns a stored item, valid until the next call.
func (r *hitReader) item(s *Segment, item int) ([]byte, error) {
	if r.segment != s || item < r.block.first || item >= r.block.end {
		r.segment = nil
		if err := r.block.read(&s.stored, s.stored.blockOf(item)); err != nil {
			return nil, err
		}
		r.segment = s
	}
	return r.block.item(item), nil
}

// explain adds the arithmetic of each hit's score.
func (q *search) explain(hits []Hit) error {
	eligible := make(map[int]bitset)
	for i := range hits {
		segment := q.ranked[i].segment
		set, ok := eligible[segment]
		if !ok {
			var buffer bitset
			e := eligibility{
				v: q.snapshot.views[segment], p: q.plan, terms: q.viewPostings(segment),
				group: q.request.Group, buffer: &buffer,
			}
			var err error
			if set, err = e.chunks(q.request.Filter); err != nil {
				return err
			}
			eligible[segment] = set
		}
		hits[i].Explanation = q.explainHit(&q.ranked[i], set, hits[i].Score)
	}
	return nil
}

func (q *search) explainHit(c *candidate, eligible bitset, score float64) *Explanation {
	v := q.snapshot.views[c.segment]
	chunks := []int{int(c.chunk)}
	if q.request.Group == GroupDocument {
		chunks = chunks[:0]
		first, end := v.chunksOf(v.docOf(int(c.chunk)))
		for chunk := first; chunk < end; chunk++ {
			if eligible == nil || eligible.has(chunk) {
				chunks = append(chunks, chunk)
			}
		}
	}
	e := &Explanation{Score: score}
	for _, chunk := range chunks {
		if p := q.explainPassage(c.segment, chunk); len(p.Terms) > 0 {
			e.Passages = append(e.Passages, p)
		}
	}
	slices.SortStableFunc(e.Passages, func(a, b PassageScore) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	e.Passages = e.Passages[:min(3, len(e.Passages))]
	weights := [...]float64{weightFirst, weightSecond, weightThird}
	for i := range e.Passages {
		e.Passages[i].Weight = weights[i] / weightFirst
	}
	return e
}

func (q *search) explainPassage(segment, chunk int) PassageScore {
	passage := PassageScore{ChunkOrdinal: q.snapshot.views[segment].ordinalOf(chunk)}
	units := uint32(0)
	for t := range q.plan.terms {
		count := float64(q.plan.terms[t].count)
		if count == 0 {
			continue
		}
		w := &q.weights[t]
		text := termShare{
			term: t, field: "text", weight: w.textWeight, base: 1,
			score: TermScore{DF: w.df, IDF: w.idf, QueryWeight: count},
		}
		title := text
		title.field, title.weight = "title", w.titleUnit
		title.score = TermScore{DF: w.titleDF, IDF: w.titleIDF, QueryWeight: count * q.request.Params.TitleBoost}
		units += q.explainTerm(&passage, segment, chunk, text) + q.explainTerm(&passage, segment, chunk, title)
	}
	for g := range q.plan.groups {
		units += q.explainGroup(&passage, segment, chunk, g)
	}
	passage.Score = float64(units) / q.scale
	return passage
}

// termShare is what a term counts in a field.
type termShare struct {
	term   int
	field  string
	weight float32
	base   uint32
	score  TermScore // what is known without looking
}

// explainTerm adds the share of a term and returns its score units.
func (q *search) explainTerm(passage *PassageScore, segment, chunk int, s termShare) uint32 {
	units, score := q.share(segment, chunk, s)
	if units > 0 {
		passage.Terms = append(passage.Terms, score)
	}
	return units
}

// share returns the score units of a term in a chunk, 0 if it is not there.
func (q *search) share(segment, chunk int, s termShare) (uint32, TermScore) {
	v, st, postings := q.snapshot.views[segment], &q.snapshot.stats, &q.viewPostings(segment)[s.term]
	list, lengths, norms := &postings.text, v.lengths, q.norms.text
	docs, average := st.Chunks, q.snapshot.averageLength()
	if s.field == "title" {
		list, lengths, norms = &postings.title, v.titleLengths, q.norms.title
		docs, average = st.Docs, q.snapshot.averageTitle()
	}
	if list.n == 0 || s.weight == 0 {
		return 0, TermScore{}
	}
	c := &clause{}
	c.start(list, v.Segment, lengths, s.weight, s.base, norms)
	if c.seek(uint32(chunk)); c.chunk != uint32(chunk) {
		return 0, TermScore{}
	}
	score := s.score
	score.Term, score.Field, score.TF = q.plan.terms[s.term].term, s.field, int(c.freq())
	score.Docs, score.Length, score.AverageLength = docs, int(u16(lengths, chunk)), average
	score.Contribution, score.Lead = float64(c.score())/q.scale, float64(s.base-1)/q.scale
	return c.score(), score
}

// explainGroup adds the best term of a group in each field.
func (q *search) explainGroup(passage *PassageScore, segment, chunk, g int) uint32 {
	w, count := &q.groupWeights[g], float64(q.plan.groups[g].count)
	var text, title uint32
	var textScore, titleScore TermScore
	for i, m := range q.plan.groups[g].members {
		score := TermScore{DF: w.df, IDF: w.idf, QueryWeight: count, Variant: m.kind.String()}
		if m.kind != variantExact {
			score.Factor = m.factor
		}
		s := termShare{term: m.term, field: "text", weight: w.textUnits[i], base: w.baseOf(m.kind), score: score}
		if units, found := q.share(segment, chunk, s); units > text {
			text, textScore = units, found
		}
		s.field, s.weight, s.base = "title", w.titleUnits[i], 1
		s.score.DF, s.score.IDF, s.score.QueryWeight = w.titleDF, w.titleIDF, count*q.request.Params.TitleBoost
		if units, found := q.share(segment, chunk, s); units > title {
			title, titleScore = units, found
		}
	}
	if text > 0 {
		passage.Terms = append(passage.Terms, textScore)
	}
	if title > 0 {
		passage.Terms = append(passage.Terms, titleScore)
	}
	return text + title
}
