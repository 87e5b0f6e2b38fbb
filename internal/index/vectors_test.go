package index

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// writeVectors writes the vectors of a list; nil ones are missing.
func writeVectors(t testing.TB, dims int, list [][]float32) ([]byte, VectorsMeta) {
	t.Helper()
	var out bytes.Buffer
	meta, err := WriteVectors(&out, dims, len(list), func(chunk int) []float32 { return list[chunk] })
	require.NoError(t, err)
	return out.Bytes(), meta
}

// randomVectors returns vectors around some centres, as the passages of one subject
// lie together; every missing-th is nil.
func randomVectors(rng *rand.Rand, dims, n, missing int) [][]float32 {
	centres := make([][]float32, 1+n/200)
	for i := range centres {
		centres[i] = benchVector(rng, dims)
	}
	list := make([][]float32, n)
	for i := range list {
		if missing > 0 && i%missing == 0 {
			continue
		}
		list[i] = benchVector(rng, dims)
		for k, c := range centres[rng.IntN(len(centres))] {
			list[i][k] += 1.5 * c
		}
	}
	return list
}

// What is written is read back: signs as they are, components within half a step.
func TestVectorsComeBack(t *testing.T) {
	t.Parallel()
	for _, dims := range []int{1, 63, 64, 65, 256, 1000} {
		for _, n := range []int{0, 1, 63, 64, 65, 1024, 1025} {
			list := randomVectors(rand.New(rand.NewPCG(uint64(dims), uint64(n))), dims, n, 7)
			data, meta := writeVectors(t, dims, list)
			path := filepath.Join(t.TempDir(), "vectors")
			require.NoError(t, os.WriteFile(path, data, 0o600))
			v, err := OpenVectors(path)
			require.NoError(t, err)
			require.Equal(t, meta, v.Meta())
			require.Equal(t, VectorsMeta{Dims: dims, Chunks: n, Missing: (n + 6) / 7, Bytes: int64(len(data)), Checksum: meta.Checksum}, meta)
			for i, want := range list {
				require.Equal(t, want != nil, v.Has(i))
				if want == nil {
					continue
				}
				length, err := vectorLength(want, dims)
				require.NoError(t, err)
				largest := 0.0
				for _, x := range want {
					largest = max(largest, math.Abs(float64(x)))
				}
				signs, got := v.signs(i), v.vector(nil, i)
				worst, wrong := 0.0, 0
				for k, x := range want {
					worst = max(worst, math.Abs(float64(x)/length-float64(got[k])))
					if x > 0 != (signs[k/8]>>(k%8)&1 == 1) {
						wrong++
					}
				}
				require.Zero(t, wrong)
				require.LessOrEqual(t, worst, largest/length/127+1e-6)
				unit, err := vectorLength(got, dims)
				require.NoError(t, err)
				require.InDelta(t, 1, unit, 1e-5)
			}
			require.NoError(t, v.Close())
		}
	}
}

func TestVectorsWithoutADirectionAreRefused(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, v := range map[string][]float32{
		"zero": {0, 0}, "NaN": {1, nan}, "Inf": {inf, 1}, "short": {1}, "long": {1, 2, 3}, "empty": {},
	} {
		_, err := WriteVectors(&bytes.Buffer{}, 2, 1, func(int) []float32 { return v })
		require.ErrorIs(t, err, ErrInvalidVector, name)
		require.ErrorContains(t, err, "chunk 0", name)
	}
	for _, dims := range []int{-1, 0, MaxDimensions + 1} {
		_, err := WriteVectors(&bytes.Buffer{}, dims, 0, nil)
		require.Error(t, err)
	}
	_, err := WriteVectors(fullDisk{}, 2, 5000, func(int) []float32 { return []float32{1, 2} })
	require.ErrorIs(t, err, errFull)
	tiny := []float32{math.SmallestNonzeroFloat32, 0}
	data, _ := writeVectors(t, 2, [][]float32{tiny, {math.MaxFloat32, math.MaxFloat32}})
	v, err := OpenVectorsBytes(data)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 0}, v.vector(nil, 0))
}

