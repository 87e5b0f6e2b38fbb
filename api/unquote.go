package api

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isPlainText reports whether JSON strings are read into v as they are.
func isPlainText(v reflect.Value) bool {
	p := reflect.PointerTo(v.Type())
	return v.Kind() == reflect.String && !p.Implements(jsonUnmarshaler) && !p.Implements(textUnmarshaler)
}

// unquote returns the text of a JSON string that a json.Decoder has read and
// that is valid UTF-8, as json.Unmarshal does, which would look at each byte
// three times more. Most bytes of an import are inside such strings.
func unquote(raw []byte) string {
	s := raw[1 : len(raw)-1]
	i := bytes.IndexByte(s, '\\')
	if i < 0 {
		return string(s)
	}
	out := make([]byte, 0, len(s))
	for i >= 0 {
		out = append(out, s[:i]...)
		out, s = appendEscaped(out, s[i+1:])
		i = bytes.IndexByte(s, '\\')
	}
	return string(append(out, s...))
}

// appendEscaped appends what the escape behind a backslash stands for and
// returns what follows it. Half a surrogate pair becomes U+FFFD.
func appendEscaped(out, s []byte) (appended, rest []byte) {
	switch c := s[0]; c {
	case 'b':
		return append(out, '\b'), s[1:]
	case 'f':
		return append(out, '\f'), s[1:]
	case 'n':
		return append(out, '\n'), s[1:]
	case 'r':
		return append(out, '\r'), s[1:]
	case 't':
		return append(out, '\t'), s[1:]
	case 'u':
		r, rest := escapedRune(s[1:])
		return utf8.AppendRune(out, r), rest
	default: // a quotation mark, a slash or a backslash
		return append(out, c), s[1:]
	}
}

// escapedRune reads the four digits of an escape, and the other half of a pair
// if it follows.
func escapedRune(s []byte) (r rune, rest []byte) {
	first, rest := hex4(s), s[4:]
	if !utf16.IsSurrogate(first) {
		return first, rest
	}
	if len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
		if r := utf16.DecodeRune(first, hex4(rest[2:])); r != utf8.RuneError {
			return r, rest[6:]
		}
	}
	return utf8.RuneError, rest
}

func hex4(s []byte) rune {
	v, _ := strconv.ParseUint(string(s[:4]), 16, 16) // the decoder has checked the digits
	return rune(v)
}
