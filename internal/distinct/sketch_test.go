package distinct_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/distinct"
)

// of is the sketch of n values with numbers from first.
func of(first, n int) *distinct.Sketch {
	var s distinct.Sketch
	for i := range n {
		s.Add(fmt.Sprintf("value %d", first+i))
	}
	return &s
}

func TestFewValuesAreCountedExactly(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 100, distinct.Exact - 1, distinct.Exact} {
		s := of(0, n)
		s.Merge(of(0, n)) // again
		count, exact := s.Count()
		require.True(t, exact)
		require.Equal(t, int64(n), count)
	}
	_, exact := of(0, distinct.Exact+1).Count()
	require.False(t, exact)
}

// Over many sets the error is that of the literature: no bias, 0.81 % of deviation.
func TestManyValuesAreEstimatedWithinTheStatedError(t *testing.T) {
	t.Parallel()
	const sets = 40
	for _, n := range []int{distinct.Exact + 1, 5_000, 20_000, 80_000, 400_000} {
		var sum, squares, worst float64
		for set := range sets {
			count, _ := of(set*10_000_000, n).Count()
			off := float64(count)/float64(n) - 1
			sum += off
			squares += off * off
			worst = max(worst, math.Abs(off))
			if n > 100_000 && set == 9 {
				break
			}
		}
		require.Less(t, worst, 0.03, "%d values", n)
		require.Less(t, math.Abs(sum/sets), 0.005, "%d values: bias", n)
		require.Less(t, math.Sqrt(squares/sets), 0.012, "%d values: deviation", n)
	}
}

// However values come and are merged, equal sets have equal bytes.
func TestASketchDependsOnItsValuesOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var whole distinct.Sketch
		var stored [][]byte
		for range rapid.IntRange(1, 6).Draw(t, "parts") {
			first, n := rapid.IntRange(0, 3000).Draw(t, "first"), rapid.IntRange(0, 3000).Draw(t, "n")
			part := of(first, n)
			whole.Merge(of(first, n))
			stored = append(stored, part.AppendBinary(nil))
		}
		var merged distinct.Sketch
		for _, i := range rapid.Permutation(indices(len(stored))).Draw(t, "order") {
			require.NoError(t, merged.MergeBinary(stored[i]))
			require.NoError(t, merged.MergeBinary(stored[i]))
		}
		require.Equal(t, whole.AppendBinary(nil), merged.AppendBinary(nil))
		count, exact := merged.Count()
		again, exactAgain := whole.Count()
		require.Equal(t, again, count)
		require.Equal(t, exactAgain, exact)
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestDamagedBytesAreRefused(t *testing.T) {
	t.Parallel()
	dense := of(0, 5000).AppendBinary(nil)
	damaged := append([]byte(nil), dense...)
	damaged[17] = 60 // no hash has so long a run
	for _, b := range [][]byte{{0}, {1, 2}, {3, 0, 0}, dense[:100], append(dense, 1), damaged, make([]byte, 1+8*distinct.Exact+8)} {
		s := of(0, 3)
		require.Error(t, s.MergeBinary(b))
		count, _ := s.Count()
		require.Equal(t, int64(3), count)
	}
	var s distinct.Sketch
	require.NoError(t, s.MergeBinary(nil))
	count, exact := s.Count()
	require.Zero(t, count)
	require.True(t, exact)
}

// The bytes are stored: what they mean must never change.
func TestTheStoredFormIsFixed(t *testing.T) {
	t.Parallel()
	var s distinct.Sketch
	s.Add("rust")
	require.Equal(t, "015f52f61d27f6a40c", fmt.Sprintf("%x", s.AppendBinary(nil)))
}

func BenchmarkMerge(b *testing.B) {
	stored := of(0, 40_000).AppendBinary(nil)
	var s distinct.Sketch
	for b.Loop() {
		if err := s.MergeBinary(stored); err != nil {
			b.Fatal(err)
		}
	}
}
