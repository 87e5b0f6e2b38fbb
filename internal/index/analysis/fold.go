package analysis

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// expansions are letters that carry a diacritic or ligature which the
// compatibility decomposition of Unicode leaves in place.
var expansions = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe",
	'ø': "o", 'Ø': "o", 'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d",
	'þ': "th", 'Þ': "th", 'ł': "l", 'Ł': "l", 'ħ': "h", 'Ħ': "h",
	'ı': "i", 'ŀ': "l", 'ŋ': "n", 'Ŋ': "n", 'ς': "σ",
}

// folder keeps the buffers of the slow path.
type folder struct {
	table      *[tableEnd]string
	decomposed []byte
	stripped   []byte
}

// tableEnd is the end of the alphabets whose letters are folded one by one
// from a table: Latin, Greek, Cyrillic.
const tableEnd = 0x0530

// foldTable has the folded form of every letter below tableEnd, and nothing for
// combining marks, which need their neighbours.
var foldTable = sync.OnceValue(func() *[tableEnd]string {
	var table [tableEnd]string
	var f folder
	for r := rune(0); r < tableEnd; r++ {
		if !unicode.IsMark(r) {
			table[r] = string(f.foldAny(nil, string(r)))
		}
	}
	return &table
})

// fold appends text in lower case, compatibility-decomposed, without diacritics
// and recomposed. Apostrophes and format characters are dropped.
func (f *folder) fold(dst []byte, text string) []byte {
	if f.table == nil {
		f.table = foldTable()
	}
	start := len(dst)
	for _, r := range text {
		if r >= tableEnd || (r >= 0x0300 && unicode.IsMark(r)) {
			return f.foldAny(dst[:start], text)
		}
		dst = append(dst, f.table[r]...)
	}
	return dst
}

// foldAny is fold for any script.
func (f *folder) foldAny(dst []byte, text string) []byte {
	f.decomposed = norm.NFKD.AppendString(f.decomposed[:0], text)
	f.stripped = f.stripped[:0]
	for b := f.decomposed; len(b) > 0; {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		f.stripped = appendFolded(f.stripped, r)
	}
	return norm.NFC.Append(dst, f.stripped...)
}

func appendFolded(dst []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return append(dst, asciiLower[r])
	case isDiacritic(r) || isApostrophe(r) || unicode.Is(unicode.Cf, r):
		return dst
	}
	if s, ok := expansions[r]; ok {
		return append(dst, s...)
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}

// isDiacritic reports the combining marks of Latin, Greek and Cyrillic, and the
// optional vowel signs of Hebrew and Arabic. Marks of other scripts are letters
// in all but name and stay.
func isDiacritic(r rune) bool {
	switch {
	case r >= 0x0300 && r <= 0x036F, r >= 0x1AB0 && r <= 0x1AFF,
		r >= 0x1DC0 && r <= 0x1DFF, r >= 0x20D0 && r <= 0x20FF,
		r >= 0xFE20 && r <= 0xFE2F:
		return true
	case r >= 0x0591 && r <= 0x05C7, r >= 0x064B && r <= 0x065F, r == 0x0670, r == 0x0640:
		return true
	}
	return false
}

func isApostrophe(r rune) bool {
	return r == '\'' || r == '’' || r == '＇'
}