var errFull = errors.New("no space")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// Every byte that is changed, and every byte that is missing, is seen.
func TestDamagedVectorsAreRefused(t *testing.T) {
	t.Parallel()
	data, _ := writeVectors(t, 20, randomVectors(rand.New(rand.NewPCG(1, 2)), 20, 70, 9))
	for i := range data {
		_, err := OpenVectorsBytes(data[:i])
		require.ErrorIs(t, err, ErrCorrupt)
		flipped := bytes.Clone(data)
		flipped[i] ^= 1 << (i % 8)
		_, err = OpenVectorsBytes(flipped)
		require.ErrorIs(t, err, ErrCorrupt)
	}
	path := filepath.Join(t.TempDir(), "vectors")
	require.NoError(t, os.WriteFile(path, data[:len(data)-1], 0o600))
	_, err := OpenVectors(path)
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = OpenVectors(path + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Whatever the bytes say behind a valid checksum, reading them stays in bounds.
func FuzzVectors(f *testing.F) {
	for _, n := range []int{0, 1, 70} {
		data, _ := writeVectors(f, 20, randomVectors(rand.New(rand.NewPCG(1, 2)), 20, n, 9))
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := parseVectors(data)
		if err != nil {
			return
		}
		var query vectorQuery
		require.NoError(t, query.set(slices.Repeat([]float32{1}, v.dims), v.dims))
		var scan hammingScan
		scan.reset(query.signs, v.dims, 10)
		scan.view(&view{vectors: &vectorsHandle{vectors: v}}, 0, nil)
		for _, c := range scan.found {
			query.likeness(v, int(c.chunk))
		}
	})
}

// The scan finds exactly what comparing bit by bit finds: everything up to the
// smallest distance that gives enough.
func TestScanEqualsComparingBitByBit(t *testing.T) {
	t.Parallel()
	for _, dims := range []int{1, 64, 100, 256, 520} {
		rng := rand.New(rand.NewPCG(9, uint64(dims)))
		for _, missing := range []int{0, 5} {
			list := randomVectors(rng, dims, 3000, missing)
			data, _ := writeVectors(t, dims, list)
			v, err := OpenVectorsBytes(data)
			require.NoError(t, err)
			for _, share := range []int{1, 2, 50} {
				eligible := bitset(nil)
				if share > 1 {
					eligible = newBitset(len(list))
					for i := range list {
						if rng.IntN(share) == 0 {
							eligible.set(i)
						}
					}
				}
				for _, want := range []int{1, 10, 500, 5000} {
					checkScan(t, v, list, eligible, benchVector(rng, dims), want)
				}
			}
		}
	}
}

func checkScan(t *testing.T, v *Vectors, list [][]float32, eligible bitset, vector []float32, want int) {
	t.Helper()
	var query vectorQuery
	require.NoError(t, query.set(vector, v.dims))
	var scan hammingScan
	scan.reset(query.signs, v.dims, want)
	scan.view(&view{vectors: &vectorsHandle{vectors: v}}, 3, eligible)
	scan.compact()
	var all []nearChunk
	for i, x := range list {
		if x == nil || eligible != nil && !eligible.has(i) {
			continue
		}
		d := 0
		for k := range x {
			if (x[k] > 0) != (vector[k] > 0) {
				d++
			}
		}
		all = append(all, nearChunk{3, uint32(i), d})
	}
	if len(all) > want {
		sorted := slices.Clone(all)
		slices.SortFunc(sorted, func(a, b nearChunk) int { return cmp.Compare(a.distance, b.distance) })
		limit := sorted[want-1].distance
		all = slices.DeleteFunc(all, func(c nearChunk) bool { return c.distance > limit })
	}
	require.Equal(t, append([]nearChunk{}, all...), append([]nearChunk{}, scan.found...))
}

// The codes lose little: of the ten and the hundred nearest by float, nearly all are
// found among the chunks with the nearest signs, ranked by components.
func TestRecallOfCodes(t *testing.T) {
	t.Parallel()
	const dims, n = 256, 20_000
	rng := rand.New(rand.NewPCG(11, 12))
	list := randomVectors(rng, dims, n, 0)
	data, _ := writeVectors(t, dims, list)
	v, err := OpenVectorsBytes(data)
	require.NoError(t, err)
	found, wanted := [2]int{}, [2]int{}
	for range 20 {
		vector := slices.Clone(list[rng.IntN(n)])
		for k := range vector {
			vector[k] += float32(rng.NormFloat64())
		}
		exact := byCosine(list, vector)
		var query vectorQuery
		require.NoError(t, query.set(vector, dims))
		var scan hammingScan
		scan.reset(query.signs, dims, fusedDepth.nearest)
		scan.view(&view{vectors: &vectorsHandle{vectors: v}}, 0, nil)
		scan.compact()
		slices.SortFunc(scan.found, func(a, b nearChunk) int {
			return cmp.Compare(query.likeness(v, int(b.chunk)), query.likeness(v, int(a.chunk)))
		})
		for i, k := range []int{10, 100} {
			wanted[i] += k
			for _, c := range scan.found[:k] {
				if slices.Contains(exact[:k], int(c.chunk)) {
					found[i]++
				}
			}
		}
	}
	at10, at100 := float64(found[0])/float64(wanted[0]), float64(found[1])/float64(wanted[1])
	t.Logf("recall of the float ranking at 10: %.3f, at 100: %.3f", at10, at100)
	require.Greater(t, at10, 0.95)
	require.Greater(t, at100, 0.95)
}

// byCosine returns the numbers of the vectors by falling cosine.
func byCosine(list [][]float32, query []float32) []int {
	cosines, order := make([]float64, len(list)), make([]int, len(list))
	for i, v := range list {
		product, squares := 0.0, 0.0
		for k := range v {
			product += float64(v[k]) * float64(query[k])
			squares += float64(v[k]) * float64(v[k])
		}
		cosines[i], order[i] = product/math.Sqrt(squares), i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(cosines[b], cosines[a]) })
	return order
}

