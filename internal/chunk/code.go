package chunk

import (
	"regexp"
	"strings"
)

// maxCodeDepth is how many levels of indentation are tried before a block that is too large is cut at lines.
const maxCodeDepth = 4

// largeBlockBytes is the size above which a top-level block is divided into its inner blocks; smaller ones are kept
// whole and cut by refine if a chunk is smaller still. About one default chunk of code.
const largeBlockBytes = 1600

// layoutCode lists the blocks of source code. It knows no grammar: a block begins at a line that is indented no deeper
// than the lines around it, follows a blank line or a closing bracket, and closes nothing itself. This finds functions,
// methods and classes in every language that people indent, and keeps comments and decorators with what they describe.
func layoutCode(content string) *layout {
	l := newLayout(content)
	l.sharedOnly = true
	c := &codeText{layout: l}
	c.blocks(0, len(content), 0)
	return l
}

type codeText struct {
	*layout
}

// blocks adds the blocks of text[start:end].
func (c *codeText) blocks(start, end, depth int) {
	cuts := c.cuts(start, end, depth)
	for i, from := range cuts {
		to := end
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		c.block(from, to, depth, len(cuts) > 1 || depth == 0)
	}
}

// block adds one block, divided into its inner blocks if it is large.
func (c *codeText) block(start, end, depth int, divided bool) {
	outer := c.current
	if name := definition(c.text[start:end]); name != "" && divided {
		c.heading(depth+1, name)
	}
	switch {
	case end-start <= largeBlockBytes || depth >= maxCodeDepth || !divided:
		c.add(unitSolid, end)
	default:
		first := len(c.units)
		c.blocks(start, end, depth+1)
		c.units[first].fresh = true
	}
	c.current = outer
}

// cuts lists where the blocks of text[start:end] begin: at its least indented lines that begin something. The first
// line of an inner range is its own head and does not count for the least indentation.
func (c *codeText) cuts(start, end, depth int) []int {
	least := 0
	if depth > 0 {
		least = c.leastIndent(start, end)
	}
	cuts := []int{start}
	afterBlank, afterClose, before := false, false, -1
	for pos := start; pos < end; {
		stop, blank := lineEnd(c.text, pos)
		stop = min(stop, end)
		if blank {
			afterBlank = true
			pos = stop
			continue
		}
		indent, rest := indentation(c.text[pos:stop])
		opens := indent <= least && !closesBlock(rest) && pos != start
		if opens && (afterBlank || afterClose || before > indent) {
			cuts = append(cuts, pos)
		}
		afterBlank, afterClose, before = false, closesBlock(rest), indent
		pos = stop
	}
	return cuts
}

// leastIndent is the smallest indentation of the lines after the first that open a block behind a blank line, or of
// all of them where no line does.
func (c *codeText) leastIndent(start, end int) int {
	const none = 1 << 20
	separated, any := none, none
	afterBlank := false
	pos, _ := lineEnd(c.text, start)
	for pos < end {
		stop, blank := lineEnd(c.text, pos)
		stop = min(stop, end)
		indent, rest := indentation(c.text[pos:stop])
		if opens := !blank && !closesBlock(rest); opens {
			any = min(any, indent)
			if afterBlank {
				separated = min(separated, indent)
			}
		}
		afterBlank = blank
		pos = stop
	}
	if separated < none {
		return separated
	}
	return any
}

// indentation counts the columns before a line's text; a tab counts for four.
func indentation(line string) (columns int, rest string) {
	for i := range len(line) {
		switch line[i] {
		case ' ':
			columns++
		case '\t':
			columns += 4
		default:
			return columns, line[i:]
		}
	}
	return columns, ""
}

// closesBlock says whether a line's text ends a block instead of beginning one.
func closesBlock(rest string) bool {
	if rest == "" {
		return false
	}
	switch rest[0] {
	case '}', ')', ']':
		return true
	}
	return strings.HasPrefix(rest, "end") && (len(rest) == 3 || byteClasses[rest[3]] != classWord)
}

var (
	definitionWords = regexp.MustCompile(`^(?:(?:pub(?:\([^)]*\))?|public|private|protected|internal|static|final|abstract|async|` +
		`export|default|override|virtual|inline|unsafe|extern|sealed|partial|open|data|suspend|declare|create|or replace)\s+)*` +
		`(?:func|fn|def|defp|defmodule|class|struct|interface|impl|trait|enum|union|module|mod|namespace|type|function|macro_rules!|` +
		`object|protocol|extension|record|sub|package|table|view|procedure|trigger|message|service)\s`)
	definitionC = regexp.MustCompile(`^[A-Za-z_][\w:<>,~*&\s\[\].]*\([^;=]*$`)
)

// definitionLines is how far comments and decorators are skipped to find what a block defines.
const definitionLines = 40

// definition gives the first line of what a block defines ("func (s *Server) Run(ctx context.Context) error"), or "".
func definition(block string) string {
	for n := 0; n < definitionLines && block != ""; n++ {
		var line string
		line, block, _ = strings.Cut(block, "\n")
		line = strings.TrimSpace(truncate(line, 1024))
		if line == "" || strings.ContainsRune("/#*@[-;%\"'<", rune(line[0])) {
			continue
		}
		if definitionWords.MatchString(strings.ToLower(line)) || definitionC.MatchString(line) && !isStatement(line) {
			return strings.TrimRight(headingText(line), " {:")
		}
		return ""
	}
	return ""
}

// isStatement keeps control flow and calls from being taken for definitions in the manner of C.
func isStatement(line string) bool {
	word, _, _ := strings.Cut(line, "(")
	switch strings.TrimSpace(word) {
	case "if", "for", "while", "switch", "return", "import", "var", "const", "with", "elif", "else if", "match", "catch":
		return true
	}
	return !strings.HasSuffix(line, "{") && !strings.HasSuffix(line, ")")
}
