package index

import (
	"errors"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"
)

// A vectors file holds the vectors of the chunks of one segment by one embedding
// model, as codes. It stands beside its segment, which therefore never changes
// when a model does. It is a header, blocks and a footer, all little endian:
//
//	header  "RAVX" | u32 version | u32 dimensions | u32 chunks | 48 bytes zero
//	block   of 1024 chunks, the last one of what is left:
//	        u64 × ⌈n/64⌉     which chunks have a vector
//	        u64 × words × n  signs, bit i is set when component i is above 0
//	        f32 × n          scales
//	        i8 × dims × n    components
//	        zero bytes up to a multiple of 8
//	footer  u32 missing | "RAVX" | u64 xxHash64 of all before
//
// words is ⌈dimensions/64⌉. A chunk without a vector is zero throughout. The
// components of a vector are its own times 127/|largest|, rounded; scale is one
// over their length, so that scale × components is of unit length and its product
// with another unit vector never leaves [-1, 1] by more than rounding.
//
// Everything of a block stands together so that a file is written in one pass and
// bounded memory; the signs of a block stand together because a scan reads
// nothing else.
const (
	vectorsMagic       = "RAVX"
	vectorsVersion     = 1
	vectorsHeaderBytes = 64
	vectorsFooterBytes = 16
	vectorsBlock       = 1024 // chunks
)

// MaxDimensions bounds the dimensions of a vector.
const MaxDimensions = 8192

// VectorsMeta describes a written vectors file.
type VectorsMeta struct {
	Dims int
	// Chunks are those of the segment, Missing those of them without a vector.
	Chunks, Missing int
	Bytes           int64
	// Checksum is the xxHash64 of the file without its last 8 bytes, which
	// hold the same.
	Checksum []byte
}

// ErrInvalidVector is wrapped by the errors that say that a vector cannot be
// stored or searched with.
var ErrInvalidVector = errors.New("invalid vector")

// vectorsLayout is where things are in a vectors file.
type vectorsLayout struct {
	dims, words, chunks int
}

func newVectorsLayout(dims, chunks int) (vectorsLayout, error) {
	if dims < 1 || dims > MaxDimensions {
		return vectorsLayout{}, fmt.Errorf("vectors of %d dimensions, from 1 to %d are possible", dims, MaxDimensions)
	}
	if chunks < 0 || chunks > maxChunks {
		return vectorsLayout{}, fmt.Errorf("vectors of %d chunks", chunks)
	}
	return vectorsLayout{dims: dims, words: (dims + 63) / 64, chunks: chunks}, nil
}

func (l vectorsLayout) blocks() int { return (l.chunks + vectorsBlock - 1) / vectorsBlock }

// blockChunks returns how many chunks a block has.
func (l vectorsLayout) blockChunks(block int) int {
	return min(vectorsBlock, l.chunks-block*vectorsBlock)
}

// blockBytes returns the size of a block of n chunks.
func (l vectorsLayout) blockBytes(n int) int64 {
	size := 8*int64(bitsetWords(n)) + int64(n)*int64(8*l.words+4+l.dims)
	return (size + 7) &^ 7
}

// blockOffset returns where a block begins.
func (l vectorsLayout) blockOffset(block int) int64 {
	return vectorsHeaderBytes + int64(block)*l.blockBytes(vectorsBlock)
}

// bytes returns the size of the file.
func (l vectorsLayout) bytes() int64 {
	n := l.blocks()
	if n == 0 {
		return vectorsHeaderBytes + vectorsFooterBytes
	}
	return l.blockOffset(n-1) + l.blockBytes(l.blockChunks(n-1)) + vectorsFooterBytes
}

// vectorLength returns the Euclidean length of a vector of that many dimensions,
// or an error for one that has no direction.
func vectorLength(v []float32, dims int) (float64, error) {
	if len(v) != dims {
		return 0, fmt.Errorf("%w: %d dimensions, not %d", ErrInvalidVector, len(v), dims)
	}
	sum := 0.0
	for _, x := range v {
		sum += float64(float64(x) * float64(x))
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return 0, fmt.Errorf("%w: a component is not a finite number", ErrInvalidVector)
	}
	if sum == 0 {
		return 0, fmt.Errorf("%w: all components are zero", ErrInvalidVector)
	}
	return math.Sqrt(sum), nil
}

// FileChecksum returns the checksum by which a file without one of its own is
// recognised: the xxHash64 of all its bytes, big endian.
func FileChecksum(data []byte) []byte { return checksumBytes(xxhash.Sum64(data)) }
