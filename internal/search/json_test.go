package search

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestStringsAreWrittenAsJSONReadsThem(t *testing.T) {
	t.Parallel()
	check := func(t require.TestingT, s string) {
		b := appendString(nil, s)
		if utf8.ValidString(s) {
			var got string
			require.NoError(t, json.Unmarshal(b, &got))
			require.Equal(t, s, got)
			return
		}
		require.True(t, json.Valid(b), "%q", b)
		var got string
		require.NoError(t, json.Unmarshal(b, &got))
		require.Contains(t, got, "\uFFFD")
	}
	for _, s := range []string{"", "a\"b\\c\n\r\t\x00\x1f\x7f", "äöü€😀\u2028\uFFFD", "\xff\xc3", "a\xe2\x82", "<b>&'"} {
		check(t, s)
	}
	for i := range 64 { // each special byte at each place of a word
		for _, c := range "\x00\x1f\"\\\x7fé" {
			check(t, strings.Repeat("a", i%20)+string(c)+strings.Repeat("ÿ ", i/4)+string(c))
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "s")) })
	rapid.Check(t, func(t *rapid.T) { check(t, string(rapid.SliceOf(rapid.Byte()).Draw(t, "b"))) })
}

func TestNumbersAndIDs(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, 1, 12.5, 1e-7, 1e300, -3, math.SmallestNonzeroFloat64} {
		var got float64
		require.NoError(t, json.Unmarshal(appendFloat(nil, f), &got))
		require.InDelta(t, f, got, 0)
	}
	require.Equal(t, "null", string(appendFloat(nil, math.NaN())))
	id := uuid.New()
	require.Equal(t, `"`+id.String()+`"`, string(appendID(nil, id)))
	require.Equal(t, `"`+id.String()+`-7"`, string(appendChunkID(nil, id, 7)))
	require.Equal(t, "12.003", string(appendMillis(nil, 12003*time.Microsecond+700)))
	require.Equal(t, "0.000", string(appendMillis(nil, -time.Second)))
	require.Equal(t, `"2026-01-31T12:00:00Z"`, string(appendTime(nil, 1769860800000)))
	require.Equal(t, `"2026-01-31T12:00:00.05Z"`, string(appendTime(nil, 1769860800050)))
}
