package chunk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarkdownKeepsHeadingPath(t *testing.T) {
	t.Parallel()
	doc := "Intro.\n\n# Guide\n\n" + prose("guide", 40) + "\n\n## Install `now`\n\n" + prose("install", 40) +
		"\n\n### On [Linux](/x)\n\n" + prose("linux", 40) + "\n\nUsage\n-----\n\n" + prose("usage", 40)
	chunks := Split(Input{Content: doc, DocType: "markdown", Options: Options{Tokens: 560}})
	require.Equal(t, []string{"", "Guide > Install now", "Guide > Install now > On Linux", "Guide > Usage"}, headings(chunks))
	require.True(t, strings.HasPrefix(chunks[2].Content, "### On"))
	require.True(t, strings.HasPrefix(chunks[3].Content, "Usage\n-----"))
}

func TestMarkdownMergesSmallSectionsUnderTheirCommonHeading(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Errors\n\n")
	for i := range 60 {
		fmt.Fprintf(&b, "## Error %d\n\n%s\n\n", i, prose("small", 3))
	}
	chunks := Split(Input{Content: b.String(), DocType: "markdown"})
	require.Less(t, len(chunks), 20)
	for _, c := range chunks {
		require.Equal(t, "Errors", c.Heading)
		require.Contains(t, c.Content[:12], "# Error")
		last := c.Content[strings.LastIndexByte(c.Content, '\n')+1:]
		require.False(t, strings.HasPrefix(last, "#"), "a heading is never the end of a chunk")
	}
}

func TestMarkdownNeverCutsCodeBlocksAndTables(t *testing.T) {
	t.Parallel()
	code := "```go\n" + strings.Repeat("fmt.Println(x)\n\n", 30) + "```\n"
	table := "| a | b |\n|---|:-:|\n" + strings.Repeat("| left | right |\n", 40)
	doc := strings.Repeat("# H\n\n"+prose("text", 12)+"\n\n"+code+"\n"+prose("more", 12)+"\n\n"+table+"\n", 5)
	codes, tables := 0, 0
	for _, c := range Split(Input{Content: doc, DocType: "markdown"}) {
		require.Zero(t, strings.Count(c.Content, "```")%2, "a fence is cut: %s", c.Content)
		codes += strings.Count(c.Content, strings.TrimSpace(code))
		tables += strings.Count(c.Content, strings.TrimSpace(table))
	}
	require.Equal(t, 5, codes)
	require.Equal(t, 5, tables)
}

func TestMarkdownCompletesTheFencesOfCodeThatIsTooLarge(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 300 {
		fmt.Fprintf(&lines, "    call_number_%d(argument)\n", i)
	}
	chunks := Split(Input{Content: "# T\n\nText.\n\n~~~python title=x\n" + lines.String() + "~~~\n\nAfter.\n", DocType: "markdown"})
	require.Greater(t, len(chunks), 4)
	for i, c := range chunks[:len(chunks)-1] {
		require.LessOrEqual(t, c.Tokens, DefaultTokens)
		require.Equal(t, 1, strings.Count(c.Content, "~~~python title=x\n"), "chunk %d", i)
		require.True(t, strings.HasSuffix(c.Content, "\n~~~"), "chunk %d: %q", i, c.Content[len(c.Content)-60:])
		if i > 0 {
			require.True(t, strings.HasPrefix(c.Content, "~~~python title=x\n    call_number_"))
		}
	}
}

func TestMarkdownRepeatsTheHeadOfATableThatIsTooLarge(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i := range 300 {
		fmt.Fprintf(&rows, "| %d | value %d |\n", i, i*i)
	}
	head := "| key | meaning |\n|-----|---------|\n"
	chunks := Split(Input{Content: "# T\n\n" + head + rows.String(), DocType: "markdown"})
	require.Greater(t, len(chunks), 3)
	for _, c := range chunks {
		require.Equal(t, 1, strings.Count(c.Content, head))
	}
}

func TestMarkdownFrontMatterIsNoHeading(t *testing.T) {
	t.Parallel()
	doc := "---\ntitle: Pods\ntags: [a, b]\n---\n\n" + prose("body", 60) + "\n\n# Real\n\n" + prose("real", 60)
	chunks := Split(Input{Content: doc, SourceURL: "pods.md"})
	require.True(t, strings.HasPrefix(chunks[0].Content, "---\ntitle: Pods"))
	require.Empty(t, chunks[0].Heading)
	require.Equal(t, "Real", chunks[len(chunks)-1].Heading)
}

