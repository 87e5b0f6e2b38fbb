package index

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// texts returns a snapshot of documents with these contents, ids rising.
func texts(t testing.TB, contents ...string) *Snapshot {
	t.Helper()
	var docs []Document
	for i, c := range contents {
		docs = append(docs, Document{ID: testID(i), Version: 1, ExternalID: fmt.Sprint(i), Chunks: []Chunk{{Content: c}}})
	}
	return snapshotOf(t, docs...)
}

func snapshotOf(t testing.TB, docs ...Document) *Snapshot {
	t.Helper()
	data, _ := build(t, docs...)
	s, err := OpenBytes(data)
	require.NoError(t, err)
	return NewSnapshot(1, []LoadedSegment{{Segment: s}}, nil)
}

// found returns the external ids of the hits, in order.
func found(t testing.TB, s *Snapshot, r Request) string {
	t.Helper()
	result, err := s.Search(context.Background(), r)
	require.NoError(t, err)
	var ids []string
	for _, h := range result.Hits {
		ids = append(ids, h.ExternalID)
	}
	return strings.Join(ids, " ")
}

func TestQueries(t *testing.T) {
	t.Parallel()
	s := texts(t,
		"The quick brown fox jumps over the lazy dog", // 0
		"call getUserName() of HTTPServer",            // 1
		"get the user name of a server",               // 2
		"JavaScript frameworks compared",              // 3
		"javascript is not java",                      // 4
		"state of the art indexing of naïve text",     // 5
		"use std::vec::Vec or foo.bar_baz here",       // 6
		"全文搜索引擎",                                      // 7
		"C++ and C# but not C",                        // 8
	)
	for _, c := range []struct{ name, query, want string }{
		{"one word", "fox", "0"},
		{"words are alternatives, the better match first", "quick indexing art", "5 0"},
		{"stemming", "jumping foxes", "0"},
		{"diacritics and case do not matter", "NAIVE", "5"},
		{"identifier as a whole, then its parts", "getUserName", "1 2"},
		{"identifier in lower case", "getusername", "1"},
		{"part of an identifier", "username server", "2 1"},
		{"phrase", `"brown fox"`, "0"},
		{"phrase in the wrong order", `"fox brown"`, ""},
		{"phrase over a stop word", `"state of the art"`, "5"},
		{"the gap of a stop word counts", `"state art"`, ""},
		{"phrase with an identifier", `"javascript frameworks"`, "3"},
		{"phrase of the parts of an identifier", `"get user name"`, "1"},
		{"phrase from camel case to words", `"JavaScript is"`, "3 4"},
		{"a phrase and more words", `"user name" getUserName`, "1 2"},
		{"qualified name", "std::vec::Vec", "6"},
		{"qualified name in quotes", `"vec::Vec"`, "6"},
		{"snake case inside a qualified name", "bar_baz", "6"},
		{"exclusion", "javascript -frameworks", "4"},
		{"exclusion of a phrase", `server -"user name"`, ""},
		{"exclusion of an identifier", "server -getUserName", "2"},
		{"hyphen inside a word", "state-of-the-art", "5"},
		{"option of a command line is text", "--frameworks", "3"},
		{"lone dash is text", "fox - dog", "0"},
		{"unclosed quote is text", `"fox dog`, "0"},
		{"typographic quotes", "“brown fox”", "0"},
		{"chinese word", "搜索", "7"},
		{"chinese character", "引", "7"},
		{"chinese phrase", `"全文搜索"`, "7"},
		{"chinese phrase in the wrong order", `"搜索全文"`, ""},
		{"c++", "c++", "8"},
		{"unknown word", "zebra", ""},
		{"unknown word in a phrase", `"brown zebra"`, ""},
		{"only stop words match everything", "the of", "0 1 2 3 4 5 6 7 8"},
		{"nothing matches everything", "", "0 1 2 3 4 5 6 7 8"},
		{"only an exclusion", "-server", "0 3 4 5 6 7 8"},
		{"exclusion of a stop word excludes nothing", "fox -the", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, found(t, s, Request{Query: c.query, Prefix: PrefixNever, NoTypos: true}))
		})
	}
}

