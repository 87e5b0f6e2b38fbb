package index

import (
	"encoding/binary"
	"fmt"
	"sort"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Stored fields are items: for each document its record, followed by the
// records of its chunks. Items are gathered into blocks:
//
//	uvarint items | uvarint length of each | items
//
// and each block is one zstd frame, small enough that ten random hits are read
// in a fraction of a millisecond. Literals are not entropy coded: that would make
// a segment 9 % smaller and reading twice as slow.
const (
	// storedBlockBytes is the size at which a block is closed.
	storedBlockBytes = 4 << 10
	// maxStoredBlock bounds what a corrupt frame can make the reader allocate.
	maxStoredBlock      = 256 << 20
	storedEntryBytes    = 16
	storedWindowBytes   = 64 << 10
	storedEncoderCPUs   = 1
	storedDecoderMemory = maxStoredBlock
)

var (
	storedEncoders = sync.Pool{New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(storedEncoderCPUs), zstd.WithEncoderCRC(false),
			zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(storedWindowBytes), zstd.WithSingleSegment(true),
			zstd.WithNoEntropyCompression(true))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	}}
	storedDecoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(storedDecoderMemory))
		if err != nil {
			panic(err) // the options are constants
		}
		return d
	})
)

// storedWriter writes sectionStored.
type storedWriter struct {
	out     *sectionWriter
	encoder *zstd.Encoder
	index   []byte // of sectionStoredIndex
	items   uint32 // before the pending block
	lengths []byte
	pending []byte
	count   int
	raw     []byte
	frame   []byte
}

// newStoredWriter begins the section.
func newStoredWriter(out *sectionWriter) *storedWriter {
	out.begin(sectionStored)
	return &storedWriter{out: out, encoder: storedEncoders.Get().(*zstd.Encoder)}
}

// add appends an item. A document's record and its first chunk should share a
// block: first marks the items that may start one.
func (w *storedWriter) add(item []byte, first bool) {
	if first && len(w.pending) >= storedBlockBytes {
		w.flush()
	}
	w.lengths = binary.AppendUvarint(w.lengths, uint64(len(item)))
	w.pending = append(w.pending, item...)
	w.count++
}

func (w *storedWriter) flush() {
	if w.count == 0 {
		return
	}
	w.raw = binary.AppendUvarint(w.raw[:0], uint64(w.count))
	w.raw = append(w.raw, w.lengths...)
	w.raw = append(w.raw, w.pending...)
	w.frame = w.encoder.EncodeAll(w.raw, w.frame[:0])
	w.putFrame(w.frame, w.count)
	w.lengths, w.pending, w.count = w.lengths[:0], w.pending[:0], 0
}

// copyFrame takes over a block as it is.
func (w *storedWriter) copyFrame(frame []byte, items int) {
	w.flush()
	w.putFrame(frame, items)
}

func (w *storedWriter) putFrame(frame []byte, items int) {
	w.index = binary.LittleEndian.AppendUint64(w.index, w.out.length())
	w.index = binary.LittleEndian.AppendUint32(w.index, w.items)
	w.index = binary.LittleEndian.AppendUint32(w.index, 0)
	w.out.put(frame)
	w.items += uint32(items)
}

// finish ends the section and writes its index.
func (w *storedWriter) finish() {
	w.flush()
	w.out.end()
	w.out.section(sectionStoredIndex, w.index)
}

// release gives the encoder back.
func (w *storedWriter) release() {
	storedEncoders.Put(w.encoder)
	w.encoder = nil
}

// storedReader finds items.
type storedReader struct {
	frames []byte // without padding
	index  []byte
	blocks int
	items  int
}

func newStoredReader(frames, index []byte, items int) (storedReader, error) {
	r := storedReader{frames: frames, index: index, blocks: len(index) / storedEntryBytes, items: items}
	if len(index)%storedEntryBytes != 0 || (items > 0) != (r.blocks > 0) {
		return r, corrupt("stored index of %d bytes", len(index))
	}
	lastOffset, lastItem := uint64(0), -1
	for b := range r.blocks {
		offset, item := r.entry(b)
		if offset < lastOffset || offset > uint64(len(frames)) || item <= lastItem || item >= items || (b == 0 && item != 0) {
			return r, corrupt("stored block %d", b)
		}
		lastOffset, lastItem = offset, item
	}
	return r, nil
}

func (r *storedReader) entry(block int) (offset uint64, firstItem int) {
	e := r.index[block*storedEntryBytes:]
	return binary.LittleEndian.Uint64(e), int(binary.LittleEndian.Uint32(e[8:]))
}

// blockOf returns the block that holds an item.
func (r *storedReader) blockOf(item int) int {
	return sort.Search(r.blocks, func(b int) bool {
		_, first := r.entry(b)
		return first > item
	}) - 1
}

// bounds returns the items [first, end) of a block.
func (r *storedReader) bounds(block int) (first, end int) {
	_, first = r.entry(block)
	end = r.items
	if block+1 < r.blocks {
		_, end = r.entry(block + 1)
	}
	return first, end
}

// frame returns the compressed bytes of a block.
func (r *storedReader) frame(block int) []byte {
	from, _ := r.entry(block)
	to := uint64(len(r.frames))
	if block+1 < r.blocks {
		to, _ = r.entry(block + 1)
	}
	return r.frames[from:to]
}

// storedBlock is a decompressed block.
type storedBlock struct {
	buf        []byte
	block      int
	first, end int
	items      []byte
	lengths    []uint32
}

// read decompresses a block, reusing the memory of b.
func (b *storedBlock) read(r *storedReader, block int) error {
	buf, err := storedDecoder().DecodeAll(r.frame(block), b.buf[:0])
	if err != nil {
		return fmt.Errorf("%w: stored block %d: %w", ErrCorrupt, block, err)
	}
	b.buf, b.block = buf, -1
	b.first, b.end = r.bounds(block)
	p := byteReader{b: buf}
	if n := p.uvarint(); p.bad || n != uint64(b.end-b.first) {
		return corrupt("stored block %d has %d items", block, n)
	}
	b.lengths = b.lengths[:0]
	total := uint64(0)
	for range b.end - b.first {
		n := p.uvarint()
		if total += n; p.bad || total > uint64(len(buf)) {
			return corrupt("stored block %d", block)
		}
		b.lengths = append(b.lengths, uint32(n))
	}
	if total != uint64(len(p.b)) {
		return corrupt("stored block %d: %d bytes of items in %d", block, total, len(p.b))
	}
	b.items, b.block = p.b, block
	return nil
}

// item returns an item of the block.
func (b *storedBlock) item(item int) []byte {
	from := uint32(0)
	for i := range item - b.first {
		from += b.lengths[i]
	}
	return b.items[from : from+b.lengths[item-b.first]]
}
