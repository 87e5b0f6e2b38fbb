package builtin

import (
	"cmp"
	"context"
	"slices"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// corpus is a sample as numbers: the words of each chunk in reading order.
type corpus struct {
	words  []string // by number, sorted
	df     []uint32 // chunks with the word
	cf     []uint32 // occurrences
	tokens []uint32 // words of all chunks
	ends   []int    // per chunk: end of its part of tokens
}

// maxDistinct is when words seen only once so far are forgotten, which bounds
// the memory of a sample full of hashes and numbers.
const maxDistinct = 1 << 20

// collector reads a sample.
type collector struct {
	analyzer *analysis.Analyzer
	ids      map[string]uint32 // term to its number in reading order
	words    map[string]uint32 // folded word to the number of its term, or unknown
	terms    []string
	df, cf   []uint32
	last     []uint32 // per term: chunk that it was seen in last, from 1
	c        corpus
	chunk    uint32
	limit    int // of tokens
	distinct int // when words seen once are forgotten
}

func newCollector(o *Options) *collector {
	return &collector{
		analyzer: analysis.New(), ids: make(map[string]uint32), words: make(map[string]uint32), limit: o.MaxTokens,
		distinct: maxDistinct,
	}
}

func collect(ctx context.Context, sample Sample, o *Options, minDF int) (*corpus, error) {
	r := newCollector(o)
	for text, err := range sample {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		r.add(text)
		if n := len(r.c.ends); n%256 == 0 {
			o.Progress(stageRead, n, o.MaxChunks)
		}
		if len(r.c.ends) >= o.MaxChunks || len(r.c.tokens) >= r.limit {
			break
		}
	}
	return r.finish(o, minDF), nil
}

func (r *collector) add(text string) {
	r.chunk++
	r.analyzer.Scan(text, r.token)
	r.c.ends = append(r.c.ends, len(r.c.tokens))
	if len(r.ids) > r.distinct {
		r.forget()
	}
}

func (r *collector) token(t *analysis.Token) {
	if len(r.c.tokens) >= r.limit {
		return
	}
	id, ok := r.words[string(t.Text)]
	if !ok {
		id = r.addWord(t.Text)
	}
	if id == unknown {
		return
	}
	if r.last[id] != r.chunk {
		r.last[id] = r.chunk
		r.df[id]++
	}
	r.cf[id]++
	r.c.tokens = append(r.c.tokens, id)
}

// unknown is the number of a word that has no row.
const unknown = ^uint32(0)

func (r *collector) addWord(folded []byte) uint32 {
	if len(r.words) > 2*r.distinct {
		clear(r.words)
	}
	word := string(folded)
	term, ok := termOf(r.analyzer, folded)
	if !ok {
		r.words[word] = unknown
		return unknown
	}
	id, ok := r.ids[term]
	if !ok {
		id = uint32(len(r.terms))
		r.ids[term] = id
		r.terms = append(r.terms, term)
		r.df, r.cf, r.last = append(r.df, 0), append(r.cf, 0), append(r.last, 0)
	}
	r.words[word] = id
	return id
}

// forget drops the words that one chunk alone has had, other than the last.
func (r *collector) forget() {
	for term, id := range r.ids {
		if r.df[id] == 1 && r.last[id] != r.chunk {
			delete(r.ids, term)
			r.df[id] = 0
			r.terms[id] = ""
		}
	}
	clear(r.words)
}

// finish keeps the words that are in most chunks and numbers them in order.
func (r *collector) finish(o *Options, minDF int) *corpus {
	var kept []uint32
	for id := range r.terms {
		if int(r.df[id]) >= minDF {
			kept = append(kept, uint32(id))
		}
	}
	slices.SortFunc(kept, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(r.df[b], r.df[a]), cmp.Compare(r.terms[a], r.terms[b]))
	})
	kept = r.bounded(kept, o.MaxVocabulary)
	slices.SortFunc(kept, func(a, b uint32) int { return cmp.Compare(r.terms[a], r.terms[b]) })
	numbers := make([]uint32, len(r.terms))
	for i := range numbers {
		numbers[i] = unknown
	}
	c := &r.c
	for i, id := range kept {
		numbers[id] = uint32(i)
		c.words = append(c.words, r.terms[id])
		c.df, c.cf = append(c.df, r.df[id]), append(c.cf, r.cf[id])
	}
	c.renumber(numbers)
	return c
}

// bounded cuts the words, most frequent first, to a vocabulary. Words of one
// chunk alone are kept only when there is room for all of them: which ones to
// take would be a matter of the alphabet.
func (r *collector) bounded(kept []uint32, limit int) []uint32 {
	if len(kept) <= limit {
		return kept
	}
	kept = kept[:limit]
	single, _ := slices.BinarySearchFunc(kept, 1, func(id uint32, df int) int { return cmp.Compare(df, int(r.df[id])) })
	return kept[:single]
}

// renumber replaces the numbers of words and drops the unknown.
func (c *corpus) renumber(numbers []uint32) {
	n, start := 0, 0
	for i, end := range c.ends {
		for _, id := range c.tokens[start:end] {
			if id = numbers[id]; id != unknown {
				c.tokens[n] = id
				n++
			}
		}
		start, c.ends[i] = end, n
	}
	c.tokens = c.tokens[:n]
}

// chunk returns the words of a chunk.
func (c *corpus) chunk(i int) []uint32 {
	if i == 0 {
		return c.tokens[:c.ends[0]]
	}
	return c.tokens[c.ends[i-1]:c.ends[i]]
}
