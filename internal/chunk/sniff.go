package chunk

import "strings"

// sniffLines is how many lines that are not blank decide what a text is.
const sniffLines = 200

// htmlStarts are the beginnings of a document that only HTML has.
var htmlStarts = []string{"<!doctype html", "<html", "<head", "<body", "<div", "<article", "<main", "<section", "<p>", "<h1"}

// looksLikeHTML recognises a page or a fragment of one that has no other hint. Inline tags are not enough: Markdown
// and source code have them too.
func looksLikeHTML(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n\uFEFF")
	if s == "" || s[0] != '<' {
		return false
	}
	for strings.HasPrefix(s, "<?xml") || strings.HasPrefix(s, "<!--") {
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return false
		}
		s = strings.TrimLeft(s[end+1:], " \t\r\n")
	}
	head := strings.ToLower(truncate(s, 16))
	for _, start := range htmlStarts {
		if strings.HasPrefix(head, start) {
			return strings.HasPrefix(head, "<!") || strings.Contains(s, "</")
		}
	}
	return false
}

// hasTag says whether there is anything that a browser would read as a tag, or a character reference.
func hasTag(s string) bool {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 || i+1 >= len(s) {
			return false
		}
		c := s[i+1]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c == '/' || c == '!' {
			return true
		}
		s = s[i+1:]
	}
}

// kindBySniffing decides between source code, Markdown and plain text by the shape of the first lines.
func kindBySniffing(s string) kind {
	if strings.HasPrefix(s, "#!") {
		return kindCode
	}
	var lines, code, headings, fences, marks int
	for lines < sniffLines && s != "" {
		var line string
		line, s, _ = strings.Cut(s, "\n")
		t := strings.TrimSpace(truncate(line, 1024))
		if t == "" {
			continue
		}
		lines++
		switch {
		case strings.HasPrefix(t, "```"), strings.HasPrefix(t, "~~~"):
			fences++
		case isATXHeading(line):
			headings++
		case looksLikeCode(t):
			code++
		case strings.HasPrefix(t, "- "), strings.HasPrefix(t, "* "), strings.HasPrefix(t, "> "), strings.HasPrefix(t, "|"),
			strings.Contains(t, "]("):
			marks++
		}
	}
	switch {
	case fences > 1 || fences == 1 && headings > 0:
		return kindMarkdown
	case code*10 >= lines*3 && code > 2:
		return kindCode
	case headings > 0 || marks*5 >= lines && marks > 1:
		return kindMarkdown
	default:
		return kindText
	}
}

func isATXHeading(line string) bool {
	level := len(line) - len(strings.TrimLeft(line, "#"))
	return level > 0 && level <= 6 && len(line) > level && line[level] == ' '
}

// codeKeywords begin lines in most languages and hardly ever sentences followed by code punctuation.
var codeKeywords = []string{
	"def ", "class ", "func ", "fn ", "import ", "from ", "package ", "#include", "use ", "pub ",
	"public ", "private ", "protected ", "static ", "const ", "let ", "var ", "return ", "if (", "for (", "while (", "@",
}

// looksLikeCode judges one trimmed line.
func looksLikeCode(t string) bool {
	switch t[len(t)-1] {
	case ';', '{', '}':
		return true
	case ')', ':', ',', '(', '"', '\'':
		for _, k := range codeKeywords {
			if strings.HasPrefix(t, k) {
				return true
			}
		}
	}
	return strings.Contains(t, " := ") || strings.Contains(t, "();") || strings.Contains(t, " == ") || strings.HasPrefix(t, "//")
}
