package index

import (
	"encoding/binary"
)

// A term record in sectionPostings:
//
//	uvarint  chunks with the term in the flat text << 1 | the term is in a title
//	if so    uvarint documents with it in the title | uvarint chunks of these |
//	         uvarint bytes of the text list
//	list     of the flat text, with positions
//	list     of the titles, by chunk, without positions, if any
//
// A list of at most blockSize postings is one block, followed by its positions:
//
//	u8 width of deltas | u8 width of frequencies | deltas | frequencies
//	u8 width of positions | positions
//
// A longer list has a skip table in front of its blocks:
//
//	uvarint bytes of the list's impacts | of the blocks' impacts | of the blocks
//	per block: u32 last chunk | u32 block | u32 positions | u32 end of its impacts
//	impacts of the list, impacts of each block, blocks, positions of all blocks
//
// Deltas are the distance to the chunk before, less one; the first counts from
// the last chunk of the block before. Frequencies are stored less one. The
// positions of one posting are deltas too, the first from 0.
//
// Impacts are the pairs (u8 frequency, u16 length) that no other posting of the
// block dominates, so that the best score is known for any k1 and b.
// Frequency 255 stands for 255 and more.
const (
	skipEntryBytes = 16
	impactBytes    = 3
	impactMaxFreq  = 255
)

// listEncoder encodes one postings list.
type listEncoder struct {
	withPositions bool
	lengths       []uint16

	n         int    // postings before the pending block
	last      uint32 // last chunk + 1 before the pending block
	chunks    []uint32
	freqs     []uint32
	positions []uint32

	blocks, posBlocks  []byte
	impacts            []byte // of the blocks
	skips              []byte
	blockBest, allBest impactTable
}

// reset starts a list whose postings refer to lengths.
func (e *listEncoder) reset(withPositions bool, lengths []uint16) {
	e.withPositions, e.lengths = withPositions, lengths
	e.n, e.last = 0, 0
	e.chunks, e.freqs, e.positions = e.chunks[:0], e.freqs[:0], e.positions[:0]
	e.blocks, e.posBlocks = e.blocks[:0], e.posBlocks[:0]
	e.impacts, e.skips = e.impacts[:0], e.skips[:0]
}

// add appends a posting; chunks come in increasing order. Deltas are the
// positions as they are stored, nil for a list without.
func (e *listEncoder) add(chunk, freq uint32, deltas []uint32) {
	if len(e.chunks) == blockSize {
		e.flush()
	}
	e.chunks = append(e.chunks, chunk)
	e.freqs = append(e.freqs, freq-1)
	e.positions = append(e.positions, deltas...)
}

// count returns the number of postings added.
func (e *listEncoder) count() int { return e.n + len(e.chunks) }

// flush moves the pending block of a long list to the buffers.
func (e *listEncoder) flush() {
	if e.n == 0 {
		e.allBest.reset()
	}
	e.blockBest.reset()
	for i, c := range e.chunks {
		e.blockBest.add(e.freqs[i]+1, e.lengths[c])
	}
	e.allBest.merge(&e.blockBest)
	e.skips = binary.LittleEndian.AppendUint32(e.skips, e.chunks[len(e.chunks)-1])
	e.skips = binary.LittleEndian.AppendUint32(e.skips, uint32(len(e.blocks)))
	e.skips = binary.LittleEndian.AppendUint32(e.skips, uint32(len(e.posBlocks)))
	e.impacts = e.blockBest.append(e.impacts)
	e.skips = binary.LittleEndian.AppendUint32(e.skips, uint32(len(e.impacts)))
	e.blocks, e.posBlocks = e.encodeBlock(e.blocks, e.posBlocks)
	e.n += len(e.chunks)
	e.chunks, e.freqs, e.positions = e.chunks[:0], e.freqs[:0], e.positions[:0]
}

// encodeBlock appends the pending block. It turns e.chunks into deltas.
func (e *listEncoder) encodeBlock(block, positions []byte) ([]byte, []byte) {
	next := e.last
	for i, c := range e.chunks {
		e.chunks[i] = c - next
		next = c + 1
	}
	e.last = next
	wc, wf := widthOf(e.chunks), widthOf(e.freqs)
	block = append(block, byte(wc), byte(wf))
	block = pack(block, e.chunks, wc)
	block = pack(block, e.freqs, wf)
	if e.withPositions {
		wp := widthOf(e.positions)
		positions = append(positions, byte(wp))
		positions = pack(positions, e.positions, wp)
	}
	return block, positions
}

// appendTo appends the finished list.
func (e *listEncoder) appendTo(dst []byte) []byte {
	if e.n == 0 {
		e.posBlocks = e.posBlocks[:0]
		dst, e.posBlocks = e.encodeBlock(dst, e.posBlocks)
		return append(dst, e.posBlocks...)
	}
	if len(e.chunks) > 0 {
		e.flush()
	}
	all := e.allBest.append(nil)
	dst = binary.AppendUvarint(dst, uint64(len(all)))
	dst = binary.AppendUvarint(dst, uint64(len(e.impacts)))
	dst = binary.AppendUvarint(dst, uint64(len(e.blocks)))
	dst = append(dst, e.skips...)
	dst = append(dst, all...)
	dst = append(dst, e.impacts...)
	dst = append(dst, e.blocks...)
	return append(dst, e.posBlocks...)
}

// impactTable finds the pairs of frequency and length that are not dominated.
type impactTable struct {
	shortest [impactMaxFreq + 1]int32 // shortest length per frequency, -1 for none
	max      int
}

func (t *impactTable) reset() {
	for i := range t.shortest[:t.max+1] {
		t.shortest[i] = -1
	}
	t.max = 0
}

func (t *impactTable) add(freq uint32, length uint16) {
	f := int(min(freq, impactMaxFreq))
	if f > t.max {
		for i := t.max + 1; i <= f; i++ {
			t.shortest[i] = -1
		}
		t.max = f
	}
	if s := t.shortest[f]; s < 0 || int32(length) < s {
		t.shortest[f] = int32(length)
	}
}

func (t *impactTable) merge(o *impactTable) {
	for f := 1; f <= o.max; f++ {
		if s := o.shortest[f]; s >= 0 {
			t.add(uint32(f), uint16(s))
		}
	}
}

// append appends the pairs by falling frequency.
func (t *impactTable) append(dst []byte) []byte {
	best := int32(maxLength + 1)
	for f := t.max; f >= 1; f-- {
		if s := t.shortest[f]; s >= 0 && s < best {
			best = s
			dst = append(dst, byte(f), byte(s), byte(s>>8))
		}
	}
	return dst
}

// termRecord appends the record of a term. The title list is empty when the
// term is in no title.
func termRecord(dst []byte, text, title *listEncoder, titleDocs int, scratch []byte) (record, newScratch []byte) {
	if titleDocs == 0 {
		dst = binary.AppendUvarint(dst, uint64(text.count())<<1)
		return text.appendTo(dst), scratch
	}
	dst = binary.AppendUvarint(dst, uint64(text.count())<<1|1)
	dst = binary.AppendUvarint(dst, uint64(titleDocs))
	dst = binary.AppendUvarint(dst, uint64(title.count()))
	scratch = text.appendTo(scratch[:0])
	dst = binary.AppendUvarint(dst, uint64(len(scratch)))
	dst = append(dst, scratch...)
	return title.appendTo(dst), scratch
}
