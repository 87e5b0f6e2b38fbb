package index

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var testWords = []string{
	"alpha", "beta", "gamma", "delta", "running", "runs", "the", "of", "JavaScript", "javascript", "Java",
	"get_user_name", "getUserName", "std::vec::Vec", "foo.bar", "bar", "café", "日本語", "語", "C++", "it's", "zeta",
	"Häuser", "Haus", "l'eau", "книги", "alphabet", "gammas", "runner", "delat", "or",
}

// queryWords are words that occur, may be corrected, or begin one.
var queryWords = slices.Concat(testWords, []string{"alpah", "gama", "detla", "run", "javascrpt", "al", "Hauser", "eau", "книга", "zetta", "get_u"})

var testLanguages = []string{"", "", "", "en", "de-DE", "french", "ru", "rust"}

// genSettings draws the settings of a tenant, mostly none.
func genSettings(t *rapid.T) *querySettings {
	if rapid.Bool().Draw(t, "default settings") {
		return nil
	}
	words := rapid.SliceOfN(rapid.SampledFrom(queryWords), 1, 3)
	expression := rapid.Custom(func(t *rapid.T) string { return strings.Join(words.Draw(t, "expression"), " ") })
	set := rapid.Custom(func(t *rapid.T) Synonym {
		if rapid.Bool().Draw(t, "one way") {
			return Synonym{From: expression.Draw(t, "from"), To: rapid.SliceOfN(expression, 1, 3).Draw(t, "to")}
		}
		return Synonym{Words: rapid.SliceOfN(expression, 2, 4).Draw(t, "words")}
	})
	boost := 0.5
	data, err := json.Marshal(Settings{
		DefaultLanguage: rapid.SampledFrom([]string{"", "", "de", "fr"}).Draw(t, "language"),
		Synonyms:        rapid.SliceOfN(set, 0, 4).Draw(t, "synonyms"),
		StopWords:       rapid.SliceOfN(rapid.SampledFrom([]string{"alpha", "delta", "bar", "it's"}), 0, 3).Draw(t, "stop words"),
		Ranking:         Ranking{TitleBoost: &boost},
	})
	must(err)
	s, err := compileSettings(data, nil)
	must(err)
	return s
}

func genText(t *rapid.T, label string, most int) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(testWords), 0, most).Draw(t, label), " ")
}

func genDocument(t *rapid.T, id int, version uint64) Document {
	d := Document{
		ID: testID(id), Version: version, ExternalID: fmt.Sprintf("ext-%d", id), Title: genText(t, "title", 3),
		Language: rapid.SampledFrom(testLanguages).Draw(t, "language"),
		DocType:  rapid.SampledFrom([]string{"", "guide", "api"}).Draw(t, "type"), CreatedAt: int64(id * 1000),
		UpdatedAt: int64(version) * 10, Tags: rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 0, 2).Draw(t, "tags"),
	}
	switch rapid.IntRange(0, 4).Draw(t, "metadata") {
	case 4:
		d.Metadata = fmt.Appendf(nil, `{"year":["2024-0%d-01","2024-01-01T0%d:00:00+02:00","x"],"ok":[true,%t,2]}`, id%9+1, id%5, id%2 == 0)
	case 1:
		d.Metadata = fmt.Appendf(nil, `{"year":%d,"ok":%t}`, id%5-2, id%2 == 0)
	case 2:
		d.Metadata = fmt.Appendf(nil, `{"year":"%d","a":{"b":[1,%d.5,"s"]}}`, id%5, id%3)
	}
	chunks := rapid.IntRange(1, 4).Draw(t, "chunks")
	step := rapid.IntRange(1, 2).Draw(t, "step")
	for i := range chunks {
		d.Chunks = append(d.Chunks, Chunk{Ordinal: i * step, Heading: genText(t, "heading", 1), Content: genText(t, "content", 12)})
	}
	return d
}

func testID(n int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], uint64(n+1))
	id[15] = byte(n * 37)
	return id
}

