package chunk

import "strings"

// gluedUnits is how far a heading looks ahead for the text that it must not be parted from.
const gluedUnits = 4

// packer fills chunks with units, front to back.
type packer struct {
	*layout
	opts   Options
	chunks []Chunk

	first  int // index of the first unit of the open chunk; -1 when none is open
	start  int // first byte of the open chunk; lies before units[first] where text is repeated
	tokens int // upper bound of the open chunk's tokens
	open   string
}

// pack turns the units into chunks of at most opts.Tokens tokens. Every unit must fit (see refine).
func pack(l *layout, opts Options) []Chunk {
	p := &packer{layout: l, opts: opts, first: -1}
	for i := range l.units {
		switch {
		case p.first < 0:
			p.begin(i)
		case p.mustBreak(i):
			p.flush(i)
			p.begin(i)
		default:
			p.tokens += p.cost(i)
		}
	}
	if p.first >= 0 {
		p.flush(len(l.units))
	}
	return p.chunks
}

// cost is what unit i adds to a chunk that already holds the units before it.
func (p *packer) cost(i int) int {
	u := &p.units[i]
	if i > 0 && byteClasses[p.text[u.start-1]] == classSpace && byteClasses[p.text[u.start]] == classSpace {
		return u.tokens + 1
	}
	return u.tokens
}

// mustBreak says whether a new chunk begins with unit i.
func (p *packer) mustBreak(i int) bool {
	u := &p.units[i]
	room := p.opts.Tokens - p.tokens - p.shutCost(i)
	if p.cost(i) > room {
		return true
	}
	if u.fresh && p.tokens >= p.opts.Tokens/2 && p.units[i-1].kind != unitHeading {
		return true
	}
	if u.kind != unitHeading {
		return false
	}
	group := 0
	for j := i; j < len(p.units) && j < i+gluedUnits; j++ {
		group += p.cost(j)
		if p.units[j].kind != unitHeading {
			break
		}
	}
	return group > room && group <= p.opts.Tokens
}

// shutCost is what completing a cut block costs if the chunk ends after unit i.
func (p *packer) shutCost(i int) int {
	return p.opts.affix(p.units[i].shut)
}

// affix is the cost of a text that completes a cut block, one more than its tokens for the joint; 0 for none.
func (o Options) affix(s string) int {
	if s == "" {
		return 0
	}
	return CountTokens(s) + 1
}

// begin opens a chunk with unit i, after what it repeats of the chunk before.
func (p *packer) begin(i int) {
	u := &p.units[i]
	p.first, p.start, p.open = i, u.start, ""
	p.tokens = u.tokens
	if p.continues(i) {
		p.open = u.open
		p.tokens += p.opts.affix(u.open)
	}
	if room := p.opts.Tokens - p.tokens - p.shutCost(i) - 1; room > 0 && len(p.chunks) > 0 {
		p.repeat(i, min(room, p.opts.Overlap))
	}
}

// continues says whether unit i goes on with a block that was cut before it.
func (p *packer) continues(i int) bool {
	return i > 0 && p.units[i].block != 0 && p.units[i-1].block == p.units[i].block
}

// repeat moves the open chunk's start back over at most budget tokens of whole sentences or lines.
func (p *packer) repeat(i, budget int) {
	u := &p.units[i]
	if u.fresh || u.kind == unitSolid || u.kind == unitHeading {
		return
	}
	for j := i - 1; j >= 0; j-- {
		prev := &p.units[j]
		if prev.kind != u.kind || prev.block != u.block || prev.node != u.node || prev.start < u.body {
			return
		}
		from, n := prev.start, p.cost(j)+1
		if n > budget {
			from, n = p.tail(prev, budget)
		}
		if n == 0 {
			return
		}
		p.start = from
		p.tokens += n
		budget -= n
		if from != prev.start || budget <= 0 {
			return
		}
	}
}

// tail finds the longest end of a unit that consists of whole sentences (prose) or lines and has at most budget tokens.
func (p *packer) tail(u *unit, budget int) (from, tokens int) {
	cuts := lineCuts(p.text, u.start, u.end)
	if u.kind == unitProse {
		cuts = sentenceCuts(p.text, u.start, u.end)
	}
	from = u.end
	for k := len(cuts) - 1; k >= 0; k-- {
		n := CountTokens(p.text[cuts[k]:u.end]) + 1
		if n > budget {
			break
		}
		from, tokens = cuts[k], n
	}
	if from == u.end {
		return 0, 0
	}
	return from, tokens
}

// flush closes the open chunk before unit next.
func (p *packer) flush(next int) {
	last := &p.units[next-1]
	content := trimBlankLines(p.text[p.start:last.end])
	node, first := p.units[p.first].node, p.units[p.first].node
	for i := p.first + 1; i < next; i++ {
		node = p.common(node, p.units[i].node)
	}
	if node == 0 && !p.sharedOnly {
		node = first
	}
	p.first = -1
	if content == "" {
		return
	}
	if next < len(p.units) && p.continues(next) && last.shut != "" {
		content = strings.Join([]string{p.open, content, "\n", last.shut}, "")
	} else if p.open != "" {
		content = p.open + content
	}
	heading := p.path(node)
	p.chunks = append(p.chunks, Chunk{
		Ordinal: len(p.chunks), Heading: heading, Content: content,
		Tokens: CountTokens(content), Hash: hash(heading, content),
	})
}

// trimBlankLines drops blank lines at the start and white space at the end; the first line keeps its indentation.
func trimBlankLines(s string) string {
	s = strings.TrimRight(s, " \t\r\n\f\v")
	start := 0
	for i := 0; i < len(s) && byteClasses[s[i]] == classSpace; i++ {
		if s[i] == '\n' {
			start = i + 1
		}
	}
	return s[start:]
}
