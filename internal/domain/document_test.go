package domain

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryViolationOfADocumentIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	in := DocumentInput{
		Title: strings.Repeat("t", MaxTitleBytes+1), Content: "a\x00b", DocType: "\xff",
		Tags: []string{"ok", "bad\x00"}, Metadata: json.RawMessage(`[1]`),
	}
	err := in.Normalize()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, CodeInvalid, e.Code)
	var fields []string
	for _, f := range e.Fields {
		fields = append(fields, f.Field)
	}
	require.Equal(t, []string{"title", "content", "doc_type", "tags[1]", "metadata"}, fields)
}

func TestADocumentNeedsText(t *testing.T) {
	t.Parallel()
	require.Error(t, (&DocumentInput{Title: "t"}).Normalize(), "empty content")
	require.Error(t, (&DocumentInput{Content: " \n"}).Normalize(), "blank, and no title")
	require.NoError(t, (&DocumentInput{Title: "t", Content: " \n"}).Normalize(), "found by its title")
}

func TestMetadataHasOneForm(t *testing.T) {
	t.Parallel()
	a := DocumentInput{Content: "c", Metadata: json.RawMessage(`{ "b": 1.50, "a": [true, null] }`)}
	b := DocumentInput{Content: "c", Metadata: json.RawMessage(`{"a":[true,null],"b":1.50}`)}
	require.NoError(t, a.Normalize())
	require.NoError(t, b.Normalize())
	require.JSONEq(t, string(a.Metadata), string(b.Metadata))
	require.Equal(t, a.Hash(), b.Hash())
}

func TestNULInMetadataIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{"a\u0000":1}`, `{"a":"\u0000"}`, `{"a":[{"b":"x\u0000"}]}`} {
		in := DocumentInput{Content: "c", Metadata: json.RawMessage(raw)}
		require.Error(t, in.Normalize(), raw)
	}
	in := DocumentInput{Content: "c", Metadata: json.RawMessage(`{"a":"\\u0000"}`)}
	require.NoError(t, in.Normalize(), "six characters that are no NUL")
}

func TestTheHashTellsFieldsApart(t *testing.T) {
	t.Parallel()
	a := DocumentInput{Title: "ab", Content: "c"}
	b := DocumentInput{Title: "a", Content: "bc"}
	require.NotEqual(t, a.Hash(), b.Hash())
	c := DocumentInput{Title: "ab", Content: "c", Tags: []string{"x"}}
	require.NotEqual(t, a.Hash(), c.Hash())
}

func TestSlugsAreLabels(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "acme", "a-1", strings.Repeat("a", 63)} {
		require.NoError(t, ValidateSlug(good), good)
	}
	for _, bad := range []string{"", "-a", "a-", "A", "a_b", "a.b", "ä", strings.Repeat("a", 64)} {
		require.Error(t, ValidateSlug(bad), bad)
	}
}
