package index

import (
	"encoding/binary"
)

// termPostings is a decoded term record. Lists point into the segment.
type termPostings struct {
	text, title postingsList
	titleDocs   int
}

// postingsList is the header of a list. Where a slice's end is not known
// without decoding, it runs to the end of the section.
type postingsList struct {
	n             int
	withPositions bool
	// skip has skipEntryBytes per block; nil for a list of one block.
	skip []byte
	// impacts bound the whole list, blockImpacts each block; for a list of one
	// block both are empty.
	impacts, blockImpacts []byte
	blocks, positions     []byte
}

// readTerm decodes the record at offset of a postings section. A section
// carries its padding.
func readTerm(section []byte, offset uint64) (termPostings, error) {
	var t termPostings
	if offset >= uint64(len(section)) {
		return t, corrupt("postings offset %d", offset)
	}
	r := byteReader{b: section[offset:]}
	head := r.uvarint()
	t.text.n = int(head >> 1)
	titleChunks, textBytes := uint64(0), uint64(0)
	if head&1 != 0 {
		t.titleDocs = int(r.uvarint())
		titleChunks = r.uvarint()
		textBytes = r.uvarint()
	}
	if r.bad || head>>1 == 0 || head>>1 > 1<<32 || titleChunks > head>>1 || textBytes > uint64(len(r.b)) {
		return t, corrupt("term record at %d", offset)
	}
	title := r.b[textBytes:]
	if !t.text.read(r.b, true) {
		return t, corrupt("text postings at %d", offset)
	}
	if head&1 != 0 {
		t.title.n = int(titleChunks)
		if titleChunks == 0 || t.titleDocs <= 0 || t.titleDocs > t.title.n || !t.title.read(title, false) {
			return t, corrupt("title postings at %d", offset)
		}
	}
	return t, nil
}

func (l *postingsList) read(b []byte, withPositions bool) bool {
	l.withPositions = withPositions
	if l.n <= blockSize {
		l.blocks = b
		return true
	}
	r := byteReader{b: b}
	impacts, blockImpacts, blocks := r.uvarint(), r.uvarint(), r.uvarint()
	l.skip = r.bytes(uint64(l.blockCount()) * skipEntryBytes)
	l.impacts = r.bytes(impacts)
	l.blockImpacts = r.bytes(blockImpacts)
	l.blocks = r.b
	r.bytes(blocks)
	l.positions = r.b
	return !r.bad
}

// blockCount returns the number of blocks.
func (l *postingsList) blockCount() int { return (l.n + blockSize - 1) / blockSize }

// blockLen returns the number of postings of a block.
func (l *postingsList) blockLen(block int) int {
	return min(blockSize, l.n-block*blockSize)
}

// lastChunk returns the last chunk of a block of a list with a skip table.
func (l *postingsList) lastChunk(block int) uint32 {
	return binary.LittleEndian.Uint32(l.skip[block*skipEntryBytes:])
}

// impactsOf returns the impacts of a block of a list with a skip table.
func (l *postingsList) impactsOf(block int) []byte {
	from := uint32(0)
	if block > 0 {
		from = binary.LittleEndian.Uint32(l.skip[(block-1)*skipEntryBytes+12:])
	}
	to := binary.LittleEndian.Uint32(l.skip[block*skipEntryBytes+12:])
	if from > to || int(to) > len(l.blockImpacts) {
		return nil
	}
	return l.blockImpacts[from:to]
}

// byteReader reads numbers and remembers a failure.
type byteReader struct {
	b   []byte
	bad bool
}

func (r *byteReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *byteReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// bytes returns the next n bytes.
func (r *byteReader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// string reads a length and that many bytes.
func (r *byteReader) string() string { return string(r.bytes(r.uvarint())) }
