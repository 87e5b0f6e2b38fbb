package index

import (
	"encoding/binary"
	"math/bits"
)

// nearChunk is a chunk whose signs are near those of the query.
type nearChunk struct {
	segment  int
	chunk    uint32
	distance int
}

// hammingScan finds the chunks whose signs differ least from the query's, by
// comparing all of them. It keeps no heap: limit is the distance up to which
// chunks are taken, and falls whenever what is nearer is enough without those at
// the limit. So a chunk costs a comparison with a limit that hardly ever holds,
// and what is found in the end, everything up to the smallest distance that gives
// enough, depends neither on the order of the scan nor on the layout of segments.
type hammingScan struct {
	query  []uint64
	want   int
	limit  int
	within int     // found so far with a distance up to limit
	counts []int32 // found so far, by distance
	found  []nearChunk
	hits   [vectorsBlock]uint32 // of a block: chunk<<16 | distance
}

// reset begins a scan that finds at least want chunks, if there are so many.
func (s *hammingScan) reset(query []uint64, dims, want int) {
	s.query, s.want, s.limit, s.within, s.found = query, want, dims, 0, s.found[:0]
	if cap(s.counts) <= dims {
		s.counts = make([]int32, dims+1)
	}
	s.counts = s.counts[:dims+1]
	clear(s.counts)
}

// view scans the eligible chunks of a view; nil for all.
func (s *hammingScan) view(v *view, segment int, eligible bitset) {
	vectors := v.vectorsFile()
	if vectors == nil {
		return
	}
	for b := range vectors.blocks() {
		signs, n := vectors.blockSigns(b), vectors.blockChunks(b)
		if eligible == nil {
			hits := s.near(signs, s.hits[:])
			if vectors.present != nil {
				hits = s.dropMissing(hits, b*vectorsBlock, vectors.present)
			}
			s.take(segment, b, 0, hits, ^uint64(0))
			continue
		}
		for first := 0; first < n; first += 64 {
			s.scanWord(segment, b, first, signs, chunkMask(b*vectorsBlock+first, eligible, vectors.present))
		}
	}
}

// dropMissing drops those of the n hits of a block that have no vector: usually few
// are missing, so all are compared.
func (s *hammingScan) dropMissing(n, base int, present bitset) int {
	kept := 0
	for _, hit := range s.hits[:n] {
		if present.has(base + int(hit>>16)) {
			s.hits[kept] = hit
			kept++
		}
	}
	return kept
}

// chunkMask returns which of the 64 chunks from first on are in both sets.
func chunkMask(first int, eligible, present bitset) uint64 {
	mask := ^uint64(0)
	if eligible != nil {
		mask = eligible[first>>6]
	}
	if present != nil {
		mask &= present[first>>6]
	}
	return mask
}

// denseWord is the number of chunks in 64 from which all are compared, and those
// that are not in the set dropped, which is less work than to go from one to the
// next.
const denseWord = 16

// scanWord scans the chunks of mask among the 64 from first on, in a block.
func (s *hammingScan) scanWord(segment, block, first int, signs []byte, mask uint64) {
	if mask == 0 {
		return
	}
	size := 8 * len(s.query)
	if bits.OnesCount64(mask) >= denseWord {
		end := min(len(signs), (first+64)*size)
		s.take(segment, block, first, s.near(signs[first*size:end], s.hits[:]), mask)
		return
	}
	n := 0
	for set := mask; set != 0; set &= set - 1 {
		i := bits.TrailingZeros64(set)
		from := (first + i) * size
		if d := distance(signs[from:from+size], s.query); d <= s.limit {
			s.hits[n] = uint32(i)<<16 | uint32(d)
			n++
		}
	}
	s.take(segment, block, first, n, mask)
}

