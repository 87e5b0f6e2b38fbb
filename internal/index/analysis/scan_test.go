package analysis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// show renders tokens as text/position, with ~ for a token that overlaps its
// leaves and ! for a unit of phrases.
func show(text string) string {
	var out []string
	New().Scan(text, func(t *Token) {
		s := fmt.Sprintf("%s/%d", t.Text, t.Position)
		if !t.Leaf {
			s += "~"
		}
		if t.Unit {
			s += "!"
		}
		out = append(out, s)
	})
	return strings.Join(out, " ")
}

func TestScan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"words", "The quick, brown fox.", "the/0! quick/1! brown/2! fox/3!"},
		{"nothing", " \t--- ... ___ ", ""},
		{"camel case", "getUserName now", "getusername/0~! get/0 user/0 name/0 now/1!"},
		{"acronym before a word", "HTTPServer", "httpserver/0~! http/0 server/0"},
		{"acronym alone", "HTTP", "http/0!"},
		{"digits stay with their letters", "utf8Decoder base64", "utf8decoder/0~! utf8/0 decoder/0 base64/1!"},
		{"snake case", "get_user_name", "get_user_name/0~ get/0! user/0! name/0!"},
		{"outer underscores", "__init__ _x_", "init/0! x/1!"},
		{"several underscores", "a__b", "a__b/0~ a/0! b/0!"},
		{"path", "std::vec::Vec::new()", "std::vec::vec::new/0~ std/0! vec/0! vec/0! new/0!"},
		{"method", "foo.bar() baz", "foo.bar/0~ foo/0! bar/0! baz/1!"},
		{"all levels", "os.path_join.toStr", "os.path_join.tostr/0~ os/0! path_join/0~ path/0! join/0! tostr/0~! to/0 str/0"},
		{"end of a sentence", "one. two: three", "one/0! two/1! three/2!"},
		{"version", "v1.2.3", "v1.2.3/0~ v1/0! 2/0! 3/0!"},
		{"languages", "C++ C# g++ x+ # a#b", "c++/0~ c/0! c#/1~ c/1! g++/2~ g/2! x/3! a/4! b/5!"},
		{"possessive", "Rust's can't O’Reilly’s", "rust/0! cant/1! oreilly/2!"},
		{"quotes are not apostrophes", "'quoted' d['key']", "quoted/0! d/1! key/2!"},
		{"hyphens", "state-of-the-art", "state/0! of/1! the/2! art/3!"},
		{"diacritics", "Crème BRÛLÉE naïve Ångström", "creme/0! brulee/1! naive/2! angstrom/3!"},
		{"combining marks", "cafe\u0301", "cafe/0!"},
		{"ligatures and special letters", "ﬁle straße Łódź ÆON", "file/0! strasse/1! lodz/2! aeon/3!"},
		{"full width", "ＡＢＣ１２３", "abc123/0!"},
		{"cyrillic and greek", "Ёлка ΣΊΣΥΦΟΣ", "елка/0! σισυφοσ/1!"},
		{"chinese", "中文搜索", "中文/0~! 中/0 文搜/1~! 文/1 搜索/2~! 搜/2 索/3"},
		{"one character", "在 x", "在/0! x/1!"},
		{"mixed scripts", "用Go写", "用/0! go/1! 写/2!"},
		{"katakana", "サーバー", "サー/0~! サ/0 ーバ/1~! ー/1 バー/2~! バ/2 ー/3"},
		{"korean", "한국어", "한국/0~! 한/0 국어/1~! 국/1 어/2"},
		{"arabic with vowel signs", "كِتَاب", "كتاب/0!"},
		{"invalid bytes", "a\xffb", "a/0! b/1!"},
		{"emoji", "go 🚀 now", "go/0! now/1!"},
		{"non-ascii identifiers", "größeÄndern_café", "grosseandern_cafe/0~ grosseandern/0~! grosse/0 andern/0 cafe/0!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, show(c.text))
		})
	}
}

// A long word is cut, a long compound is not indexed as a whole.
func TestLongWordsAreBounded(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0123456789abcdef", 4)
	require.Equal(t, hash+"/0!", show(hash))
	require.Equal(t, hash+"/0!", show(hash+"more"))
	require.Equal(t, strings.Repeat("a/0! ", 39)+"a/0!", show(strings.Repeat("a.", 39)+"a"))
	require.LessOrEqual(t, len(strings.TrimSuffix(show(strings.Repeat("é", 100)+"ж"), "/0!")), MaxTermBytes)
	cyrillic := strings.TrimSuffix(show(strings.Repeat("ж", 100)), "/0!")
	require.True(t, utf8.ValidString(cyrillic))
	require.Len(t, cyrillic, MaxTermBytes)
}

// The table is a faster way to the same result.
func TestFoldTableEqualsNormalisation(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var fast, slow folder
	for range 20000 {
		var text []rune
		for range 1 + rng.IntN(6) {
			text = append(text, rune(1+rng.IntN(tableEnd-1)))
		}
		require.Equal(t, string(slow.foldAny(nil, string(text))), string(fast.fold(nil, string(text))), "%U", text)
	}
}

