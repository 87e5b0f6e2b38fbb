package index

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// maxQueryTerms bounds the work of one query: of a longer text the first
// distinct terms count.
const maxQueryTerms = 256

// plan is an analysed query. Numbers index terms.
type plan struct {
	terms    []planTerm
	required []phrase
	excluded []phrase
	numbers  map[string]int
}

// planTerm is a distinct term.
type planTerm struct {
	term  string
	key   []byte // term, for the dictionaries
	count int    // occurrences that are scored; 0 for a term that only excludes
}

// phrase is a sequence of terms at given offsets; one term is a phrase too.
type phrase []phraseTerm

type phraseTerm struct{ term, offset int }

// parse reads a query. It accepts any text.
func parse(query string, a *analysis.Analyzer) *plan {
	p := &plan{numbers: make(map[string]int)}
	var bare []byte
	for i := 0; i < len(query); {
		piece, next, ok := nextPiece(query, i)
		if !ok {
			_, size := utf8.DecodeRuneInString(query[i:])
			bare = append(bare, query[i:i+size]...)
			i += size
			continue
		}
		i = next
		if !piece.negative {
			p.score(piece.text, a)
		}
		if ph := p.phrase(piece.text, a); len(ph) > 0 {
			if piece.negative {
				p.excluded = append(p.excluded, ph)
			} else {
				p.required = append(p.required, ph)
			}
		}
		bare = append(bare, ' ')
	}
	p.score(string(bare), a)
	return p
}

// piece is a part of a query with its own meaning.
type piece struct {
	text     string
	negative bool
}

// nextPiece recognises "words", -word and -"words" at i, which must be the
// start or follow a space.
func nextPiece(query string, i int) (p piece, next int, ok bool) {
	if i > 0 {
		if r, _ := utf8.DecodeLastRuneInString(query[:i]); !unicode.IsSpace(r) && r != '(' {
			return p, i, false
		}
	}
	rest := query[i:]
	at := i
	if strings.HasPrefix(rest, "-") {
		p.negative, rest, at = true, rest[1:], i+1
	}
	if text, size, quoted := quotedText(rest); quoted {
		p.text = text
		return p, at + size, true
	}
	if !p.negative {
		return p, i, false
	}
	end := strings.IndexFunc(rest, unicode.IsSpace)
	if end < 0 {
		end = len(rest)
	}
	// A dash alone, and --option of a command line, are plain text.
	if end == 0 || rest[0] == '-' {
		return p, i, false
	}
	p.text = rest[:end]
	return p, at + end, true
}

// quotedText returns what stands between the quotes that rest starts with.
func quotedText(rest string) (text string, size int, ok bool) {
	for _, q := range [...][2]string{{`"`, `"`}, {"“", "”"}} {
		if body, found := strings.CutPrefix(rest, q[0]); found {
			if end := strings.Index(body, q[1]); end >= 0 {
				return body[:end], len(q[0]) + end + len(q[1]), true
			}
		}
	}
	return "", 0, false
}

// number returns the number of a term, adding it; ok is false above the limit.
func (p *plan) number(term string) (n int, ok bool) {
	if n, ok = p.numbers[term]; ok {
		return n, true
	}
	if len(p.terms) >= maxQueryTerms {
		return 0, false
	}
	n = len(p.terms)
	p.numbers[term] = n
	p.terms = append(p.terms, planTerm{term: term, key: []byte(term)})
	return n, true
}

// score adds the terms of a text to those that are scored.
func (p *plan) score(text string, a *analysis.Analyzer) {
	a.Scan(text, func(t *analysis.Token) {
		if analysis.IsStop(t.Text) {
			return
		}
		if n, ok := p.number(a.Term(t.Text)); ok {
			p.terms[n].count++
		}
	})
}

// phrase returns the units of a text. Stop words only leave a gap.
func (p *plan) phrase(text string, a *analysis.Analyzer) phrase {
	var ph phrase
	a.Scan(text, func(t *analysis.Token) {
		if !t.Unit || analysis.IsStop(t.Text) {
			return
		}
		if n, ok := p.number(a.Term(t.Text)); ok {
			ph = append(ph, phraseTerm{n, t.Position})
		}
	})
	return slices.Clip(ph)
}

// scored reports whether any term counts for the score.
func (p *plan) scored() bool {
	return slices.ContainsFunc(p.terms, func(t planTerm) bool { return t.count > 0 })
}
