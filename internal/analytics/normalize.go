package analytics

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxQueryBytes is how much of a query is kept.
const MaxQueryBytes = 256

// Normalize brings a query to the form that it is counted under: lower case, one
// space between words, none around them, valid UTF-8 without control characters,
// at most MaxQueryBytes, cut between characters.
func Normalize(query string) string {
	var b strings.Builder
	space := false
	for _, r := range query {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			space = b.Len() > 0
			continue
		}
		r = unicode.ToLower(r)
		size := utf8.RuneLen(r)
		if space {
			size++
		}
		if b.Len()+size > MaxQueryBytes {
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
