package index

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// highlighter cuts the best fragments out of contents.
type highlighter struct {
	analyzer *analysis.Analyzer
	terms    map[string]float64 // what to mark, with its weight
	hints    analysis.Hints     // of the terms
	language analysis.Language  // of the text at hand
	size     int
	count    int
	matches  []match
}

// match is an occurrence of a query term in a text.
type match struct {
	start, end int
	term       string
	weight     float64
}

func (q *search) highlighter() *highlighter {
	h := &highlighter{analyzer: q.analyzer, size: q.request.FragmentSize, count: q.request.Fragments}
	h.terms = make(map[string]float64, len(q.plan.terms))
	for t := range q.plan.terms {
		if q.plan.terms[t].count > 0 {
			h.add(q.plan, t, q.weights[t].idf)
		}
	}
	for g := range q.plan.groups {
		for _, m := range q.plan.groups[g].members {
			if m.factor > 0 {
				h.add(q.plan, m.term, m.factor*q.groupWeights[g].idf)
			}
		}
	}
	return h
}

// add adds what stands for a term; of an expression each word, which counts a
// part.
func (h *highlighter) add(p *plan, t int, weight float64) {
	term := &p.terms[t]
	for _, w := range term.words {
		h.add(p, w.term, weight/float64(len(term.words)))
	}
	if term.words != nil {
		return
	}
	h.terms[term.term] = max(h.terms[term.term], weight)
	h.hints.Add(term.key)
}

// fragments returns the best fragments in the order of the text. A text
// without a match gives its beginning.
func (h *highlighter) fragments(text string) []Fragment {
	h.find(text)
	if len(h.matches) == 0 {
		if text == "" {
			return nil
		}
		return []Fragment{{Text: text[:cutAfter(text, h.size)], End: cutAfter(text, h.size)}}
	}
	var out []Fragment
	taken := make([][2]int, 0, h.count)
	for range h.count {
		first, last, ok := h.best(taken)
		if !ok {
			break
		}
		start, end := h.widen(text, h.matches[first].start, h.matches[last].end, taken)
		taken = append(taken, [2]int{start, end})
	}
	slices.SortFunc(taken, func(a, b [2]int) int { return a[0] - b[0] })
	for _, r := range taken {
		out = append(out, h.fragment(text, r[0], r[1]))
	}
	return out
}

// find lists the matches in text. Most words are ruled out by their first two
// bytes, before they are stemmed.
func (h *highlighter) find(text string) {
	h.matches = h.matches[:0]
	hints := &h.hints
	if h.language != analysis.English {
		hints = nil // they are for the rules of English
	}
	h.analyzer.ScanHinted(text, hints, func(t *analysis.Token) {
		term, weight, ok := h.lookUp(t)
		if !ok {
			return
		}
		if n := len(h.matches); n > 0 && t.Start < h.matches[n-1].end && t.End <= h.matches[n-1].end {
			return // a part of the compound that matched already
		}
		h.matches = append(h.matches, match{t.Start, t.End, term, weight})
	})
}

// lookUp returns the term of a token if it is to be marked.
func (h *highlighter) lookUp(t *analysis.Token) (term string, weight float64, ok bool) {
	if h.language != analysis.English {
		term = h.analyzer.TermIn(h.language, t)
		if weight, ok = h.terms[term]; ok {
			return term, weight, true
		}
	}
	if !h.hints.Allow(t.Text) {
		return "", 0, false
	}
	term = h.analyzer.Term(t.Text)
	weight, ok = h.terms[term]
	return term, weight, ok && !analysis.IsStop(t.Text)
}

// best returns the matches of the fragment with the highest weight that does
// not overlap what is taken: each term counts once, further occurrences little.
func (h *highlighter) best(taken [][2]int) (first, last int, ok bool) {
	const again = 0.05
	bestWeight := 0.0
	for i := range h.matches {
		weight, j := 0.0, i
		for ; j < len(h.matches) && (j == i || h.matches[j].end-h.matches[i].start <= h.size); j++ {
			m := &h.matches[j]
			if overlaps(taken, h.matches[i].start, m.end) {
				break
			}
			seen := slices.ContainsFunc(h.matches[i:j], func(o match) bool { return o.term == m.term })
			if seen {
				weight += m.weight * again
			} else {
				weight += m.weight
			}
			if j-i >= maxFragmentMatches {
				break
			}
		}
		if weight > bestWeight {
			bestWeight, first, last, ok = weight, i, min(j, len(h.matches))-1, true
		}
	}
	return first, max(first, last), ok
}

// maxFragmentMatches bounds the work per fragment.
const maxFragmentMatches = 64

func overlaps(taken [][2]int, start, end int) bool {
	return slices.ContainsFunc(taken, func(t [2]int) bool { return start < t[1] && t[0] < end })
}

// widen grows [start, end) to the size of a fragment and to whole words.
func (h *highlighter) widen(text string, start, end int, taken [][2]int) (int, int) {
	low, high := 0, len(text)
	for _, t := range taken {
		if t[1] <= start {
			low = max(low, t[1])
		}
		if t[0] >= end {
			high = min(high, t[0])
		}
	}
	room := max(0, h.size-(end-start))
	from := max(low, start-room/2)
	to := min(high, end+room-(start-from))
	from = max(low, min(from, to-h.size))
	if from > low {
		from = nextWord(text, from, start)
	}
	if to < high {
		to = lastWord(text, to, end)
	}
	return from, to
}

// nextWord returns the first beginning of a word in [from, limit].
func nextWord(text string, from, limit int) int {
	for !utf8.RuneStart(text[from]) {
		from++
	}
	if i := strings.IndexAny(text[from:limit], " \t\r\n"); i >= 0 {
		from += i + 1
	}
	return min(from, limit)
}

// lastWord returns the last end of a word in [limit, to].
func lastWord(text string, to, limit int) int {
	for to > limit && !utf8.RuneStart(text[to]) {
		to--
	}
	if i := strings.LastIndexAny(text[limit:to], " \t\r\n"); i >= 0 {
		to = limit + i
	}
	return max(to, limit)
}

// cutAfter returns where to cut text so that at most size bytes are left.
func cutAfter(text string, size int) int {
	if len(text) <= size {
		return len(text)
	}
	return lastWord(text, size, 0)
}

// fragment marks the matches within [start, end), joined where they overlap.
func (h *highlighter) fragment(text string, start, end int) Fragment {
	f := Fragment{Text: text[start:end], Start: start, End: end}
	for _, m := range h.matches {
		if m.start < start || m.end > end {
			continue
		}
		r := [2]int{m.start - start, m.end - start}
		if n := len(f.Matches); n > 0 && r[0] < f.Matches[n-1][1] {
			f.Matches[n-1][1] = max(f.Matches[n-1][1], r[1])
			continue
		}
		f.Matches = append(f.Matches, r)
	}
	return f
}
