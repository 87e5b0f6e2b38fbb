package index

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// Suggestions complete what is being typed. Dictionaries have stems and not words,
// therefore a stem that begins as the last word is looked up in a few passages, and
// what stands there is suggested: a word is suggested only as long as it is in a
// live passage, and spelled as there.

// minSuggestBytes is how much of a word must be there to be completed.
const minSuggestBytes = 2

// Evidence for one stem, and how much of a typed word its stem may lack.
const (
	suggestPassages = 3
	suggestEndings  = 3
)

// TitleSuggestion is a document whose title has all words of a query.
type TitleSuggestion struct {
	Title      string
	DocumentID uuid.UUID
	// Matches are the byte ranges [from, to) of Title that match.
	Matches [][2]int
}

// suggestCache keeps the words of prefixes.
type suggestCache struct {
	mu    sync.Mutex
	words map[string][]string
}

// maxCachedSuggestions bounds a suggestCache.
const maxCachedSuggestions = 2048

// SuggestWords completes the last word of a text, the most frequent words first. It
// returns where in the text that word begins.
func (s *Snapshot) SuggestWords(text string, most int) (words []string, start int, err error) {
	defer protect(&err)()
	q := searches.Get().(*search)
	if words, start, err = s.suggestWords(text, most, q); err == nil {
		searches.Put(q) // a search that failed is not used again
	}
	return words, start, err
}

func (s *Snapshot) suggestWords(text string, most int, q *search) (words []string, start int, err error) {
	prefix, start := typedWord(text, q.analyzer)
	if len(prefix) < minSuggestBytes {
		return nil, start, nil
	}
	s.suggestions.mu.Lock()
	words, ok := s.suggestions.words[prefix]
	s.suggestions.mu.Unlock()
	if !ok {
		if words, err = s.findWords(prefix, q); err != nil {
			return nil, start, err
		}
		s.suggestions.mu.Lock()
		if s.suggestions.words == nil || len(s.suggestions.words) >= maxCachedSuggestions {
			s.suggestions.words = make(map[string][]string)
		}
		s.suggestions.words[prefix] = words
		s.suggestions.mu.Unlock()
	}
	return words[:min(most, len(words))], start, nil
}

// unspaced are the scripts that are indexed by pairs of characters.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// typedWord returns the folded word that a text ends with, "" for none. Characters
// of scripts without spaces are not words.
func typedWord(text string, a *analysis.Analyzer) (word string, start int) {
	start = len(text)
	a.Scan(text, func(t *analysis.Token) {
		if t.End == len(text) && t.Start < start {
			word, start = string(t.Text), t.Start
		}
	})
	if r, _ := utf8.DecodeRuneInString(word); unicode.IsOneOf(unspaced, r) {
		return "", len(text)
	}
	return word, start
}

// findWords looks the stems of a prefix up.
func (s *Snapshot) findWords(prefix string, q *search) ([]string, error) {
	stems, err := s.completions(prefix, maxCompletions)
	if err != nil {
		return nil, err
	}
	stems = append([]string{prefix}, stems...)
	for n := len(prefix) - 1; n >= max(minSuggestBytes, len(prefix)-suggestEndings); n-- {
		stems = append(stems, prefix[:n]) // running has the stem run
	}
	words := []string{}
	for _, stem := range stems {
		word, err := s.wordOf(stem, prefix, q)
		if err != nil {
			return nil, err
		}
		if word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words, nil
}

// wordOf returns the word that begins with prefix and that a few live passages have
// most often for a stem, "" for none.
func (s *Snapshot) wordOf(stem, prefix string, q *search) (string, error) {
	found := map[string]int{}
	passages := 0
	c := cursors.Get().(*cursor)
	defer cursors.Put(c)
	reader := hitReader{block: &q.block}
	for _, v := range s.views {
		offset, ok, err := v.findTerm([]byte(stem))
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		t, err := readTerm(v.postings, offset)
		if err != nil {
			return "", err
		}
		for c.open(&t.text, v.meta.Chunks); c.chunk != noMore && passages < suggestPassages; c.next() {
			if v.live != nil && !v.live.has(int(c.chunk)) {
				continue
			}
			var h Hit
			if err := reader.read(v.Segment, int(c.chunk), &h); err != nil {
				return "", err
			}
			for _, text := range [...]string{h.Title, h.Heading, h.Content} {
				countWords(q.analyzer, text, stem, prefix, found)
			}
			passages++
		}
		if c.bad {
			return "", corrupt("postings at %d", offset)
		}
	}
	best := ""
	for _, word := range slices.Sorted(maps.Keys(found)) {
		if best == "" || found[word] > found[best] {
			best = word
		}
	}
	return best, nil
}

// countWords counts the words of a text that begin with prefix and may have a stem.
func countWords(a *analysis.Analyzer, text, stem, prefix string, found map[string]int) {
	root := stem[:max(min(len(stem), len(prefix)), len(stem)-1)] // y may be i in a stem
	a.Scan(text, func(t *analysis.Token) {
		folded := string(t.Text)
		if strings.HasPrefix(folded, prefix) && strings.HasPrefix(folded, root) && len(folded) <= len(stem)+2*suggestEndings {
			found[strings.ToLower(text[t.Start:t.End])]++
		}
	})
}

// SuggestTitles returns documents whose title has all words of a text, the last of
// which may be only begun.
func (s *Snapshot) SuggestTitles(ctx context.Context, text string, most int) ([]TitleSuggestion, error) {
	found, err := s.Search(ctx, Request{Query: text, Prefix: PrefixAlways, NoTypos: true, Limit: 2 * most})
	if err != nil {
		return nil, err
	}
	q := searches.Get().(*search)
	defer searches.Put(q)
	asked := leaves(text, q.analyzer)
	var titles []TitleSuggestion
	for i := range found.Hits {
		h := &found.Hits[i]
		matches, ok := matchTitle(asked, leaves(h.Title, q.analyzer))
		known := slices.ContainsFunc(titles, func(t TitleSuggestion) bool { return t.Title == h.Title })
		if ok && !known && len(titles) < most {
			titles = append(titles, TitleSuggestion{h.Title, h.DocumentID, matches})
		}
	}
	return titles, nil
}

// leaf is a smallest word of a text.
type leaf struct {
	text       string
	start, end int
}

func leaves(text string, a *analysis.Analyzer) (all []leaf) {
	a.Scan(text, func(t *analysis.Token) {
		if t.Leaf {
			all = append(all, leaf{string(t.Text), t.Start, t.End})
		}
	})
	return all
}

// matchTitle finds every word of a query in a title; the last one may be begun only.
func matchTitle(asked, title []leaf) (matches [][2]int, ok bool) {
	for i, word := range asked {
		at := slices.IndexFunc(title, func(t leaf) bool {
			return t.text == word.text || i == len(asked)-1 && strings.HasPrefix(t.text, word.text)
		})
		if at < 0 {
			return nil, false
		}
		m := [2]int{title[at].start, title[at].end}
		if len(title[at].text) == m[1]-m[0] { // no letter changed its length when it was folded
			m[1] = m[0] + len(word.text)
		}
		if !slices.Contains(matches, m) {
			matches = append(matches, m)
		}
	}
	slices.SortFunc(matches, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	return matches, len(matches) > 0
}