func genFilter(t *rapid.T, depth int) *Filter {
	kinds := 6
	if depth == 0 {
		kinds = 3
	}
	n := func(v float64) *float64 { return &v }
	switch rapid.IntRange(0, kinds-1).Draw(t, "filter") {
	case 0:
		return rapid.SampledFrom([]*Filter{
			Eq(FieldDocType, String("guide")), In(FieldTags, String("x"), String("nope")),
			Eq(FieldExternalID, String("ext-3")), Eq("metadata.year", Number(1)), Eq("metadata.year", String("1")),
			Eq("metadata.ok", Bool(true)), Eq("metadata.a.b", String("s")), Eq("metadata.a.b", Number(1.5)),
		}).Draw(t, "leaf")
	case 1:
		return rapid.SampledFrom([]*Filter{
			Range(FieldCreatedAt, Bounds{GTE: n(3000), LT: n(9000)}), Range(FieldUpdatedAt, Bounds{GT: n(10)}),
			DateRange("metadata.year", Bounds{GTE: n(1706745600000)}), DateRange(FieldCreatedAt, Bounds{LT: n(5000)}),
			Range("metadata.year", Bounds{GTE: n(-1), LTE: n(1)}), Range("metadata.a.b", Bounds{LT: n(1)}),
		}).Draw(t, "range")
	case 2:
		return rapid.SampledFrom([]*Filter{
			Exists(FieldTags), Exists("metadata.year"), Exists("metadata.a"), Exists("metadata.a.b"), Exists(FieldCreatedAt),
		}).Draw(t, "exists")
	case 3:
		return Not(genFilter(t, depth-1))
	case 4:
		return And(genFilter(t, depth-1), genFilter(t, depth-1))
	}
	return Or(genFilter(t, depth-1), genFilter(t, depth-1))
}

