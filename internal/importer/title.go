package importer

import (
	"cmp"
	"path"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	titleHeadBytes = 64 << 10 // how far into a file its title is looked for
	maxTitleBytes  = 1 << 10  // the API's limit
)

var (
	frontMatterTitle = regexp.MustCompile(`(?m)^["']?title["']?\s*[:=]\s*(.+?)\s*$`)
	inlineLink       = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	rstUnderline     = regexp.MustCompile(`^([=\-~^"'#*+<>` + "`" + `:._])+$`)
)

// titleOf names a document by its first heading, or by its file.
func titleOf(format, name, content string) string {
	head := content[:min(len(content), titleHeadBytes)]
	title := ""
	switch format {
	case "markdown":
		title = markdownTitle(head)
	case "html":
		title = htmlTitle(head)
	case "rst":
		title = rstTitle(head)
	}
	title = strings.Join(strings.Fields(strings.ToValidUTF8(title, "")), " ")
	if title == "" {
		title = path.Base(name)
	}
	if len(title) > maxTitleBytes {
		title = strings.ToValidUTF8(title[:maxTitleBytes], "")
	}
	return title
}

func markdownTitle(s string) string {
	s = strings.TrimPrefix(s, "\uFEFF")
	if mark := s[:min(3, len(s))]; mark == "---" || mark == "+++" {
		if matter, body, found := strings.Cut(s[3:], "\n"+mark); found {
			if m := frontMatterTitle.FindStringSubmatch(matter); m != nil {
				return strings.Trim(m[1], `"'`)
			}
			s = body
		}
	}
	before, fenced := "", false
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		text := strings.TrimLeft(line, "#")
		if level := len(line) - len(text); level > 0 && level <= 6 && strings.HasPrefix(text, " ") {
			return plainMarkdown(strings.TrimRight(text, "# "))
		}
		if before != "" && len(line) > 1 && (strings.Trim(line, "=") == "" || strings.Trim(line, "-") == "") && !strings.ContainsAny(before[:1], "-*>|#") {
			return plainMarkdown(before)
		}
		before = line
	}
	return ""
}

// plainMarkdown takes links, emphasis and code marks out of one line.
func plainMarkdown(s string) string {
	s = inlineLink.ReplaceAllString(s, "$1")
	return strings.NewReplacer("`", "", "**", "", "__", "", "\\", "").Replace(s)
}

// htmlTitle prefers <title>, and takes the first <h1> where there is none.
func htmlTitle(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	var title, heading strings.Builder
	var into *strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return cmp.Or(title.String(), heading.String())
		case html.StartTagToken:
			name, _ := z.TagName()
			into = cmp.Or(chooseTitle(atom.Lookup(name), &title, &heading), into)
		case html.TextToken:
			if into != nil {
				into.Write(z.Text())
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			if tag == atom.Title && strings.TrimSpace(title.String()) != "" {
				return title.String()
			}
			if tag == atom.Title || tag == atom.H1 {
				into = nil
			}
		}
	}
}

// chooseTitle says where the text in an element goes, nil for nowhere. The first of each counts.
func chooseTitle(tag atom.Atom, title, heading *strings.Builder) *strings.Builder {
	switch {
	case tag == atom.Title && title.Len() == 0:
		return title
	case tag == atom.H1 && heading.Len() == 0:
		return heading
	}
	return nil
}

func rstTitle(s string) string {
	before := ""
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, " \t\r\n")
		if len(line) >= 3 && before != "" && len(line)+2 >= len(before) && strings.Count(line, line[:1]) == len(line) &&
			rstUnderline.MatchString(line) && !rstUnderline.MatchString(before) {
			return strings.TrimSpace(before)
		}
		before = line
	}
	return ""
}
