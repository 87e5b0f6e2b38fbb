package analysis

// maxStopWord is the length of the longest stop word in bytes.
const maxStopWord = 5

// stopWords are Lucene's 33 English stop words.
var stopWords = map[string]struct{}{
	"a": {}, "an": {}, "and": {}, "are": {}, "as": {}, "at": {}, "be": {},
	"but": {}, "by": {}, "for": {}, "if": {}, "in": {}, "into": {}, "is": {},
	"it": {}, "no": {}, "not": {}, "of": {}, "on": {}, "or": {}, "such": {},
	"that": {}, "the": {}, "their": {}, "then": {}, "there": {}, "these": {},
	"they": {}, "this": {}, "to": {}, "was": {}, "will": {}, "with": {},
}

// IsStop reports whether a folded word is too common to be indexed.
func IsStop(folded []byte) bool {
	if len(folded) > maxStopWord {
		return false
	}
	_, ok := stopWords[string(folded)]
	return ok
}
