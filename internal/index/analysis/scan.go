package analysis

import (
	"unicode/utf8"
)

// shape says what wordEnd met inside a word; a plain word has none of it.
type shape uint8

const (
	hasUpper      shape = 1 << iota // upper case after the first letter
	hasUnder                        // underscore between two parts
	hasQualifier                    // . or :: between two identifiers
	hasApostrophe                   // apostrophe between two letters
	hasRunes                        // anything outside of ASCII
	hasSuffix                       // c++ or c#
	startsUpper                     // upper case at the start
)

const isCompound = hasUpper | hasUnder | hasQualifier | hasSuffix

// scanner finds words. Its buffers are reused from word to word.
type scanner struct {
	folder
	word  []byte // the folded bytes of an ASCII word
	part  []byte // the folded bytes of a part of any other word
	token Token
	text  string
	start int // of the word in text
	shape shape
}

// Scan calls emit for every token of text, by position, the larger tokens of a
// compound before its parts. The token and its Text are reused: emit must copy
// what it keeps.
func (s *scanner) Scan(text string, emit func(*Token)) {
	s.ScanHinted(text, nil, emit)
}

// ScanHinted is Scan that may leave out words which hints rule out. The tokens it
// emits are the same, with the same positions.
func (s *scanner) ScanHinted(text string, hints *Hints, emit func(*Token)) {
	s.text = text
	position := 0
	for i := 0; i < len(text); {
		switch asciiClass[text[i]] {
		case classOther, classUnder, classMark:
			i++
			continue
		case classUnknown:
			r, size := utf8.DecodeRuneInString(text[i:])
			switch classify(r) {
			case classOther, classMark, classUnder:
				i += size
				continue
			case classNgram:
				i, position = s.scanNgrams(i, position, emit)
				continue
			}
		}
		if hints != nil {
			if end := hints.skip(text, i); end > i {
				i = end
				position++
				continue
			}
		}
		end := s.wordEnd(i)
		s.token.Position = position
		if s.emitWord(i, end, emit) {
			position++
		}
		i = end
	}
	s.text = ""
}

// wordEnd returns the end of the word that starts at i and sets s.shape.
func (s *scanner) wordEnd(i int) int {
	text := s.text
	s.start, s.shape = i, 0
	j := i
	for j < len(text) {
		c := text[j]
		switch asciiClass[c] {
		case classLower, classDigit:
			j++
			continue
		case classUpper:
			if j > i {
				s.shape |= hasUpper
			} else {
				s.shape |= startsUpper
			}
			j++
			continue
		case classUnknown:
			size := s.wordRune(j, i)
			if size > 0 {
				j += size
				continue
			}
		}
		size := s.connector(j)
		if size == 0 {
			break
		}
		j += size
	}
	return s.suffixEnd(i, j)
}

// wordRune returns the size of the rune at j if it continues the word that
// started at i, else 0.
func (s *scanner) wordRune(j, i int) int {
	r, size := utf8.DecodeRuneInString(s.text[j:])
	switch classify(r) {
	case classUpper:
		if j > i {
			s.shape |= hasUpper
		}
	case classLower, classDigit, classMark:
	default:
		return 0
	}
	s.shape |= hasRunes
	return size
}

// connector returns the size of the punctuation at j when it joins two parts
// of one word, else 0.
func (s *scanner) connector(j int) int {
	text := s.text
	switch c := text[j]; {
	case c == '_':
		k := j + 1
		for k < len(text) && text[k] == '_' {
			k++
		}
		if s.startsWord(k) {
			s.shape |= hasUnder
			return k - j
		}
	case c == '.' && s.startsWord(j+1):
		s.shape |= hasQualifier
		return 1
	case c == ':' && j+1 < len(text) && text[j+1] == ':' && s.startsWord(j+2):
		s.shape |= hasQualifier
		return 2
	case c == '\'' && s.startsWord(j+1):
		s.shape |= hasApostrophe
		return 1
	case c == 0xE2 && len(text) > j+2 && text[j:j+3] == "’" && s.startsWord(j+3):
		s.shape |= hasApostrophe | hasRunes
		return 3
	}
	return 0
}

// startsWord reports whether a word without spaces around every character
// could start at k.
func (s *scanner) startsWord(k int) bool {
	if k >= len(s.text) {
		return false
	}
	switch asciiClass[s.text[k]] {
	case classLower, classUpper, classDigit:
		return true
	case classUnknown:
		r, _ := utf8.DecodeRuneInString(s.text[k:])
		c := classify(r)
		return c == classLower || c == classUpper || c == classDigit
	}
	return false
}

// suffixEnd extends a word by the signs of C++, C# and their like.
func (s *scanner) suffixEnd(i, j int) int {
	text := s.text
	if j >= len(text) {
		return j
	}
	var k int
	switch {
	case text[j] == '+' && j+1 < len(text) && text[j+1] == '+':
		k = j + 2
	case text[j] == '#' && j == i+1:
		k = j + 1
	default:
		return j
	}
	if k < len(text) && (asciiClass[text[k]] != classOther || text[k] == '+') {
		return j
	}
	s.shape |= hasSuffix
	return k
}
