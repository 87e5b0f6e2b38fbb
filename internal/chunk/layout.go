package chunk

import "strings"

// unitKind says how a unit may be cut and whether its end may be repeated in the next chunk.
type unitKind uint8

const (
	unitProse   unitKind = iota // cut at sentences, repeated by sentences
	unitHeading                 // stays with what follows it, never repeated
	unitSolid                   // code block, table, function: kept whole, never repeated
	unitLines                   // a part of a solid block that was too large: repeated by lines
)

// unit is a range of the text that packing does not cut. Units lie next to each other and cover the text.
type unit struct {
	start, end int
	tokens     int
	node       int // index into outline
	kind       unitKind
	// fresh asks for a new chunk here when the current one is at least half full.
	fresh bool
	// block is shared by the parts of one solid block that was cut; 0 elsewhere.
	block int
	// open and shut complete a chunk that begins or ends within a cut block: a fence with its language, a table's head.
	open, shut string
	// body is where the lines begin that open does not repeat, as an offset into the text.
	body int
}

// outlineNode is a heading; index 0 is the root, which has no text.
type outlineNode struct {
	parent int
	level  int
	text   string
}

// layout is the structure that a splitter found in a text.
type layout struct {
	text    string
	units   []unit
	outline []outlineNode
	// current is the outline node that new units belong to.
	current int
	blocks  int
	// sharedOnly: where a chunk holds several sections that share no heading, its heading stays empty instead
	// of being that of the first section. Right for source code, where the first of three functions names nothing.
	sharedOnly bool
}

const (
	maxHeadingBytes = 160
	maxPathDepth    = 6
	pathSeparator   = " > "
)

func newLayout(text string) *layout {
	return &layout{text: text, outline: make([]outlineNode, 1, 8)}
}

// add appends a unit that ends at end and begins where the last one ended.
func (l *layout) add(kind unitKind, end int) *unit {
	start := 0
	if n := len(l.units); n > 0 {
		start = l.units[n-1].end
	}
	if end <= start {
		return nil
	}
	l.units = append(l.units, unit{start: start, end: end, kind: kind, node: l.current, fresh: kind == unitHeading})
	return &l.units[len(l.units)-1]
}

// heading opens a section: units added from here on belong to it.
func (l *layout) heading(level int, text string) {
	parent := l.current
	for parent != 0 && l.outline[parent].level >= level {
		parent = l.outline[parent].parent
	}
	l.outline = append(l.outline, outlineNode{parent: parent, level: level, text: headingText(text)})
	l.current = len(l.outline) - 1
}

// path gives the headings from the root to a node.
func (l *layout) path(node int) string {
	var parts [maxPathDepth]string
	i := len(parts)
	for ; node != 0 && i > 0; node = l.outline[node].parent {
		if t := l.outline[node].text; t != "" {
			i--
			parts[i] = t
		}
	}
	return strings.Join(parts[i:], pathSeparator)
}

// common is the deepest node that is above (or is) both a and b. Parents always have lower indices.
func (l *layout) common(a, b int) int {
	for a != b {
		if a > b {
			a = l.outline[a].parent
		} else {
			b = l.outline[b].parent
		}
	}
	return a
}

// headingText makes one short line of a heading.
func headingText(s string) string {
	s = strings.Join(strings.Fields(truncate(s, 4*maxHeadingBytes)), " ")
	return strings.TrimSpace(truncate(s, maxHeadingBytes))
}

// truncate cuts s to at most n bytes without cutting a character.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:runeStart(s, n)]
}

// runeStart moves i back to the first byte of the character that it lies in.
func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && s[i]&0xC0 == 0x80 {
		i--
	}
	return i
}
