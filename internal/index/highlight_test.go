package index

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// marked renders a hit's fragments with the matches in brackets.
func marked(t *testing.T, content, query string, r Request) []string {
	t.Helper()
	r.Query, r.Highlight = query, true
	result, err := texts(t, content).Search(t.Context(), r)
	require.NoError(t, err)
	require.Len(t, result.Hits, 1)
	var out []string
	for _, f := range result.Hits[0].Highlights {
		var b strings.Builder
		last := 0
		for _, m := range f.Matches {
			b.WriteString(f.Text[last:m[0]] + "[" + f.Text[m[0]:m[1]] + "]")
			last = m[1]
		}
		out = append(out, b.String()+f.Text[last:])
	}
	return out
}

func TestHighlights(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("nothing of interest here ", 20)
	small := Request{FragmentSize: 40}
	for _, c := range []struct {
		name, content, query string
		r                    Request
		want                 []string
	}{
		{"short text", "Running fast", "run", Request{}, []string{"[Running] fast"}},
		{"identifier as a whole", "call getUserName() now", "getusername", Request{}, []string{"call [getUserName]() now"}},
		{"part of an identifier", "call get_user_name() now", "user", Request{}, []string{"call get_[user]_name() now"}},
		{"whole marks once", "call get_user_name() now", "get_user_name", Request{}, []string{"call [get_user_name]() now"}},
		{"fragment around the match", filler + "a needle in it " + filler, "needle", small, []string{"interest here a [needle] in it nothing"}},
		{"two fragments in the order of the text", "beta " + filler + "alpha", "alpha beta", small, []string{"[beta] nothing of interest here nothing", "here nothing of interest here [alpha]"}},
		{"more words together win", "alpha " + filler + "alpha beta " + filler, "alpha beta", Request{FragmentSize: 30, Fragments: 1}, []string{"here [alpha] [beta] nothing"}},
		{"chinese", "全文搜索引擎很好", "搜索引擎", Request{}, []string{"全文[搜索引擎]很好"}},
		{"phrase words are marked", "brown fox and fox", `"brown fox"`, Request{}, []string{"[brown] [fox] and [fox]"}},
		{"excluded words are not", "fox", "fox -dog", Request{}, []string{"[fox]"}},
		{"no match in the text", "some text", "", Request{}, []string{"some text"}},
		{"nothing to show", "", "", Request{}, nil},
		{"beginning of a long text", filler, "", small, []string{"nothing of interest here nothing of"}},
		{"a word longer than a fragment", "x " + strings.Repeat("y", 60) + " z", strings.Repeat("y", 60), Request{FragmentSize: 10}, []string{"[" + strings.Repeat("y", 60) + "]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, marked(t, c.content, c.query, c.r))
		})
	}
}
