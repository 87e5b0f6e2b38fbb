package index

import (
	"encoding/binary"
	"sort"
)

// noMore is the chunk of a cursor behind its last posting.
const noMore = ^uint32(0)

// cursor walks a postings list forwards. It decodes a block at a time.
type cursor struct {
	list   *postingsList
	limit  uint64 // chunks of the segment
	chunk  uint32 // current chunk, or noMore
	block  int    // decoded block
	n, i   int    // postings of the block, and the current one
	last   uint32 // last chunk of the block
	bad    bool   // the bytes made no sense; the list ends here
	decode struct {
		freqs []byte
		width uint
		ready bool
	}
	positionsAt int // block whose positions were located, -1 for none
	posWidth    uint
	posBits     []byte
	posStarts   [blockSize + 1]uint32

	chunks [blockSize]uint32
	freqs  [blockSize]uint32 // less one, when decode.ready
}

// open moves to the first posting of a list of a segment with that many chunks.
func (c *cursor) open(l *postingsList, chunks int) {
	c.list, c.limit, c.bad, c.positionsAt = l, uint64(chunks), false, -1
	c.load(0)
}

// fail ends the list.
func (c *cursor) fail() {
	c.bad = true
	c.end()
}

func (c *cursor) end() {
	c.chunk, c.last, c.n, c.i = noMore, noMore, 0, 0
	c.block = c.list.blockCount()
}

// load decodes the chunks of a block and moves to its first posting.
func (c *cursor) load(block int) {
	if block >= c.list.blockCount() {
		c.end()
		return
	}
	src, next := c.list.blocks, uint64(0)
	if c.list.skip != nil {
		offset := binary.LittleEndian.Uint32(c.list.skip[block*skipEntryBytes+4:])
		if uint64(offset) > uint64(len(src)) {
			c.fail()
			return
		}
		src = src[offset:]
		if block > 0 {
			next = uint64(c.list.lastChunk(block-1)) + 1
		}
	}
	n := c.list.blockLen(block)
	if len(src) < 2 || src[0] > 32 || src[1] > 32 {
		c.fail()
		return
	}
	width, freqWidth := uint(src[0]), uint(src[1])
	size := packedBytes(n, width)
	if len(src) < 2+size+packedBytes(n, freqWidth)+unpackSlack {
		c.fail()
		return
	}
	unpack(&c.chunks, src[2:], width, n)
	for i := range c.chunks[:n] {
		next += uint64(c.chunks[i])
		c.chunks[i] = uint32(next)
		next++
	}
	if next > c.limit {
		c.fail()
		return
	}
	c.block, c.n, c.i = block, n, 0
	c.chunk, c.last = c.chunks[0], uint32(next-1)
	c.decode.freqs, c.decode.width, c.decode.ready = src[2+size:], freqWidth, false
}

// loadFreqs decodes the frequencies of the current block, less one.
func (c *cursor) loadFreqs() {
	if c.decode.ready {
		return
	}
	unpack(&c.freqs, c.decode.freqs, c.decode.width, c.n)
	c.decode.ready = true
}

// freq returns the frequency of the current posting.
func (c *cursor) freq() uint32 {
	if c.decode.ready {
		return c.freqs[c.i] + 1
	}
	return unpackOne(c.decode.freqs, c.decode.width, c.i) + 1
}

// next moves to the next posting.
func (c *cursor) next() {
	if c.i++; c.i < c.n {
		c.chunk = c.chunks[c.i]
		return
	}
	c.load(c.block + 1)
}

// seek moves to the first posting at or behind target.
func (c *cursor) seek(target uint32) {
	if c.chunk >= target {
		return
	}
	if target > c.last {
		c.load(c.findBlock(target))
		if c.chunk >= target {
			return
		}
	}
	c.seekInBlock(target)
}

// seekInBlock moves to target, which is not behind the block's last chunk.
func (c *cursor) seekInBlock(target uint32) {
	lo, hi := c.i, c.n-1
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if c.chunks[mid] < target {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	c.i, c.chunk = lo, c.chunks[lo]
}

// findBlock returns the first block at or behind the current one whose last
// chunk is not before target.
func (c *cursor) findBlock(target uint32) int {
	return c.list.findBlock(c.block, target)
}

// findBlock returns the first block from on whose last chunk is not before
// target, or the number of blocks.
func (l *postingsList) findBlock(from int, target uint32) int {
	n := l.blockCount()
	if l.skip == nil {
		return n // the only block ends before target, or it would not be asked
	}
	for step := 1; from < n && l.lastChunk(from) < target; step *= 2 {
		if from+step >= n || l.lastChunk(from+step) >= target {
			end := min(step, n-from)
			return from + sort.Search(end, func(i int) bool { return l.lastChunk(from+i) >= target })
		}
		from += step
	}
	return from
}

// positions appends the positions of the current posting to dst.
func (c *cursor) positions(dst []uint32) []uint32 {
	if c.positionsAt != c.block && !c.locatePositions() {
		c.fail()
		return dst
	}
	at, position := c.posStarts[c.i], uint32(0)
	for ; at < c.posStarts[c.i+1]; at++ {
		position += unpackOne(c.posBits, c.posWidth, int(at))
		dst = append(dst, position)
	}
	return dst
}

// locatePositions finds the positions of the current block.
func (c *cursor) locatePositions() bool {
	c.loadFreqs()
	total := uint64(0)
	for i, f := range c.freqs[:c.n] {
		c.posStarts[i] = uint32(total)
		total += uint64(f) + 1
	}
	c.posStarts[c.n] = uint32(total)
	var src []byte
	if c.list.skip == nil {
		src = c.decode.freqs[packedBytes(c.n, c.decode.width):]
	} else {
		offset := binary.LittleEndian.Uint32(c.list.skip[c.block*skipEntryBytes+8:])
		if uint64(offset) > uint64(len(c.list.positions)) {
			return false
		}
		src = c.list.positions[offset:]
	}
	if len(src) == 0 || src[0] > 32 || total > uint64(len(src))*8 && src[0] > 0 || total >= 1<<31 {
		return false
	}
	c.posWidth = uint(src[0])
	if len(src) < 1+packedBytes(int(total), c.posWidth)+unpackSlack {
		return false
	}
	c.posBits, c.positionsAt = src[1:], c.block
	return true
}
