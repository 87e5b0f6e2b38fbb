package builtin

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/mat"
)

// dense is a row-major matrix.
type dense struct {
	rows, cols int
	data       []float32
}

func newDense(rows, cols int) *dense {
	return &dense{rows: rows, cols: cols, data: make([]float32, rows*cols)}
}

func (d *dense) row(i int) []float32 { return d.data[i*d.cols : (i+1)*d.cols : (i+1)*d.cols] }

func (d *dense) part(start, end int) blas32.General {
	return blas32.General{Rows: end - start, Cols: d.cols, Stride: d.cols, Data: d.data[start*d.cols : end*d.cols]}
}

// gaussian fills d with standard normal numbers.
func (d *dense) gaussian(rng *rand.Rand) {
	for i := range d.data {
		d.data[i] = float32(rng.NormFloat64())
	}
}

// operator is a matrix that is only known by its products.
type operator interface {
	// size returns its rows and columns.
	size() (rows, cols int)
	// times sets dst to A·x, transposedTimes to Aᵀ·x.
	times(w *workers, dst, x *dense) error
	transposedTimes(w *workers, dst, x *dense) error
}

// gram returns xᵀx in double precision.
func gram(w *workers, x *dense) (*mat.SymDense, error) {
	n, blocks := x.cols, (x.rows+blockRows-1)/blockRows
	if len(w.partial) < n*n*blocks {
		w.partial = make([]float32, n*n*blocks)
	}
	err := w.blocks(x.rows, func(_, block, start, end int) {
		out := blas32.Symmetric{Uplo: blas.Upper, N: n, Stride: n, Data: w.partial[block*n*n : (block+1)*n*n]}
		blas32.Syrk(blas.Trans, 1, x.part(start, end), 0, out)
	})
	if err != nil {
		return nil, err
	}
	sum := mat.NewSymDense(n, nil)
	for block := range blocks {
		p := w.partial[block*n*n : (block+1)*n*n]
		for i := range n {
			for j := i; j < n; j++ {
				sum.SetSym(i, j, sum.At(i, j)+float64(p[i*n+j]))
			}
		}
	}
	return sum, nil
}

// multiply sets dst to x·m.
func multiply(w *workers, dst, x, m *dense) error {
	return w.blocks(x.rows, func(_, _, start, end int) {
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, x.part(start, end), m.part(0, m.rows), 0, dst.part(start, end))
	})
}

// eigen returns the eigenvalues of m, largest first, and its eigenvectors as
// columns, each with its largest entry positive.
func eigen(m *mat.SymDense) ([]float64, *mat.Dense, error) {
	n := m.SymmetricDim()
	var e mat.EigenSym
	if !e.Factorize(m, true) {
		return nil, nil, fmt.Errorf("eigenvalues of a matrix of %d rows did not converge", n)
	}
	ascending := e.Values(nil)
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	values, sorted := make([]float64, n), mat.NewDense(n, n, nil)
	column := make([]float64, n)
	for j := range n {
		mat.Col(column, n-1-j, &vectors)
		largest := 0
		for i, v := range column {
			if math.Abs(v) > math.Abs(column[largest])*(1+1e-9) {
				largest = i
			}
		}
		if column[largest] < 0 {
			for i := range column {
				column[i] = -column[i]
			}
		}
		values[j] = ascending[n-1-j]
		sorted.SetCol(j, column)
	}
	return values, sorted, nil
}

// negligible is the share of the largest eigenvalue below which another is the
// noise of single precision.
const negligible = 1e-6

// orthonormal replaces x by an orthonormal basis of its columns. Where columns
// depend on others, columns of the result are zero. spare is overwritten.
func orthonormal(w *workers, x, spare *dense) error {
	spare = &dense{rows: x.rows, cols: x.cols, data: spare.data[:len(x.data)]}
	for _, dst := range [...]*dense{spare, x} { // the second time repairs what single precision lost
		src := x
		if dst == x {
			src = spare
		}
		g, err := gram(w, src)
		if err != nil {
			return err
		}
		values, vectors, err := eigen(g)
		if err != nil {
			return err
		}
		m := newDense(x.cols, x.cols)
		for j, v := range values {
			if v <= values[0]*negligible || v <= 0 {
				break
			}
			for i := range x.cols {
				m.data[i*m.cols+j] = float32(vectors.At(i, j) / math.Sqrt(v))
			}
		}
		if err := multiply(w, dst, src, m); err != nil {
			return err
		}
	}
	return nil
}

// leftSVD returns the first k left singular vectors of a as columns, and the
// singular values, by randomised subspace iteration (Halko, Martinsson, Tropp
// 2011, algorithms 4.4 and 5.1). Where a has a lower rank, columns are zero.
func leftSVD(w *workers, a operator, k int, t *tuning, stage string, rng *rand.Rand) (*dense, []float64, error) {
	rows, cols := a.size()
	l := min(k+t.oversample, rows, cols)
	step, steps := 0, 2*t.power+2
	done := func() { step++; w.report(stage, step, steps) }
	y, z, spare := newDense(rows, l), newDense(cols, l), newDense(max(rows, cols), l)
	z.gaussian(rng)
	for i := 0; ; i++ {
		if err := a.times(w, y, z); err != nil {
			return nil, nil, err
		}
		done()
		if err := orthonormal(w, y, spare); err != nil {
			return nil, nil, err
		}
		if err := a.transposedTimes(w, z, y); err != nil {
			return nil, nil, err
		}
		done()
		if i == t.power {
			return project(w, y, z, k)
		}
		if err := orthonormal(w, z, spare); err != nil {
			return nil, nil, err
		}
	}
}

// project returns the left singular vectors of q·bᵀ, q orthonormal.
func project(w *workers, q, b *dense, k int) (*dense, []float64, error) {
	g, err := gram(w, b)
	if err != nil {
		return nil, nil, err
	}
	values, vectors, err := eigen(g)
	if err != nil {
		return nil, nil, err
	}
	m, sigma := newDense(q.cols, k), make([]float64, k)
	for j := range min(k, q.cols) {
		if values[j] <= values[0]*negligible || values[j] <= 0 {
			break
		}
		sigma[j] = math.Sqrt(values[j])
		for i := range q.cols {
			m.data[i*k+j] = float32(vectors.At(i, j))
		}
	}
	u := newDense(q.rows, k)
	return u, sigma, multiply(w, u, q, m)
}

// rotation returns a random orthogonal matrix of n rows.
func rotation(n int, rng *rand.Rand) *dense {
	g := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			g.Set(i, j, rng.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(g)
	var q mat.Dense
	qr.QTo(&q)
	r := newDense(n, n)
	for i := range n {
		for j := range n {
			r.row(i)[j] = float32(q.At(i, j))
		}
	}
	return r
}