func TestTerm(t *testing.T) {
	t.Parallel()
	a := New()
	for word, term := range map[string]string{
		"running": "run", "queries": "queri", "cluster": "cluster", "utf8s": "utf8s", "get_names": "get_names", "c++": "c++",
		"as": "as", "елка": "елка", "addeventlistener": "addeventlisten",
	} {
		require.Equal(t, term, a.Term([]byte(word)))
		require.Equal(t, term, a.Term([]byte(word)), "the same from the cache")
	}
}

func TestIsStop(t *testing.T) {
	t.Parallel()
	require.Len(t, stopWords, 33)
	require.True(t, IsStop([]byte("the")))
	require.False(t, IsStop([]byte("thesis")))
	for word := range stopWords {
		require.LessOrEqual(t, len(word), maxStopWord)
	}
}

// The highlighter skips words by Hints: it must never skip one that matches.
func TestHintsNeverRuleOutATerm(t *testing.T) {
	t.Parallel()
	a := New()
	words := []string{"dying", "lying", "tying", "skies", "idly", "gently", "ugly", "early", "only", "singly", "yes", "by", "sayings", "x", "é", "日"}
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		for _, d := range "abcdefghijklmnopqrstuvwxyz" {
			for _, end := range []string{"", "y", "ies", "ing", "ying", "eed", "ational", "s's", "ied", "ss", "ly"} {
				words = append(words, string(c)+string(d)+end)
			}
		}
	}
	for _, w := range words {
		var hints Hints
		hints.Add([]byte(a.Term([]byte(w))))
		require.True(t, hints.Allow([]byte(w)), "%s is indexed as %s", w, a.Term([]byte(w)))
	}
}

// A hinted scan gives the tokens of a scan but some that are ruled out.
func TestHintedScanLeavesOutOnlyWhatIsRuledOut(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"a", "b", "ab", "ay", "ba", "B", "AB", "1", "_", "__", ".", ":", "::", "'", "’", "+", "++", "#", "-", " ", " ", " ", "é", "e\u0301",
		"中", "ー", "\xff", "'s", "\n", "$",
	}
	rng := rand.New(rand.NewPCG(3, 4))
	left := 0
	for range 50000 {
		text := ""
		for range rng.IntN(12) {
			text += pieces[rng.IntN(len(pieces))]
		}
		var hints Hints
		for range rng.IntN(3) {
			hints.Add([]byte([]string{"ab", "a", "ba", "b1", "1", "中"}[rng.IntN(6)]))
		}
		left += compareHinted(t, text, &hints)
	}
	require.Positive(t, left)
}

// compareHinted returns how many tokens the hinted scan left out.
func compareHinted(t *testing.T, text string, hints *Hints) int {
	t.Helper()
	type token struct {
		text                 string
		start, end, position int
		leaf, unit, ngram    bool
	}
	scan := func(hints *Hints) (out []token) {
		New().ScanHinted(text, hints, func(t *Token) {
			out = append(out, token{string(t.Text), t.Start, t.End, t.Position, t.Leaf, t.Unit, t.Ngram})
		})
		return out
	}
	all, some := scan(nil), scan(hints)
	left := len(all) - len(some)
	for _, full := range all {
		if len(some) > 0 && some[0] == full {
			some = some[1:]
			continue
		}
		require.False(t, hints.Allow([]byte(full.text)), "%q of %q", full.text, text)
	}
	require.Empty(t, some, "%q", text)
	return left
}

// Indexing allocates nothing per word of plain text or code.
func TestScanDoesNotAllocate(t *testing.T) {
	a := New()
	text := strings.Repeat("The HTTPServer listens on std::net and calls handle_request(req.body) quickly, naïvely. ", 20)
	emit := func(*Token) {}
	a.Scan(text, emit)
	require.Zero(t, testing.AllocsPerRun(20, func() { a.Scan(text, emit) }))
}

// Whatever the text: tokens lie inside it at rune boundaries, positions never
// fall and count up by one, and folded text scans to itself when it is a plain
// word.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"The quick brown fox", "getUserName a::b::c foo.bar() C++", "日本語 テスト 한국어 ไทย", "can't o’reilly's", "\xff\xfe", "e\u0301\u0301",
		"İstanbul ŉ ǅ", "a\u200db", "__a__.__b__", "½ ① ㏂",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := New()
		last, leaves := -1, 0
		a.Scan(text, func(tok *Token) {
			require.NotEmpty(t, tok.Text)
			require.LessOrEqual(t, len(tok.Text), MaxTermBytes)
			require.True(t, 0 <= tok.Start && tok.Start < tok.End && tok.End <= len(text))
			require.True(t, utf8.RuneStart(text[tok.Start]) || !utf8.ValidString(text))
			require.True(t, tok.Position == last || tok.Position == last+1, "position %d after %d", tok.Position, last)
			require.True(t, utf8.Valid(tok.Text))
			last = tok.Position
			if tok.Leaf {
				leaves++
			}
			require.NotEmpty(t, a.Term(tok.Text))
		})
		require.GreaterOrEqual(t, leaves, last+1, "every position has a leaf")
	})
}

func BenchmarkScan(b *testing.B) {
	text := strings.Repeat("The server listens on the given address and calls handleRequest for each connection. ", 100)
	a := New()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		a.Scan(text, func(*Token) {})
	}
}
