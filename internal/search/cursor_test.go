package search

import (
	"encoding/base64"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

func TestCursorComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := index.Cursor{
			Score:      rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "score"),
			DocumentID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")),
			Ordinal:    rapid.IntRange(0, math.MaxInt32).Draw(t, "ordinal"),
		}
		binding := rapid.Uint64().Draw(t, "binding")
		text := string(appendCursor(nil, c, binding))
		require.LessOrEqual(t, len(text), MaxCursorBytes)
		got, err := decodeCursor(text, binding)
		require.NoError(t, err)
		require.Equal(t, c, got)
		_, err = decodeCursor(text, binding+1)
		require.ErrorIs(t, err, errForeignCursor)
	})
}

func TestAnyDamageToACursorIsSeen(t *testing.T) {
	t.Parallel()
	text := appendCursor(nil, index.Cursor{Score: 3.25, DocumentID: uuid.New(), Ordinal: 2}, 99)
	for i := range text {
		for _, c := range []byte("A_z9=\n") {
			if damaged := append([]byte(nil), text...); damaged[i] != c {
				damaged[i] = c
				_, err := decodeCursor(string(damaged), 99)
				require.ErrorIs(t, err, errBadCursor)
			}
		}
		_, err := decodeCursor(string(text[:i]), 99)
		require.ErrorIs(t, err, errBadCursor)
	}
}

func TestCursorOfAnotherSearchIsRefused(t *testing.T) {
	t.Parallel()
	one := decode(t, `{"query": "q", "filters": {"tags": ["a", "b"]}}`)
	cursor := string(appendCursor(nil, index.Cursor{Score: 1}, one.binding()))
	with := func(rest string) error {
		_, err := Decode([]byte(`{"cursor": "` + cursor + `", ` + rest + `}`))
		return err
	}
	require.NoError(t, with(`"query": "q", "limit": 50, "highlight": false, "filters": {"tags": ["b", "a"]}`))
	for _, other := range []string{
		`"query": "p", "filters": {"tags": ["a", "b"]}`, `"query": "q"`,
		`"query": "q", "filters": {"tags": ["a", "b"]}, "group_by": "none"`,
		`"query": "q", "filters": {"tags": ["a", "b"]}, "type": "keyword"`,
	} {
		var invalid *domain.Error
		require.ErrorAs(t, with(other), &invalid, other)
		require.Equal(t, "cursor", invalid.Fields[0].Field)
		require.Contains(t, invalid.Fields[0].Message, "another search")
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(string(appendCursor(nil, index.Cursor{Score: 1, Ordinal: 3}, 7)), uint64(7))
	f.Add("AQ", uint64(0))
	f.Fuzz(func(t *testing.T, text string, binding uint64) {
		c, err := decodeCursor(text, binding)
		if err != nil {
			return
		}
		if again := string(appendCursor(nil, c, binding)); again != text {
			t.Fatalf("%q is read as %v, which is written %q", text, c, again)
		}
		if _, err := base64.RawURLEncoding.DecodeString(text); err != nil {
			t.Fatal(err)
		}
	})
}
