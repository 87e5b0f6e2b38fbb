package index

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/blevesearch/vellum"
	"github.com/blevesearch/vellum/levenshtein"
)

// expansionCache keeps what a snapshot has found of its dictionaries.
type expansionCache struct {
	mu    sync.RWMutex
	found map[expansionKey][]similarTerm
}

type expansionKey struct {
	word  string
	edits int // 0 for completions
}

// maxCachedExpansions bounds an expansionCache.
const maxCachedExpansions = 1024

func (c *expansionCache) get(key expansionKey, find func() ([]similarTerm, error)) ([]similarTerm, error) {
	c.mu.RLock()
	found, ok := c.found[key]
	c.mu.RUnlock()
	if ok {
		return found, nil
	}
	found, err := find()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found == nil || len(c.found) >= maxCachedExpansions {
		c.found = make(map[expansionKey][]similarTerm)
	}
	key.word = strings.Clone(key.word)
	c.found[key] = found
	return found, nil
}

// completions implements lexicon.
func (s *Snapshot) completions(prefix string, most int) ([]string, error) {
	found, err := s.expansions.get(expansionKey{word: prefix}, func() ([]similarTerm, error) {
		c := candidates{snapshot: s}
		end := prefixEnd([]byte(prefix))
		for i, v := range s.views {
			if err := c.collect(i, v, nil, []byte(prefix), end); err != nil {
				return nil, err
			}
		}
		return c.best(maxCompletions + 1) // prefix itself may be among them
	})
	terms := make([]string, 0, len(found))
	for _, f := range found {
		if f.term != prefix && len(terms) < most {
			terms = append(terms, f.term)
		}
	}
	return terms, err
}

// similar implements lexicon.
func (s *Snapshot) similar(term string, edits, most int) ([]similarTerm, error) {
	found, err := s.expansions.get(expansionKey{word: term, edits: edits}, func() ([]similarTerm, error) {
		return s.findSimilar(term, edits)
	})
	return found[:min(len(found), most)], err
}

// automata make Levenshtein automata, by the edits that they allow. Making one
// of these takes milliseconds, so it is done once.
var automata = [...]func() (*levenshtein.LevenshteinAutomatonBuilder, error){
	1: sync.OnceValues(func() (*levenshtein.LevenshteinAutomatonBuilder, error) {
		return levenshtein.NewLevenshteinAutomatonBuilder(1, true)
	}),
	2: sync.OnceValues(func() (*levenshtein.LevenshteinAutomatonBuilder, error) {
		return levenshtein.NewLevenshteinAutomatonBuilder(2, true)
	}),
}

// findSimilar walks the dictionaries with an automaton below the first letter of
// the term: that letter is seldom wrong, and holding it fast leaves a twentieth
// of the work.
func (s *Snapshot) findSimilar(term string, edits int) ([]similarTerm, error) {
	builder, err := automata[edits]()
	if err != nil {
		return nil, err
	}
	dfa, err := builder.BuildDfa(term, uint8(edits))
	if err != nil {
		return nil, nil //nolint:nilerr // a term too long for an automaton has no similar ones
	}
	_, size := utf8.DecodeRuneInString(term)
	start := []byte(term[:size])
	c := candidates{snapshot: s, term: term, dfa: dfa}
	for i, v := range s.views {
		if err := c.collect(i, v, dfa, start, prefixEnd(start)); err != nil {
			return nil, err
		}
	}
	return c.best(maxCorrections)
}

// prefixEnd returns the first key behind those that begin with prefix, nil for
// none.
func prefixEnd(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// candidates gathers terms of several dictionaries.
type candidates struct {
	snapshot *Snapshot
	term     string // that the others are similar to
	dfa      *levenshtein.DFA
	byTerm   map[string]int
	list     []candidateTerm
}

// candidateTerm is a term with its records. df counts hidden chunks too until it
// is known exactly.
type candidateTerm struct {
	term    string
	edits   int
	df      int
	records []termRecordAt
}

type termRecordAt struct {
	view   int
	offset uint64
}

// collect adds the terms of a view in [start, end) that the automaton accepts.
func (c *candidates) collect(view int, v *view, automaton vellum.Automaton, start, end []byte) error {
	it, err := v.terms.Search(automaton, start, end)
	for ; err == nil; err = it.Next() {
		key, offset := it.Current()
		if len(key) == 0 {
			continue // the root of a dictionary that has no such key
		}
		t, err := readTerm(v.postings, offset)
		if err != nil {
			return err
		}
		c.add(key, t.text.n, termRecordAt{view, offset})
	}
	if !errors.Is(err, vellum.ErrIteratorDone) {
		return corrupt("term dictionary: %v", err)
	}
	return nil
}

func (c *candidates) add(key []byte, df int, at termRecordAt) {
	i, ok := c.byTerm[string(key)]
	if !ok {
		edits := 0
		if c.dfa != nil {
			_, distance := c.dfa.MatchAndDistance(string(key))
			edits = int(distance)
			if edits == 0 {
				return // the term itself
			}
		}
		if c.byTerm == nil {
			c.byTerm = make(map[string]int)
		}
		i = len(c.list)
		term := string(key)
		c.byTerm[term] = i
		c.list = append(c.list, candidateTerm{term: term, edits: edits})
	}
	c.list[i].df += df
	c.list[i].records = append(c.list[i].records, at)
}

// best returns the nearest and most frequent terms. Frequencies are those of the
// live chunks, so that neither hidden copies nor the layout of segments change
// the choice; they are only asked for as far as the others could be better.
func (c *candidates) best(most int) ([]similarTerm, error) {
	slices.SortFunc(c.list, compareCandidates)
	var best []candidateTerm
	for _, t := range c.list {
		if len(best) == most && compareCandidates(best[most-1], t) < 0 {
			break
		}
		if err := c.countLive(&t); err != nil {
			return nil, err
		}
		if t.df == 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, t, compareCandidates)
		if best = slices.Insert(best, at, t); len(best) > most {
			best = best[:most]
		}
	}
	terms := make([]similarTerm, len(best))
	for i, t := range best {
		terms[i] = similarTerm{t.term, t.edits, t.df}
	}
	return terms, nil
}

// compareCandidates orders by distance, then frequency, then text.
func compareCandidates(a, b candidateTerm) int {
	return cmp.Or(cmp.Compare(a.edits, b.edits), cmp.Compare(b.df, a.df), strings.Compare(a.term, b.term))
}

func (c *candidates) countLive(t *candidateTerm) error {
	t.df = 0
	for _, r := range t.records {
		v := c.snapshot.views[r.view]
		postings, err := readTerm(v.postings, r.offset)
		if err != nil {
			return err
		}
		text, _, err := v.liveDF(r.offset, &postings)
		if err != nil {
			return err
		}
		t.df += text
	}
	return nil
}
