package chunk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func contents(chunks []Chunk) []string {
	out := make([]string, len(chunks))
	for i, c := range chunks {
		out[i] = c.Content
	}
	return out
}

func headings(chunks []Chunk) []string {
	out := make([]string, len(chunks))
	for i, c := range chunks {
		out[i] = c.Heading
	}
	return out
}

// prose makes n sentences of about 12 tokens each, all different.
func prose(name string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("The " + name + " sentence says that number " + strings.Repeat("i", i%7+1) + " follows after the other. ")
	}
	return strings.TrimSpace(b.String())
}

func TestShortDocumentIsOneChunkWithItsContent(t *testing.T) {
	t.Parallel()
	for _, content := range []string{
		"one line", "  indented\n\n\ntwo paragraphs\n", "# Title\n\nText with `code`.\n\n## More\n", prose("short", 30),
		"func main() {\n\tprintln(1)\n}\n", "a < b and c > d",
	} {
		for _, docType := range []string{"", "markdown", "text", "code", "guide"} {
			chunks := Split(Input{Content: content, DocType: docType})
			require.Len(t, chunks, 1)
			require.Equal(t, content, chunks[0].Content)
			require.Equal(t, CountTokens(content), chunks[0].Tokens)
			require.Zero(t, chunks[0].Ordinal)
		}
	}
}

func TestShortMarkdownKeepsItsFirstHeading(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Install on Linux", Split(Input{Content: "# Install on Linux #\n\nText"})[0].Heading)
	require.Empty(t, Split(Input{Content: "#hashtag is no heading"})[0].Heading)
	require.Empty(t, Split(Input{Content: "# a comment\nx = 1", DocType: "code"})[0].Heading)
}

func TestDocumentWithoutTextIsOneEmptyChunk(t *testing.T) {
	t.Parallel()
	for _, docType := range []string{"", "markdown", "html", "code", "rst"} {
		chunks := Split(Input{Title: "Only a title", Content: "", DocType: docType})
		require.Len(t, chunks, 1)
		require.Empty(t, chunks[0].Content)
	}
	blank := Split(Input{Content: strings.Repeat(" \n", 100_000)})
	require.Len(t, blank, 1)
}

func TestOverlapRepeatsWholeSentences(t *testing.T) {
	t.Parallel()
	text := prose("plain", 200)
	chunks := Split(Input{Content: text, DocType: "text"})
	require.Greater(t, len(chunks), 3)
	for i, c := range chunks {
		require.LessOrEqual(t, c.Tokens, DefaultTokens)
		require.True(t, strings.HasPrefix(c.Content, "The plain sentence"), c.Content[:40])
		require.True(t, strings.HasSuffix(c.Content, "other."))
		if i == 0 {
			continue
		}
		first, _, _ := strings.Cut(c.Content, ". ")
		require.Contains(t, chunks[i-1].Content, first+".", "chunk %d repeats the end of the one before", i)
	}
	without := Split(Input{Content: text, DocType: "text", Options: Options{Overlap: -1}})
	require.Equal(t, strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(strings.Join(contents(without), " ")), " "))
}

func TestOptionsAreRespected(t *testing.T) {
	t.Parallel()
	for _, tokens := range []int{1, 16, 64, 100, 1000} {
		for _, c := range Split(Input{Content: prose("sized", 300), Options: Options{Tokens: tokens, Overlap: 10}}) {
			require.LessOrEqual(t, c.Tokens, max(tokens, minTokens))
		}
	}
}

func TestEditAtTheEndLeavesEarlierChunksAlone(t *testing.T) {
	t.Parallel()
	text := "# Guide\n\n" + strings.Repeat("## Part\n\n"+prose("stable", 40)+"\n\n", 10)
	before := Split(Input{Content: text, DocType: "markdown"})
	after := Split(Input{Content: text + "One more paragraph.\n", DocType: "markdown"})
	for i := range len(before) - 1 {
		require.Equal(t, before[i].Hash, after[i].Hash)
	}
}

func TestHashCoversHeadingAndContent(t *testing.T) {
	t.Parallel()
	seen := map[[32]byte]bool{}
	for _, p := range [][2]string{{"", "ab"}, {"a", "b"}, {"ab", ""}, {"b", "a"}, {"", ""}} {
		require.False(t, seen[hash(p[0], p[1])])
		seen[hash(p[0], p[1])] = true
	}
}

func TestCountTokens(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{
		"": 0, "word": 1, "two words": 2, "documentation": 2, "snake_case_name": 2, "a.b": 3, "-----": 1, "日本語": 3,
		"\n\n": 1, " ": 0, "\t\tx": 2, "naïve": 1, "f(x) {": 5,
	} {
		require.Equal(t, want, CountTokens(s), "%q", s)
	}
}

func TestKindByHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   Input
		want kind
	}{
		{Input{DocType: "Markdown"}, kindMarkdown},
		{Input{DocType: "guide", SourceURL: "docs/a.md"}, kindMarkdown},
		{Input{DocType: "code", SourceURL: "README.md"}, kindCode},
		{Input{SourceURL: "https://example.com/src/main.go?raw=1"}, kindCode},
		{Input{SourceURL: "https://example.rs"}, kindUnknown},
		{Input{SourceURL: "https://example.com/page.html", Content: "extracted text, 1 < 2"}, kindUnknown},
		{Input{SourceURL: "https://example.com/page.html", Content: "<p>text"}, kindHTML},
		{Input{ContentType: "text/html; charset=utf-8", Content: "<b>x</b>"}, kindHTML},
		{Input{ContentType: "text/x-python"}, kindCode},
		{Input{ContentType: "text/plain"}, kindUnknown},
		{Input{SourceURL: "guide.rst"}, kindRST},
	} {
		require.Equal(t, c.want, kindByHint(c.in), "%+v", c.in)
	}
}

func TestKindBySniffing(t *testing.T) {
	t.Parallel()
	require.True(t, looksLikeHTML("\n<!-- x --><!DOCTYPE html><p>"))
	require.False(t, looksLikeHTML("<T> is a type parameter"))
	require.Equal(t, kindMarkdown, kindBySniffing("# Title\n\nSome text.\n\n```go\nx := 1\n```\n"))
	require.Equal(t, kindCode, kindBySniffing("package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(1);\n}\n"))
	require.Equal(t, kindCode, kindBySniffing("#!/bin/sh\necho hello\n"))
	require.Equal(t, kindText, kindBySniffing(prose("plain", 20)))
}

func TestADocumentALittleOverTheLimitStaysWhole(t *testing.T) {
	t.Parallel()
	text := strings.TrimSpace(strings.Repeat("word ", 600))
	require.Len(t, Split(Input{Content: text}), 1)
	require.Greater(t, len(Split(Input{Content: strings.Repeat("word ", 700)})), 1)
}
