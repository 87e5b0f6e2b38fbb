package index

import (
	"slices"
	"strings"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// Bounds of the work of one query. Of a longer text the first distinct terms
// count; of too many alternatives the first.
const (
	maxQueryTerms = 256
	maxPlanTerms  = 1024
)

// plan is an analysed query. Numbers index terms.
type plan struct {
	terms    []planTerm
	groups   []group
	required []phrases
	excluded []phrases
	numbers  map[string]int
	limit    int // of terms
	// words are the scored words in their order, for what can be relaxed.
	words []planWord
	// dropped are the quoted phrases that occur nowhere and are not required
	// any more.
	dropped []string
}

// planTerm is a distinct term, or an expression of several words that stands for
// one.
type planTerm struct {
	term  string
	key   []byte // term, for the dictionaries
	count int    // occurrences that are scored on their own; 0 for a term that only excludes
	words phrase // of an expression, else nil
}

// group are terms that stand for the same word of a query. A text scores the
// best of them, never several for one word, and all share the idf of the most
// frequent: a rare variant does not outrank the word itself.
type group struct {
	members []member
	count   int // occurrences in the query
}

// member is an alternative of a group.
type member struct {
	term int
	// factor is the share of the score that the alternative gets, at most 1.
	factor float64
	kind   variant
}

// variant says why a term stands for a word.
type variant uint8

const (
	variantExact variant = iota // the word itself, by the rules of a language
	variantSynonym
	variantPrefix
	variantTypo
	variantAnchor // counts for the idf only
)

// String returns the name that explanations use; nothing for the word itself.
func (v variant) String() string {
	return [...]string{"", "synonym", "prefix", "typo", "synonym"}[v]
}

// The factors of alternatives. Corrections are what a reader most likely did
// not mean, so they count least.
const (
	factorSynonym = 0.8
	factorPrefix  = 0.8
	factorTypo1   = 0.6 // one edit
	factorTypo2   = 0.4 // two
)

// phrases are the same phrase by the rules of several languages. One of them
// must match.
type phrases struct {
	variants []phrase
	text     string // as it was quoted
}

// phrase is a sequence of terms at given offsets; one term is a phrase too.
type phrase []phraseTerm

type phraseTerm struct{ term, offset int }

// planWord is a scored token of the query.
type planWord struct {
	text  string // as written
	unit  int    // a term, or -1 less a group
	quote int    // the required phrase it stands in, -1 for none
	last  bool   // the query ends with it
}

// number returns the number of a term, adding it; ok is false above the limit.
func (p *plan) number(term string) (n int, ok bool) {
	if n, ok = p.numbers[term]; ok {
		return n, true
	}
	if len(p.terms) >= p.limit {
		return 0, false
	}
	n = len(p.terms)
	p.numbers[term] = n
	p.terms = append(p.terms, planTerm{term: term, key: []byte(term)})
	return n, true
}

// expression returns the number of an expression of several words.
func (p *plan) expression(ph phrase) (n int, ok bool) {
	if len(ph) == 1 {
		return ph[0].term, true
	}
	var name strings.Builder
	for i, t := range ph {
		if i > 0 {
			name.WriteByte(' ')
		}
		name.WriteString(p.terms[t.term].term)
	}
	if n, ok = p.numbers[name.String()]; ok { // no term has a space
		return n, true
	}
	if len(p.terms) >= p.limit {
		return 0, false
	}
	n = len(p.terms)
	p.numbers[name.String()] = n
	p.terms = append(p.terms, planTerm{term: name.String(), words: ph})
	return n, true
}

// scored reports whether any term counts for the score.
func (p *plan) scored() bool {
	return len(p.groups) > 0 || slices.ContainsFunc(p.terms, func(t planTerm) bool { return t.count > 0 })
}

// addUnit counts a word that is found by members, the first of which is the
// word itself, and returns its unit.
func (p *plan) addUnit(members []member) int {
	if len(members) == 1 {
		p.terms[members[0].term].count++
		return members[0].term
	}
	for i := range p.groups {
		if slices.Equal(p.groups[i].members, members) {
			p.groups[i].count++
			return -1 - i
		}
	}
	p.groups = append(p.groups, group{members: slices.Clone(members), count: 1})
	return -len(p.groups)
}

// members returns the alternatives of a unit.
func (p *plan) members(unit int) []member {
	if unit >= 0 {
		return []member{{term: unit, factor: 1}}
	}
	return p.groups[-1-unit].members
}

// widen adds alternatives to a unit and returns what the unit is from then on.
func (p *plan) widen(unit int, added []member) int {
	if unit >= 0 {
		p.groups = append(p.groups, group{members: p.members(unit), count: p.terms[unit].count})
		p.terms[unit].count = 0
		for i := range p.words {
			if p.words[i].unit == unit {
				p.words[i].unit = -len(p.groups)
			}
		}
		unit = -len(p.groups)
	}
	g := &p.groups[-1-unit]
	for _, m := range added {
		if !slices.ContainsFunc(g.members, func(o member) bool { return o.term == m.term }) {
			g.members = append(g.members, m)
		}
	}
	return unit
}

// addMember appends a term unless it is there.
func addMember(members []member, m member) []member {
	if slices.ContainsFunc(members, func(o member) bool { return o.term == m.term }) {
		return members
	}
	return append(members, m)
}

// queryRules say how the words of a query are read.
type queryRules struct {
	// language is that of the query; named is false when it is not known.
	language analysis.Language
	named    bool
	// languages are those by whose rules words are looked for, the query's own
	// first.
	languages []analysis.Language
	settings  *querySettings // nil for the defaults
}

// rulesFor returns the rules for queries of a language over an index that holds
// some. Documents that name no language are analysed as English, so that these
// rules always apply where there are such documents.
func rulesFor(tag string, indexed languageSet, settings *querySettings) queryRules {
	r := queryRules{settings: settings}
	if tag == "" && settings != nil {
		tag = settings.DefaultLanguage
	}
	l, ok := analysis.ParseLanguage(tag)
	if r.named = ok && tag != ""; !r.named {
		r.languages = indexed.list()
		if len(r.languages) == 0 {
			r.languages = []analysis.Language{analysis.English}
		}
		r.language = r.languages[0]
		return r
	}
	r.language = l
	r.languages = append(r.languages, l)
	if l != analysis.English && indexed.has(analysis.English) {
		r.languages = append(r.languages, analysis.English)
	}
	return r
}

// queryRules returns the rules for a query that says it is of a language.
func (s *Snapshot) queryRules(tag string) *queryRules {
	if tag == "" && s.settings == nil {
		return &s.rules
	}
	r := rulesFor(tag, s.languages, s.settings)
	return &r
}

// plain reports whether every word has one term, by the rules of English.
func (r *queryRules) plain() bool { return len(r.languages) == 1 && r.languages[0] == analysis.English }

// isStop reports whether a folded word is not scored.
func (r *queryRules) isStop(folded []byte) bool {
	return analysis.IsStopIn(r.language, folded)
}
