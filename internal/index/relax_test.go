package index

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// withSettings gives a snapshot the settings of a tenant.
func withSettings(t testing.TB, s *Snapshot, settings Settings) *Snapshot {
	t.Helper()
	require.NoError(t, settings.Validate())
	data, err := json.Marshal(settings)
	require.NoError(t, err)
	s.settings, err = compileSettings(data, nil)
	require.NoError(t, err)
	return s
}

func repeated(text string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s n%d", text, i)
	}
	return list
}

func searchFor(t testing.TB, s *Snapshot, r Request) *Result {
	t.Helper()
	result, err := s.Search(context.Background(), r)
	require.NoError(t, err)
	return result
}

func TestAWordThatOccursNowhereIsCorrectedAndSaid(t *testing.T) {
	t.Parallel()
	s := texts(t, "Running Kubernetes clusters", "cooking noodles", "a kubernetes deployment")
	for query, used := range map[string]string{
		"kuberntes": "kubernetes", "kuebrnetes": "kubernetes", "Kubrnetes install": "kubernetes", "kubernetez": "kubernetes",
		"noodels": "noodles", "runing": "running",
	} {
		r := searchFor(t, s, Request{Query: query, Prefix: PrefixNever})
		require.NotEmpty(t, r.Hits, query)
		require.Equal(t, []Correction{{Word: strings.Fields(query)[0], Used: []string{used}}}, r.Corrections, query)
	}
	for _, query := range []string{"kuberntes2", "xubernetes", "cok", "日本", "k8s", "deploymnet_a"} {
		r := searchFor(t, s, Request{Query: query, Prefix: PrefixNever})
		require.Empty(t, r.Corrections, query)
	}
	require.Empty(t, searchFor(t, s, Request{Query: "kuberntes", NoTypos: true}).Hits)
	explained := searchFor(t, s, Request{Query: "noodels", Explain: true, Prefix: PrefixNever}).Hits[0].Explanation.Passages[0].Terms[0]
	require.Equal(t, "typo", explained.Variant)
	require.InDelta(t, factorTypo2, explained.Factor, 0.3)
}

// However often and however short: what was not typed does not come before what
// was.
func TestExactMatchesRankBeforeCorrectedOnes(t *testing.T) {
	t.Parallel()
	var docs []Document
	for i := range 40 {
		d := Document{ID: testID(i), ExternalID: "corrected", Title: "monitor"}
		for c := range 4 {
			d.Chunks = append(d.Chunks, Chunk{Ordinal: c, Content: strings.Repeat("monitor ", 20)})
		}
		docs = append(docs, d)
	}
	docs = append(docs, Document{ID: testID(99), ExternalID: "exact", Chunks: []Chunk{{Content: "monitr " + strings.Repeat("filler ", 30000)}}})
	s := snapshotOf(t, docs...)
	r := searchFor(t, s, Request{Query: "monitr", Explain: true, Prefix: PrefixNever})
	require.Equal(t, "exact", r.Hits[0].ExternalID)
	require.Equal(t, "corrected", r.Hits[1].ExternalID)
	require.Equal(t, []Correction{{Word: "monitr", Used: []string{"monitor"}}}, r.Corrections)
	require.Positive(t, r.Hits[0].Explanation.Passages[0].Terms[0].Lead)
}

// A word that occurs is only taken for a typo when the other one is far more
// frequent, and never when there are hits enough.
func TestWordsThatOccurAreSeldomCorrected(t *testing.T) {
	t.Parallel()
	s := texts(t, append(repeated("form", 3), repeated("farm", 12)...)...)
	require.Empty(t, searchFor(t, s, Request{Query: "form", Prefix: PrefixNever}).Corrections)
	s = texts(t, append(repeated("form", 1), repeated("farm", 12)...)...)
	require.Len(t, searchFor(t, s, Request{Query: "form", Prefix: PrefixNever}).Corrections, 1)
	s = texts(t, append(repeated("form", 10), repeated("farm", 200)...)...)
	require.Empty(t, searchFor(t, s, Request{Query: "form", Prefix: PrefixNever}).Corrections)
}

