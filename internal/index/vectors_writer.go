package index

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/cespare/xxhash/v2"
)

// WriteVectors writes a vectors file for the chunks of a segment. at returns the
// vector of a chunk, nil when it has none; it is called once for each chunk, in
// their order, and what it returns is not kept. Vectors need not be of unit
// length. Memory is bounded by one block. An error that wraps ErrInvalidVector
// names the chunk.
func WriteVectors(w io.Writer, dims, chunks int, at func(chunk int) []float32) (VectorsMeta, error) {
	out, err := newVectorsWriter(w, dims, chunks)
	if err != nil {
		return VectorsMeta{}, err
	}
	for chunk := range chunks {
		if err := out.add(at(chunk)); err != nil {
			return VectorsMeta{}, fmt.Errorf("chunk %d: %w", chunk, err)
		}
	}
	return out.finish()
}

// vectorsWriter streams a vectors file. Every chunk is added once, in order.
type vectorsWriter struct {
	vectorsLayout
	out     *bufio.Writer
	hash    *xxhash.Digest
	offset  int64
	err     error
	added   int
	missing int

	// the block that is being filled
	n          int
	present    [vectorsBlock / 64]uint64
	signs      []uint64
	scales     []float32
	components []byte
	scratch    []byte
}

func newVectorsWriter(w io.Writer, dims, chunks int) (*vectorsWriter, error) {
	layout, err := newVectorsLayout(dims, chunks)
	if err != nil {
		return nil, err
	}
	v := &vectorsWriter{vectorsLayout: layout, hash: xxhash.New()}
	v.out = bufio.NewWriterSize(io.MultiWriter(w, v.hash), 1<<16)
	n := min(vectorsBlock, chunks)
	v.signs, v.scales, v.components = make([]uint64, n*v.words), make([]float32, n), make([]byte, n*dims)
	var header [vectorsHeaderBytes]byte
	copy(header[:], vectorsMagic)
	binary.LittleEndian.PutUint32(header[4:], vectorsVersion)
	binary.LittleEndian.PutUint32(header[8:], uint32(dims))
	binary.LittleEndian.PutUint32(header[12:], uint32(chunks))
	v.put(header[:])
	return v, nil
}

func (w *vectorsWriter) put(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.offset += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write vectors: %w", err)
	}
}

// add adds the vector of the next chunk; nil for none.
func (w *vectorsWriter) add(v []float32) error {
	if v == nil {
		w.addMissing()
		return w.err
	}
	if _, err := vectorLength(v, w.dims); err != nil {
		return err
	}
	signs, components := w.slot()
	w.scales[w.n] = quantise(v, signs, components)
	return w.next(true)
}

// quantise writes the signs and the components of a vector that has a direction,
// and returns their scale.
func quantise(v []float32, signs []uint64, components []byte) float32 {
	largest := 0.0
	for _, x := range v {
		largest = max(largest, math.Abs(float64(x)))
	}
	factor, squares := 127/largest, 0
	for i, x := range v {
		if x > 0 {
			signs[i>>6] |= 1 << (i & 63)
		}
		c := int(math.RoundToEven(float64(x) * factor))
		components[i] = byte(int8(c))
		squares += c * c
	}
	return float32(1 / math.Sqrt(float64(squares)))
}

// addMissing adds a chunk without a vector.
func (w *vectorsWriter) addMissing() {
	w.slot()
	w.scales[w.n] = 0
	_ = w.next(false)
}

// addCodes adds a chunk by its codes in another file of the same dimensions.
func (w *vectorsWriter) addCodes(v *Vectors, chunk int) error {
	if !v.Has(chunk) {
		w.addMissing()
		return w.err
	}
	signs, components := w.slot()
	from := v.signs(chunk)
	for i := range signs {
		signs[i] = binary.LittleEndian.Uint64(from[8*i:])
	}
	copy(components, v.components(chunk))
	w.scales[w.n] = v.scale(chunk)
	return w.next(true)
}

// slot returns the zeroed place of the next chunk.
func (w *vectorsWriter) slot() (signs []uint64, components []byte) {
	if w.n == 0 {
		clear(w.present[:])
	}
	signs = w.signs[w.n*w.words : (w.n+1)*w.words]
	components = w.components[w.n*w.dims : (w.n+1)*w.dims]
	clear(signs)
	clear(components)
	return signs, components
}

func (w *vectorsWriter) next(has bool) error {
	if has {
		bitset(w.present[:]).set(w.n)
	} else {
		w.missing++
	}
	w.n++
	w.added++
	if w.n == vectorsBlock {
		w.flush()
	}
	return w.err
}

func (w *vectorsWriter) flush() {
	if w.n == 0 {
		return
	}
	b := w.scratch[:0]
	for _, x := range w.present[:bitsetWords(w.n)] {
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	for _, x := range w.signs[:w.n*w.words] {
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	for _, x := range w.scales[:w.n] {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	b = append(b, w.components[:w.n*w.dims]...)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	w.put(b)
	w.scratch, w.n = b, 0
}

// finish writes the last block and the footer.
func (w *vectorsWriter) finish() (VectorsMeta, error) {
	if w.added != w.chunks {
		return VectorsMeta{}, fmt.Errorf("write vectors: %d chunks of %d", w.added, w.chunks)
	}
	w.flush()
	w.put(append(binary.LittleEndian.AppendUint32(nil, uint32(w.missing)), vectorsMagic...))
	if w.err == nil {
		w.err = w.out.Flush()
	}
	sum := w.hash.Sum64()
	w.put(binary.LittleEndian.AppendUint64(nil, sum))
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err != nil {
		return VectorsMeta{}, w.err
	}
	return VectorsMeta{Dims: w.dims, Chunks: w.chunks, Missing: w.missing, Bytes: w.offset, Checksum: checksumBytes(sum)}, nil
}
