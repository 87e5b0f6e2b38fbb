package api

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// A text is read as encoding/json reads it, whatever escapes it has.
func FuzzUnquoteReadsAsJSONDoes(f *testing.F) {
	for _, s := range []string{
		`""`, `"plain"`, `"\"\\\/\b\f\n\r\t"`, `"\u00e9\u4E2D"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`,
		`"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\u0041"`, `"end\\"`, `"\uFFFD"`, `"\u0001é中😀"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want string
		if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' || !utf8.Valid(raw) || json.Unmarshal(raw, &want) != nil {
			return
		}
		if got := unquote(raw); got != want {
			t.Fatalf("%s was read as %q, not %q", raw, got, want)
		}
	})
}
