package index

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// fuzzSegments are small valid segments of every shape.
func fuzzSegments(t testing.TB) [][]byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	var out [][]byte
	for _, docs := range []int{0, 1, 3, 400} {
		b := NewBuilder(Options{})
		for i := range docs {
			d := randomDocument(rng, i, 1, 1+docs%3)
			d.Tags, d.Metadata = []string{"x"}, []byte(`{"n":1.5,"s":"a","l":[1,true]}`)
			require.NoError(t, b.Add(d))
		}
		data, _, err := b.Bytes()
		require.NoError(t, err)
		out = append(out, data)
	}
	return out
}

// Bytes that are not a segment are refused or give errors; nothing is read out
// of range, whatever is asked of them. The checksum is repaired, so that the
// decoders behind it are reached.
func FuzzSegment(f *testing.F) {
	for _, data := range fuzzSegments(f) {
		f.Add(data, uint32(0), byte(0), uint32(0), byte(0))
		for i := 8; i < len(data); i += 1 + len(data)/40 {
			f.Add(data, uint32(i), byte(0xff), uint32(i/2), byte(1))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, at1 uint32, x1 byte, at2 uint32, x2 byte) {
		if len(data) < 8 {
			return
		}
		data = append([]byte(nil), data...)
		data[int(at1)%len(data)] ^= x1
		data[int(at2)%len(data)] ^= x2
		sum := xxhash.Sum64(data[:len(data)-8])
		binary.LittleEndian.PutUint64(data[len(data)-8:], sum)
		s, err := OpenBytes(data)
		if err != nil {
			return
		}
		exercise(s)
	})
}

// exercise uses a segment in every way. Errors are fine, panics are not.
func exercise(s *Segment) {
	snapshot := NewSnapshot(1, []LoadedSegment{{Segment: s}}, []Tombstone{{DocumentID: testID(1), Version: 9}})
	defer snapshot.Release()
	from := 0.0
	for _, r := range []Request{
		{Query: `w1 wxx2 "w1 wxx2" -wxxx3`, Highlight: true, Explain: true, Limit: 50},
		{Query: "w1 wxx2 wxxx3 wxxxx4", Group: GroupNone, CountLimit: 1},
		{Query: "w1", Filter: And(Not(Eq(FieldTags, String("x"))), Range("metadata.n", Bounds{GTE: &from}), Exists("metadata.s"))},
		{Query: "", Filter: Or(Eq("metadata.l", Bool(true)), Eq("metadata.n", Number(1.5)))},
	} {
		_, _ = snapshot.Search(context.Background(), r)
	}
	_, _ = Merge(context.Background(), []MergeInput{{Segment: s}}, io.Discard)
}

// Any text is a query, and reading it twice gives the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`a "b c" -d -"e f" --flag - "`, "the of", `-"`, "“x y” -", "\xff\xfe\"\xff", `((("a"`, "-日本 \"日本語\"", `"` + strings.Repeat("a ", 1000) + `"`,
	} {
		f.Add(s)
	}
	b := NewBuilder(Options{})
	require.NoError(f, b.Add(Document{ID: uuid.Max, Chunks: []Chunk{{Content: "a b c 日本語 flag e f"}}}))
	data, _, err := b.Bytes()
	require.NoError(f, err)
	s, err := OpenBytes(data)
	require.NoError(f, err)
	settings, err := compileSettings([]byte(`{"synonyms":[{"words":["a","b c","flag"]},{"from":"日本","to":["e f"]}],"stop_words":["d","x"]}`), nil)
	require.NoError(f, err)
	snapshot := NewSnapshot(1, []LoadedSegment{{Segment: s}}, nil)
	snapshot.settings = settings
	f.Fuzz(func(t *testing.T, query string) {
		a := analysis.New()
		for _, rules := range []queryRules{
			rulesFor("", setOf(analysis.English), nil), rulesFor("de", ^languageSet(0), nil), rulesFor("", ^languageSet(0), settings),
		} {
			p, again := parse(query, &rules, a), parse(query, &rules, a)
			require.Equal(t, p, again)
			require.LessOrEqual(t, len(p.terms), maxPlanTerms)
		}
		_, err := snapshot.Search(context.Background(), Request{Query: query, Highlight: true, Explain: true})
		require.NoError(t, err)
	})
}

// Fragments are pieces of the text at rune boundaries, whatever the text.
func FuzzHighlight(f *testing.F) {
	f.Add("some text about getUserName and 日本語", "username 日本", 10)
	f.Add("a\xffb é", "b e", 3)
	f.Fuzz(func(t *testing.T, text, query string, size int) {
		q := &search{analyzer: analysis.New(), request: &Request{FragmentSize: 1 + int(uint(size)%300), Fragments: 3}}
		q.snapshot = NewSnapshot(1, nil, nil)
		rules := rulesFor("", setOf(analysis.English), nil)
		q.plan = parse(query, &rules, q.analyzer)
		q.weights = make([]termWeights, len(q.plan.terms))
		for i := range q.weights {
			q.weights[i].idf = 1
		}
		last := 0
		for _, fragment := range q.highlighter().fragments(text) {
			require.LessOrEqual(t, last, fragment.Start)
			require.Equal(t, text[fragment.Start:fragment.End], fragment.Text)
			last = fragment.End
			if utf8.ValidString(text) {
				require.True(t, utf8.ValidString(fragment.Text))
			}
			at := 0
			for _, m := range fragment.Matches {
				require.True(t, at <= m[0] && m[0] < m[1] && m[1] <= len(fragment.Text))
				at = m[1]
			}
		}
	})
}
