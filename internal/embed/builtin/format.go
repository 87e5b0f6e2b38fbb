package builtin

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// A model file is little endian; every table starts at a multiple of 8:
//
//	header   "RAEM" | u32 format version | u32 analysis version | u32 dimensions of a half |
//	         u32 words | u32 bytes of terms | u32 slots | u32 chunks learnt from |
//	         f32 weight of the LSA half | f32 weight of the PPMI half
//	slots    u32 per slot: number of a word and 1, or 0; open addressing by
//	         the low bits of the word's xxHash64
//	offsets  u32 per word and one more: where its bytes start
//	terms    the words, sorted
//	scales   f32 per word and half: value of one step of its row
//	rows     u8 per word, half and dimension: step and 128
//	footer   u64 xxHash64 of all before
const (
	magic         = "RAEM"
	formatVersion = 1
	headerBytes   = 40
	footerBytes   = 8
	// zeroStep is the byte of a row that stands for 0.
	zeroStep = 128
	maxWords = 1 << 24
	maxTerms = 1 << 31
)

// ErrCorrupt is wrapped by every error that says that bytes are not a valid
// model.
var ErrCorrupt = errors.New("corrupt embedding model")

// ErrOutdated says that a model was made by another version of this program and
// must be trained again.
var ErrOutdated = errors.New("outdated embedding model")

// Identity names what Open can read: models of another format, or whose words were
// analysed by other rules, have another one, and must be trained again.
func Identity() string { return fmt.Sprintf("builtin/%d.%d", formatVersion, analysis.Version) }

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// header is the start of a file.
type header struct {
	analysis, half, words, terms, slots, chunks uint32
	weight                                      [2]float32
}

func (h *header) append(b []byte) []byte {
	b = append(b, magic...)
	for _, v := range [...]uint32{
		formatVersion, h.analysis, h.half, h.words, h.terms, h.slots, h.chunks,
		math.Float32bits(h.weight[0]), math.Float32bits(h.weight[1]),
	} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// layout are the offsets of the tables and of the footer.
type layout struct{ slots, offsets, terms, scales, rows, end int }

func (h *header) layout() layout {
	align := func(n int) int { return (n + 7) &^ 7 }
	words := int(h.words)
	var l layout
	l.slots = headerBytes
	l.offsets = align(l.slots + 4*int(h.slots))
	l.terms = align(l.offsets + 4*(words+1))
	l.scales = align(l.terms + int(h.terms))
	l.rows = align(l.scales + 8*words)
	l.end = l.rows + 2*int(h.half)*words
	return l
}

// slotsFor returns the size of the hash table of n words: a power of two that
// is at most half full.
func slotsFor(n int) int { return 1 << bits.Len(uint(2*n-1)) }

// WriteTo writes the model file. The same sample and seed give the same bytes.
func (t *Trained) WriteTo(w io.Writer) (int64, error) {
	terms := 0
	for _, word := range t.words {
		terms += len(word)
	}
	if len(t.words) > maxWords || terms > maxTerms {
		return 0, fmt.Errorf("write model: %d words of %d bytes are too many", len(t.words), terms)
	}
	h := header{
		analysis: analysis.Version, half: Half, words: uint32(len(t.words)), terms: uint32(terms),
		slots: uint32(slotsFor(len(t.words))), chunks: uint32(t.chunks), weight: t.weight,
	}
	f := &fileWriter{hash: xxhash.New()}
	f.out = bufio.NewWriterSize(io.MultiWriter(w, f.hash), 1<<16)
	f.put(h.append(nil))
	t.writeTables(f, h.layout())
	if f.err == nil {
		f.err = f.out.Flush()
	}
	if f.err == nil {
		_, f.err = w.Write(binary.LittleEndian.AppendUint64(nil, f.hash.Sum64()))
		f.n += footerBytes
	}
	if f.err != nil {
		return f.n, fmt.Errorf("write model: %w", f.err)
	}
	return f.n, nil
}

func (t *Trained) writeTables(f *fileWriter, l layout) {
	slots := make([]uint32, slotsFor(len(t.words)))
	for i, word := range t.words {
		slot := xxhash.Sum64String(word) & uint64(len(slots)-1)
		for slots[slot] != 0 {
			slot = (slot + 1) & uint64(len(slots)-1)
		}
		slots[slot] = uint32(i) + 1
	}
	f.align(l.slots)
	for _, v := range slots {
		f.u32(v)
	}
	f.align(l.offsets)
	offset := 0
	for _, word := range t.words {
		f.u32(uint32(offset))
		offset += len(word)
	}
	f.u32(uint32(offset))
	f.align(l.terms)
	for _, word := range t.words {
		f.put([]byte(word))
	}
	f.align(l.scales)
	for i := range t.words {
		for _, rows := range t.rows {
			f.u32(math.Float32bits(stepOf(rows.row(i))))
		}
	}
	f.align(l.rows)
	row := make([]byte, 0, Dimensions)
	for i := range t.words {
		row = row[:0]
		for _, rows := range t.rows {
			row = appendSteps(row, rows.row(i))
		}
		f.put(row)
	}
}

// stepOf returns the value of one of the 127 steps to each side.
func stepOf(row []float32) float32 {
	most := float32(0)
	for _, v := range row {
		most = max(most, v, -v)
	}
	return most / 127
}

func appendSteps(dst []byte, row []float32) []byte {
	step := stepOf(row)
	for _, v := range row {
		n := 0.0
		if step > 0 {
			n = math.Round(float64(v) / float64(step))
		}
		dst = append(dst, byte(int(max(-127, min(127, n)))+zeroStep))
	}
	return dst
}

// fileWriter streams a file; the first error sticks.
type fileWriter struct {
	out  *bufio.Writer
	hash *xxhash.Digest
	n    int64
	err  error
	buf  [4]byte
}

func (f *fileWriter) put(b []byte) {
	if f.err != nil {
		return
	}
	n, err := f.out.Write(b)
	f.n += int64(n)
	f.err = err
}

func (f *fileWriter) u32(v uint32) {
	binary.LittleEndian.PutUint32(f.buf[:], v)
	f.put(f.buf[:])
}

// align writes zeros up to an offset.
func (f *fileWriter) align(offset int) {
	var zero [8]byte
	if f.err == nil {
		f.put(zero[:offset-int(f.n)])
	}
}