func genRequest(t *rapid.T) Request {
	var parts []string
	for range rapid.IntRange(0, 4).Draw(t, "parts") {
		switch rapid.IntRange(0, 5).Draw(t, "part") {
		case 0:
			parts = append(parts, `"`+genText(t, "phrase", 3)+`"`)
		case 1:
			parts = append(parts, "-"+rapid.SampledFrom(testWords).Draw(t, "not"))
		default:
			parts = append(parts, rapid.SampledFrom(queryWords).Draw(t, "word"))
		}
	}
	r := Request{
		Query: strings.Join(parts, " "), Limit: rapid.IntRange(1, 6).Draw(t, "limit"),
		Group: Group(rapid.IntRange(0, 1).Draw(t, "group")), CountLimit: rapid.SampledFrom([]int{1, 5, 1000}).Draw(t, "count"),
		Highlight: true, Explain: true, Language: rapid.SampledFrom([]string{"", "", "en", "de", "fr", "xx"}).Draw(t, "language"),
		Prefix: Prefix(rapid.IntRange(0, 2).Draw(t, "prefix")), NoTypos: rapid.Bool().Draw(t, "no typos"),
	}
	if rapid.Bool().Draw(t, "params") {
		r.Params = &Params{
			K1: rapid.SampledFrom([]float64{0, 0.9, 2}).Draw(t, "k1"), B: rapid.SampledFrom([]float64{0, 0.4, 1}).Draw(t, "b"),
			TitleBoost: rapid.SampledFrom([]float64{0, 1, 50}).Draw(t, "boost"),
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "filtered") == 0 {
		r.Filter = genFilter(t, 2)
	}
	return r
}

func (l *lab) check(s *Snapshot, r Request) {
	l.ref.settings = s.settings
	for range 4 { // pages
		want, total := l.ref.search(r)
		got, err := s.Search(context.Background(), r)
		require.NoError(l.t, err)
		context := fmt.Sprintf("%+v %+v", r, r.Params)
		require.Equal(l.t, l.generation, got.Generation)
		if got.TotalIsLowerBound {
			require.LessOrEqual(l.t, got.Total, total, context)
			require.GreaterOrEqual(l.t, got.Total, min(total, r.CountLimit), context)
		} else {
			require.Equal(l.t, total, got.Total, context)
		}
		hits := make([]refHit, len(got.Hits))
		for i, h := range got.Hits {
			hits[i] = refHit{h.DocumentID, h.ChunkOrdinal, h.Score}
			checkHit(l.t, l.ref, &got.Hits[i])
		}
		require.Equal(l.t, append([]refHit{}, want...), hits, context)
		if len(hits) == 0 {
			return
		}
		after := got.Hits[len(hits)-1].Cursor()
		r.After = &after
	}
}

// checkHit compares the stored fields, fragments and explanation of a hit.
func checkHit(t require.TestingT, ref *reference, h *Hit) {
	d := ref.docs[h.DocumentID]
	i := slices.IndexFunc(d.Chunks, func(c Chunk) bool { return c.Ordinal == h.ChunkOrdinal })
	require.Equal(t, []any{d.Version, d.Title, d.ExternalID, d.DocType, d.Chunks[i].Content, d.Chunks[i].Heading, d.CreatedAt, d.UpdatedAt},
		[]any{h.Version, h.Title, h.ExternalID, h.DocType, h.Content, h.Heading, h.CreatedAt, h.UpdatedAt})
	require.Equal(t, string(d.Metadata), string(h.Metadata))
	require.Equal(t, append([]string{}, d.Tags...), append([]string{}, h.Tags...))
	for _, f := range h.Highlights {
		require.Equal(t, h.Content[f.Start:f.End], f.Text)
		last := 0
		for _, m := range f.Matches {
			require.True(t, last <= m[0] && m[0] < m[1] && m[1] <= len(f.Text))
			last = m[1]
		}
	}
	sum := 0.0
	for _, p := range h.Explanation.Passages {
		terms := 0.0
		for _, term := range p.Terms {
			terms += term.Contribution
		}
		require.True(t, near(p.Score, terms))
		sum += p.Weight * p.Score
	}
	require.True(t, near(h.Score, sum), "%v is not the sum %v", h.Score, sum)
}

// Whatever the history of adds, updates, deletes and merges, and however the
// documents are spread over segments, hits, scores, totals and pages are those
// of the reference.
func TestSearchEqualsReference(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		l := newLab(t)
		version := uint64(0)
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 7).Draw(t, "step"); {
			case step <= 2:
				docs := map[int]Document{}
				for range rapid.IntRange(1, 8).Draw(t, "batch") {
					id := rapid.IntRange(0, 12).Draw(t, "id")
					version++
					docs[id] = genDocument(t, id, version)
				}
				order := slices.Sorted(maps.Keys(docs))
				var batch []Document
				for _, id := range order {
					batch = append(batch, docs[id])
				}
				l.commit(batch...)
			case step == 3: // an older job commits late
				l.commit(genDocument(t, rapid.IntRange(0, 12).Draw(t, "id"), rapid.Uint64Range(0, version).Draw(t, "old")))
			case step == 6:
				before := l.digest(l.current)
				l.rebuild()
				require.Equal(t, before, l.digest(l.current), "a rebuild says the same")
			case step == 7:
				before := l.digest(l.current)
				l.reopen(dir)
				require.Equal(t, before, l.digest(l.current))
			case step == 4:
				l.remove(testID(rapid.IntRange(0, 12).Draw(t, "id")), rapid.Uint64Range(0, version).Draw(t, "version"))
			case len(l.refs) > 0:
				chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, len(l.refs)-1), 1, len(l.refs), rapid.ID[int]).Draw(t, "merge")
				before := l.digest(l.current)
				l.merge(chosen)
				require.Equal(t, before, l.digest(l.current), "a merge says the same")
			}
		}
		cold := l.cold()
		defer cold.Release()
		require.Equal(t, stripSegments(l.current.Stats()), stripSegments(cold.Stats()))
		l.current.settings = genSettings(t)
		cold.settings = l.current.settings
		for range rapid.IntRange(1, 4).Draw(t, "queries") {
			r := genRequest(t)
			l.check(l.current, r)
			l.check(cold, r)
		}
	})
}

