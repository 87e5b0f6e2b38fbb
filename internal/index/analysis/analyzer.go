package analysis

import (
	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
)

// Version names the rules of this package. Segments record it: terms of two
// versions must not be mixed, so a change of the rules needs a new number and
// a rebuild of the segments.
const Version = 1

// MaxTermBytes bounds a term. Longer words (encoded blobs, mostly) are cut to
// it, so that a 64-digit hash is still found by its exact text.
const MaxTermBytes = 64

// maxCachedStems bounds the memory of the stem cache of one Analyzer.
const maxCachedStems = 1 << 15

// Analyzer scans and stems. It owns scratch memory: one Analyzer must not be
// used by two goroutines at once. The zero value is not ready, use New.
type Analyzer struct {
	scanner
	env     *snowballstem.Env
	stems   map[string]string
	stemsIn [len(languages)]map[string]string // by word as written
	stem    []byte                            // scratch of stemIn
}

// New returns an Analyzer.
func New() *Analyzer {
	return &Analyzer{env: snowballstem.NewEnv(""), stems: make(map[string]string)}
}

// Term returns the term under which a folded word is indexed by the rules of
// English. The result is not backed by folded.
func (a *Analyzer) Term(folded []byte) string {
	if term, ok := a.stems[string(folded)]; ok {
		return term
	}
	word := string(folded)
	term := word
	if stemmable(folded) {
		a.env.SetCurrent(word)
		english.Stem(a.env)
		term = a.env.Current()
	}
	if len(a.stems) >= maxCachedStems {
		clear(a.stems)
	}
	a.stems[word] = term
	return term
}

// stemmable reports whether the English rules apply: identifiers with digits
// or punctuation and words of other alphabets stay as they are.
func stemmable(folded []byte) bool {
	if len(folded) < 3 {
		return false
	}
	for _, c := range folded {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
