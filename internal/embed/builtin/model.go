package builtin

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"

	"github.com/blevesearch/mmap-go"
	"github.com/cespare/xxhash/v2"

	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/fault"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// Model is an open model file. It is immutable and safe for concurrent use.
type Model struct {
	header
	mapped   mmap.MMap
	data     []byte
	slots    []byte
	offsets  []byte
	terms    []byte
	scales   []byte
	rows     []byte
	encoders sync.Pool // of *Encoder
}

var _ embed.Embedder = (*Model)(nil)

// Open maps a model file after its checksum was verified. The file must not be
// changed while it is open; it may be removed.
func Open(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open model: %w", err)
	}
	defer f.Close()
	size, err := verifyFile(f)
	if err != nil {
		return nil, err
	}
	mapped, err := mmap.MapRegion(f, int(size), mmap.RDONLY, 0, 0)
	if err != nil {
		return nil, fmt.Errorf("map model: %w", err)
	}
	m, err := parse(mapped)
	if err != nil {
		return nil, errors.Join(err, mapped.Unmap())
	}
	m.mapped = mapped
	return m, nil
}

// verifyFile reads the file once, which costs no mapped memory, and compares
// its checksum.
func verifyFile(f *os.File) (size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("stat model: %w", err)
	}
	size = info.Size()
	if size < headerBytes+footerBytes {
		return 0, corrupt("file of %d bytes", size)
	}
	h := xxhash.New()
	if _, err := io.CopyBuffer(h, io.LimitReader(f, size-footerBytes), make([]byte, 1<<18)); err != nil {
		return 0, fmt.Errorf("read model: %w", err)
	}
	var sum [footerBytes]byte
	if _, err := io.ReadFull(f, sum[:]); err != nil {
		return 0, fmt.Errorf("read model: %w", err)
	}
	if binary.LittleEndian.Uint64(sum[:]) != h.Sum64() {
		return 0, corrupt("checksum does not match")
	}
	return size, nil
}

// OpenBytes opens a model in memory. The bytes must not be changed.
func OpenBytes(data []byte) (*Model, error) {
	if len(data) < headerBytes+footerBytes {
		return nil, corrupt("%d bytes", len(data))
	}
	body := data[:len(data)-footerBytes]
	if binary.LittleEndian.Uint64(data[len(body):]) != xxhash.Sum64(body) {
		return nil, corrupt("checksum does not match")
	}
	return parse(data)
}

func parse(data []byte) (m *Model, err error) {
	defer fault.Guard(&err, ErrCorrupt)()
	if string(data[:4]) != magic {
		return nil, corrupt("not a model")
	}
	field := func(i int) uint32 { return binary.LittleEndian.Uint32(data[4+4*i:]) }
	if v := field(0); v != formatVersion {
		return nil, fmt.Errorf("%w: it has format %d, this program reads %d", ErrOutdated, v, formatVersion)
	}
	m = &Model{data: data, header: header{
		analysis: field(1), half: field(2), words: field(3), terms: field(4), slots: field(5), chunks: field(6),
		weight: [2]float32{math.Float32frombits(field(7)), math.Float32frombits(field(8))},
	}}
	if m.half != Half || m.words < 1 || m.words > maxWords || m.header.terms > maxTerms ||
		int(m.header.slots) != slotsFor(int(m.words)) {
		return nil, corrupt("header")
	}
	if v := m.analysis; v != analysis.Version {
		return nil, fmt.Errorf("%w: its words were analysed by version %d, this program has %d", ErrOutdated, v, analysis.Version)
	}
	l := m.layout()
	if l.end != len(data)-footerBytes {
		return nil, corrupt("%d bytes, not %d", len(data), l.end+footerBytes)
	}
	m.slots, m.offsets, m.terms = data[l.slots:l.offsets], data[l.offsets:l.terms], data[l.terms:l.scales]
	m.scales, m.rows = data[l.scales:l.rows], data[l.rows:l.end]
	return m, m.check()
}

// check verifies what the encoder relies on without looking again.
func (m *Model) check() error {
	for _, w := range m.weight {
		if !(w >= 0 && w <= 1) {
			return corrupt("weight %v", w)
		}
	}
	last := uint32(0)
	for i := range int(m.words) + 1 {
		offset := u32(m.offsets, i)
		if offset < last || offset > m.header.terms || (i == 0 && offset != 0) {
			return corrupt("offset of word %d", i)
		}
		last = offset
	}
	empty := false
	for i := range int(m.header.slots) {
		v := u32(m.slots, i)
		if v > m.words {
			return corrupt("slot %d", i)
		}
		empty = empty || v == 0
	}
	if !empty {
		return corrupt("no empty slot")
	}
	for i := range 2 * int(m.words) {
		if s := math.Float32frombits(u32(m.scales, i)); !(s >= 0 && s <= math.MaxFloat32) {
			return corrupt("scale of word %d", i/2)
		}
	}
	return nil
}

func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }

// Close unmaps the file. No method may be called afterwards.
func (m *Model) Close() error {
	if m.mapped == nil {
		return nil
	}
	return m.mapped.Unmap()
}

// Dimensions returns the length of the vectors.
func (m *Model) Dimensions() int { return Dimensions }

// Words returns how many words the model knows.
func (m *Model) Words() int { return int(m.words) }

// Chunks returns how many chunks the model has learnt from.
func (m *Model) Chunks() int { return int(m.chunks) }

// find returns the number of a word.
func (m *Model) find(term string) (uint32, bool) {
	mask := uint64(m.header.slots - 1)
	for slot := xxhash.Sum64String(term) & mask; ; slot = (slot + 1) & mask {
		v := u32(m.slots, int(slot))
		if v == 0 {
			return 0, false
		}
		if string(m.terms[u32(m.offsets, int(v-1)):u32(m.offsets, int(v))]) == term {
			return v - 1, true
		}
	}
}

// EmbedDocuments returns the vectors of texts, nil for a text without any word
// that the model knows. It computes in the calling goroutine. ErrCorrupt says that
// the file was changed while it was mapped.
func (m *Model) EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, slab := make([][]float32, len(texts)), make([]float32, len(texts)*Dimensions)
	err := m.encode(func(e *Encoder) error {
		for i, text := range texts {
			if i%64 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			v := slab[i*Dimensions : (i+1)*Dimensions : (i+1)*Dimensions]
			if e.Encode(v, text) {
				vectors[i] = v
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return vectors, nil
}

// EmbedQuery returns the vector of a query, nil when no word of it is known. Its
// error is as that of EmbedDocuments.
func (m *Model) EmbedQuery(_ context.Context, text string) (v []float32, err error) {
	err = m.encode(func(e *Encoder) error {
		if vector := make([]float32, Dimensions); e.Encode(vector, text) {
			v = vector
		}
		return nil
	})
	return v, err
}

// encode lends an Encoder. One that has failed is not used again.
func (m *Model) encode(use func(*Encoder) error) (err error) {
	defer fault.Guard(&err, ErrCorrupt)()
	e := m.Encoder()
	if err := use(e); err != nil {
		return err
	}
	e.Release()
	return nil
}

// Verify reads all bytes of the model again. It returns ErrCorrupt when they are
// not those that were opened.
func (m *Model) Verify() (err error) {
	defer fault.Guard(&err, ErrCorrupt)()
	body := m.data[:len(m.data)-footerBytes]
	if binary.LittleEndian.Uint64(m.data[len(body):]) != xxhash.Sum64(body) {
		return corrupt("checksum does not match")
	}
	return nil
}
