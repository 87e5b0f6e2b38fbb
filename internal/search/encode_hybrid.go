package search

import "github.com/rustassistant/rustassistant/internal/index"

// appendBranches appends which branches answered, and what vectors cover.
func appendBranches(b []byte, r *Request, res *index.Result, by branches) []byte {
	if r.Type == TypeKeyword {
		return b
	}
	if by.reason != nil || !res.Vectors.Used {
		notice := noticeNoVectors
		if by.reason != nil {
			notice = by.reason.Notice
		}
		return appendField(b, `,"answered_by":"keyword","notice":`, notice)
	}
	if c := res.Vectors; c.Covered < c.Chunks {
		b = appendField(b, `,"vectors":{"model":`, by.model)
		b = appendCount(b, `,"covered":`, c.Covered)
		b = append(appendCount(b, `,"chunks":`, c.Chunks), '}')
	}
	return b
}

// appendExplanation appends the arithmetic of a score: a member for each branch
// that had a part in it, and how they were joined.
func appendExplanation(b []byte, h *index.Hit) []byte {
	e := h.Explanation
	f := e.Fusion
	if f == nil {
		return append(appendKeywordScore(append(b, '{'), h, nil), '}')
	}
	b = append(b, '{')
	if f.Keyword != nil {
		b = append(appendKeywordScore(b, h, f.Keyword), ',')
	}
	if f.Vector != nil {
		b = append(appendBranchScore(append(b, `"vector":{`...), f.Vector, f), `},`...)
	}
	b = append(b, `"fusion":{"method":"`...)
	switch {
	case f.Mode == index.ModeSemantic:
		b = append(b, "none"...)
	case f.Method == index.FusionRRF:
		b = append(b, FusionRRF...)
	default:
		b = append(b, FusionMinMax...)
	}
	b = appendNumber(b, `","score":`, f.Score)
	if f.Phase == index.PhaseRest {
		b = append(b, `,"behind_pool":true`...)
	}
	return append(b, `}}`...)
}

// appendBranchScore appends the members of a branch's part in a fusion.
func appendBranchScore(b []byte, s *index.BranchScore, f *index.FusionScore) []byte {
	if s.Rank > 0 {
		b = appendCount(b, `"rank":`, s.Rank)
	} else {
		b = append(b, `"rank":null`...)
	}
	b = appendNumber(b, `,"score":`, s.Score)
	if f.Phase == index.PhaseRest || f.Mode != index.ModeHybrid {
		return b
	}
	if f.Method == index.FusionMinMax {
		b = appendNumber(b, `,"low":`, s.Low)
		b = appendNumber(b, `,"high":`, s.High)
		b = appendNumber(b, `,"normalized":`, s.Normalised)
	}
	b = appendNumber(b, `,"weight":`, s.Weight)
	return appendNumber(b, `,"contribution":`, s.Contribution)
}
