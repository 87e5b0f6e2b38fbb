package index

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// How the reference weighs the words of a query, and finds what stands for them.

// refUnit is a word of the query: a text scores the best of its members.
type refUnit []refMember

type refMember struct {
	term        int
	text, title float32 // weights in score units
	base        int64
}

// refUnits weighs the words of a plan: each term that is scored on its own, and
// each group.
func refUnits(chunks []refChunk, p *plan, params Params) (units []refUnit, scale float64) {
	docs := map[uuid.UUID]bool{}
	for _, c := range chunks {
		docs[c.doc.ID] = true
	}
	groups := slices.Clone(p.groups)
	for t := range p.terms {
		if p.terms[t].count > 0 {
			groups = append(groups, group{members: []member{{term: t, factor: 1}}, count: p.terms[t].count})
		}
	}
	type weight struct{ text, title, lead float64 }
	var weights []weight
	sum := 0.0
	for _, g := range groups {
		df, titleDF, typo := 0, 0, 0.0
		for _, m := range g.members {
			df, titleDF = max(df, refDF(chunks, p, m.term)), max(titleDF, refTitleDF(chunks, p, m.term))
			if m.kind == variantTypo {
				typo = max(typo, m.factor)
			}
		}
		var w weight
		if df > 0 {
			w.text = float64(g.count) * idf(len(chunks), df) * (params.K1 + 1)
		}
		if titleDF > 0 {
			w.title = float64(g.count) * params.TitleBoost * idf(len(docs), titleDF) * (params.K1 + 1)
		}
		w.lead = 1.45 * typo * (w.text + w.title)
		weights = append(weights, w)
		sum += w.text + w.title + w.lead
	}
	scale = defaultScale
	for sum*scale > maxUnits/2 {
		scale /= 2
	}
	for i, g := range groups {
		w := weights[i]
		var u refUnit
		for _, m := range g.members {
			if m.factor == 0 {
				continue
			}
			base := int64(1)
			if w.lead > 0 && m.kind != variantTypo {
				base += int64(math.Ceil(w.lead*scale + 2*1.45))
			}
			u = append(u, refMember{m.term, float32(m.factor * w.text * scale), float32(m.factor * w.title * scale), base})
		}
		units = append(units, u)
	}
	return units, scale
}

// refTF returns how often a chunk has a term; an expression counts once.
func refTF(c *refChunk, p *plan, t int) int {
	if words := p.terms[t].words; words != nil {
		if c.has(p, words) {
			return 1
		}
		return 0
	}
	return len(c.terms[p.terms[t].term])
}

func refDF(chunks []refChunk, p *plan, t int) (df int) {
	for i := range chunks {
		df += min(refTF(&chunks[i], p, t), 1)
	}
	return df
}

func refTitleDF(chunks []refChunk, p *plan, t int) int {
	inTitle := map[uuid.UUID]bool{}
	for _, c := range chunks {
		if c.titleTerms[p.terms[t].term] > 0 {
			inTitle[c.doc.ID] = true
		}
	}
	return len(inTitle)
}

func refScores(chunks []refChunk, p *plan, units []refUnit, params Params) []int64 {
	length, titleLength, docs := 0, 0, map[uuid.UUID]int{}
	for _, c := range chunks {
		length += c.length
		docs[c.doc.ID] = c.titleLength
	}
	for _, l := range docs {
		titleLength += l
	}
	average := float64(length) / max(1, float64(len(chunks)))
	averageTitle := float64(titleLength) / max(1, float64(len(docs)))
	scores := make([]int64, len(chunks))
	for i := range chunks {
		c := &chunks[i]
		for _, u := range units {
			var text, title int64
			for _, m := range u {
				if tf := refTF(c, p, m.term); tf > 0 && m.text > 0 {
					text = max(text, refContribution(m.text, tf, c.length, average, params)+m.base-1)
				}
				if tf := c.titleTerms[p.terms[m.term].term]; tf > 0 && m.title > 0 {
					title = max(title, refContribution(m.title, tf, c.titleLength, averageTitle, params))
				}
			}
			scores[i] += text + title
		}
	}
	return scores
}

// refTerms is a lexicon that looks at every term: its number of live chunks.
type refTerms map[string]int

func refLexicon(chunks []refChunk) refTerms {
	terms := refTerms{}
	for _, c := range chunks {
		for t := range c.terms {
			terms[t]++
		}
	}
	return terms
}

func (r refTerms) completions(prefix string, most int) ([]string, error) {
	var found []string
	for t := range r {
		if strings.HasPrefix(t, prefix) && t != prefix {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(r[b], r[a]), strings.Compare(a, b)) })
	return found[:min(len(found), most)], nil
}

func (r refTerms) similar(term string, edits, most int) ([]similarTerm, error) {
	var found []similarTerm
	for t := range r {
		first, _ := utf8.DecodeRuneInString(term)
		other, _ := utf8.DecodeRuneInString(t)
		if d := refDistance([]rune(term), []rune(t)); first == other && d > 0 && d <= edits {
			found = append(found, similarTerm{t, d, r[t]})
		}
	}
	slices.SortFunc(found, func(a, b similarTerm) int {
		return cmp.Or(cmp.Compare(a.edits, b.edits), cmp.Compare(r[b.term], r[a.term]), strings.Compare(a.term, b.term))
	})
	return found[:min(len(found), most)], nil
}

// refDistance counts the edits from a to b, of which each letter is touched by
// one at most: insert, delete, replace, or swap two neighbours.
func refDistance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
