package chunk

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// layoutHTML turns a page into text with the headings and blocks of the page. The input is read token by token and no
// tree is built, so nesting costs nothing and broken markup is as good as any other.
func layoutHTML(content string) *layout {
	h := newHTMLText(content, true)
	if !h.run() || h.empty() {
		// A navigation that never ends, or nothing outside of it: keep everything that can be seen.
		h = newHTMLText(content, false)
		h.run()
	}
	if h.empty() {
		return layoutText(content, false)
	}
	return h.layout
}

// hiddenElements have content that nobody reads on the page.
var hiddenElements = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Title: true, atom.Iframe: true,
	atom.Object: true, atom.Svg: true, atom.Canvas: true, atom.Noembed: true, atom.Noframes: true, atom.Datalist: true,
}

// boilerplateElements repeat from page to page.
var boilerplateElements = map[atom.Atom]bool{atom.Nav: true, atom.Select: true, atom.Button: true, atom.Dialog: true}

// blockElements end the paragraph before them and after them.
var blockElements = func() map[atom.Atom]bool {
	m := make(map[atom.Atom]bool)
	for _, a := range []atom.Atom{
		atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Aside, atom.Header,
		atom.Footer, atom.Ul, atom.Ol, atom.Dl, atom.Blockquote, atom.Figure, atom.Figcaption, atom.Form, atom.Fieldset,
		atom.Details, atom.Summary, atom.Address, atom.Hr, atom.Body, atom.Html, atom.Center, atom.Nav,
	} {
		m[a] = true
	}
	return m
}()

// lineElements begin a new line within a block.
var lineElements = map[atom.Atom]bool{
	atom.Br: true, atom.Li: true, atom.Dt: true, atom.Dd: true, atom.Tr: true, atom.Option: true, atom.Caption: true,
}

var headingLevels = map[atom.Atom]int{atom.H1: 1, atom.H2: 2, atom.H3: 3, atom.H4: 4, atom.H5: 5, atom.H6: 6}

// htmlText writes the visible text of a page and records its units.
type htmlText struct {
	*layout
	tokens *html.Tokenizer
	out    strings.Builder

	dropBoilerplate bool
	skipping        atom.Atom // the element whose content is dropped, 0 for none
	skipDepth       int

	headingLevel int // of the heading being read
	pre, table   int // depth
	blockStart   int // where the open block begins in out
	space        bool
}

func newHTMLText(content string, dropBoilerplate bool) *htmlText {
	h := &htmlText{layout: newLayout(""), dropBoilerplate: dropBoilerplate}
	h.tokens = html.NewTokenizer(strings.NewReader(content))
	h.out.Grow(len(content) / 2)
	return h
}

// run reads the whole page. It reports false when a dropped element was still open at the end.
func (h *htmlText) run() bool {
	for {
		switch h.tokens.Next() {
		case html.ErrorToken: // the end: reading from a string cannot fail
			h.endBlock()
			h.text = h.out.String()
			return h.skipping == 0 || hiddenElements[h.skipping]
		case html.TextToken:
			if h.skipping == 0 {
				h.write(h.tokens.Text())
			}
		case html.StartTagToken:
			h.startTag(false)
		case html.SelfClosingTagToken:
			h.startTag(true)
		case html.EndTagToken:
			name, _ := h.tokens.TagName()
			h.endTag(atom.Lookup(name))
		}
	}
}

func (h *htmlText) empty() bool { return strings.TrimSpace(h.text) == "" }

func (h *htmlText) startTag(selfClosing bool) {
	name, hasAttr := h.tokens.TagName()
	tag := atom.Lookup(name)
	if h.skipping != 0 {
		if tag == h.skipping && !selfClosing {
			h.skipDepth++
		}
		return
	}
	if hiddenElements[tag] || h.dropBoilerplate && boilerplateElements[tag] {
		if !selfClosing {
			h.skipping, h.skipDepth = tag, 1
		}
		return
	}
	switch {
	case headingLevels[tag] != 0:
		h.endBlock()
		h.table = 0 // a table with headings in it is a layout
		h.headingLevel = headingLevels[tag]
	case tag == atom.Pre:
		h.endBlock()
		h.pre++
	case tag == atom.Table:
		if h.table == 0 {
			h.endBlock()
		}
		h.table++
	case tag == atom.Td, tag == atom.Th:
		h.cell()
	case tag == atom.Img && hasAttr:
		h.alt()
	case lineElements[tag]:
		h.newLine()
	case blockElements[tag]:
		if h.headingLevel != 0 && tag != atom.Div && h.out.Len() > h.blockStart {
			h.endBlock() // a heading that nobody closed
		}
		h.block()
	}
}

