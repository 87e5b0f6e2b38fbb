package analysis

import (
	"strings"
	"unicode/utf8"
)

// emitWord emits the tokens of the word [start, end) and reports whether there
// was any: a word of format characters folds to nothing.
func (s *scanner) emitWord(start, end int, emit func(*Token)) bool {
	if s.shape&hasRunes == 0 {
		s.word = append(s.word[:0], s.text[start:end]...)
		if s.shape&(hasUpper|startsUpper) != 0 {
			for i, c := range s.word {
				s.word[i] = asciiLower[c]
			}
		}
	}
	if s.shape&isCompound == 0 {
		return s.emit(start, end, true, true, emit)
	}
	return s.emitCompound(start, end, emit)
}

// emitCompound emits the whole of a.b::c, then its identifiers.
func (s *scanner) emitCompound(start, end int, emit func(*Token)) bool {
	any := false
	if s.shape&(hasQualifier|hasSuffix) != 0 {
		any = s.emit(start, end, false, false, emit)
	}
	for i := start; i < end; {
		j := i
		for j < end && !strings.ContainsRune(".:+#", rune(s.text[j])) {
			j++
		}
		if j > i {
			any = s.emitIdentifier(i, j, emit) || any
		}
		i = j + 1
	}
	return any
}

// emitIdentifier emits snake_case as a whole and its parts.
func (s *scanner) emitIdentifier(start, end int, emit func(*Token)) bool {
	any := false
	snake := s.shape&hasUnder != 0 && strings.IndexByte(s.text[start:end], '_') >= 0
	if snake {
		any = s.emit(start, end, false, false, emit)
	}
	for i := start; i < end; {
		j := i
		for j < end && s.text[j] != '_' {
			j++
		}
		if j > i {
			any = s.emitCamel(i, j, emit) || any
		}
		i = j + 1
	}
	return any
}

// emitCamel emits camelCase as a whole and its parts.
func (s *scanner) emitCamel(start, end int, emit func(*Token)) bool {
	next := end
	if s.shape&hasUpper != 0 {
		next = s.camelEnd(start, end)
	}
	if next == end {
		return s.emit(start, end, true, true, emit)
	}
	any := s.emit(start, end, false, true, emit)
	for i := start; ; next = s.camelEnd(i, end) {
		any = s.emit(i, next, true, false, emit) || any
		if i = next; i == end {
			return any
		}
	}
}

// camelEnd returns the end of the part of camelCase that starts at i: before
// an upper-case letter that follows a lower-case one, and before the last
// letter of an acronym that a lower-case letter follows (HTTPServer).
func (s *scanner) camelEnd(i, end int) int {
	last, lastAt := classOther, i
	lastLast := classOther
	for j := i; j < end; {
		c, size := asciiClass[s.text[j]], 1
		if c == classUnknown {
			var r rune
			r, size = utf8.DecodeRuneInString(s.text[j:])
			c = classify(r)
		}
		if c == classMark {
			j += size
			continue
		}
		if c == classUpper && (last == classLower || last == classDigit) {
			return j
		}
		if c == classLower && last == classUpper && lastLast == classUpper {
			return lastAt
		}
		lastLast, last, lastAt = last, c, j
		j += size
	}
	return end
}

// emit folds [start, end) and emits it unless nothing is left of it.
func (s *scanner) emit(start, end int, leaf, unit bool, emit func(*Token)) bool {
	folded := s.folded(start, end)
	if len(folded) > MaxTermBytes {
		if !leaf && !unit {
			return false
		}
		folded = cut(folded)
	}
	if len(folded) == 0 {
		return false
	}
	s.token.Text = folded
	s.token.Start, s.token.End = start, end
	s.token.Leaf, s.token.Unit = leaf, unit
	emit(&s.token)
	return true
}

func (s *scanner) folded(start, end int) []byte {
	var folded []byte
	if s.shape&hasRunes == 0 {
		folded = s.word[start-s.start : end-s.start]
	} else {
		s.part = s.fold(s.part[:0], s.text[start:end])
		folded = s.part
	}
	if s.shape&hasApostrophe != 0 {
		return s.withoutApostrophes(start, end, folded)
	}
	return folded
}

// withoutApostrophes drops a possessive 's and then every apostrophe.
func (s *scanner) withoutApostrophes(start, end int, folded []byte) []byte {
	source := s.text[start:end]
	possessive := strings.HasSuffix(source, "'s") || strings.HasSuffix(source, "’s") ||
		strings.HasSuffix(source, "'S") || strings.HasSuffix(source, "’S")
	kept := s.part[:0]
	for _, c := range folded {
		if c != '\'' {
			kept = append(kept, c)
		}
	}
	s.part = kept
	if possessive && len(kept) > 1 {
		kept = kept[:len(kept)-1]
	}
	return kept
}

// cut shortens folded to MaxTermBytes at a rune boundary.
func cut(folded []byte) []byte {
	n := MaxTermBytes
	for n > 0 && !utf8.RuneStart(folded[n]) {
		n--
	}
	return folded[:n]
}

// scanNgrams emits the run of characters that starts at i: each one alone as a
// leaf, and each pair as the unit of phrases. A character on its own is its
// own unit.
func (s *scanner) scanNgrams(i, position int, emit func(*Token)) (int, int) {
	s.start, s.shape = i, hasRunes
	s.token.Ngram = true
	single := true
	for i < len(s.text) {
		r, size := utf8.DecodeRuneInString(s.text[i:])
		if r < utf8.RuneSelf || classify(r) != classNgram {
			break
		}
		s.token.Position = position
		next := 0
		if r2, size2 := utf8.DecodeRuneInString(s.text[i+size:]); r2 >= utf8.RuneSelf && classify(r2) == classNgram {
			next = size2
		}
		if next > 0 {
			s.emit(i, i+size+next, false, true, emit)
		}
		s.emit(i, i+size, true, next == 0 && single, emit)
		single = false
		i += size
		position++
	}
	s.token.Ngram = false
	return i, position
}
