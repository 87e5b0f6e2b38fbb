package index

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSuggestionsAreWordsOfLiveDocuments(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	doc := func(id int, title, content string) Document {
		return Document{ID: testID(id), Version: 1, Title: title, Chunks: []Chunk{{Content: content}}}
	}
	l.commit(
		doc(0, "Running Kubernetes", "Kubernetes is running; kubelet too"), doc(1, "Kubernetes operators", "more kubernetes"),
		doc(2, "Café und Bücher", "Bücher im café"), doc(3, "日本語", "日本語の本"), doc(4, "Gone", "kubaturgone"),
	)
	l.commit(doc(5, "kubectl", "kubectl get pods, kubectl, kubernetes"))
	suggest := func(text string) []string {
		words, start, err := l.current.SuggestWords(text, 10)
		require.NoError(t, err)
		require.LessOrEqual(t, start, len(text))
		return words
	}
	require.Equal(t, "kubernetes", suggest("kube")[0], "the most frequent first")
	require.ElementsMatch(t, []string{"kubernetes", "kubelet", "kubectl"}, suggest("get kube"))
	require.Equal(t, []string{"kubernetes"}, suggest("KUBERNETE"))
	require.Equal(t, []string{"running"}, suggest("runni"), "its stem is shorter than what was typed")
	require.Equal(t, []string{"bücher"}, suggest("buch"), "as it is spelled")
	require.Equal(t, []string{"café"}, suggest("caf"))
	require.Contains(t, suggest("kuba"), "kubaturgone")
	for _, nothing := range []string{"", "k", "kube ", "日", "日本", "zzz", "\x00", "-", "💥", "\xff"} {
		require.Empty(t, suggest(nothing), "%q", nothing)
	}
	l.remove(testID(4), 1)
	require.NotContains(t, suggest("kuba"), "kubaturgone")

	titles, err := l.current.SuggestTitles(context.Background(), "kubernetes op", 5)
	require.NoError(t, err)
	require.Equal(t, []TitleSuggestion{{"Kubernetes operators", testID(1), [][2]int{{0, 10}, {11, 13}}}}, titles)
	titles, err = l.current.SuggestTitles(context.Background(), "bucher", 5)
	require.NoError(t, err)
	require.Equal(t, "Café und Bücher", titles[0].Title)
	require.Equal(t, [][2]int{{10, 17}}, titles[0].Matches)
}

func TestFacetsOfRangesAndStatsCountDocumentsOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for i, metadata := range []string{
		`{"price": [1, 2, 30], "day": "2024-03-01"}`, `{"price": 5, "day": "2024-03-02T00:30:00+01:00"}`, `{"price": "cheap"}`,
		`{"price": -4.5, "day": 7}`, ``,
	} {
		l.commit(Document{ID: testID(i), Version: 1, CreatedAt: int64(i) * 1000, Metadata: []byte(metadata), Chunks: []Chunk{{Content: "word"}, {Ordinal: 1, Content: "word"}}})
	}
	n := func(v float64) *float64 { return &v }
	day, next := 1709251200000.0, 1709337600000.0
	got, err := l.current.Search(context.Background(), Request{Query: "word", Facets: []Facet{
		{Field: "metadata.price", Ranges: []FacetRange{{To: n(0)}, {From: n(0), To: n(5)}, {From: n(5)}, {Label: "all"}}},
		{Field: "metadata.day", Ranges: []FacetRange{{From: &day, To: &next, Date: true}, {From: n(0), To: n(10)}}},
		{Field: FieldCreatedAt, Ranges: []FacetRange{{From: n(1000), Date: true}}},
	}})
	require.NoError(t, err)
	require.Equal(t, 5, got.Total)
	counts := func(f FacetResult) (all []int) {
		for _, r := range f.Ranges {
			all = append(all, r.Count)
		}
		return all
	}
	require.Equal(t, []int{1, 1, 2, 3}, counts(got.Facets[0]))
	require.Equal(t, &FacetStats{Count: 5, Min: -4.5, Max: 30, Sum: 33.5}, got.Facets[0].Stats)
	require.Equal(t, []int{2, 1}, counts(got.Facets[1]))
	require.Equal(t, []int{4}, counts(got.Facets[2]))
	require.Empty(t, got.Facets[2].Values)
}

func TestFacetsOfVeryManyValuesSayThatTheyAreNotExact(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for part := range 2 {
		var docs []Document
		for i := range maxFacetMerge + 100 {
			id := part*(maxFacetMerge+100) + i
			docs = append(docs, Document{
				ID: testID(id), Version: 1, DocType: "t", Metadata: fmt.Appendf(nil, `{"id": "%d", "common": "c"}`, id),
				Chunks: []Chunk{{Content: "word"}},
			})
		}
		l.commit(docs...)
	}
	got, err := l.current.Search(context.Background(), Request{Query: "word", Facets: []Facet{{Field: "metadata.id"}, {Field: "metadata.common"}}})
	require.NoError(t, err)
	require.False(t, got.Facets[0].Exact)
	require.Equal(t, 2*maxFacetMerge, got.Facets[0].TotalValues)
	require.Len(t, got.Facets[0].Values, DefaultFacetLimit)
	require.True(t, got.Facets[1].Exact)
	require.Equal(t, []FacetValue{{String("c"), 2 * (maxFacetMerge + 100)}}, got.Facets[1].Values)
}

func BenchmarkSuggest(b *testing.B) {
	snapshot, err := loadFields()
	require.NoError(b, err)
	for _, text := range []string{"w4", "title 19", "every w49"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := snapshot.SuggestWords(text, 8); err != nil {
					b.Fatal(err)
				}
				if _, err := snapshot.SuggestTitles(context.Background(), text, 8); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(text+" cold", func(b *testing.B) {
			for b.Loop() {
				snapshot.suggestions.words, snapshot.expansions.found = nil, nil
				if _, _, err := snapshot.SuggestWords(text, 8); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
