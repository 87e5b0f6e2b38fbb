package chunk

import (
	"strings"
	"unsafe"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Limits of what is read as Markdown. Past them the text is read as plain text: block parsers take time that grows
// with nesting times length, and nobody writes 40 levels of quotes.
const (
	maxMarkdownNesting  = 40
	maxMarkdownBytes    = 32 << 20
	maxFrontMatterBytes = 64 << 10
)

// markdownBlocks parses blocks only. Inline markup never decides where a text is cut, and not parsing it makes the
// parser several times faster and takes away its expensive hostile inputs (thousands of "[" or "*"). Tables are
// recognised here (isTable) because goldmark fills short rows up to the width of the head, which is quadratic.
var markdownBlocks = parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...))

// layoutMarkdown lists the blocks of a Markdown document with its headings.
func layoutMarkdown(content string) *layout {
	if len(content) > maxMarkdownBytes || nestsTooDeep(content) {
		return layoutText(content, false)
	}
	l := newLayout(content)
	body := frontMatterEnd(content)
	l.add(unitSolid, body)
	if !parseMarkdown(l, body) {
		return layoutText(content, false)
	}
	return l
}

// parseMarkdown reports false when the parser panicked: a document must never take a worker down.
func parseMarkdown(l *layout, body int) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	source := unsafe.Slice(unsafe.StringData(l.text), len(l.text))[body:] // goldmark does not write to it
	m := &markdownBlocksReader{layout: l, source: source, base: body}
	m.children(markdownBlocks.Parse(text.NewReader(source)), len(l.text))
	return true
}

// markdownBlocksReader turns goldmark's blocks into units. Only the beginning of a block is asked of goldmark; it ends
// where the next one begins, so that nothing between blocks is lost.
type markdownBlocksReader struct {
	*layout
	source []byte
	base   int // where source begins in text
}

// children adds the blocks in a container that ends at end.
func (m *markdownBlocksReader) children(parent ast.Node, end int) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		stop := end
		if next := n.NextSibling(); next != nil {
			if at := m.startOf(next); at >= 0 {
				stop = min(at, end)
			} else {
				continue // does not say where it begins: stays with its neighbour
			}
		}
		m.block(n, stop)
	}
}

// startOf gives the beginning of the line that a block begins on, or -1.
func (m *markdownBlocksReader) startOf(n ast.Node) int {
	pos := n.Pos()
	if pos < 0 || pos > len(m.source) {
		return -1
	}
	return m.base + strings.LastIndexByte(m.text[m.base:m.base+pos], '\n') + 1
}

// block adds the unit of one block.
func (m *markdownBlocksReader) block(n ast.Node, end int) {
	switch n := n.(type) {
	case *ast.Heading:
		if n.Parent().Kind() == ast.KindDocument {
			m.heading(n.Level, plainInline(m.lines(n)))
			m.add(unitHeading, end)
			return
		}
		m.add(unitProse, end)
	case *ast.FencedCodeBlock:
		if u := m.add(unitSolid, end); u != nil {
			u.open, u.shut = fence(m.text[u.start:u.end])
			u.body = u.start + len(u.open)
		}
	case *ast.CodeBlock, *ast.HTMLBlock:
		m.add(unitSolid, end)
	case *ast.List, *ast.ListItem, *ast.Blockquote:
		m.container(n, end)
	default:
		m.paragraph(end)
	}
}

// container keeps a short list or quote whole and goes into a longer one.
func (m *markdownBlocksReader) container(n ast.Node, end int) {
	start := m.nextStart()
	if end-start <= wholeContainerBytes || n.FirstChild() == nil {
		m.add(unitProse, end)
		return
	}
	m.children(n, end)
	m.add(unitProse, end)
}

// wholeContainerBytes is how large a list or quote may be to stay one unit, about half of a default chunk.
const wholeContainerBytes = 1 << 10

