package analysis

import "unicode"

// class says what a byte or rune does to a word.
type class uint8

const (
	classOther class = iota // ends a word
	classLower              // letter without case, or lower case
	classUpper              // upper-case letter
	classDigit
	classUnder   // joins the parts of snake_case
	classMark    // combining mark: continues a word, never starts one
	classNgram   // script without spaces
	classUnknown // first byte of a rune that must be decoded
)

// asciiClass maps a byte to its class; bytes from 0x80 need decoding.
var asciiClass = func() (t [256]class) {
	for c := range t {
		switch {
		case c >= 0x80:
			t[c] = classUnknown
		case c >= 'a' && c <= 'z':
			t[c] = classLower
		case c >= 'A' && c <= 'Z':
			t[c] = classUpper
		case c >= '0' && c <= '9':
			t[c] = classDigit
		case c == '_':
			t[c] = classUnder
		}
	}
	return t
}()

// asciiLower maps a byte to its lower case.
var asciiLower = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(c)
		if c >= 'A' && c <= 'Z' {
			t[c] = byte(c) + 'a' - 'A'
		}
	}
	return t
}()

// ngramScripts are written without spaces between words.
var ngramScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// classify returns the class of a rune at or above 0x80.
func classify(r rune) class {
	switch {
	case r < 0x0E00: // Latin, Greek, Cyrillic, Hebrew, Arabic, Indic
	case r == 'ー' || r == 'ｰ': // the long vowel mark is common to both kana
		return classNgram
	case isNgram(r):
		return classNgram
	}
	switch {
	case unicode.IsUpper(r) || unicode.IsTitle(r):
		return classUpper
	case unicode.IsLetter(r):
		return classLower
	case unicode.IsNumber(r):
		return classDigit
	case unicode.IsMark(r):
		return classMark
	}
	return classOther
}

func isNgram(r rune) bool {
	if r >= 0x4E00 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7A3 {
		return true
	}
	return unicode.IsOneOf(ngramScripts, r)
}
