package index

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	benchVectors = 205_631 // passages of the documents that searches are measured on
	benchDims    = 256
)

func benchVector(rng *rand.Rand, dims int) []float32 {
	v := make([]float32, dims)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// writeBenchVectors writes random vectors to a file and opens it.
func writeBenchVectors(b *testing.B, dims, chunks int) *Vectors {
	b.Helper()
	rng := rand.New(rand.NewPCG(3, uint64(chunks)))
	var out bytes.Buffer
	_, err := WriteVectors(&out, dims, chunks, func(int) []float32 { return benchVector(rng, dims) })
	require.NoError(b, err)
	path := filepath.Join(b.TempDir(), fmt.Sprint(dims, ".vectors"))
	require.NoError(b, os.WriteFile(path, out.Bytes(), 0o600))
	v, err := OpenVectors(path)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, v.Close()) })
	return v
}

// BenchmarkHamming compares the signs of a query with those of all chunks.
func BenchmarkHamming(b *testing.B) {
	for _, dims := range []int{256, 768, 1536} {
		chunks := benchVectors
		if dims != benchDims {
			chunks = 50_000
		}
		vectors := writeBenchVectors(b, dims, chunks)
		v := &view{vectors: &vectorsHandle{vectors: vectors}}
		rng := rand.New(rand.NewPCG(5, 5))
		var query vectorQuery
		require.NoError(b, query.set(benchVector(rng, dims), dims))
		half, tenth := newBitset(chunks), newBitset(chunks)
		for i := range chunks {
			if rng.IntN(2) == 0 {
				half.set(i)
			}
			if rng.IntN(10) == 0 {
				tenth.set(i)
			}
		}
		for _, set := range []struct {
			name     string
			eligible bitset
		}{{"all", nil}, {"half", half}, {"tenth", tenth}} {
			b.Run(fmt.Sprint(dims, " bits ", set.name), func(b *testing.B) {
				var scan hammingScan
				for b.Loop() {
					scan.reset(query.signs, dims, fusedDepth.nearest)
					scan.view(v, 0, set.eligible)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(chunks), "ns/vector")
			})
		}
	}
}

// BenchmarkLikeness scores chunks by their components.
func BenchmarkLikeness(b *testing.B) {
	for _, dims := range []int{256, 1536} {
		b.Run(fmt.Sprint(dims, " dimensions"), func(b *testing.B) {
			vectors := writeBenchVectors(b, dims, 10_000)
			var query vectorQuery
			require.NoError(b, query.set(benchVector(rand.New(rand.NewPCG(5, 5)), dims), dims))
			for i := 0; b.Loop(); i++ {
				query.likeness(vectors, i*7919%10_000)
			}
		})
	}
}

// BenchmarkWriteVectors reports vectors per second on one core.
func BenchmarkWriteVectors(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 5))
	list := make([][]float32, 2000)
	for i := range list {
		list[i] = benchVector(rng, benchDims)
	}
	for b.Loop() {
		_, err := WriteVectors(io.Discard, benchDims, len(list), func(chunk int) []float32 { return list[chunk] })
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(list))*float64(b.N)/b.Elapsed().Seconds(), "vectors/s")
}

// BenchmarkModes measures the same queries by keyword, by vectors and by both, over
// random vectors: the worst case, in which the branches have nothing in common.
func BenchmarkModes(b *testing.B) {
	data := benchmarkData(b)
	for _, segments := range []int{1, 20} {
		s := benchSnapshot(b, segments)
		for _, v := range s.views {
			v.vectors = newVectorsHandle(v.ref.ID, writeBenchVectors(b, benchDims, v.meta.Chunks))
		}
		s.summarise()
		for _, mode := range []struct {
			name string
			mode Mode
		}{{"keyword", ModeKeyword}, {"semantic", ModeSemantic}, {"hybrid", ModeHybrid}} {
			r := Request{Highlight: true, Mode: mode.mode, Vector: benchVector(rand.New(rand.NewPCG(9, 9)), benchDims)}
			b.Run(fmt.Sprint(segments, " segments ", mode.name, " short"), func(b *testing.B) { benchmarkSearch(b, s, data.short, r) })
			b.Run(fmt.Sprint(segments, " segments ", mode.name, " long"), func(b *testing.B) { benchmarkSearch(b, s, data.long, r) })
		}
		for _, v := range s.views {
			v.vectors = nil // its file is closed by the benchmark
		}
	}
}
