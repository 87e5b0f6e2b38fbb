package openai

import (
	"encoding/binary"

	"github.com/x448/float16"
)

// encode writes a vector as it is cached: float16, little-endian. Half the bytes
// of float32, and of a vector of length 1 each number keeps 11 bits: more than
// the int8 codes of the index.
func encode(v []float32) []byte {
	out := make([]byte, 0, 2*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint16(out, float16.Fromfloat32(x).Bits())
	}
	return out
}

// stored reads what encode wrote. ok is false for anything else. A vector is
// always used as it is stored, also the first time: an index that is built again
// from the cache is the same to the bit.
func stored(data []byte, dims int) (vector []float32, ok bool) {
	if len(data) == 0 {
		return nil, true
	}
	if len(data) != 2*dims {
		return nil, false
	}
	v := make([]float32, dims)
	for i := range v {
		v[i] = float16.Frombits(binary.LittleEndian.Uint16(data[2*i:])).Float32()
	}
	a := normalised(v)
	return a.vector, a.final
}