// Whoever excludes a word does not want a document that has it in any chunk;
// chunk by chunk, only the chunk is out. A phrase must be in one passage.
func TestPhrasesAndExclusionsInDocumentsOfSeveralChunks(t *testing.T) {
	t.Parallel()
	s := snapshotOf(t,
		Document{ID: testID(0), ExternalID: "a", Chunks: []Chunk{{Content: "apple pie"}, {Ordinal: 1, Content: "cherry cake"}}},
		Document{ID: testID(1), ExternalID: "b", Chunks: []Chunk{{Content: "apple tart"}}},
	)
	require.Equal(t, "b", found(t, s, Request{Query: "apple -cherry"}))
	require.ElementsMatch(t, []string{"a", "b"}, strings.Fields(found(t, s, Request{Query: "apple -cherry", Group: GroupNone})))
	require.Empty(t, found(t, s, Request{Query: `"pie cherry"`, Prefix: PrefixNever, NoTypos: true}), "no phrase goes over the end of a chunk")
	require.Empty(t, found(t, s, Request{Query: `"apple pie" "cherry cake"`}), "all phrases in one passage")
}

// Title, heading and content are one text for words, but no phrase crosses.
func TestTitleAndHeadingAreSearched(t *testing.T) {
	t.Parallel()
	s := snapshotOf(t,
		Document{ID: testID(0), ExternalID: "a", Title: "Install Guide", Chunks: []Chunk{{Heading: "Install Guide > Linux", Content: "Run it."}}},
		Document{ID: testID(1), ExternalID: "b", Title: "Other", Chunks: []Chunk{{Content: "install guide linux"}}},
	)
	require.Equal(t, "a b", found(t, s, Request{Query: "install guide"}), "the title weighs more")
	require.Equal(t, "b", found(t, s, Request{Query: `"guide linux"`}))
	require.Equal(t, "a", found(t, s, Request{Query: `"install guide" run`, Limit: 1}))
}

func TestRequestsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	s := texts(t, "word")
	deep := Exists(FieldTags)
	for range MaxFilterDepth {
		deep = Not(deep)
	}
	for name, r := range map[string]Request{
		"limit below 0":    {Limit: -1},
		"limit too high":   {Limit: MaxLimit + 1},
		"negative k1":      {Params: &Params{K1: -1}},
		"k1 not a number":  {Params: &Params{K1: math.NaN()}},
		"b above 1":        {Params: &Params{B: 1.5}},
		"infinite boost":   {Params: &Params{TitleBoost: math.Inf(1)}},
		"deep filter":      {Filter: deep},
		"large filter":     {Filter: Or(make([]*Filter, MaxFilterNodes)...)},
		"many values":      {Filter: In(FieldTags, make([]Value, MaxFilterNodes+1)...)},
		"unknown field":    {Filter: Eq("color", String("red"))},
		"metadata":         {Filter: Eq("metadata.", String("red"))},
		"range of text":    {Filter: Range(FieldDocType, Bounds{})},
		"not without a":    {Filter: &Filter{Op: OpNot}},
		"unknown operator": {Filter: &Filter{}},
		"nil condition":    {Filter: And(nil)},
	} {
		_, err := s.Search(t.Context(), r)
		require.Equal(t, domain.CodeInvalid, domain.CodeOf(err), name)
	}
}

func TestSearchObeysItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := texts(t, "word").Search(ctx, Request{Query: "word"})
	require.ErrorIs(t, err, context.Canceled)
}

// Totals are exact up to the limit of counting and lower bounds above.
func TestTotals(t *testing.T) {
	t.Parallel()
	var contents []string
	for i := range 300 {
		contents = append(contents, fmt.Sprintf("common %d half%d", i, i%2))
	}
	s := texts(t, contents...)
	for _, c := range []struct {
		query string
		limit int
		total int
		lower bool
	}{
		{"common", 10, 300, false}, // a single word costs nothing to count
		{"half0", 1000, 150, false},
		{"half0 half1", 1000, 300, false},
		{"half0 7", 100, 150, true},
		{"half0 7", 1000, 151, false},
		{"-half0", 10, 150, false},
	} {
		r, err := s.Search(t.Context(), Request{Query: c.query, CountLimit: c.limit})
		require.NoError(t, err)
		require.Equal(t, []any{c.total, c.lower}, []any{r.Total, r.TotalIsLowerBound}, "%s %d", c.query, c.limit)
	}
}

