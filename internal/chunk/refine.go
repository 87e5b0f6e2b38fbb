package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// sentenceWindow bounds how much text is given to sentence segmentation at once, in bytes. The rules look ahead
// without bound, which hostile text turns into quadratic time.
const sentenceWindow = 1 << 10

// refine counts the units' tokens and cuts those that have more than limit.
func (l *layout) refine(limit int) {
	fits := true
	for i := range l.units {
		u := &l.units[i]
		u.tokens = CountTokens(l.text[u.start:u.end])
		fits = fits && u.tokens <= limit
	}
	if fits {
		return
	}
	units := l.units
	l.units = make([]unit, 0, len(units)*2)
	for _, u := range units {
		switch {
		case u.tokens <= limit:
			l.units = append(l.units, u)
		case u.kind == unitSolid:
			l.cutSolid(u, limit)
		default:
			l.cutProse(u, limit)
		}
	}
}

// cutProse cuts at sentences, and sentences that are too long at words.
func (l *layout) cutProse(u unit, limit int) {
	cuts := sentenceCuts(l.text, u.start, u.end)
	l.cutAt(u, cuts, limit, func(part unit) { l.cutWords(part, limit) })
}

// cutSolid cuts a block at lines. Each part knows how to complete itself; a completion that would take more than a
// quarter of a chunk is dropped.
func (l *layout) cutSolid(u unit, limit int) {
	l.blocks++
	u.block, u.kind, u.fresh = l.blocks, unitLines, true
	if len(u.open)+len(u.shut) > limit || CountTokens(u.open)+CountTokens(u.shut) > limit/4 {
		u.open, u.shut, u.body = "", "", 0
	}
	room := limit - Options{}.affix(u.open) - Options{}.affix(u.shut)
	l.cutAt(u, lineCuts(l.text, u.start, u.end), room, func(part unit) { l.cutWords(part, room) })
}

// cutAt appends the parts of u between cuts; a part that is still too large goes to deeper.
func (l *layout) cutAt(u unit, cuts []int, limit int, deeper func(unit)) {
	end := u.end
	for i, start := range cuts {
		u.start, u.end = start, end
		if i+1 < len(cuts) {
			u.end = cuts[i+1]
		}
		u.tokens = CountTokens(l.text[u.start:u.end])
		if u.tokens > limit {
			deeper(u)
		} else {
			l.units = append(l.units, u)
		}
		u.fresh = false
	}
}

// cutWords cuts at white space where possible and between characters where a single word is larger than a chunk.
func (l *layout) cutWords(u unit, limit int) {
	end := u.end
	for u.start < end {
		u.end, u.tokens = fit(l.text, u.start, end, limit)
		l.units = append(l.units, u)
		u.start, u.fresh = u.end, false
	}
}

// fit finds the longest prefix of s[start:end] with at most limit tokens, ending after white space if there is any.
func fit(s string, start, end, limit int) (stop, tokens int) {
	lastSpace, spaceTokens := -1, 0
	i, horizon := start, min(end, start+(limit+2)*bytesPerSpaceToken) // what is behind it cannot fit
	for i < horizon {
		next, cost := nextToken(s[:horizon], i)
		if tokens+cost > limit {
			break
		}
		tokens += cost
		i = next
		if byteClasses[s[i-1]] == classSpace {
			lastSpace, spaceTokens = i, tokens
		}
	}
	if i == end {
		return end, tokens
	}
	if lastSpace > start {
		return lastSpace, spaceTokens
	}
	stop = i
	if stop == start { // one run that is larger than a chunk: cut it, its cheapest kind costs a token for 8 bytes
		stop = start + limit*bytesPerWordToken
	}
	stop = characterStart(s, start, min(stop, horizon))
	return stop, CountTokens(s[start:stop])
}

// characterStart moves a cut back, by a few characters at most, so that it does not part a letter from its accents or
// an emoji from what it is joined to.
func characterStart(s string, start, i int) int {
	cut := runeStart(s, i)
	for at, n := cut, 0; n < 8 && at > start && at < len(s); n++ {
		r, _ := utf8.DecodeRuneInString(s[at:])
		before, size := utf8.DecodeLastRuneInString(s[start:at])
		if !unicode.Is(unicode.Mn, r) && r != '\u200d' && before != '\u200d' {
			return at
		}
		at -= size
	}
	if cut <= start { // a single character larger than the cut: cannot be, kept so that progress is certain
		_, size := utf8.DecodeRuneInString(s[start:])
		return start + size
	}
	return cut
}

// lineCuts lists where the lines of s[start:end] begin.
func lineCuts(s string, start, end int) []int {
	cuts := []int{start}
	for {
		i := strings.IndexByte(s[start:end], '\n')
		if i < 0 || start+i+1 >= end {
			return cuts
		}
		start += i + 1
		cuts = append(cuts, start)
	}
}

// sentenceCuts lists where the sentences of s[start:end] begin, by Unicode's rules (UAX #29), which also end a
// sentence at a line break.
func sentenceCuts(s string, start, end int) []int {
	cuts := make([]int, 0, 16)
	for start < end {
		stop := end
		if i := strings.IndexByte(s[start:end], '\n'); i >= 0 {
			stop = start + i + 1
		}
		for start < stop {
			window := wordEnd(s, start, min(start+sentenceWindow, stop), stop)
			rest, state, before := s[start:window], -1, len(cuts)
			for rest != "" {
				var sentence string
				cuts = append(cuts, start)
				sentence, rest, state = uniseg.FirstSentenceInString(rest, state)
				start += len(sentence)
			}
			if window < stop && len(cuts) > before+1 { // the last one goes on in the next window
				start = cuts[len(cuts)-1]
				cuts = cuts[:len(cuts)-1]
			}
		}
	}
	return cuts
}

// wordEnd moves a window's end back to white space, or at least to the start of a character.
func wordEnd(s string, start, window, stop int) int {
	if window == stop {
		return stop
	}
	if i := strings.LastIndexAny(s[start:window], " \t"); i > 0 {
		return start + i + 1
	}
	return runeStart(s, window)
}