// Where thousands of passages are equally near, the work stays bounded and the same
// ones are kept in every layout.
func TestEquallyNearChunksAreCut(t *testing.T) {
	t.Parallel()
	docs := make([]Document, 400)
	for i := range docs {
		docs[i] = Document{ID: testID(i), Version: 1, Chunks: []Chunk{{Content: "same"}}}
	}
	ids := func(parts int) (ids []string) {
		var loaded []LoadedSegment
		for part := range slices.Chunk(docs, len(docs)/parts) {
			b := NewBuilder(Options{})
			for _, d := range part {
				require.NoError(t, b.Add(d))
			}
			data, meta, err := b.Bytes()
			require.NoError(t, err)
			s, err := OpenBytes(data)
			require.NoError(t, err)
			codes, _ := writeVectors(t, 8, slices.Repeat([][]float32{{1, -1, 1, 1, 1, 1, 1, 1}}, meta.Chunks))
			v, err := OpenVectorsBytes(codes)
			require.NoError(t, err)
			loaded = append(loaded, LoadedSegment{Ref: SegmentRef{ID: testID(len(loaded))}, Segment: s, Vectors: v})
		}
		snapshot := NewSnapshot(1, loaded, nil)
		defer snapshot.Release()
		got, err := snapshot.Search(t.Context(), Request{
			Mode: ModeSemantic, Vector: []float32{1, 1, 1, 1, 1, 1, 1, 1}, Limit: 100, depth: &vectorDepth{hits: 50, nearest: 60},
		})
		require.NoError(t, err)
		require.Equal(t, 50, got.Total)
		require.True(t, got.TotalIsLowerBound)
		for _, h := range got.Hits {
			ids = append(ids, h.DocumentID.String())
		}
		return ids
	}
	require.Equal(t, ids(1), ids(8))
	require.Len(t, ids(4), 50)
}
