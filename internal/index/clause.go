package index

import "sort"

// clause scores one term in one field of one segment.
//
// A posting contributes weight - weight/(1 + freq*inverse[length]), which is
// weight*freq/(freq+norm) written so that rounding keeps it monotonic in both
// freq and length: a bound computed from an impact is never below a score.
// Contributions are whole numbers of score units, at least base, which is 1 but
// for a word that has corrections beside it.
type clause struct {
	cursor
	weight  float32
	base    uint32
	inverse []float32 // by length: 1/(k1*(1-b+b*length/average))
	lengths []byte
	bound   uint32       // of the whole list
	group   *clauseGroup // of the terms of one word, else nil

	windowBound uint32
	boundBlock  int // first block that may touch the window
	cachedBlock int // block whose bound is cached, -1 for none
	cachedBound uint32
}

// start opens the list and computes its bound.
func (c *clause) start(l *postingsList, seg *Segment, lengths []byte, weight float32, base uint32, inverse []float32) {
	c.weight, c.base, c.inverse, c.lengths, c.group = weight, base, inverse, lengths, nil
	c.boundBlock, c.cachedBlock = 0, -1
	c.open(l, seg.meta.Chunks)
	if l.skip != nil {
		c.bound = c.impactBound(l.impacts)
		return
	}
	c.bound = 0
	if c.chunk == noMore {
		return
	}
	c.loadFreqs()
	for i, chunk := range c.chunks[:c.n] {
		c.bound = max(c.bound, c.contribution(c.freqs[i]+1, u16(lengths, int(chunk))))
	}
}

// contribution returns the score units of a posting.
func (c *clause) contribution(freq uint32, length uint16) uint32 {
	x := float32(freq) * c.inverse[length]
	return uint32(c.weight-c.weight/(1+x)) + c.base
}

// score returns the score units of the current posting.
func (c *clause) score() uint32 {
	return c.contribution(c.freq(), u16(c.lengths, int(c.chunk)))
}

// impactBound returns the best score of the impacts.
func (c *clause) impactBound(impacts []byte) uint32 {
	best := uint32(0)
	for ; len(impacts) >= impactBytes; impacts = impacts[impactBytes:] {
		if impacts[0] == impactMaxFreq {
			return uint32(c.weight) + c.base
		}
		length := min(int(impacts[1])|int(impacts[2])<<8, len(c.inverse)-1)
		best = max(best, c.contribution(uint32(impacts[0]), uint16(length)))
	}
	return best
}

// blockBound returns the best score of a block.
func (c *clause) blockBound(block int) uint32 {
	if c.list.skip == nil {
		return c.bound
	}
	if c.cachedBlock != block {
		c.cachedBlock, c.cachedBound = block, c.impactBound(c.list.impactsOf(block))
	}
	return c.cachedBound
}

// boundWindow sets windowBound to the best score of the chunks [base, end).
// Windows come in increasing order.
func (c *clause) boundWindow(base, end uint32) {
	if c.group != nil {
		c.windowBound = c.group.boundWindow(base, end)
		return
	}
	c.windowBound = 0
	if c.list.skip == nil {
		if c.chunk < end && c.last >= base {
			c.windowBound = c.bound
		}
		return
	}
	n := c.list.blockCount()
	if c.boundBlock < n && c.list.lastChunk(c.boundBlock) < base {
		c.boundBlock = c.list.findBlock(c.boundBlock, base)
	}
	for b := c.boundBlock; b < n; b++ {
		if b > 0 && c.list.lastChunk(b-1)+1 >= end {
			return
		}
		if c.windowBound < c.bound {
			c.windowBound = max(c.windowBound, c.blockBound(b))
		}
	}
}

// worthLess reports whether the clause adds less per posting walked: such a
// clause is better looked up than walked.
func (c *clause) worthLess(o *clause) bool {
	return uint64(c.windowBound)*uint64(o.list.n) < uint64(o.windowBound)*uint64(c.list.n)
}

// accumulate adds the scores of the chunks [base, end) to sums and marks those
// that reach need in marks. Blocks whose bound is below skip are left out.
func (c *clause) accumulate(sums []uint32, marks []uint64, base, end, need, skip uint32) {
	if c.group != nil {
		c.group.accumulate(sums, marks, base, end, need, skip)
		return
	}
	c.seek(base)
	for c.chunk < end {
		if skip > 0 && c.blockBound(c.block) < skip {
			c.load(c.block + 1)
			continue
		}
		n := c.n
		if c.last >= end {
			n = c.i + sort.Search(c.n-c.i, func(k int) bool { return c.chunks[c.i+k] >= end })
		}
		if c.decode.width == 0 {
			c.addOnes(sums, marks, base, need, c.chunks[c.i:n])
		} else {
			c.loadFreqs()
			c.addBlock(sums, marks, base, need, c.chunks[c.i:n], c.freqs[c.i:n])
		}
		if n < c.n {
			c.i, c.chunk = n, c.chunks[n]
			return
		}
		c.load(c.block + 1)
	}
}

// addBlock is the inner loop of accumulate; freqs are less one. It marks
// without a branch: about half of the sums reach need, in no order that a
// processor could predict.
func (c *clause) addBlock(sums []uint32, marks []uint64, base, need uint32, chunks, freqs []uint32) {
	lengths, inverse, weight, least, plus := c.lengths, c.inverse, c.weight, uint64(need)-1, c.base
	for k, chunk := range chunks {
		x := float32(freqs[k]+1) * inverse[u16(lengths, int(chunk))]
		j := chunk - base
		sum := sums[j] + uint32(weight-weight/(1+x)) + plus
		sums[j] = sum
		marks[j>>6] |= (least - uint64(sum)) >> 63 << (j & 63)
	}
}

// addOnes is addBlock for a block of chunks that have the term once.
func (c *clause) addOnes(sums []uint32, marks []uint64, base, need uint32, chunks []uint32) {
	lengths, inverse, weight, least, plus := c.lengths, c.inverse, c.weight, uint64(need)-1, c.base
	for _, chunk := range chunks {
		j := chunk - base
		sum := sums[j] + uint32(weight-weight/(1+inverse[u16(lengths, int(chunk))])) + plus
		sums[j] = sum
		marks[j>>6] |= (least - uint64(sum)) >> 63 << (j & 63)
	}
}

// addTo adds the scores of the chunks that w has found, by walking the window
// or by looking each one up, whichever is less work.
func (c *clause) addTo(w *window, need uint32) {
	const walkPerLookUp = 4
	inWindow := uint64(c.list.n) * uint64(w.end-w.base) / c.limit
	if uint64(len(w.found))*walkPerLookUp > inWindow {
		c.accumulate(w.sums, w.marks, w.base, w.end, maxUnits, 0)
		return
	}
	if c.group != nil {
		c.group.addTo(w)
		return
	}
	for _, j := range w.found {
		chunk := w.base + j
		if c.chunk > chunk {
			continue
		}
		if chunk > c.last { // look at the block's bound before it is decoded
			block := c.findBlock(chunk)
			if block < c.list.blockCount() && w.sums[j]+w.rest+c.blockBound(block) < need {
				continue
			}
			c.load(block)
			if c.chunk > chunk {
				continue
			}
		}
		if c.seekInBlock(chunk); c.chunk == chunk {
			w.sums[j] += c.score()
		}
	}
}
