package index

import (
	"context"
	"unicode"
	"unicode/utf8"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// When and how far a query is read more generously than it was written. All of
// it is derived from the committed state alone, so that every page of an answer
// decides alike.
const (
	// tooFew hits are a reason to look for more: less than a page of the default
	// size.
	tooFew = DefaultLimit
	// maxRelaxed bounds the words of a query that are relaxed.
	maxRelaxed = 8
	// maxVariants bounds the alternatives that one word gets.
	maxCompletions = 32
	maxCorrections = 8
	// The letters from which on a word is completed, and corrected by one edit or
	// two.
	minPrefix  = 2
	minOneEdit = 4
	minTwoEdit = 8
	// moreFrequent is how many times as frequent as a word that does occur another
	// must be to count as what was meant.
	moreFrequent = 10
)

// lexicon answers questions about the terms of an index.
type lexicon interface {
	// completions returns the terms that begin with prefix, the most frequent
	// first, of equal ones by their text.
	completions(prefix string, most int) ([]string, error)
	// similar returns the terms with the same first letter that are at most so
	// many edits away (insert, delete, replace, swap neighbours): the nearest
	// first, then the most frequent, then by their text.
	similar(term string, edits, most int) ([]similarTerm, error)
}

type similarTerm struct {
	term  string
	edits int
	df    int // live chunks with it
}

// relax evaluates the plan, and again in a wider reading if that finds too
// little:
//
//	words that occur nowhere are completed or corrected
//	no hit, and a phrase that occurs nowhere: its words instead
//	too few hits: rare words are completed, or corrected to far more frequent ones
func (q *search) relax(ctx context.Context) error {
	r := relaxer{plan: q.plan, request: q.request, lexicon: q.snapshot, df: q.dfOf}
	changed, err := r.unknownWords()
	if err != nil {
		return err
	}
	q.relaxed = r.relaxed
	if err := q.evaluateAgain(ctx, changed); err != nil || q.total >= tooFew || r.strict() {
		return err
	}
	return q.relaxFurther(ctx, &r)
}

// relaxFurther widens a plan that has found too little.
func (q *search) relaxFurther(ctx context.Context, r *relaxer) error {
	defer func() { q.relaxed = r.relaxed }()
	if q.total == 0 && len(q.plan.required) > 0 {
		dropped, err := q.dropPhrases()
		if err != nil {
			return err
		}
		if dropped {
			if _, err := r.unknownWords(); err != nil {
				return err
			}
			if err := q.evaluateAgain(ctx, true); err != nil || q.total >= tooFew {
				return err
			}
		}
	}
	changed, err := r.rareWords()
	if err != nil || !changed {
		return err
	}
	return q.evaluateAgain(ctx, true)
}

// evaluateAgain evaluates the plan, which has other terms perhaps.
func (q *search) evaluateAgain(ctx context.Context, changed bool) error {
	if changed {
		if err := q.lookUp(); err != nil {
			return err
		}
	}
	return q.evaluate(ctx)
}

// dropPhrases gives up the required phrases that occur nowhere.
func (q *search) dropPhrases() (dropped bool, err error) {
	kept := q.plan.required[:0:0]
	for i := range q.plan.required {
		ph := &q.plan.required[i]
		occurs, err := q.occurs(ph)
		if err != nil {
			return false, err
		}
		if occurs {
			kept = append(kept, *ph)
			continue
		}
		q.plan.dropped = append(q.plan.dropped, ph.text)
		for k := range q.plan.words {
			if q.plan.words[k].quote == i {
				q.plan.words[k].quote = -1
			}
		}
	}
	dropped = len(kept) < len(q.plan.required)
	q.plan.required = kept
	return dropped, nil
}

// dfOf returns the document frequency of a term that was looked up.
func (q *search) dfOf(term int) int { return q.weights[term].df }

// occurs reports whether a live chunk has the phrase, whatever the filter.
func (q *search) occurs(ph *phrases) (found bool, err error) {
	for i, v := range q.snapshot.views {
		for _, variant := range ph.variants {
			err := q.phrases.match(v, q.viewPostings(i), variant, v.live, func(uint32) { found = true })
			if err != nil || found {
				return found, err
			}
		}
	}
	return false, nil
}

// countLimit is how far matches are counted: at least far enough to know whether
// there are too few.
func (q *search) countLimit() int { return max(q.request.CountLimit, tooFew) }

// groupHits returns a lower bound of the documents (or chunks) that a group
// finds.
func (q *search) groupHits(g int, documents bool) int {
	most := 0
	for _, m := range q.plan.groups[g].members {
		w := &q.weights[m.term]
		switch {
		case m.factor == 0:
		case documents:
			most = max(most, w.titleDF)
		default:
			most = max(most, w.df)
		}
	}
	return most
}

// relaxer widens the words of a plan.
type relaxer struct {
	plan    *plan
	request *Request
	lexicon lexicon
	df      func(term int) int
	done    int
	relaxed []relaxedWord
}

// relaxedWord says which alternatives a word got.
type relaxedWord struct {
	text string
	unit int
}

// strict reports whether the query is to be read exactly as it is written.
func (r *relaxer) strict() bool { return r.request.NoTypos && r.request.Prefix == PrefixNever }

// unknownWords widens the words that occur nowhere, and the last word if the
// request wants that always. It reports whether it has changed the plan.
func (r *relaxer) unknownWords() (changed bool, err error) {
	if r.strict() {
		return false, nil
	}
	return r.words(1, r.request.Prefix == PrefixAlways)
}

// rareWords widens the words that occur in less than tooFew chunks.
func (r *relaxer) rareWords() (changed bool, err error) {
	return r.words(tooFew, false)
}

// words widens the words with less than enough occurrences, and the last one if
// that is to be completed always.
func (r *relaxer) words(enough int, last bool) (changed bool, err error) {
	for i := range r.plan.words {
		w := &r.plan.words[i]
		if w.quote >= 0 || r.done >= maxRelaxed || r.wasWidened(w.unit) {
			continue
		}
		frequency := r.frequency(w.unit)
		if frequency >= enough && (!last || !w.last) {
			continue
		}
		widened, err := r.word(w, frequency, frequency < enough)
		if err != nil {
			return changed, err
		}
		changed = changed || widened
	}
	return changed, nil
}

func (r *relaxer) wasWidened(unit int) bool {
	for _, m := range r.plan.members(unit) {
		if m.kind == variantPrefix || m.kind == variantTypo {
			return true
		}
	}
	return false
}

// frequency returns in how many chunks the most frequent term of a unit is.
func (r *relaxer) frequency(unit int) int {
	most := 0
	for _, m := range r.plan.members(unit) {
		if m.factor > 0 {
			most = max(most, r.df(m.term))
		}
	}
	return most
}

// word completes one word, or corrects it if it is too rare.
func (r *relaxer) word(w *planWord, frequency int, rare bool) (changed bool, err error) {
	folded, letters, relaxable := foldedWord(w.text)
	if !relaxable {
		return false, nil
	}
	r.done++
	var added []member
	if w.last && r.request.Prefix != PrefixNever {
		if added, err = r.complete(folded); err != nil {
			return false, err
		}
	}
	if len(added) == 0 && letters && rare && !r.request.NoTypos {
		if added, err = r.correct(w, folded, frequency*moreFrequent); err != nil {
			return false, err
		}
	}
	if len(added) == 0 {
		return false, nil
	}
	unit := r.plan.widen(w.unit, added)
	r.relaxed = append(r.relaxed, relaxedWord{w.text, unit})
	return true, nil
}

// foldedWord returns a word as it is indexed before stemming. letters is false
// for one with digits or punctuation in it: a name or a number, of which a
// similar one is another. Scripts without spaces are left alone.
func foldedWord(text string) (folded string, letters, relaxable bool) {
	a := scanners.Get().(*analysis.Analyzer)
	defer scanners.Put(a)
	a.Scan(text, func(t *analysis.Token) {
		if folded == "" && !t.Ngram {
			folded = string(t.Text)
		}
	})
	letters = true
	for _, r := range folded {
		letters = letters && unicode.IsLetter(r)
	}
	return folded, letters, folded != ""
}

// complete returns the terms that begin with a word.
func (r *relaxer) complete(folded string) ([]member, error) {
	if utf8.RuneCountInString(folded) < minPrefix {
		return nil, nil
	}
	terms, err := r.lexicon.completions(folded, maxCompletions)
	if err != nil {
		return nil, err
	}
	var added []member
	for _, term := range terms {
		if n, ok := r.plan.number(term); ok {
			added = append(added, member{term: n, factor: factorPrefix, kind: variantPrefix})
		}
	}
	return added, nil
}

// correct returns the terms with a df of at least least that are most similar to
// those of a word: where one edit gives a word, two mostly give other words.
func (r *relaxer) correct(w *planWord, folded string, least int) ([]member, error) {
	var edits int
	switch n := utf8.RuneCountInString(folded); {
	case n >= minTwoEdit:
		edits = 2
	case n >= minOneEdit:
		edits = 1
	default:
		return nil, nil
	}
	var found []similarTerm
	for _, m := range r.plan.members(w.unit) {
		stem := &r.plan.terms[m.term]
		if m.kind != variantExact || stem.words != nil {
			continue
		}
		most := edits
		switch n := utf8.RuneCountInString(stem.term); {
		case n < minOneEdit:
			continue
		case n < minTwoEdit-1:
			most = 1
		}
		similar, err := r.lexicon.similar(stem.term, most, maxCorrections)
		if err != nil {
			return nil, err
		}
		found = append(found, similar...)
	}
	var added []member
	for distance := 1; distance <= edits && len(added) == 0; distance++ {
		for _, s := range found {
			if s.edits != distance || s.df < least || len(added) >= maxCorrections {
				continue
			}
			if n, ok := r.plan.number(s.term); ok {
				added = addMember(added, member{term: n, factor: typoFactor(distance), kind: variantTypo})
			}
		}
	}
	return added, nil
}

func typoFactor(edits int) float64 {
	if edits > 1 {
		return factorTypo2
	}
	return factorTypo1
}