func TestMarkdownCutsLongListsAtItems(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "- item %d: %s\n  continued here\n", i, prose("list", 2))
	}
	for _, c := range Split(Input{Content: b.String(), DocType: "markdown", Options: Options{Overlap: -1}}) {
		require.True(t, strings.HasPrefix(c.Content, "- item"), c.Content[:50])
	}
}

func TestHTMLBecomesText(t *testing.T) {
	t.Parallel()
	page := `<!DOCTYPE html><html><head><title>T</title><style>p{}</style><script>var x = "<p>no</p>";</script></head>
<body><nav><ul><li>Home</li></ul></nav><h1>Guide&nbsp;A<a class="headerlink">¶</a></h1>
<p>Fish &amp; chips,  <b>bo</b>ld &lt;tag&gt;.<br>Next line</p><pre><code>if x {
    y()
}</code></pre><ul><li>one</li><li>two</li></ul>
<table><tr><th>k</th><th>v</th></tr><tr><td>a</td><td>1</td></tr></table><img src=x alt="A diagram"></body></html>`
	chunks := Split(Input{Content: page})
	require.Len(t, chunks, 1)
	require.Equal(t, "Guide A", chunks[0].Heading)
	require.Equal(t, "Guide\u00a0A¶\n\nFish & chips, bold <tag>.\nNext line\n\nif x {\n    y()\n}\n\none\ntwo\n\nk | v\na | 1\n\nA diagram",
		chunks[0].Content)
}

func TestHTMLKeepsHeadingPath(t *testing.T) {
	t.Parallel()
	page := "<body><h1>Top</h1><p>" + prose("a", 40) + "</p><h2>Sub <code>x</code></h2><div><p>" + prose("b", 40) +
		"</p></div><h2>Other<p>" + prose("c", 40) + "</p></body>"
	chunks := Split(Input{Content: page, Options: Options{Tokens: 560}})
	require.Equal(t, []string{"Top", "Top > Sub x", "Top > Other"}, headings(chunks))
}

func TestHTMLThatIsBrokenLosesNothing(t *testing.T) {
	t.Parallel()
	for _, page := range []string{
		"<body><nav><p>visible words</p>", "<div><nav>visible words</nav></div>", "<div <p>visible words", "<p>visible words</div></div></table></pre>",
		"<table><td><h1>x</h1>visible words", "<div><select><option>visible words",
	} {
		chunks := Split(Input{Content: page, DocType: "html"})
		require.Contains(t, chunks[0].Content, "visible words", page)
	}
}

const goFile = `// Package shop sells.
package shop

import (
	"fmt"
)

// Order is what somebody wants.
type Order struct {
	ID int

	Lines []string
}

// Total adds up
// all lines.
func (o *Order) Total() int {
	sum := 0

	for range o.Lines {
		sum++
	}
	return sum
}

func Print(o *Order) {
	fmt.Println(o.ID)
}
`

func TestCodeIsCutBetweenDefinitions(t *testing.T) {
	t.Parallel()
	chunks := Split(Input{Content: goFile, SourceURL: "shop/order.go", Options: Options{Tokens: 50}})
	joined := strings.Join(contents(chunks), "\n====\n")
	require.Contains(t, joined, "\n====\n// Total adds up\n// all lines.\nfunc (o *Order) Total() int {")
	require.Contains(t, headings(chunks), "func (o *Order) Total() int")
}

func TestLargeClassIsCutAtItsMethods(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("import os\n\nclass Store(Base):\n    \"\"\"Keeps things.\"\"\"\n")
	for i := range 60 {
		fmt.Fprintf(&b, "\n    @cached\n    def method_%d(self, key):\n        # why\n        value = self.load(key)\n\n        return value + %d\n", i, i)
	}
	chunks := Split(Input{Content: b.String(), SourceURL: "store.py"})
	require.Greater(t, len(chunks), 2)
	for _, c := range chunks[1:] {
		require.True(t, strings.HasPrefix(c.Content, "    @cached\n    def method_"), c.Content[:40])
		require.True(t, strings.HasPrefix(c.Heading, "class Store(Base)"), c.Heading)
	}
}

func TestRSTHeadings(t *testing.T) {
	t.Parallel()
	doc := "=====\nGuide\n=====\n\n" + prose("a", 40) + "\n\nInstall\n-------\n\nRun this::\n\n    make\n\n    make install\n\n" + prose("b", 40) +
		"\n\nUsage\n-----\n" + prose("c", 40)
	chunks := Split(Input{Content: doc, SourceURL: "index.rst", Options: Options{Tokens: 600}})
	require.Equal(t, []string{"Guide", "Guide > Install", "Guide > Usage"}, headings(chunks))
}
