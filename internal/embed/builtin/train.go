package builtin

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Stages of a training, as Options.Progress names them.
const (
	stageRead  = "read"
	stageLSA   = "lsa"
	stagePairs = "pairs"
	stagePPMI  = "ppmi"
)

// minWords is how many different words a sample must have.
const minWords = 2

// Trained is a model before it is written.
type Trained struct {
	words  []string
	rows   [2]*dense // of the LSA and of the PPMI half, weights worked in
	weight [2]float32
	chunks int
}

// Chunks returns how many chunks the model has learnt from, Words how many
// different words it knows.
func (t *Trained) Chunks() int { return t.chunks }

// Words returns how many different words the model knows.
func (t *Trained) Words() int { return len(t.words) }

// Train learns a model from a sample. It stops with the context's error soon
// after the context is done.
func Train(ctx context.Context, sample Sample, o Options) (*Trained, error) {
	return train(ctx, sample, o, defaultTuning)
}

func train(ctx context.Context, sample Sample, o Options, t tuning) (*Trained, error) {
	o = o.withDefaults()
	c, err := collect(ctx, sample, &o, t.minDF)
	if err != nil {
		return nil, err
	}
	if len(c.words) < minWords || len(c.ends) < 2 {
		return nil, ErrSampleTooSmall
	}
	w := &workers{ctx: ctx, n: o.Workers, progress: o.Progress}
	r := &Trained{words: c.words, chunks: len(c.ends)}
	r.weight = [2]float32{float32(math.Sqrt(t.lsaWeight)), float32(math.Sqrt(1 - t.lsaWeight))}
	if r.rows[0], err = lsaRows(w, c, &t, rand.New(rand.NewPCG(o.Seed, 1))); err != nil {
		return nil, err
	}
	if r.rows[1], err = pairRows(w, c, &t, o.MaxPairs, rand.New(rand.NewPCG(o.Seed, 2))); err != nil {
		return nil, err
	}
	return r, r.rotate(w, o.Seed)
}

// rotate turns each half at random. Evenly spread numbers lose less when they
// are rounded to 8 bits or, for binary codes, to their sign; angles stay as they
// are.
func (t *Trained) rotate(w *workers, seed uint64) error {
	for half, rows := range t.rows {
		t.rows[half] = newDense(rows.rows, rows.cols)
		turn := rotation(Half, rand.New(rand.NewPCG(seed, 3+uint64(half))))
		if err := multiply(w, t.rows[half], rows, turn); err != nil {
			return err
		}
	}
	return nil
}

// lsaRows returns the row that each occurrence-damped word adds to the LSA
// half: idf·u·σ^p.
func lsaRows(w *workers, c *corpus, t *tuning, rng *rand.Rand) (*dense, error) {
	m := newTermMatrix(c)
	u, sigma, err := leftSVD(w, m, Half, t, stageLSA, rng)
	if err != nil {
		return nil, err
	}
	keepComponents(u, min(len(c.words), len(c.ends))/minShare)
	scaleColumns(u, sigma, t.lsaSigma)
	for i, df := range c.df {
		scale(u.row(i), float32(idf(df, len(c.ends))))
	}
	return u, nil
}

// pairRows returns the row that each word adds to the PPMI half.
func pairRows(w *workers, c *corpus, t *tuning, limit int, rng *rand.Rand) (*dense, error) {
	w.report(stagePairs, 0, 1)
	m, err := newPairMatrix(w, c, t, limit)
	if err != nil {
		return nil, err
	}
	w.report(stagePairs, 1, 1)
	u, sigma, err := leftSVD(w, m, Half, t, stagePPMI, rng)
	if err != nil {
		return nil, err
	}
	keepComponents(u, len(c.words)/minShare)
	scaleColumns(u, sigma, t.pairSigma)
	for i, cf := range c.cf {
		scale(u.row(i), float32(t.sif/(t.sif+float64(cf)/float64(len(c.tokens)))))
	}
	return u, removeComponents(w, c, u, t)
}

// maxCommon is how many chunks the common components are learnt from.
const maxCommon = 20_000

// removeComponents projects the first components of the chunks' vectors out of
// the rows: what all texts have in common tells none of them apart.
func removeComponents(w *workers, c *corpus, rows *dense, t *tuning) error {
	if t.removed == 0 {
		return nil
	}
	n := min(len(c.ends), maxCommon)
	x := newDense(n, rows.cols)
	err := w.blocks(n, func(_, _, start, end int) {
		for i := start; i < end; i++ {
			out := x.row(i)
			for _, word := range c.chunk(i * len(c.ends) / n) {
				axpy(1, rows.row(int(word)), out)
			}
			normalise(out)
		}
	})
	if err != nil {
		return err
	}
	g, err := gram(w, x)
	if err != nil {
		return err
	}
	_, vectors, err := eigen(g)
	if err != nil {
		return err
	}
	for j := range t.removed {
		subtractComponent(rows, mat.Col(nil, j, vectors))
	}
	return nil
}

func subtractComponent(rows *dense, component []float64) {
	for i := range rows.rows {
		row, dot := rows.row(i), 0.0
		for j, v := range row {
			dot += float64(v) * component[j]
		}
		for j := range row {
			row[j] -= float32(dot * component[j])
		}
	}
}

// minShare is how many words or chunks there must be for each component. With
// as many components as words each word would have one of its own, and no two
// words anything in common.
const minShare = 4

// keepComponents clears the columns of x from the n-th on, but for the first.
func keepComponents(x *dense, n int) {
	n = min(max(n, 1), x.cols)
	for i := range x.rows {
		clear(x.row(i)[n:])
	}
}

func scaleColumns(x *dense, sigma []float64, power float64) {
	if power == 0 || sigma[0] == 0 {
		return
	}
	factors := make([]float32, x.cols)
	for j := range factors {
		factors[j] = float32(math.Pow(sigma[j]/sigma[0], power))
	}
	for i := range x.rows {
		row := x.row(i)
		for j := range row {
			row[j] *= factors[j]
		}
	}
}

func scale(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}

// normalise brings x to length 1 and reports whether it has any.
func normalise(x []float32) bool {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	if !(sum > 1e-24) {
		clear(x)
		return false
	}
	scale(x, float32(1/math.Sqrt(sum)))
	return true
}