func (h *htmlText) endTag(tag atom.Atom) {
	if h.skipping != 0 {
		if tag == h.skipping {
			if h.skipDepth--; h.skipDepth == 0 {
				h.skipping = 0
			}
		}
		return
	}
	switch {
	case headingLevels[tag] != 0:
		h.endBlock()
	case tag == atom.Pre && h.pre > 0:
		h.endBlock()
	case tag == atom.Table && h.table > 0:
		if h.table--; h.table == 0 {
			h.closeBlock(unitSolid)
		}
	case tag == atom.Li, tag == atom.Tr, tag == atom.Dd:
		h.newLine()
	case blockElements[tag]:
		h.block()
	}
}

// block separates paragraphs; inside of a table or a heading it is only a space, as those are one unit.
func (h *htmlText) block() {
	switch {
	case h.headingLevel != 0 || h.table > 0:
		h.space = true
	case h.pre == 0:
		h.endBlock()
	}
}

// newLine begins a line, once.
func (h *htmlText) newLine() {
	if h.headingLevel != 0 {
		h.space = true
		return
	}
	if s := h.out.String(); len(s) > h.blockStart && s[len(s)-1] != '\n' {
		h.out.WriteByte('\n')
	}
	h.space = false
}

// cell separates the cells of a row.
func (h *htmlText) cell() {
	if s := h.out.String(); len(s) > h.blockStart && s[len(s)-1] != '\n' {
		h.out.WriteString(" | ")
	}
	h.space = false
}

// alt writes an image's description.
func (h *htmlText) alt() {
	for more := true; more; {
		var key, value []byte
		key, value, more = h.tokens.TagAttr()
		if string(key) == "alt" {
			h.space = true
			h.write(value)
			h.space = true
			return
		}
	}
}

// write appends text, with white space collapsed as a browser does it outside of <pre>.
func (h *htmlText) write(text []byte) {
	if h.pre > 0 {
		h.out.Write(text)
		return
	}
	for len(text) > 0 {
		i := 0
		for i < len(text) && byteClasses[text[i]] == classSpace {
			i++
		}
		h.space = h.space || i > 0
		text = text[i:]
		for i = 0; i < len(text) && byteClasses[text[i]] != classSpace; {
			i++
		}
		if i == 0 {
			return
		}
		if s := h.out.String(); h.space && len(s) > h.blockStart && byteClasses[s[len(s)-1]] != classSpace {
			h.out.WriteByte(' ')
		}
		h.out.Write(text[:i])
		h.space = false
		text = text[i:]
	}
}

// endBlock closes the open block as what it is.
func (h *htmlText) endBlock() {
	switch {
	case h.headingLevel != 0:
		h.closeHeading()
	case h.pre > 0 || h.table > 0:
		h.pre = 0
		h.closeBlock(unitSolid)
	default:
		h.closeBlock(unitProse)
	}
}

// closeHeading opens the section. Documentation generators end headings with a link to themselves, drawn as a sign.
func (h *htmlText) closeHeading() {
	text := strings.TrimRight(h.out.String()[h.blockStart:], " ¶#§\u200b\uf0c1")
	if text != "" {
		h.heading(h.headingLevel, text)
		h.closeBlock(unitHeading)
	}
	h.headingLevel = 0
}

// closeBlock records a unit for what was written since the last one.
func (h *htmlText) closeBlock(kind unitKind) {
	h.space = false
	s := h.out.String()[h.blockStart:]
	if isBlank(s) {
		return
	}
	if s[len(s)-1] != '\n' {
		h.out.WriteByte('\n')
	}
	h.out.WriteByte('\n')
	h.add(kind, h.out.Len())
	h.blockStart = h.out.Len()
}