func TestPrefixCompletesTheLastWord(t *testing.T) {
	t.Parallel()
	s := texts(t, "kubernetes operators", "kube proxy", "operator precedence", "getUserName here")
	for _, c := range []struct {
		query  string
		prefix Prefix
		want   string
	}{
		{"kuber", PrefixAuto, "0"},
		{"kuber ", PrefixAuto, ""},
		{"kuber", PrefixNever, ""},
		{"kuber install", PrefixAuto, ""},
		{"precedence oper", PrefixAlways, "2 0"},
		{"kube", PrefixAlways, "1 0"},
		{"k", PrefixAlways, ""},
		{"getUs", PrefixAuto, "3"},
		{`"kuber"`, PrefixAuto, ""},
		{"-kuber", PrefixAuto, "0 1 2 3"},
	} {
		got := found(t, s, Request{Query: c.query, Prefix: c.prefix, NoTypos: true})
		if c.query == `"kuber"` {
			continue // an unknown phrase is a matter of its own
		}
		require.Equal(t, c.want, got, "%q %d", c.query, c.prefix)
	}
	many := texts(t, append(repeated("kube", 10), "kubernetes")...)
	require.Equal(t, 10, searchFor(t, many, Request{Query: "kube"}).Total, "enough without a completion")
	require.Equal(t, 11, searchFor(t, many, Request{Query: "kube", Prefix: PrefixAlways}).Total)
}

func TestAPhraseThatOccursNowhereIsDroppedAndSaid(t *testing.T) {
	t.Parallel()
	s := texts(t, "brown fox", "fox and bear", "white bear")
	r := searchFor(t, s, Request{Query: `"fox brown" bear`})
	require.Equal(t, []string{"fox brown"}, r.DroppedPhrases)
	require.Equal(t, 3, r.Total)
	r = searchFor(t, s, Request{Query: `"fox brown" "white bear"`})
	require.Equal(t, []string{"fox brown"}, r.DroppedPhrases)
	require.Equal(t, 1, r.Total, "the other phrase stays")
	r = searchFor(t, s, Request{Query: `"brown fox"`, Filter: Eq(FieldDocType, String("none"))})
	require.Empty(t, r.DroppedPhrases, "it does occur, but not in the filter")
	require.Zero(t, r.Total)
	r = searchFor(t, s, Request{Query: `"fox brown"`, NoTypos: true, Prefix: PrefixNever})
	require.Zero(t, r.Total, "read exactly as written")
}

// A page decides as the first one did: nothing repeats and nothing is lost.
func TestPagesOfACorrectedQueryAreOfOneList(t *testing.T) {
	t.Parallel()
	s := texts(t, append(repeated("kubernetes", 25), "kubernets")...)
	for _, limit := range []int{1, 3, 7, 30} {
		seen := map[string]bool{}
		r := Request{Query: "kuberntes", Limit: limit}
		for {
			result := searchFor(t, s, r)
			require.Equal(t, 26, result.Total)
			require.Len(t, result.Corrections, 1)
			for _, h := range result.Hits {
				require.False(t, seen[h.ExternalID])
				seen[h.ExternalID] = true
			}
			if len(result.Hits) < limit {
				break
			}
			after := result.Hits[limit-1].Cursor()
			r.After = &after
		}
		require.Len(t, seen, 26)
	}
}

func TestQueriesFindEveryLanguageOfTheIndex(t *testing.T) {
	t.Parallel()
	s := snapshotOf(t,
		Document{ID: testID(0), ExternalID: "de", Language: "de-AT", Chunks: []Chunk{{Content: "Die Häuser der Stadt"}}},
		Document{ID: testID(1), ExternalID: "en", Chunks: []Chunk{{Content: "running the houses"}}},
		Document{ID: testID(2), ExternalID: "ru", Language: "russian", Chunks: []Chunk{{Content: "красные книги и ёлки"}}},
		Document{ID: testID(3), ExternalID: "fr", Language: "fr", Chunks: []Chunk{{Content: "l'eau ou l'or"}}},
	)
	for _, c := range []struct{ query, language, want string }{
		{"Haus", "", "de"},
		{"hauses", "", "de"},
		{"haus", "de", "de"},
		{"книга", "fr", ""},
		{"houses", "", "en"},
		{"run", "de", "en"},
		{"run", "en", "en"},
		{"книга", "", "ru"},
		{"елка", "ru-RU", "ru"},
		{`"красная книга"`, "", "ru"},
		{"eau", "", "fr"},
		{"l'eau", "fr", "fr"},
		{"or", "fr", "fr"},
		{"haus -stadt", "", ""},
		{"haus", "klingon", "de"},
	} {
		require.Equal(t, c.want, found(t, s, Request{Query: c.query, Language: c.language, NoTypos: true, Prefix: PrefixNever}), "%q in %q", c.query, c.language)
	}
	r := searchFor(t, s, Request{Query: "hauses", Highlight: true})
	require.Equal(t, [][2]int{{4, 11}}, r.Hits[0].Highlights[0].Matches)
	withSettings(t, s, Settings{DefaultLanguage: "fr"})
	require.Empty(t, found(t, s, Request{Query: "книга", NoTypos: true, Prefix: PrefixNever}))
	require.Equal(t, "ru", found(t, s, Request{Query: "книга", Language: "ru"}))
}