// Equal scores are ordered by document id, on every page.
func TestTiesAreStable(t *testing.T) {
	t.Parallel()
	contents := make([]string, 50)
	for i := range contents {
		contents[i] = "same words"
	}
	s := texts(t, contents...)
	r := Request{Query: "words", Limit: 7}
	var all []string
	for {
		result, err := s.Search(t.Context(), r)
		require.NoError(t, err)
		if len(result.Hits) == 0 {
			break
		}
		for _, h := range result.Hits {
			all = append(all, h.ExternalID)
		}
		after := result.Hits[len(result.Hits)-1].Cursor()
		r.After = &after
	}
	require.Len(t, all, 50)
	for i, id := range all {
		require.Equal(t, fmt.Sprint(i), id)
	}
}

// A query may be as long as it likes; the first terms count.
func TestVeryLongQuery(t *testing.T) {
	t.Parallel()
	s := texts(t, "needle", "w300")
	var words []string
	for i := range 20_000 {
		words = append(words, fmt.Sprint("w", i))
	}
	require.Equal(t, "0", found(t, s, Request{Query: "needle " + strings.Join(words, " "), Highlight: true}))
}

// Every field comes back as it went in.
func TestStoredFieldsComeBack(t *testing.T) {
	t.Parallel()
	d := Document{
		ID: uuid.Must(uuid.NewV7()), Version: 7, ExternalID: "ext", Title: "A title", DocType: "guide", SourceType: "git",
		RepoID: "repo", SourceURL: "https://example.org/", Language: "en", Tags: []string{"b", "a"},
		Metadata: []byte(`{"k":1}`), CreatedAt: -5, UpdatedAt: 1700000000000,
		Chunks: []Chunk{{Ordinal: 2, Heading: "H", Content: "content"}, {Ordinal: 9, Content: strings.Repeat("long ", 10_000) + "tail"}},
	}
	s := snapshotOf(t, d)
	r, err := s.Search(t.Context(), Request{Query: "tail"})
	require.NoError(t, err)
	want := Hit{
		DocumentID: d.ID, Version: 7, ExternalID: "ext", ChunkOrdinal: 9, Title: "A title", Content: d.Chunks[1].Content,
		DocType: "guide", SourceType: "git", RepoID: "repo", SourceURL: "https://example.org/", Language: "en",
		Tags: []string{"b", "a"}, Metadata: []byte(`{"k":1}`), CreatedAt: -5, UpdatedAt: 1700000000000, Score: r.Hits[0].Score,
	}
	require.Equal(t, []Hit{want}, r.Hits)
}

// Metadata is found whatever its shape, and long or odd values are no problem.
func TestMetadataFilters(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	s := snapshotOf(t,
		Document{ID: testID(0), ExternalID: "0", Chunks: []Chunk{{}}, Metadata: []byte(`{"a":"` + long + `1","n":9007199254740991,"o":{"p":{"q":[true,null,2]}}}`)},
		Document{ID: testID(1), ExternalID: "1", Chunks: []Chunk{{}}, Metadata: []byte(`{"a":"` + long + `2","n":-0.0,"e":{},"nul":null,"big":1e999}`)},
	)
	n := func(v float64) *float64 { return &v }
	for want, filters := range map[string][]*Filter{
		"0": {
			Eq("metadata.a", String(long+"1")), Eq("metadata.n", Number(9007199254740991)), Eq("metadata.o.p.q", Bool(true)),
			Eq("metadata.o.p.q", Number(2)), Exists("metadata.o.p"), Not(Exists("metadata.e")), Range("metadata.n", Bounds{GT: n(0)}),
		},
		"1":   {Eq("metadata.n", Number(0)), Range("metadata.n", Bounds{GTE: n(0), LTE: n(0)}), Exists("metadata.e"), Not(Eq("metadata.a", String(long+"1")))},
		"0 1": {Exists("metadata.a"), Range("metadata.n", Bounds{}), In("metadata.a", String(long+"1"), String(long+"2")), And()},
		"":    {Exists("metadata.nul"), Exists("metadata.big"), Eq("metadata.n", String("0")), Or(), Range("metadata.n", Bounds{GT: n(1), LT: n(0)})},
	} {
		for _, f := range filters {
			require.Equal(t, want, found(t, s, Request{Filter: f}), "%+v", f)
		}
	}
}
