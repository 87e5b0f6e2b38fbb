package index

import "math/bits"

// bitset is a set of chunk or document numbers.
type bitset []uint64

func bitsetWords(n int) int { return (n + 63) / 64 }

func newBitset(n int) bitset { return make(bitset, bitsetWords(n)) }

func (b bitset) has(i int) bool { return b[i>>6]&(1<<(i&63)) != 0 }

func (b bitset) set(i int) { b[i>>6] |= 1 << (i & 63) }

func (b bitset) unset(i int) { b[i>>6] &^= 1 << (i & 63) }

// setRange sets [from, to).
func (b bitset) setRange(from, to int) {
	for i := from; i < to; i++ {
		if i&63 == 0 && i+64 <= to {
			b[i>>6] = ^uint64(0)
			i += 63
			continue
		}
		b.set(i)
	}
}

// and keeps what is in o too.
func (b bitset) and(o bitset) {
	for i := range b {
		b[i] &= o[i]
	}
}

// or adds what is in o.
func (b bitset) or(o bitset) {
	for i := range b {
		b[i] |= o[i]
	}
}

// flip turns the set of the first n numbers into what is not in it.
func (b bitset) flip(n int) {
	for i := range b {
		b[i] = ^b[i]
	}
	if n&63 != 0 {
		b[len(b)-1] &= 1<<(n&63) - 1
	}
}

// count returns the number of elements.
func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// countRange returns the number of elements in [from, to).
func (b bitset) countRange(from, to int) int {
	n := 0
	for i := from; i < to; {
		w := b[i>>6] >> (i & 63)
		step := 64 - i&63
		if i+step > to {
			step = to - i
			w &= 1<<step - 1
		}
		n += bits.OnesCount64(w)
		i += step
	}
	return n
}

// next returns the first element at or behind i and below end, or -1.
func (b bitset) next(i, end int) int {
	for i < end {
		if w := b[i>>6] >> (i & 63); w != 0 {
			if i += bits.TrailingZeros64(w); i < end {
				return i
			}
			return -1
		}
		i = (i | 63) + 1
	}
	return -1
}