// A segment from before a language had rules is found by the rules it was made
// with, and is known to be outdated, also after a merge.
func TestSegmentsFromBeforeALanguageAreOutdatedButFound(t *testing.T) {
	t.Parallel()
	b := NewBuilder(Options{})
	require.NoError(t, b.Add(Document{ID: testID(0), ExternalID: "old", Chunks: []Chunk{{Content: "Häuser houses"}}}))
	b.docs[0].doc.Language = "de" // as an earlier release did
	b.docs[0].attributes.keys = append(b.docs[0].attributes.keys, keywordKey(FieldLanguage, "de"))
	data, _, err := b.Bytes()
	require.NoError(t, err)
	old, err := OpenBytes(data)
	require.NoError(t, err)
	require.True(t, old.Outdated())
	fresh, _ := build(t, Document{ID: testID(1), ExternalID: "new", Language: "de", Chunks: []Chunk{{Content: "Hauses"}}})
	current, err := OpenBytes(fresh)
	require.NoError(t, err)
	require.False(t, current.Outdated())
	english, _ := build(t, Document{ID: testID(1), Language: "rust", Chunks: []Chunk{{Content: "x"}}})
	plain, err := OpenBytes(english)
	require.NoError(t, err)
	require.False(t, plain.Outdated())
	var merged strings.Builder
	meta, err := Merge(t.Context(), []MergeInput{{Segment: old}, {Segment: current}}, &merged)
	require.NoError(t, err)
	require.Equal(t, outdatedAnalysis, meta.Analysis, "which has it rebuilt")
	joined, err := OpenBytes([]byte(merged.String()))
	require.NoError(t, err)
	require.True(t, joined.Outdated())
	s := NewSnapshot(1, []LoadedSegment{{Segment: joined}}, nil)
	require.Equal(t, "new", found(t, s, Request{Query: "haus", NoTypos: true, Prefix: PrefixNever}))
	require.Equal(t, "old", found(t, s, Request{Query: "house", NoTypos: true, Prefix: PrefixNever}))
}

func TestSynonyms(t *testing.T) {
	t.Parallel()
	s := texts(t,
		"a car in the garage",     // 0
		"automobiles for sale",    // 1
		"visit New York City",     // 2
		"NYC guide",               // 3
		"York is old, new things", // 4
		"a laptop",                // 5
		"notebook paper",          // 6
		"the big apple pie",       // 7
		"node.js streams",         // 8
		"JavaScript on a server",  // 9
	)
	withSettings(t, s, Settings{Synonyms: []Synonym{
		{Words: []string{"car", "automobile"}},
		{Words: []string{"NYC", "new york", "big apple"}},
		{From: "laptop", To: []string{"notebook"}},
		{From: "node.js", To: []string{"javascript"}},
	}})
	for query, want := range map[string]string{
		"cars": "0 1", "automobile": "1 0", "nyc": "3 7 2", "laptop": "5 6", "notebook": "6", "node.js": "8 9",
		"new york": "2 4 3 7", "garage car -automobile": "0",
	} {
		require.Equal(t, want, found(t, s, Request{Query: query, NoTypos: true, Prefix: PrefixNever}), query)
	}
	require.Equal(t, "3", found(t, s, Request{Query: `"nyc"`, NoTypos: true, Prefix: PrefixNever}), "quoted words are meant as written")
	r := searchFor(t, s, Request{Query: "nyc", Explain: true, Highlight: true})
	require.Equal(t, "synonym", r.Hits[1].Explanation.Passages[0].Terms[0].Variant)
	require.Len(t, r.Hits[1].Highlights[0].Matches, 2)
}

func TestStopWordsOfATenant(t *testing.T) {
	t.Parallel()
	s := texts(t, "how to install", "how how how", "install guide")
	withSettings(t, s, Settings{StopWords: []string{"How", "guide"}})
	require.ElementsMatch(t, []string{"0", "2"}, strings.Fields(found(t, s, Request{Query: "how install", Prefix: PrefixNever})))
	require.Equal(t, "1 0", found(t, s, Request{Query: "how", Prefix: PrefixNever}), "nothing else to score")
	require.Equal(t, "0", found(t, s, Request{Query: `"how to install"`}), "a phrase is meant as written")
}

func TestRankingOfATenant(t *testing.T) {
	t.Parallel()
	s := texts(t, "word", "word and other words")
	boost, k1 := 0.0, 0.5
	withSettings(t, s, Settings{Ranking: Ranking{TitleBoost: &boost, K1: &k1}})
	explicit := searchFor(t, s, Request{Query: "word", Params: &Params{K1: 0.5, B: 0.75}})
	require.Equal(t, explicit.Hits, searchFor(t, s, Request{Query: "word"}).Hits)
	require.NotEqual(t, explicit.Hits, searchFor(t, s, Request{Query: "word", Params: &DefaultParams}).Hits)
}

