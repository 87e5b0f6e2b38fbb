package builtin

import "math"

// pairMatrix has, for two words that are neighbours, their positive pointwise
// mutual information
//
//	max(0, log(n(w,c)·Σ / (n(w)·n(c)^s))),  Σ = Σ n(c)^s
//
// with n(w,c) the times that c is within the window around w (Levy, Goldberg,
// Dagan 2015). n is symmetric, so its logarithms serve the transpose, too.
type pairMatrix struct {
	logs    []sparse  // log n(w,c), a matrix per block of rows
	word    []float32 // log n(w)
	context []float32 // log(n(c)^s/Σ)
}

func (m *pairMatrix) size() (int, int) { return len(m.word), len(m.word) }

func (m *pairMatrix) times(w *workers, dst, x *dense) error {
	return m.multiply(w, dst, x, m.word, m.context)
}

func (m *pairMatrix) transposedTimes(w *workers, dst, x *dense) error {
	return m.multiply(w, dst, x, m.context, m.word)
}

func (m *pairMatrix) multiply(w *workers, dst, x *dense, row, column []float32) error {
	return w.blocks(len(row), func(_, block, start, end int) {
		for i := start; i < end; i++ {
			out := dst.row(i)
			clear(out)
			columns, logs := m.logs[block].row(i - start)
			for j, c := range columns {
				if v := logs[j] - row[i] - column[c]; v > 0 {
					axpy(v, x.row(int(c)), out)
				}
			}
		}
	})
}

// pairCounter counts the neighbours of words, a word at a time.
type pairCounter struct {
	c         *corpus
	window    int
	positions []uint32 // of each word in c.tokens, in order
	ends      []int    // per word: end of its part of positions
	chunkOf   []uint32 // per 64 tokens: the chunk of the first
}

const chunkShift = 6 // log2 of 64

func newPairCounter(c *corpus, window int) *pairCounter {
	p := &pairCounter{c: c, window: window, positions: make([]uint32, len(c.tokens)), ends: make([]int, len(c.words))}
	next := make([]int, len(c.words))
	for _, t := range c.tokens {
		p.ends[t]++
	}
	sum := 0
	for i, n := range p.ends {
		next[i] = sum
		sum += n
		p.ends[i] = sum
	}
	for i, t := range c.tokens {
		p.positions[next[t]] = uint32(i)
		next[t]++
	}
	p.chunkOf = make([]uint32, len(c.tokens)>>chunkShift+1)
	chunk := 0
	for i := range p.chunkOf {
		for chunk < len(c.ends)-1 && c.ends[chunk] <= i<<chunkShift {
			chunk++
		}
		p.chunkOf[i] = uint32(chunk)
	}
	return p
}

// span returns the chunk around a position of tokens.
func (p *pairCounter) span(position int) (start, end int) {
	chunk := int(p.chunkOf[position>>chunkShift])
	for p.c.ends[chunk] <= position {
		chunk++
	}
	if chunk > 0 {
		start = p.c.ends[chunk-1]
	}
	return start, p.c.ends[chunk]
}

// pairScratch holds the counts of one word's neighbours.
type pairScratch struct {
	counts  []uint32
	touched []uint32
}

// count fills s with the neighbours of a word.
func (p *pairCounter) count(word int, s *pairScratch) {
	first := 0
	if word > 0 {
		first = p.ends[word-1]
	}
	for _, position := range p.positions[first:p.ends[word]] {
		at := int(position)
		start, end := p.span(at)
		start, end = max(start, at-p.window), min(end, at+p.window+1)
		for i := start; i < end; i++ {
			t := p.c.tokens[i]
			if i == at {
				continue
			}
			if s.counts[t] == 0 {
				s.touched = append(s.touched, t)
			}
			s.counts[t]++
		}
	}
}

func (s *pairScratch) reset() {
	for _, t := range s.touched {
		s.counts[t] = 0
	}
	s.touched = s.touched[:0]
}

// maxLeast is the last count that the bound on pairs can leave out.
const maxLeast = 63

// least returns how often two words must be neighbours for at most limit pairs
// to remain, and the neighbours of every word.
func (p *pairCounter) least(w *workers, scratch []pairScratch, limit int) (least uint32, sums []uint64, err error) {
	sums = make([]uint64, len(p.ends))
	histograms := make([][maxLeast + 1]int, len(scratch))
	err = w.blocks(len(p.ends), func(worker, _, start, end int) {
		s, h := &scratch[worker], &histograms[worker]
		for word := start; word < end; word++ {
			p.count(word, s)
			for _, t := range s.touched {
				h[min(s.counts[t], maxLeast)]++
				sums[word] += uint64(s.counts[t])
			}
			s.reset()
		}
	})
	total := 0
	for least = maxLeast; least > 0; least-- {
		for i := range histograms {
			total += histograms[i][least]
		}
		if total > limit {
			break
		}
	}
	return least + 1, sums, err
}

// newPairMatrix counts twice: once to learn what fits into memory, then to
// keep it.
func newPairMatrix(w *workers, c *corpus, t *tuning, limit int) (*pairMatrix, error) {
	p := newPairCounter(c, t.window)
	scratch := make([]pairScratch, w.n)
	for i := range scratch {
		scratch[i].counts = make([]uint32, len(c.words))
	}
	least, sums, err := p.least(w, scratch, limit)
	if err != nil {
		return nil, err
	}
	m := &pairMatrix{word: make([]float32, len(sums)), context: make([]float32, len(sums))}
	sigma := 0.0
	for _, n := range sums {
		sigma += math.Pow(float64(n), t.smoothing)
	}
	for i, n := range sums {
		m.word[i] = float32(math.Log(float64(max(n, 1))))
		m.context[i] = float32(t.smoothing*math.Log(float64(max(n, 1))) - math.Log(sigma))
	}
	m.logs, err = p.logs(w, scratch, least, m)
	return m, err
}

// logs returns the logarithms of the counts that are not too rare and have a
// positive information in either direction, a matrix per block.
func (p *pairCounter) logs(w *workers, scratch []pairScratch, least uint32, m *pairMatrix) ([]sparse, error) {
	words := len(p.ends)
	blocks := make([]sparse, (words+blockRows-1)/blockRows)
	err := w.blocks(words, func(worker, block, start, end int) {
		s, b := &scratch[worker], &blocks[block]
		for word := start; word < end; word++ {
			p.count(word, s)
			for _, t := range s.touched {
				if s.counts[t] < least {
					continue
				}
				v := float32(math.Log(float64(s.counts[t])))
				if v > min(m.word[word]+m.context[t], m.context[word]+m.word[t]) {
					b.columns, b.values = append(b.columns, t), append(b.values, v)
				}
			}
			b.ends = append(b.ends, len(b.columns))
			s.reset()
		}
	})
	return blocks, err
}
