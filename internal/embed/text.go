package embed

import "strings"

// headingSeparator is between the headings of a path, see package chunk.
const headingSeparator = " > "

// ChunkText returns the text of a chunk that is embedded: the document's title,
// the heading below the title, and the content, a line each. Empty parts leave
// no line.
func ChunkText(title, heading, content string) string {
	heading = HeadingBelowTitle(heading, title)
	var b strings.Builder
	b.Grow(len(title) + len(heading) + len(content) + 2)
	for _, part := range [...]string{title, heading, content} {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(part)
	}
	return b.String()
}

// HeadingBelowTitle drops the title from the front of a heading path, so that
// its words do not count twice.
func HeadingBelowTitle(heading, title string) string {
	rest, ok := strings.CutPrefix(heading, title)
	if !ok || title == "" {
		return heading
	}
	if rest == "" {
		return ""
	}
	if below, ok := strings.CutPrefix(rest, headingSeparator); ok {
		return below
	}
	return heading
}
