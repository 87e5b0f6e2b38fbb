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
		h.Score = q.keywordScore(c.score)
		h.key = h.Score
		if marker != nil {
			h.Highlights = marker.fragments(h.Content)
		}
	}
	return hits, nil
}

// keywordScore returns score units as they are shown.
func (q *search) keywordScore(units int64) float64 { return float64(units) / weightFirst / q.scale }

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
	v, st := q.snapshot.views[segment], &q.snapshot.stats
	passage := PassageScore{ChunkOrdinal: v.ordinalOf(chunk)}
	c := &clause{}
	units := uint32(0)
	postings := q.viewPostings(segment)
	for t := range postings {
		count := float64(q.plan.terms[t].count)
		if count == 0 || postings[t].text.n == 0 {
			continue
		}
		w, term := &q.weights[t], q.plan.terms[t].term
		c.start(&postings[t].text, v.Segment, v.lengths, w.textWeight, q.norms.text)
		if c.seek(uint32(chunk)); c.chunk == uint32(chunk) {
			units += c.score()
			passage.Terms = append(passage.Terms, TermScore{
				Term: term, Field: "text", TF: int(c.freq()), DF: w.df, Docs: st.Chunks, IDF: w.idf,
				Length: int(u16(v.lengths, chunk)), AverageLength: q.snapshot.averageLength(),
				QueryWeight: count, Contribution: float64(c.score()) / q.scale,
			})
		}
		if postings[t].titleDocs == 0 || w.titleUnit == 0 {
			continue
		}
		c.start(&postings[t].title, v.Segment, v.titleLengths, w.titleUnit, q.norms.title)
		if c.seek(uint32(chunk)); c.chunk == uint32(chunk) {
			units += c.score()
			passage.Terms = append(passage.Terms, TermScore{
				Term: term, Field: "title", TF: int(c.freq()), DF: w.titleDF, Docs: st.Docs, IDF: w.titleIDF,
				Length: int(u16(v.titleLengths, chunk)), AverageLength: q.snapshot.averageTitle(),
				QueryWeight: count * q.request.Params.TitleBoost, Contribution: float64(c.score()) / q.scale,
			})
		}
	}
	passage.Score = float64(units) / q.scale
	return passage
}
