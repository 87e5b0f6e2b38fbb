package analysis

// Hints are the beginnings of terms, by which most words of a text can be left
// out before they are folded and stemmed: per first byte a bit for each second
// byte. A word can only have a given English term if they agree in both: the
// rules keep the first two letters, but for dying, lying and tying, whose i is
// taken for a y here.
type Hints [256]uint32

// Add adds a folded word or a term.
func (h *Hints) Add(term []byte) {
	first, second := hint(term)
	h[first] |= second
}

// Allow reports whether a folded word may have one of the terms by the rules of
// English.
func (h *Hints) Allow(word []byte) bool {
	first, second := hint(word)
	return h[first]&second != 0
}

func hint(text []byte) (first byte, second uint32) {
	if len(text) < 2 {
		return text[0], ^uint32(0)
	}
	return text[0], hintBit(text[1])
}

func hintBit(c byte) uint32 {
	if c == 'y' {
		c = 'i'
	}
	return 1 << (c & 31)
}

// skip returns the end of the word that starts at i when it is one token, that
// is plain ASCII without upper case behind its first letter, and is ruled out.
// Else it returns i.
func (h *Hints) skip(text string, i int) int {
	second, j := ^uint32(0), i+1
	if j < len(text) && plainASCII[text[j]] {
		second = hintBit(text[j])
	}
	if text[i] >= 0x80 || h[asciiLower[text[i]]]&second != 0 {
		return i
	}
	for j < len(text) && plainASCII[text[j]] {
		j++
	}
	if j < len(text) && joins(text, j) {
		return i
	}
	return j
}

// plainASCII has the bytes that go on with a word without changing its shape.
var plainASCII = func() (t [256]bool) {
	for c := range t {
		t[c] = asciiClass[c] == classLower || asciiClass[c] == classDigit
	}
	return t
}()

// joins reports whether the byte at j, which is none of plainASCII, may belong to
// the word before it.
func joins(text string, j int) bool {
	switch text[j] {
	case '+', '#':
		return true
	case '.', ':', '\'':
		return j+1 < len(text) && (asciiClass[text[j+1]] != classOther || text[j+1] == ':')
	}
	return asciiClass[text[j]] != classOther
}
