package builtin

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas32"
)

// sparse is a matrix in compressed rows.
type sparse struct {
	ends    []int // per row: end of its part of columns and values
	columns []uint32
	values  []float32
}

func (s *sparse) row(i int) ([]uint32, []float32) {
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.columns[start:s.ends[i]], s.values[start:s.ends[i]]
}

func (s *sparse) times(w *workers, dst, x *dense) error {
	return w.blocks(len(s.ends), func(_, _, start, end int) {
		for i := start; i < end; i++ {
			out := dst.row(i)
			clear(out)
			columns, values := s.row(i)
			for j, c := range columns {
				axpy(values[j], x.row(int(c)), out)
			}
		}
	})
}

// axpy adds a·x to y.
func axpy(a float32, x, y []float32) {
	blas32.Axpy(a, blas32.Vector{N: len(x), Inc: 1, Data: x}, blas32.Vector{N: len(y), Inc: 1, Data: y})
}

// termMatrix has a row for each word and a column for each chunk: log-tf·idf,
// each column of unit length.
type termMatrix struct {
	byChunk, byWord *sparse
}

func (m *termMatrix) size() (int, int) { return len(m.byWord.ends), len(m.byChunk.ends) }

func (m *termMatrix) times(w *workers, dst, x *dense) error { return m.byWord.times(w, dst, x) }

func (m *termMatrix) transposedTimes(w *workers, dst, x *dense) error {
	return m.byChunk.times(w, dst, x)
}

// logTF dampens a frequency.
func logTF(tf int) float64 { return 1 + math.Log(float64(tf)) }

// idf weighs a word by the chunks that have it, of all.
func idf(df uint32, chunks int) float64 {
	return math.Log(float64(chunks+1) / (float64(df) + 0.5))
}

func newTermMatrix(c *corpus) *termMatrix {
	idfs, entries := make([]float64, len(c.words)), 0
	for i, df := range c.df {
		idfs[i] = idf(df, len(c.ends))
		entries += int(df)
	}
	chunks := &sparse{
		ends: make([]int, len(c.ends)), columns: make([]uint32, 0, entries), values: make([]float32, 0, entries),
	}
	var sorted []uint32
	for i := range c.ends {
		sorted = append(sorted[:0], c.chunk(i)...)
		slices.Sort(sorted)
		start, square := len(chunks.columns), 0.0
		for rest := sorted; len(rest) > 0; {
			tf := 1
			for tf < len(rest) && rest[tf] == rest[0] {
				tf++
			}
			v := logTF(tf) * idfs[rest[0]]
			square += v * v
			chunks.columns = append(chunks.columns, rest[0])
			chunks.values = append(chunks.values, float32(v))
			rest = rest[tf:]
		}
		for j := start; j < len(chunks.values); j++ {
			chunks.values[j] /= float32(math.Sqrt(square))
		}
		chunks.ends[i] = len(chunks.columns)
	}
	return &termMatrix{byChunk: chunks, byWord: chunks.transposed(c.df)}
}

// transposed returns the transpose; counts has the entries of each column.
func (s *sparse) transposed(counts []uint32) *sparse {
	t := &sparse{
		ends:    make([]int, len(counts)),
		columns: make([]uint32, len(s.columns)), values: make([]float32, len(s.values)),
	}
	next, sum := make([]int, len(counts)), 0
	for i, n := range counts {
		next[i] = sum
		sum += int(n)
		t.ends[i] = sum
	}
	for i := range s.ends {
		columns, values := s.row(i)
		for j, c := range columns {
			t.columns[next[c]], t.values[next[c]] = uint32(i), values[j]
			next[c]++
		}
	}
	return t
}
