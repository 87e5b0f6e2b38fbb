package analysis

// Token is one word of a text as the scan found it, before stop words are
// dropped and before stemming.
type Token struct {
	// Text is the folded form. It is only valid until the scan continues.
	Text []byte
	// Start and End are byte offsets into the scanned text.
	Start, End int
	// Position counts words from 0. The tokens of one compound share it.
	Position int
	// Leaf marks the smallest units: exactly these count for the length of a
	// text. A token that is not a leaf overlaps the leaves it is made of.
	Leaf bool
	// Unit marks the tokens that stand for the text in a phrase. Every stretch
	// of text is covered by units once: camelCase by the whole identifier (so
	// that "JavaScript" finds javascript), snake_case and a.b by their parts.
	Unit bool
	// Ngram marks the tokens of scripts without spaces.
	Ngram bool
}
