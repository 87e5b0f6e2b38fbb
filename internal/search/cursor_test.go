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
		keys := rapid.IntRange(0, index.MaxSortKeys).Draw(t, "keys")
		for i := range keys {
			c.Sort[i] = index.SortValue{Class: rapid.Byte().Draw(t, "class"), Value: rapid.Uint64().Draw(t, "value")}
		}
		binding := rapid.Uint64().Draw(t, "binding")
		text := string(appendCursor(nil, c, keys, binding))
		require.LessOrEqual(t, len(text), MaxCursorBytes)
		got, err := decodeCursor(text, keys, binding)
		require.NoError(t, err)
		require.Equal(t, c, got)
		_, err = decodeCursor(text, keys, binding+1)
		require.ErrorIs(t, err, errForeignCursor)
		_, err = decodeCursor(text, (keys+1)%(index.MaxSortKeys+1), binding)
		require.ErrorIs(t, err, errBadCursor)
	})
}

func TestAnyDamageToACursorIsSeen(t *testing.T) {
	t.Parallel()
	sorted := index.Cursor{Score: 3.25, DocumentID: uuid.New(), Ordinal: 2, Sort: index.SortValues{{Class: 1, Value: 9}}}
	text := appendCursor(nil, sorted, 1, 99)
	for i := range text {
		for _, c := range []byte("A_z9=\n") {
			if damaged := append([]byte(nil), text...); damaged[i] != c {
				damaged[i] = c
				_, err := decodeCursor(string(damaged), 1, 99)
				require.ErrorIs(t, err, errBadCursor)
			}
		}
		_, err := decodeCursor(string(text[:i]), 1, 99)
		require.ErrorIs(t, err, errBadCursor)
	}
}

func TestCursorOfAnotherSearchIsRefused(t *testing.T) {
	t.Parallel()
	one := decode(t, `{"query": "q", "filters": {"tags": ["a", "b"]}}`)
	cursor := string(appendCursor(nil, index.Cursor{Score: 1}, 0, one.binding()))
	with := func(rest string) error {
		_, err := Decode([]byte(`{"cursor": "` + cursor + `", ` + rest + `}`))
		return err
	}
	require.NoError(t, with(`"query": "q", "limit": 50, "highlight": false, "filters": {"tags": ["b", "a"]}`))
	for _, other := range []string{
		`"query": "p", "filters": {"tags": ["a", "b"]}`, `"query": "q"`,
		`"query": "q", "filters": {"tags": ["a", "b"]}, "group_by": "none"`,
		`"query": "q", "filters": {"tags": ["a", "b"]}, "type": "keyword"`,
		`"query": "q", "filters": {"tags": ["a", "b"]}, "sort": ["created_at"]`,
		`"query": "q", "filters": {"tags": ["a", "b"]}, "group_by": "doc_type"`,
	} {
		var invalid *domain.Error
		require.ErrorAs(t, with(other), &invalid, other)
		require.Equal(t, "cursor", invalid.Fields[0].Field)
		require.Contains(t, invalid.Fields[0].Message, "another search")
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(string(appendCursor(nil, index.Cursor{Score: 1, Ordinal: 3}, 0, 7)), 0, uint64(7))
	f.Add(string(appendCursor(nil, index.Cursor{Sort: index.SortValues{{Value: 5}, {Class: 2}}}, 2, 7)), 2, uint64(7))
	f.Add("AQ", 1, uint64(0))
	f.Fuzz(func(t *testing.T, text string, keys int, binding uint64) {
		if keys < 0 || keys > index.MaxSortKeys {
			return
		}
		c, err := decodeCursor(text, keys, binding)
		if err != nil {
			return
		}
		if again := string(appendCursor(nil, c, keys, binding)); again != text {
			t.Fatalf("%q is read as %v, which is written %q", text, c, again)
		}
		if _, err := base64.RawURLEncoding.DecodeString(text); err != nil {
			t.Fatal(err)
		}
	})
}