func stripSegments(s Stats) Stats {
	s.Segments, s.Bytes = 0, 0
	return s
}

// The same with enough chunks for several blocks, windows and skips.
func TestSearchEqualsReferenceAtSize(t *testing.T) {
	t.Parallel()
	for _, chunksPerDoc := range []int{1, 5} {
		t.Run(fmt.Sprint(chunksPerDoc, " chunks per document"), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(chunksPerDoc)))
			l := newLab(t)
			settings, err := compileSettings([]byte(`{"synonyms":[{"words":["wx1","wxx2","w7 wxx9"]},{"from":"wxxx3 wx1","to":["wxxxx4","wx8"]}]}`), nil)
			require.NoError(t, err)
			largeHistory(l, rng, 10000/chunksPerDoc, chunksPerDoc)
			for i := range 40 {
				if i == 20 {
					l.current.settings = settings
				}
				l.check(l.current, largeRequest(rng))
			}
			l.merge([]int{0, 1, 2})
			for range 20 {
				l.check(l.current, largeRequest(rng))
			}
		})
	}
}

// largeHistory commits documents in four segments, updates and deletes some.
func largeHistory(l *lab, rng *rand.Rand, docs, chunksPerDoc int) {
	for part := range 4 {
		var batch []Document
		for i := range docs / 4 {
			batch = append(batch, randomDocument(rng, part*docs/4+i, 1, 1+rng.IntN(chunksPerDoc)))
		}
		l.commit(batch...)
	}
	var updates []Document
	for range docs / 20 {
		updates = append(updates, randomDocument(rng, rng.IntN(docs), 2, 1+rng.IntN(chunksPerDoc)))
	}
	l.commit(updates...)
	for range 20 {
		l.remove(testID(rng.IntN(docs)), 1+rng.Uint64N(2))
	}
}

// zipfWord returns a word of a vocabulary in which a few words are everywhere.
func zipfWord(rng *rand.Rand) string {
	n := int(1 / (rng.Float64() + 0.002))
	return "w" + strings.Repeat("x", n%7) + fmt.Sprint(n)
}

func randomDocument(rng *rand.Rand, id int, version uint64, chunks int) Document {
	words := func(n int) string {
		s := make([]string, n)
		for i := range s {
			s[i] = zipfWord(rng)
		}
		return strings.Join(s, " ")
	}
	d := Document{ID: testID(id), Version: version, Title: words(1 + rng.IntN(3)), DocType: fmt.Sprint(id % 100), CreatedAt: int64(id)}
	for i := range chunks {
		d.Chunks = append(d.Chunks, Chunk{Ordinal: i, Content: words(3 + rng.IntN(12))})
	}
	return d
}

func largeRequest(rng *rand.Rand) Request {
	r := Request{Limit: 1 + rng.IntN(20), Group: Group(rng.IntN(2)), CountLimit: []int{1, 100, 1 << 30}[rng.IntN(3)], Explain: true}
	var words []string
	for range 1 + rng.IntN(5) {
		words = append(words, zipfWord(rng))
	}
	r.Query = strings.Join(words, " ")
	if rng.IntN(3) == 0 { // a word that does not occur, or the beginning of one
		r.Query += " w" + strings.Repeat("x", rng.IntN(7)) + []string{"", "y", "a"}[rng.IntN(3)] + fmt.Sprint(rng.IntN(30))
		r.Prefix = Prefix(rng.IntN(3))
	}
	switch rng.IntN(6) {
	case 0:
		r.Query = `"` + zipfWord(rng) + " " + zipfWord(rng) + `" ` + r.Query
	case 1:
		r.Query += " -" + zipfWord(rng)
	case 2:
		r.Filter = Eq(FieldDocType, String(fmt.Sprint(rng.IntN(100))))
	case 3:
		from := float64(rng.IntN(3000))
		r.Filter = Range(FieldCreatedAt, Bounds{GTE: &from})
	}
	return r
}
