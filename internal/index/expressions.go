package index

import (
	"strings"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// lookUpExpressions finds the chunks of every expression of several words and
// makes postings of them, once for each. They have no positions and no titles:
// the title is part of the flat text.
func (q *search) lookUpExpressions() error {
	for t := range q.plan.terms {
		words := q.plan.terms[t].words
		if words == nil {
			continue
		}
		for i, v := range q.snapshot.views {
			if err := q.lookUpExpression(t, i, v, words); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *search) lookUpExpression(t, view int, v *view, words phrase) error {
	var chunks []uint32
	postings := q.viewPostings(view)
	err := q.phrases.match(v, postings, words, nil, func(chunk uint32) { chunks = append(chunks, chunk) })
	if err != nil || len(chunks) == 0 {
		return err
	}
	for _, chunk := range chunks {
		if v.live == nil || v.live.has(int(chunk)) {
			q.weights[t].df++
		}
	}
	postings[t].text = encodeList(v, chunks)
	return nil
}

// encodeList returns a postings list of chunks that each have something once.
func encodeList(v *view, chunks []uint32) postingsList {
	var e listEncoder
	var lengths []uint16
	if len(chunks) > blockSize { // a longer list bounds its blocks by lengths
		lengths = make([]uint16, chunks[len(chunks)-1]+1)
		for _, chunk := range chunks {
			lengths[chunk] = u16(v.lengths, int(chunk))
		}
	}
	e.reset(false, lengths)
	for _, chunk := range chunks {
		e.add(chunk, 1, nil)
	}
	l := postingsList{n: len(chunks)}
	l.read(append(e.appendTo(nil), make([]byte, unpackSlack)...), false)
	return l
}

// explainReading says how the query was read otherwise than it was written.
func (q *search) explainReading(r *Result) {
	r.Corrections, r.DroppedPhrases = q.corrections(r.Hits), q.plan.dropped
}

// corrections says which other spellings were searched, as they stand in the
// hits. The index holds only their stems, which are told when no hit has any.
func (q *search) corrections(hits []Hit) []Correction {
	var out []Correction
	for _, w := range q.relaxed {
		c := Correction{Word: w.text}
		var stems []string
		for _, m := range q.plan.members(w.unit) {
			if m.kind != variantTypo || q.weights[m.term].df == 0 {
				continue
			}
			term := q.plan.terms[m.term].term
			stems = append(stems, term)
			if word := q.spelling(term, hits); word != "" {
				c.Used = append(c.Used, word)
			}
		}
		if len(c.Used) == 0 {
			c.Used = stems
		}
		if len(c.Used) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// spelling returns the first word of the hits that has the term, nothing when
// none has.
func (q *search) spelling(term string, hits []Hit) string {
	word := ""
	for i := range hits {
		languages := q.languagesOf(hits[i].Language)
		for _, text := range [...]string{hits[i].Title, hits[i].Heading, hits[i].Content} {
			q.analyzer.Scan(text, func(t *analysis.Token) {
				for _, l := range languages {
					if word == "" && q.analyzer.TermIn(l, t) == term {
						word = strings.ToLower(text[t.Start:t.End])
					}
				}
			})
			if word != "" {
				return word
			}
		}
	}
	return ""
}

// languagesOf returns by whose rules a document of that language was analysed,
// as far as the tenant's index tells: before a language had rules, it was read
// as English.
func (q *search) languagesOf(tag string) []analysis.Language {
	l := analysis.LanguageOf(tag)
	if l == analysis.English || !q.snapshot.languages.has(l) {
		return []analysis.Language{analysis.English}
	}
	return []analysis.Language{l, analysis.English}
}
