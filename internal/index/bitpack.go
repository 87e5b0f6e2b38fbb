package index

import (
	"encoding/binary"
	"math/bits"
)

// blockSize is the number of postings that are packed together.
const blockSize = 128

// unpackSlack is how far behind the packed bytes unpack may read.
const unpackSlack = 8

// packedBytes is the size of n values of the given width.
func packedBytes(n int, width uint) int { return (n*int(width) + 7) / 8 }

// widthOf returns the bits needed for the largest value.
func widthOf(values []uint32) uint {
	var all uint32
	for _, v := range values {
		all |= v
	}
	return uint(bits.Len32(all))
}

// pack appends values with width bits each, lowest bits first.
func pack(dst []byte, values []uint32, width uint) []byte {
	var acc uint64
	var filled uint
	for _, v := range values {
		acc |= uint64(v) << filled
		filled += width
		for filled >= 8 {
			dst = append(dst, byte(acc))
			acc >>= 8
			filled -= 8
		}
	}
	if filled > 0 {
		dst = append(dst, byte(acc))
	}
	return dst
}

// unpack reads n values of the given width, at most 32, into dst. It needs
// packedBytes(n, width)+unpackSlack bytes of src.
func unpack(dst *[blockSize]uint32, src []byte, width uint, n int) {
	if width == 0 {
		clear(dst[:n])
		return
	}
	mask := uint32(uint64(1)<<width - 1)
	bit := uint(0)
	i := 0
	if width <= 14 { // four values fit into one load
		for ; i+4 <= n; i += 4 {
			x := binary.LittleEndian.Uint64(src[bit>>3:]) >> (bit & 7)
			dst[i] = uint32(x) & mask
			dst[i+1] = uint32(x>>(width&63)) & mask
			dst[i+2] = uint32(x>>(2*width&63)) & mask
			dst[i+3] = uint32(x>>(3*width&63)) & mask
			bit += 4 * width
		}
	}
	for ; i < n; i++ {
		dst[i] = uint32(binary.LittleEndian.Uint64(src[bit>>3:])>>(bit&7)) & mask
		bit += width
	}
}

// unpackOne returns value i of the given width.
func unpackOne(src []byte, width uint, i int) uint32 {
	bit := uint(i) * width
	mask := uint32(uint64(1)<<width - 1)
	return uint32(binary.LittleEndian.Uint64(src[bit>>3:])>>(bit&7)) & mask
}
