package index

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// What was packed comes back, for every width and number of values.
func TestUnpackReversesPack(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for width := range uint(33) {
		for _, n := range []int{1, 2, 5, 127, 128} {
			values := make([]uint32, n)
			for i := range values {
				values[i] = uint32(rng.Uint64() & (1<<width - 1))
			}
			packed := pack([]byte{0xEE}, values, width)[1:]
			require.Len(t, packed, packedBytes(n, width))
			packed = append(packed, make([]byte, unpackSlack)...)
			var got [blockSize]uint32
			unpack(&got, packed, width, n)
			require.Equal(t, values, got[:n], "width %d", width)
			for i := range values {
				require.Equal(t, values[i], unpackOne(packed, width, i))
			}
			require.LessOrEqual(t, widthOf(values), width)
		}
	}
}

func BenchmarkUnpack(b *testing.B) {
	for _, width := range []uint{3, 9, 17} {
		b.Run(fmt.Sprint(width, " bits"), func(b *testing.B) {
			packed := make([]byte, packedBytes(blockSize, width)+unpackSlack)
			var dst [blockSize]uint32
			for b.Loop() {
				unpack(&dst, packed, width, blockSize)
			}
		})
	}
}

func TestBitset(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	const size = 300
	for range 200 {
		set, want := newBitset(size), map[int]bool{}
		from, to := rng.IntN(size), rng.IntN(size+1)
		set.setRange(from, to)
		for i := from; i < to; i++ {
			want[i] = true
		}
		for range 10 {
			i := rng.IntN(size)
			set.unset(i)
			delete(want, i)
		}
		require.Equal(t, len(want), set.count())
		low, high := rng.IntN(size), rng.IntN(size+1)
		inRange, first := 0, -1
		for i := low; i < high; i++ {
			if want[i] {
				inRange++
				if first < 0 {
					first = i
				}
			}
		}
		require.Equal(t, inRange, set.countRange(low, max(low, high)))
		require.Equal(t, first, set.next(low, high))
	}
}
