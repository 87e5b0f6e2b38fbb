package chunk

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// hostile are inputs that break naive splitters. Each is about n bytes long.
func hostile(n int) map[string]string {
	rep := func(s string) string { return strings.Repeat(s, n/len(s)) }
	return map[string]string{
		"one word": rep("x"), "one line": rep("word "), "blanks": rep(" "), "newlines": rep("\n"), "dots": rep("."),
		"ends of sentences": rep(".) "), "closing brackets": "." + rep(")"), "abbreviations": rep("a. 1 "), "quotes": rep("> "),
		"nested quotes": rep(">"), "quotes by line": rep("> > > > > > > > a\n"), "brackets": rep("["), "links": rep("[a]("),
		"stars": rep("*a **b "), "ticks": rep("`"), "fences": rep("```\n"), "open fence": "```go\n" + rep("x\n"), "list": rep("- "),
		"lists by line": rep("- a\n  - b\n    - c\n"), "ordered": rep("1. "), "headings": rep("# a\n"), "setext": rep("a\n=\n"),
		"table": "|a|b|\n|-|-|\n" + rep("|c|d|\n"), "wide table": rep("|a") + "\n" + rep("|-") + "\n", "references": rep("[a]: b\n"),
		"divs": rep("<div>"), "spans": rep("<span>a"), "open tags": rep("<a<b"), "comments": rep("<!--"), "navs": rep("<nav>a"),
		"pres": rep("<pre>a"), "tables": rep("<table><tr><td>a"), "entities": rep("&amp;"), "attributes": "<div " + rep("a=b ") + ">x",
		"h1": rep("<h1>a"), "cjk": rep("日本語"), "accents": "e" + rep("\u0301"), "joiners": rep("👩\u200d"), "tabs": rep("\t- a\n"),
		"front matter": "---\n" + rep("a: b\n"), "braces": rep("{}\n"), "functions": rep("func f() {\n}\n\n"), "crlf": rep("a\r\n\r\n"),
		"indented": rep("        x\n\n"), "rst": rep("a\n===\n"), "rst literal": rep("a::\n\n  b\n\n"), "minified": rep("a(){b;c};"),
		"staircase": staircase(n),
	}
}

// staircase indents every line one deeper than the one before.
func staircase(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.Repeat(" ", i) + "- a\n")
	}
	return b.String()
}

var docTypes = []string{"", "markdown", "html", "code", "text", "rst"}

// TestHostileInputIsLinear gives every input to every splitter at a size at which quadratic time would take minutes.
func TestHostileInputIsLinear(t *testing.T) {
	t.Parallel()
	const size, atMost = 1 << 20, 20 * time.Second
	for name, content := range hostile(size) {
		for _, docType := range docTypes {
			t.Run(name+"/"+docType, func(t *testing.T) {
				t.Parallel()
				begin := time.Now()
				for _, c := range Split(Input{Content: content, DocType: docType}) {
					require.LessOrEqual(t, c.Tokens, DefaultTokens)
					require.LessOrEqual(t, len(c.Content), DefaultTokens*33)
					require.True(t, utf8.ValidString(c.Content))
				}
				require.Less(t, time.Since(begin), atMost)
			})
		}
	}
}

// checkChunks asserts what holds for every input.
func checkChunks(t require.TestingT, in Input) []Chunk {
	chunks := Split(in)
	require.NotEmpty(t, chunks)
	opts := in.Options.normalised()
	for i, c := range chunks {
		require.Equal(t, i, c.Ordinal)
		limit := opts.Tokens
		if len(chunks) == 1 {
			limit = opts.wholeTokens()
		}
		require.LessOrEqual(t, c.Tokens, limit)
		require.Equal(t, CountTokens(c.Content), c.Tokens)
		require.Equal(t, hash(c.Heading, c.Content), c.Hash)
		require.True(t, utf8.ValidString(c.Content))
		require.True(t, utf8.ValidString(c.Heading))
		require.NotContains(t, c.Heading, "\n")
	}
	require.Equal(t, chunks, Split(in), "the same input gives the same chunks")
	return chunks
}

// checkCoverage asserts that the characters of the input that are not white space appear in the chunks in their order.
// Only what a chunk repeats may come in between, so this is a search for a subsequence.
func checkCoverage(t require.TestingT, content string, chunks []Chunk) {
	var all strings.Builder
	for _, c := range chunks {
		all.WriteString(c.Content)
	}
	got, at := []rune(all.String()), 0
	for _, r := range content {
		if unicode.IsSpace(r) {
			continue
		}
		for at < len(got) && got[at] != r {
			at++
		}
		require.Less(t, at, len(got), "lost %q", r)
		at++
	}
}

var snippets = []string{
	"word", " ", "\n", "\n\n", "Sentence one. ", "Is it? Yes! ", "# Heading\n", "## Sub `x`\n\n", "Title\n=====\n", "```go\n", "```\n", "- item\n",
	"  - nested\n", "1. first\n", "> quote\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "    indented\n", "\tx := 1\n", "func f() {\n", "}\n\n",
	"class A:\n", "    def m(self):\n", "日本語。", "é", "👩‍👩‍👧", "---\n", "<div>", "</div>", "[link](url)", "a::\n\n", ".", ")", "\r\n",
	"averyveryverylongidentifier_without_any_break_in_it_at_all",
}

func TestPropertiesOfAnyDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		content := strings.Join(rapid.SliceOfN(rapid.SampledFrom(snippets), 0, 400).Draw(t, "parts"), "")
		in := Input{Content: content, DocType: rapid.SampledFrom(docTypes).Draw(t, "type"), Options: Options{
			Tokens:  rapid.IntRange(16, 200).Draw(t, "tokens"),
			Overlap: rapid.IntRange(-1, 60).Draw(t, "overlap"),
		}}
		chunks := checkChunks(t, in)
		if in.DocType != "html" && !looksLikeHTML(content) {
			checkCoverage(t, content, chunks)
		}
	})
}

func FuzzSplit(f *testing.F) {
	for _, s := range hostile(300) {
		for i := range docTypes {
			f.Add(s, uint8(i), uint8(32))
		}
	}
	f.Add(goFile, uint8(3), uint8(20))
	f.Fuzz(func(t *testing.T, content string, docType, tokens uint8) {
		content = strings.ReplaceAll(strings.ToValidUTF8(content, ""), "\x00", "")
		in := Input{Content: content, DocType: docTypes[int(docType)%len(docTypes)], Options: Options{Tokens: int(tokens), Overlap: int(tokens) / 4}}
		chunks := checkChunks(t, in)
		if in.DocType != "html" && !looksLikeHTML(content) {
			checkCoverage(t, content, chunks)
		}
	})
}