// paragraph adds a paragraph, or a table with the head that its parts repeat.
func (m *markdownBlocksReader) paragraph(end int) {
	start := m.nextStart()
	if end <= start {
		return
	}
	head, isTable := tableHead(m.text[start:end])
	if !isTable {
		m.add(unitProse, end)
		return
	}
	if u := m.add(unitSolid, end); u != nil {
		u.open, u.body = head, start+len(head)
	}
}

// nextStart is where the next unit will begin.
func (m *markdownBlocksReader) nextStart() int {
	if len(m.units) == 0 {
		return 0
	}
	return m.units[len(m.units)-1].end
}

// lines joins a block's source lines.
func (m *markdownBlocksReader) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		seg := n.Lines().At(i)
		b.Write(seg.Value(m.source))
		if b.Len() > 4*maxHeadingBytes {
			break
		}
	}
	return b.String()
}

// fence gives the opening line of a fenced code block, with its language, and the closing one.
func fence(block string) (open, shut string) {
	open, _, found := strings.Cut(block, "\n")
	marks := strings.TrimLeft(open, " \t")
	if !found || marks == "" || marks[0] != '`' && marks[0] != '~' {
		return "", ""
	}
	n := len(marks) - len(strings.TrimLeft(marks, marks[:1]))
	return open + "\n", marks[:n]
}

// tableHead recognises a table by its second line ("| --- | --- |") and returns the first two.
func tableHead(block string) (head string, ok bool) {
	first := strings.IndexByte(block, '\n')
	if first < 0 || strings.IndexByte(block[:first], '|') < 0 {
		return "", false
	}
	delimiter, _, _ := strings.Cut(block[first+1:], "\n")
	if !strings.Contains(delimiter, "-") || strings.Trim(delimiter, " \t\r|:-") != "" {
		return "", false
	}
	return block[:min(first+1+len(delimiter)+1, len(block))], true
}

// frontMatterEnd returns where the metadata block ends that begins a document ("---" or "+++" lines), or 0. It stays
// in the text, as its titles and tags are worth finding, but it is not Markdown: its end would make a heading of it.
func frontMatterEnd(content string) int {
	start := 0
	if strings.HasPrefix(content, "\uFEFF") {
		start = len("\uFEFF")
	}
	if len(content) < start+4 {
		return 0
	}
	mark := content[start : start+3]
	if mark != "---" && mark != "+++" {
		return 0
	}
	pos, blank := lineEnd(content, start+3)
	if !blank {
		return 0
	}
	limit := min(len(content), pos+maxFrontMatterBytes)
	for pos < limit {
		end, _ := lineEnd(content, pos)
		if strings.TrimRight(content[pos:end], " \t\r\n") == mark {
			return end
		}
		pos = end
	}
	return 0
}

// nestsTooDeep looks for lines that open more containers than sensible: "> > > …", "- - - …" or a list marker behind a
// very deep indentation.
func nestsTooDeep(s string) bool {
	for s != "" {
		var line string
		line, s, _ = strings.Cut(s, "\n")
		if len(line) < maxMarkdownNesting {
			continue
		}
		if markerDepth(line) > maxMarkdownNesting {
			return true
		}
	}
	return false
}

// markerDepth estimates how many containers a line lies in or opens: two blanks of indentation count as one if a
// marker follows. A thematic break ("- - - -") counts too, which does no harm: nobody draws them 40 signs wide.
func markerDepth(line string) int {
	depth, blanks := 0, 0
	for i := 0; i < len(line) && depth <= maxMarkdownNesting; i++ {
		switch c := line[i]; {
		case c == ' ':
			blanks++
		case c == '\t':
			blanks += 4
		case c == '>', (c == '-' || c == '*' || c == '+') && i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t'):
			depth += 1 + blanks/2
			blanks = 0
		case c >= '0' && c <= '9', (c == '.' || c == ')') && i > 0 && line[i-1] >= '0' && line[i-1] <= '9':
			if c == '.' || c == ')' {
				depth += 1 + blanks/2
				blanks = 0
			}
		default:
			return depth
		}
	}
	return depth
}
