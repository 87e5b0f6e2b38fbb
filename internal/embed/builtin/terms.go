package builtin

import "github.com/rustassistant/rustassistant/internal/index/analysis"

// termOf returns the term of a folded word, and false for a stop word. The
// sample, the documents and the queries all go through it, so a word has one
// spelling everywhere. It is also where the language of a text would matter:
// a sample mixes languages, and a model has one vocabulary for all of them.
func termOf(a *analysis.Analyzer, folded []byte) (string, bool) {
	if analysis.IsStop(folded) {
		return "", false
	}
	return a.Term(folded), true
}
