package index

import (
	"strings"
	"unicode/utf8"
)

// QueryText returns the words of a query without its operators, as an embedding
// model is given them: those of phrases stay, excluded ones go. It is empty when
// nothing is left.
func QueryText(query string) string {
	var text strings.Builder
	for i := 0; i < len(query); {
		piece, next, ok := nextPiece(query, i)
		if !ok {
			_, size := utf8.DecodeRuneInString(query[i:])
			text.WriteString(query[i : i+size])
			i += size
			continue
		}
		if text.WriteByte(' '); !piece.negative {
			text.WriteString(piece.text)
			text.WriteByte(' ')
		}
		i = next
	}
	return strings.Join(strings.Fields(text.String()), " ")
}