// take adds the n hits of s.hits whose bit is set in mask, and lowers the limit.
func (s *hammingScan) take(segment, block, first, n int, mask uint64) {
	base := uint32(block*vectorsBlock + first)
	for _, hit := range s.hits[:n] {
		i, d := hit>>16, int(hit&0xffff)
		if d > s.limit || mask>>(i&63)&1 == 0 {
			continue
		}
		s.found = append(s.found, nearChunk{segment, base + i, d})
		s.counts[d]++
		s.within++
		for below := s.within - int(s.counts[s.limit]); below >= s.want && s.limit > 0; below = s.within - int(s.counts[s.limit]) {
			s.within = below
			s.limit--
		}
	}
	if len(s.found) > 4*s.want && len(s.found) > 4*s.within {
		s.compact()
	}
}

// compact drops what is beyond the limit by now.
func (s *hammingScan) compact() {
	n := 0
	for _, c := range s.found {
		if c.distance <= s.limit {
			s.found[n] = c
			n++
		}
	}
	s.found = s.found[:n]
}

// near writes the chunks of signs within the limit to hits, as chunk<<16 |
// distance, and returns how many they are.
func (s *hammingScan) near(signs []byte, hits []uint32) int {
	if len(s.query) == 4 {
		return near256(signs, (*[4]uint64)(s.query), s.limit, hits)
	}
	size, n := 8*len(s.query), 0
	for i := uint32(0); len(signs) >= size; i++ {
		if d := distance(signs[:size], s.query); d <= s.limit {
			hits[n] = i<<16 | uint32(d)
			n++
		}
		signs = signs[size:]
	}
	return n
}

// near256 is near for 256 bits. Two chunks at a time keep the processor busy while
// the sums of one are formed: measured against one and four at a time, an array of
// all distances with a histogram, appending without branches, and carry-save
// addition, see BenchmarkHamming.
func near256(signs []byte, query *[4]uint64, limit int, hits []uint32) int {
	a, b, c, d := query[0], query[1], query[2], query[3]
	n, i := 0, uint32(0)
	for ; len(signs) >= 64; i += 2 {
		x, y := signs[:32:32], signs[32:64:64]
		even := bits.OnesCount64(binary.LittleEndian.Uint64(x)^a) + bits.OnesCount64(binary.LittleEndian.Uint64(x[8:])^b) +
			bits.OnesCount64(binary.LittleEndian.Uint64(x[16:])^c) + bits.OnesCount64(binary.LittleEndian.Uint64(x[24:])^d)
		odd := bits.OnesCount64(binary.LittleEndian.Uint64(y)^a) + bits.OnesCount64(binary.LittleEndian.Uint64(y[8:])^b) +
			bits.OnesCount64(binary.LittleEndian.Uint64(y[16:])^c) + bits.OnesCount64(binary.LittleEndian.Uint64(y[24:])^d)
		if even <= limit {
			hits[n] = i<<16 | uint32(even)
			n++
		}
		if odd <= limit {
			hits[n] = (i+1)<<16 | uint32(odd)
			n++
		}
		signs = signs[64:]
	}
	if len(signs) >= 32 {
		if last := distance(signs[:32], query[:]); last <= limit {
			hits[n] = i<<16 | uint32(last)
			n++
		}
	}
	return n
}

// distance returns in how many bits signs differ from the query.
func distance(signs []byte, query []uint64) int {
	d := 0
	for len(query) >= 4 && len(signs) >= 32 {
		x := signs[:32:32]
		d += bits.OnesCount64(binary.LittleEndian.Uint64(x)^query[0]) + bits.OnesCount64(binary.LittleEndian.Uint64(x[8:])^query[1]) +
			bits.OnesCount64(binary.LittleEndian.Uint64(x[16:])^query[2]) + bits.OnesCount64(binary.LittleEndian.Uint64(x[24:])^query[3])
		signs, query = signs[32:], query[4:]
	}
	for i, q := range query {
		d += bits.OnesCount64(binary.LittleEndian.Uint64(signs[8*i:]) ^ q)
	}
	return d
}
