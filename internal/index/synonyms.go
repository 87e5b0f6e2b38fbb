package index

import (
	"slices"
	"sync"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// maxExpressions bounds the synonyms that one query gets.
const maxExpressions = 128

// querySettings are Settings in the form in which queries use them.
type querySettings struct {
	Settings
	source    string // the JSON they were read from
	params    Params
	stopWords map[string]struct{} // folded
	// synonyms are by the first word of what they are for, the longest first.
	synonyms map[string][]synonymRule
}

// synonymRule says that words are also found by other expressions.
type synonymRule struct {
	words []string // keys as scanWords gives them
	to    []string // expressions; the one that words are of is among them perhaps
	self  int      // its place in to, -1 for none
}

// compileSettings reads stored settings, nil for none. Those of old are used
// again when nothing has changed: a tenant may have ten thousand synonyms.
func compileSettings(data []byte, old *querySettings) (*querySettings, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if old != nil && old.source == string(data) {
		return old, nil
	}
	s, err := ParseSettings(data)
	if err != nil {
		return nil, err
	}
	q := &querySettings{Settings: s, source: string(data), params: s.Ranking.Params(), stopWords: make(map[string]struct{})}
	for _, word := range s.StopWords {
		for _, w := range scanWords(word) {
			q.stopWords[w.folded] = struct{}{}
		}
	}
	q.synonyms = make(map[string][]synonymRule)
	for _, set := range s.Synonyms {
		for i, from := range set.Words {
			q.addRule(from, set.Words, i)
		}
		if set.From != "" {
			q.addRule(set.From, set.To, -1)
		}
	}
	for _, rules := range q.synonyms {
		slices.SortStableFunc(rules, func(a, b synonymRule) int { return len(b.words) - len(a.words) })
	}
	return q, nil
}

// Settings returns the tenant's search settings.
func (s *Snapshot) Settings() Settings {
	if s.settings == nil {
		return Settings{}
	}
	return s.settings.Settings
}

func (q *querySettings) addRule(from string, to []string, self int) {
	words := scanWords(from)
	if len(words) == 0 {
		return
	}
	keys := make([]string, len(words))
	for i, w := range words {
		keys[i] = w.key
	}
	q.synonyms[keys[0]] = append(q.synonyms[keys[0]], synonymRule{words: keys, to: to, self: self})
}

// scannedWord is what stands at one position of a text: its largest token, or
// the character of a script without spaces.
type scannedWord struct {
	key        string // its English term, so that plurals match; comparable with other keys only
	folded     string
	position   int
	start, end int
}

var scanners = sync.Pool{New: func() any { return analysis.New() }}

// scanWords lists the words of a text, one for each position.
func scanWords(text string) []scannedWord {
	a := scanners.Get().(*analysis.Analyzer)
	defer scanners.Put(a)
	var words []scannedWord
	a.Scan(text, func(t *analysis.Token) {
		if n := len(words); t.Ngram && !t.Leaf || n > 0 && words[n-1].position == t.Position {
			return
		}
		words = append(words, scannedWord{
			key: a.Term(t.Text), folded: string(t.Text), position: t.Position, start: t.Start, end: t.End,
		})
	})
	return words
}

// addSynonyms adds the alternatives of the words and expressions of a text whose
// words are scored already.
func (p *parser) addSynonyms(text string) {
	words := scanWords(text)
	left := maxExpressions
	for i := range words {
		for _, rule := range p.rules.settings.synonyms[words[i].key] {
			if left <= 0 {
				return
			}
			if !matchesAt(words[i:], rule.words) {
				continue
			}
			added := p.expressions(&rule, &left)
			if len(added) == 0 {
				continue
			}
			if len(rule.words) == 1 {
				p.addToWord(text, &words[i], added)
			} else {
				p.addToExpression(text[words[i].start:words[i+len(rule.words)-1].end], added)
			}
		}
	}
}

// matchesAt reports whether words begin with those of a rule, one after the
// other.
func matchesAt(words []scannedWord, rule []string) bool {
	if len(words) < len(rule) {
		return false
	}
	for i, key := range rule {
		if words[i].key != key {
			return false
		}
	}
	return true
}

// expressions returns the alternatives of a rule. left bounds those of a query.
func (p *parser) expressions(rule *synonymRule, left *int) []member {
	var added []member
	for i, text := range rule.to {
		if i == rule.self || *left <= 0 {
			continue
		}
		*left--
		for _, n := range p.expressionTerms(text) {
			added = addMember(added, member{term: n, factor: factorSynonym, kind: variantSynonym})
		}
	}
	return added
}

// expressionTerms returns the terms that stand for an expression, one for each
// language that has its own.
func (p *parser) expressionTerms(text string) []int {
	var terms []int
	add := func(n int, ok bool) {
		if ok && !slices.Contains(terms, n) {
			terms = append(terms, n)
		}
	}
	if len(scanWords(text)) > 1 {
		for _, ph := range p.phrases(text) {
			add(p.expression(ph))
		}
		return terms
	}
	for _, l := range p.rules.languages {
		first := true
		p.analyzer.Scan(text, func(t *analysis.Token) {
			if first && !analysis.IsStopIn(l, t.Text) {
				add(p.number(p.analyzer.TermIn(l, t)))
			}
			first = false
		})
	}
	return terms
}

// addToWord adds alternatives to a word of the query.
func (p *parser) addToWord(text string, w *scannedWord, added []member) {
	written := text[w.start:w.end]
	for i := range p.words {
		if word := &p.words[i]; word.quote < 0 && word.text == written {
			p.widen(word.unit, added)
			return
		}
	}
	// A stop word is not scored, but what it stands for is.
	p.groups = append(p.groups, group{members: added, count: 1})
}

// addToExpression adds alternatives to several words of the query, which stay
// scored each on its own. The expression itself bounds the idf of the others.
func (p *parser) addToExpression(text string, added []member) {
	for _, n := range p.expressionTerms(text) {
		added = addMember(added, member{term: n, kind: variantAnchor})
	}
	for i := range p.groups {
		if slices.Equal(p.groups[i].members, added) {
			return // the query repeats it
		}
	}
	p.groups = append(p.groups, group{members: added, count: 1})
}
