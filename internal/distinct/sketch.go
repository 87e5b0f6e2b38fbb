package distinct

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"
)

const (
	precision = 14
	registers = 1 << precision
	// Exact is up to how many values are counted exactly: as many as take the space
	// of the registers.
	Exact = registers / 8
	// spill is how many new hashes are collected before they are put in order.
	spill = 2 * Exact
)

// The first byte of a sketch.
const (
	formHashes    = 1 // sorted 64-bit hashes follow, big-endian
	formRegisters = 2 // the registers follow, a byte each
)

// Sketch is a set of values whose size can be asked for. The zero value is empty.
// It is not safe for concurrent use.
type Sketch struct {
	hashes []uint64 // those up to sorted are in order and different
	sorted int
	dense  []uint8 // registers; hashes is empty then
}

// Add puts a value into the set.
func (s *Sketch) Add(value string) { s.addHash(xxhash.Sum64String(value)) }

func (s *Sketch) addHash(h uint64) {
	if s.dense != nil {
		s.register(h)
		return
	}
	s.hashes = append(s.hashes, h)
	if len(s.hashes) >= spill {
		s.settle()
	}
}

// settle puts the hashes in order, and makes registers of them when they are many.
func (s *Sketch) settle() {
	if s.sorted == len(s.hashes) {
		return
	}
	slices.Sort(s.hashes)
	s.hashes = slices.Compact(s.hashes)
	s.sorted = len(s.hashes)
	if s.sorted <= Exact {
		return
	}
	s.dense = make([]uint8, registers)
	for _, h := range s.hashes {
		s.register(h)
	}
	s.hashes, s.sorted = nil, 0
}

// register counts a hash: its first bits choose a register, which keeps the
// longest run of zeros, counted one up, that the other bits have begun with.
func (s *Sketch) register(h uint64) {
	run := uint8(bits.LeadingZeros64(h<<precision|1<<(precision-1)) + 1)
	if at := h >> (64 - precision); s.dense[at] < run {
		s.dense[at] = run
	}
}

// Merge puts what o has into the set, too.
func (s *Sketch) Merge(o *Sketch) {
	if o.dense == nil {
		for _, h := range o.hashes {
			s.addHash(h)
		}
		return
	}
	if s.dense == nil {
		hashes := s.hashes
		s.dense, s.hashes, s.sorted = make([]uint8, registers), nil, 0
		for _, h := range hashes {
			s.register(h)
		}
	}
	for at, run := range o.dense {
		s.dense[at] = max(s.dense[at], run)
	}
}

// Count returns how many different values there are, and whether that is exact.
func (s *Sketch) Count() (n int64, exact bool) {
	s.settle()
	if s.dense == nil {
		return int64(len(s.hashes)), true
	}
	return s.estimate(), false
}

// estimate is Ertl's improved raw estimator.
func (s *Sketch) estimate() int64 {
	const longest = 64 - precision // what a register may hold is one more
	var counts [longest + 2]float64
	for _, run := range s.dense {
		counts[run]++
	}
	z := registers * tau(1-counts[longest+1]/registers)
	for run := longest; run >= 1; run-- {
		z = 0.5 * (z + counts[run])
	}
	z += registers * sigma(counts[0]/registers)
	return int64(math.Round(registers / (2 * math.Ln2) * registers / z))
}

// sigma corrects for registers that nothing has reached.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for before := -1.0; z != before; {
		x *= x
		before = z
		z += x * y
		y += y
	}
	return z
}

// tau corrects for registers that are at their end.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for before := -1.0; z != before; {
		x = math.Sqrt(x)
		before = z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
	}
	return z / 3
}

// AppendBinary appends the sketch's bytes: up to 16,385.
func (s *Sketch) AppendBinary(b []byte) []byte {
	s.settle()
	if s.dense != nil {
		return append(append(b, formRegisters), s.dense...)
	}
	b = append(b, formHashes)
	for _, h := range s.hashes {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	return b
}

// MergeBinary merges what AppendBinary has made. No bytes are an empty sketch. On
// an error s is as it was.
func (s *Sketch) MergeBinary(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	form, b := b[0], b[1:]
	switch {
	case form == formHashes && len(b)%8 == 0 && len(b) <= 8*Exact:
		for ; len(b) > 0; b = b[8:] {
			s.addHash(binary.BigEndian.Uint64(b))
		}
		return nil
	case form == formRegisters && len(b) == registers && slices.Max(b) <= 64-precision+1:
		s.Merge(&Sketch{dense: b})
		return nil
	default:
		return fmt.Errorf("distinct: no sketch of form %d has %d bytes with these values", form, len(b))
	}
}
