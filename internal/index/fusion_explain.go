package index

// explain adds the arithmetic of the page's hits, of which the first ones are of
// the pool.
func (f *fusedSearch) explain(q *search, hits []Hit, page []pooled) {
	for i := range hits {
		h, c := &hits[i], &q.ranked[i]
		e := &Explanation{}
		if q.request.Mode == ModeHybrid {
			e = q.explainHit(c, f.sets[c.segment], q.score(c.score))
		}
		e.Fusion = &FusionScore{Mode: q.request.Mode, Method: q.request.Fusion, Phase: h.phase, Score: h.Score}
		if i < len(page) {
			f.explainPooled(q, &page[i], e.Fusion)
		} else {
			e.Fusion.Keyword = &BranchScore{Score: q.score(c.score)}
		}
		h.Explanation = e
	}
}

func (f *fusedSearch) explainPooled(q *search, p *pooled, s *FusionScore) {
	if p.hasVector {
		s.Vector = &BranchScore{Rank: p.vectorRank, Score: vectorScore(p.vector), Weight: 1, Contribution: s.Score}
	}
	if s.Mode == ModeSemantic {
		return
	}
	s.Keyword = &BranchScore{Rank: p.keywordRank, Score: q.score(p.keyword)}
	shares := q.request.shares()
	keyword, vector := f.parts(p, s.Method)
	s.Keyword.Weight, s.Keyword.Contribution = shares.Keyword, shares.Keyword*keyword
	if s.Vector != nil {
		s.Vector.Weight, s.Vector.Contribution = shares.Vector, shares.Vector*vector
	}
	if s.Method != FusionMinMax {
		return
	}
	s.Keyword.High, s.Keyword.Normalised = q.score(f.bounds.keyword), keyword
	if s.Vector != nil {
		s.Vector.Low, s.Vector.High = vectorScore(f.bounds.low), vectorScore(f.bounds.high)
		s.Vector.Normalised = vector
	}
}
