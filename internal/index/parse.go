package index

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// parser reads one query.
type parser struct {
	*plan
	analyzer *analysis.Analyzer
	rules    *queryRules
	keepStop bool // of the tenant's stop words
	stopped  bool // one was left out
	members  []member
}

// parse reads a query. It accepts any text.
func parse(query string, rules *queryRules, a *analysis.Analyzer) *plan {
	p := &parser{analyzer: a, rules: rules}
	p.read(query)
	if p.stopped && !p.scored() { // rather these words than none
		p.keepStop = true
		p.read(query)
	}
	return p.plan
}

func (p *parser) read(query string) {
	p.plan = &plan{numbers: make(map[string]int), limit: maxQueryTerms, words: make([]planWord, 0, 8)}
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
		bare = append(bare, ' ')
		variants := p.phrases(piece.text)
		if piece.negative {
			if len(variants) > 0 {
				p.excluded = append(p.excluded, phrases{variants: variants})
			}
			continue
		}
		quote := -1
		if len(variants) > 0 {
			quote = len(p.required)
			p.required = append(p.required, phrases{variants: variants, text: piece.text})
		}
		p.score(piece.text, quote)
	}
	p.score(string(bare), -1)
	p.limit = maxPlanTerms
	if p.rules.settings != nil && len(p.rules.settings.synonyms) > 0 {
		p.addSynonyms(string(bare))
	}
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

// score adds the words of a text to those that are scored.
func (p *parser) score(text string, quote int) {
	plain := p.rules.plain()
	p.analyzer.Scan(text, func(t *analysis.Token) {
		if p.rules.isStop(t.Text) || p.isTenantStop(t.Text) {
			return
		}
		if plain {
			if n, ok := p.number(p.analyzer.Term(t.Text)); ok {
				p.terms[n].count++
				p.addWord(text, t, n, quote)
			}
			return
		}
		if members := p.stems(t); len(members) > 0 {
			p.addWord(text, t, p.addUnit(members), quote)
		}
	})
}

func (p *parser) isTenantStop(folded []byte) bool {
	if p.keepStop || p.rules.settings == nil {
		return false
	}
	_, stop := p.rules.settings.stopWords[string(folded)]
	p.stopped = p.stopped || stop
	return stop
}

// stems returns the distinct terms of a token in the query's languages. The
// result is valid until the next call.
func (p *parser) stems(t *analysis.Token) []member {
	p.members = p.members[:0]
	for _, l := range p.rules.languages {
		if analysis.IsStopIn(l, t.Text) {
			continue
		}
		if n, ok := p.number(p.analyzer.TermIn(l, t)); ok {
			p.members = addMember(p.members, member{term: n, factor: 1})
		}
	}
	return p.members
}

// addWord remembers a scored word.
func (p *parser) addWord(text string, t *analysis.Token, unit, quote int) {
	w := planWord{text: text[t.Start:t.End], unit: unit, quote: quote, last: quote < 0 && t.End == len(text)}
	if t.Ngram {
		w.last = false
	}
	p.words = append(p.words, w)
}

// phrases returns the units of a text as a phrase of each language. Stop words
// only leave a gap.
func (p *parser) phrases(text string) []phrase {
	var variants []phrase
	for _, l := range p.rules.languages {
		var ph phrase
		p.analyzer.Scan(text, func(t *analysis.Token) {
			if !t.Unit || analysis.IsStopIn(l, t.Text) {
				return
			}
			if n, ok := p.number(p.analyzer.TermIn(l, t)); ok {
				ph = append(ph, phraseTerm{n, t.Position})
			}
		})
		if len(ph) > 0 && !slices.ContainsFunc(variants, func(o phrase) bool { return slices.Equal(o, ph) }) {
			variants = append(variants, slices.Clip(ph))
		}
	}
	return variants
}