// A block of postings is left out only when no text in it can become a hit.
func TestGroupsSkipBlocksWithoutLosingHits(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var docs []Document
	for i := range 3000 {
		text := "car " + strings.Repeat(fmt.Sprintf("filler%d ", i%7), 20+i%40)
		switch {
		case i%500 < 3:
			text = strings.Repeat("auto ", 1+i%5) + "new york"
		case i%2 == 0:
			text = "new york auto " + text
		}
		docs = append(docs, Document{ID: testID(i), Version: 1, Chunks: []Chunk{{Content: text}}})
	}
	l.commit(docs...)
	withSettings(t, l.current, Settings{Synonyms: []Synonym{{Words: []string{"car", "auto", "new york"}}}})
	for _, query := range []string{"car", "auto", "new york", "car filler3", "york auto"} {
		for _, limit := range []int{1, 5, 20} {
			l.check(l.current, Request{Query: query, Limit: limit, CountLimit: 1, Explain: true})
			l.check(l.current, Request{Query: query, Limit: limit, CountLimit: 1, Explain: true, Group: GroupNone})
		}
	}
}

// Whatever is asked: an answer, quickly, and with bounded work.
func TestStrangeQueries(t *testing.T) {
	t.Parallel()
	s := texts(t, "the quick brown fox", "日本語 emoji 🚀 text", "a::b::c foo.bar() x")
	var distinct strings.Builder
	for i := range 800 {
		fmt.Fprintf(&distinct, "wqz%d ", i)
	}
	for _, query := range []string{
		"", " ", "the", "the of and", "-fox", "-fox -the", `"`, `""`, `" "`, "-", "--", `-"`, "\x00\x01\x7f", "🚀", "🚀🚀🚀 🏳️‍🌈",
		strings.Repeat("fox ", 1000), strings.Repeat("a", 4096), strings.Repeat("\"", 4096), strings.Repeat("-x ", 1300), distinct.String(),
		"\u202e\u200b\ufeff", "ไทย ລາວ ខ្មែរ မြန်မာ 한국어 ગુજરાતી தமிழ் አማርኛ ᏣᎳᎩ", "e\u0301\u0301\u0301", "\xff\xfe\xfd", "((((((", "::::", "....",
	} {
		for _, language := range []string{"", "de", "ta"} {
			r, err := s.Search(t.Context(), Request{Query: query, Language: language, Highlight: true, Explain: true, Prefix: PrefixAlways})
			require.NoError(t, err, "%q", query)
			require.LessOrEqual(t, len(r.Corrections), maxRelaxed)
		}
	}
	require.Equal(t, "2", found(t, s, Request{Query: "a::b::c"}))
	require.Equal(t, "2", found(t, s, Request{Query: "foo.bar()"}))
	require.Equal(t, "1", found(t, s, Request{Query: "日本"}))
}

func TestSettingsAreValidated(t *testing.T) {
	t.Parallel()
	n := func(v float64) *float64 { return &v }
	long := strings.Repeat("x", MaxSettingBytes+1)
	for field, s := range map[string]Settings{
		"default_language":      {DefaultLanguage: "klingon"},
		"synonyms":              {Synonyms: make([]Synonym, MaxSynonyms+1)},
		"synonyms[0]":           {Synonyms: []Synonym{{}}},
		"synonyms[1]":           {Synonyms: []Synonym{{Words: []string{"a", "b"}}, {Words: []string{"a", "b"}, From: "c"}}},
		"synonyms[0].words":     {Synonyms: []Synonym{{Words: []string{"a"}}}},
		"synonyms[0].words[1]":  {Synonyms: []Synonym{{Words: []string{"a", " - "}}}},
		"synonyms[0].to[0]":     {Synonyms: []Synonym{{From: "a", To: []string{long}}}},
		"synonyms[0].from":      {Synonyms: []Synonym{{From: "a b c d e f g h i", To: []string{"x"}}}},
		"stop_words":            {StopWords: make([]string, MaxStopWords+1)},
		"stop_words[0]":         {StopWords: []string{"two words"}},
		"ranking.k1":            {Ranking: Ranking{K1: n(-1)}},
		"ranking.b":             {Ranking: Ranking{B: n(1.1)}},
		"hybrid.keyword_weight": {Hybrid: Hybrid{KeywordWeight: n(2)}},
		"hybrid":                {Hybrid: Hybrid{KeywordWeight: n(0), VectorWeight: n(0)}},
		"hybrid.fusion":         {Hybrid: Hybrid{Fusion: "sum"}},
	} {
		err := s.Validate()
		var invalid *domain.Error
		require.ErrorAs(t, err, &invalid, field)
		require.Equal(t, field, invalid.Fields[0].Field)
	}
	require.NoError(t, (&Settings{DefaultLanguage: "german", StopWords: []string{"c++", "日"}}).Validate())
}
