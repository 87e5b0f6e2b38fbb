package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"sync/atomic"
	"time"

	"github.com/blevesearch/mmap-go"
)

// Vectors is an open vectors file. It is immutable and safe for concurrent use.
type Vectors struct {
	vectorsLayout
	file    VectorsMeta
	mapped  mmap.MMap
	checked atomic.Int64 // when the bytes were last found good, Unix nanoseconds
	closed  func()       // if set, Close calls it
	data    []byte
	present bitset // chunks with a vector; nil for all
}

// OpenVectors maps a vectors file after its checksum was verified. The file must
// not be changed while it is open; it may be removed.
func OpenVectors(path string) (*Vectors, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open vectors: %w", err)
	}
	defer f.Close()
	opened := time.Now()
	size, err := verifyFile(f)
	if err != nil {
		return nil, err
	}
	m, err := mmap.MapRegion(f, int(size), mmap.RDONLY, 0, 0)
	if err != nil {
		return nil, fmt.Errorf("map vectors: %w", err)
	}
	v, err := parseVectors(m)
	if err != nil {
		return nil, errors.Join(err, m.Unmap())
	}
	v.mapped = m
	v.checked.Store(opened.UnixNano())
	return v, nil
}

// OpenVectorsBytes opens a vectors file in memory. The bytes must not be changed.
func OpenVectorsBytes(data []byte) (*Vectors, error) {
	if len(data) < vectorsHeaderBytes+vectorsFooterBytes {
		return nil, corrupt("vectors of %d bytes", len(data))
	}
	if err := verifyBytes(data); err != nil {
		return nil, err
	}
	return parseVectors(data)
}

// Close unmaps the file. No method may be called afterwards.
func (v *Vectors) Close() error {
	if v.closed != nil {
		v.closed()
	}
	if v.mapped == nil {
		return nil
	}
	return v.mapped.Unmap()
}

// Meta describes the file.
func (v *Vectors) Meta() VectorsMeta { return v.file }

func parseVectors(data []byte) (v *Vectors, err error) {
	defer protect(&err)()
	if len(data) < vectorsHeaderBytes+vectorsFooterBytes || string(data[:4]) != vectorsMagic {
		return nil, corrupt("not a vectors file")
	}
	if version := u32(data, 1); version != vectorsVersion {
		return nil, fmt.Errorf("vectors have format %d, this program reads %d", version, vectorsVersion)
	}
	layout, err := newVectorsLayout(int(u32(data, 2)), int(u32(data, 3)))
	if err != nil {
		return nil, corrupt("%v", err)
	}
	if layout.bytes() != int64(len(data)) {
		return nil, corrupt("vectors of %d bytes, not %d", len(data), layout.bytes())
	}
	footer := data[len(data)-vectorsFooterBytes:]
	if string(footer[4:8]) != vectorsMagic {
		return nil, corrupt("footer of vectors")
	}
	v = &Vectors{vectorsLayout: layout, data: data}
	v.file = VectorsMeta{
		Dims: layout.dims, Chunks: layout.chunks, Missing: int(u32(footer, 0)), Bytes: int64(len(data)),
		Checksum: checksumBytes(binary.LittleEndian.Uint64(footer[8:])),
	}
	return v, v.readPresent()
}

// readPresent gathers which chunks have a vector, and checks that each has a
// scale, which the scores rely on.
func (v *Vectors) readPresent() error {
	present := newBitset(v.chunks)
	for b := range v.blocks() {
		data, n := v.block(b), v.blockChunks(b)
		for i := range bitsetWords(n) {
			present[b*vectorsBlock/64+i] = binary.LittleEndian.Uint64(data[8*i:])
		}
		scales := data[8*bitsetWords(n)+8*v.words*n:]
		for i := range n {
			scale := math.Float32frombits(u32(scales, i))
			if has := present.has(b*vectorsBlock + i); has != (scale > 0 && scale <= 1) {
				return corrupt("vector of chunk %d", b*vectorsBlock+i)
			}
		}
	}
	if have := present.count(); have != v.chunks-v.file.Missing {
		return corrupt("%d vectors, not %d", have, v.chunks-v.file.Missing)
	}
	if v.file.Missing > 0 {
		v.present = present
	}
	return nil
}

// block returns the bytes of a block.
func (v *Vectors) block(block int) []byte {
	from := v.blockOffset(block)
	return v.data[from : from+v.blockBytes(v.blockChunks(block))]
}

// Has reports whether a chunk has a vector.
func (v *Vectors) Has(chunk int) bool { return v.present == nil || v.present.has(chunk) }

// blockSigns returns the signs of all chunks of a block.
func (v *Vectors) blockSigns(block int) []byte {
	n := v.blockChunks(block)
	from := 8 * bitsetWords(n)
	return v.block(block)[from : from+8*v.words*n]
}

// signs returns the signs of a chunk, 8 bytes each 64.
func (v *Vectors) signs(chunk int) []byte {
	size := 8 * v.words
	from := chunk % vectorsBlock * size
	return v.blockSigns(chunk / vectorsBlock)[from : from+size]
}

// scale returns what the components of a chunk are to be multiplied by.
func (v *Vectors) scale(chunk int) float32 {
	block, i := chunk/vectorsBlock, chunk%vectorsBlock
	n := v.blockChunks(block)
	return math.Float32frombits(u32(v.block(block)[8*bitsetWords(n)+8*v.words*n:], i))
}

// components returns the components of a chunk, one signed byte each.
func (v *Vectors) components(chunk int) []byte {
	block, i := chunk/vectorsBlock, chunk%vectorsBlock
	n := v.blockChunks(block)
	from := 8*bitsetWords(n) + (8*v.words+4)*n + i*v.dims
	return v.block(block)[from : from+v.dims]
}

// vector appends the decoded vector of a chunk, of unit length.
func (v *Vectors) vector(dst []float32, chunk int) []float32 {
	scale := v.scale(chunk)
	for _, c := range v.components(chunk) {
		dst = append(dst, scale*float32(int8(c)))
	}
	return dst
}
