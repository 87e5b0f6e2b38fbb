package chunk

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// markdownInline parses what is inside of one heading.
var markdownInline = parser.NewParser(
	parser.WithBlockParsers(parser.DefaultBlockParsers()[9]), // paragraphs
	parser.WithInlineParsers(parser.DefaultInlineParsers()...),
)

// plainInline takes the markup out of a heading: "`go test` and [links](/x)" becomes "go test and links".
func plainInline(s string) string {
	s = truncate(s, 4*maxHeadingBytes)
	if !strings.ContainsAny(s, "`*_[<&\\") {
		return s
	}
	source := []byte(s)
	var b strings.Builder
	_ = ast.Walk(markdownInline.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
