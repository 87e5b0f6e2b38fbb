package chunk

import "strings"

// layoutText lists the paragraphs of plain text, and the headings of reStructuredText.
func layoutText(text string, rst bool) *layout {
	l := newLayout(text)
	if rst {
		t := &rstText{layout: l}
		t.run()
		return l
	}
	for pos := 0; pos < len(text); {
		pos = paragraphEnd(text, pos)
		l.add(unitProse, pos)
	}
	return l
}

// paragraphEnd returns the end of the paragraph at pos, with the blank lines after it.
func paragraphEnd(text string, pos int) int {
	inText, afterBlank := false, false
	for pos < len(text) {
		end, blank := lineEnd(text, pos)
		if !blank && inText && afterBlank {
			return pos
		}
		inText = inText || !blank
		afterBlank = blank
		pos = end
	}
	return pos
}

// lineEnd returns the end of the line at pos, with its line break, and whether there is only white space on it.
func lineEnd(text string, pos int) (end int, blank bool) {
	end = len(text)
	if i := strings.IndexByte(text[pos:], '\n'); i >= 0 {
		end = pos + i + 1
	}
	return end, isBlank(text[pos:end])
}

func isBlank(s string) bool {
	for i := range len(s) {
		if byteClasses[s[i]] != classSpace {
			return false
		}
	}
	return true
}

// rstText reads headings that are underlined (and possibly overlined) by a line of punctuation. As in docutils, the
// level of a kind of line is given by the order in which the kinds appear.
type rstText struct {
	*layout
	levels []string
}

func (t *rstText) run() {
	for pos := 0; pos < len(t.text); {
		if end, title, style := t.headingAt(pos); end > 0 {
			t.heading(t.level(style), title)
			t.add(unitHeading, end)
			pos = end
			continue
		}
		pos = t.paragraph(pos)
	}
}

// paragraph adds the unit at pos: a paragraph, or, where it announces a literal block ("::"), both together.
func (t *rstText) paragraph(pos int) int {
	end := paragraphEnd(t.text, pos)
	kind := unitProse
	for strings.HasSuffix(strings.TrimSpace(t.text[pos:end]), "::") || kind == unitSolid {
		if end >= len(t.text) || byteClasses[t.text[end]] != classSpace {
			break
		}
		kind, end = unitSolid, paragraphEnd(t.text, end)
	}
	t.add(kind, end)
	return end
}

// headingAt recognises a heading at pos; end is 0 where there is none.
func (t *rstText) headingAt(pos int) (end int, title, style string) {
	first, afterFirst := t.line(pos)
	second, afterSecond := t.line(afterFirst)
	if c := adornment(first); c != "" { // overlined
		third, afterThird := t.line(afterSecond)
		if second != "" && third == first {
			return afterThird, second, c + c
		}
		return 0, "", ""
	}
	if c := adornment(second); c != "" && first != "" && len(second)+2 >= len(first) && byteClasses[t.text[pos]] != classSpace {
		return afterSecond, first, c
	}
	return 0, "", ""
}

// line returns the trimmed line at pos and the position after it.
func (t *rstText) line(pos int) (string, int) {
	if pos >= len(t.text) {
		return "", pos
	}
	end, _ := lineEnd(t.text, pos)
	return strings.TrimSpace(t.text[pos:end]), end
}

func (t *rstText) level(style string) int {
	for i, s := range t.levels {
		if s == style {
			return i + 1
		}
	}
	t.levels = append(t.levels, style)
	return len(t.levels)
}

// adornment returns the character that a line of at least three equal punctuation characters is made of.
func adornment(line string) string {
	if len(line) < 3 || byteClasses[line[0]] != classPunct || strings.Count(line, line[:1]) != len(line) {
		return ""
	}
	return line[:1]
}
