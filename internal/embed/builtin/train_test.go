package builtin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func sampleOf(texts ...string) Sample {
	return func(yield func(string, error) bool) {
		for _, t := range texts {
			if !yield(t, nil) {
				return
			}
		}
	}
}

func TestSameSampleAndSeedGiveTheSameFileOnAnyNumberOfWorkers(t *testing.T) {
	t.Parallel()
	texts := zipfTexts(3, 700, 20, 1500)
	want := trainBytes(t, texts, Options{Seed: 5, Workers: 1})
	for _, workers := range []int{2, 3, 8} {
		require.True(t, bytes.Equal(want, trainBytes(t, texts, Options{Seed: 5, Workers: workers})), "%d workers", workers)
	}
	require.False(t, bytes.Equal(want, trainBytes(t, texts, Options{Seed: 6, Workers: 2})), "the seed matters")
}

func TestCancelEndsTheTrainingInEveryStage(t *testing.T) {
	t.Parallel()
	texts := zipfTexts(3, 600, 15, 800)
	for _, stage := range []string{stageRead, stageLSA, stagePairs, stagePPMI} {
		ctx, cancel := context.WithCancel(t.Context())
		after := 0
		_, err := Train(ctx, sampleOf(texts...), Options{Progress: func(s string, _, _ int) {
			if ctx.Err() != nil {
				after++
			}
			if s == stage {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled, stage)
		require.LessOrEqual(t, after, 1, "work went on after the cancel in stage %s", stage)
		cancel()
	}
}

func TestProgressCountsUpToItsTotalInEveryStage(t *testing.T) {
	t.Parallel()
	var stages []string
	done := map[string]int{}
	totals := map[string]int{}
	_, err := Train(t.Context(), sampleOf(zipfTexts(3, 600, 20, 1000)...), Options{Progress: func(s string, n, total int) {
		if !slices.Contains(stages, s) {
			stages = append(stages, s)
		}
		require.GreaterOrEqual(t, n, done[s])
		require.LessOrEqual(t, n, total)
		done[s], totals[s] = n, total
	}})
	require.NoError(t, err)
	require.Equal(t, []string{stageRead, stageLSA, stagePairs, stagePPMI}, stages)
	for _, s := range stages[1:] {
		require.Equal(t, totals[s], done[s], s)
	}
}

func TestErrorOfTheSampleEndsTheTraining(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database went away")
	_, err := Train(t.Context(), func(yield func(string, error) bool) {
		_ = yield("some text", nil) && yield("", broken)
	}, Options{})
	require.ErrorIs(t, err, broken)
}

func TestSampleWithoutTextIsTooSmall(t *testing.T) {
	t.Parallel()
	for _, texts := range [][]string{nil, {""}, {"the of and", "to be"}, {"one", "one"}, {"only one chunk with words"}} {
		_, err := Train(t.Context(), sampleOf(texts...), Options{})
		require.ErrorIs(t, err, ErrSampleTooSmall, "%q", texts)
	}
}

func TestBoundsAreKept(t *testing.T) {
	t.Parallel()
	read := 0
	endless := func(yield func(string, error) bool) {
		rng := rand.New(rand.NewPCG(1, 1))
		z := rand.NewZipf(rng, 1.1, 4, 5000)
		for yield(zipfText(rng, z, 50), nil) {
			read++
		}
	}
	o := Options{MaxChunks: 300, MaxVocabulary: 200, MaxPairs: 3000}.withDefaults()
	c, err := collect(t.Context(), endless, &o, 1)
	require.NoError(t, err)
	require.Len(t, c.ends, 300)
	require.Less(t, read, 300, "the sample is not read further")
	require.Len(t, c.words, 200)
	require.True(t, slices.IsSorted(c.words))
	w := &workers{ctx: t.Context(), n: 2, progress: o.Progress}
	m, err := newPairMatrix(w, c, &defaultTuning, o.MaxPairs)
	require.NoError(t, err)
	pairs := 0
	for i := range m.logs {
		pairs += len(m.logs[i].columns)
	}
	require.NotZero(t, pairs)
	require.LessOrEqual(t, pairs, o.MaxPairs)

	o = Options{MaxTokens: 1000}.withDefaults()
	c, err = collect(t.Context(), endless, &o, 1)
	require.NoError(t, err)
	require.LessOrEqual(t, len(c.tokens), 1000)
	require.LessOrEqual(t, len(c.ends), 21)
}

// A sample full of hashes keeps neither them nor the memory they take, and the
// words between them are counted right.
func TestWordsSeenOnceAreForgottenWhenThereAreTooMany(t *testing.T) {
	t.Parallel()
	o := Options{MaxVocabulary: 100}.withDefaults()
	r := newCollector(&o)
	r.distinct = 500
	for i := range 2000 {
		r.add(fmt.Sprintf("common text %x %x w%d", i*7919+1e6, i*104729+1e7, i%50))
		require.LessOrEqual(t, len(r.ids), 500+5)
	}
	c := r.finish(&o, 1)
	require.Len(t, c.words, 52, "words of one chunk do not push in when there is no room for all")
	at, ok := slices.BinarySearch(c.words, "common")
	require.True(t, ok)
	require.EqualValues(t, 2000, c.df[at])
	require.EqualValues(t, 2000, c.cf[at])
	sum := 0
	for _, n := range c.cf {
		sum += int(n)
	}
	require.Len(t, c.tokens, sum)
}

func TestRandomisedSVDFindsTheExactSingularVectors(t *testing.T) {
	t.Parallel()
	c := corpusOf(t, zipfTexts(4, 80, 30, 200)...)
	m := newTermMatrix(c)
	rows, cols := m.size()
	exact := mat.NewDense(rows, cols, nil)
	for i := range rows {
		columns, values := m.byWord.row(i)
		for j, col := range columns {
			exact.Set(i, int(col), float64(values[j]))
		}
	}
	var svd mat.SVD
	require.True(t, svd.Factorize(exact, mat.SVDThin))
	var u mat.Dense
	svd.UTo(&u)
	tuned := defaultTuning
	tuned.power, tuned.oversample = 6, 40
	w := &workers{ctx: t.Context(), n: 2, progress: func(string, int, int) {}}
	got, sigma, err := leftSVD(w, m, 10, &tuned, "", rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, err)
	for j := range 10 {
		require.InEpsilon(t, svd.Values(nil)[j], sigma[j], 1e-3)
		dot := 0.0
		for i := range rows {
			dot += u.At(i, j) * float64(got.row(i)[j])
		}
		require.InDelta(t, 1, math.Abs(dot), 0.02, "vector %d", j)
	}
}

// A sample of fewer chunks than dimensions has a matrix of low rank.
func TestLowRankGivesZeroColumnsAndNoNaN(t *testing.T) {
	t.Parallel()
	c := corpusOf(t, "red green", "green blue", "blue red", "red green")
	w := &workers{ctx: t.Context(), n: 2, progress: func(string, int, int) {}}
	u, sigma, err := leftSVD(w, newTermMatrix(c), Half, &defaultTuning, "", rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, err)
	require.Greater(t, sigma[2], 0.1)
	require.Zero(t, sigma[3])
	for i, v := range u.data {
		require.False(t, math.IsNaN(float64(v)) || (i%Half > 2 && v != 0), "column %d: %v", i%Half, v)
	}
}

// Copies of few texts have a rank far below the dimensions: what is left of it
// must not be noise.
func TestCopiesOfFewTextsAreToldApart(t *testing.T) {
	t.Parallel()
	distinct := zipfTexts(12, 12, 15, 400)
	var texts []string
	for i := range 1200 {
		texts = append(texts, distinct[i%len(distinct)])
	}
	m := trainModel(t, texts, Options{Seed: 1})
	vectors, err := m.EmbedDocuments(t.Context(), distinct)
	require.NoError(t, err)
	for i, a := range vectors {
		require.InDelta(t, 1, dotOf(a, a), 1e-4)
		for _, b := range vectors[i+1:] {
			require.Less(t, dotOf(a, b), 0.9)
		}
	}
}

func corpusOf(t *testing.T, texts ...string) *corpus {
	t.Helper()
	o := Options{}.withDefaults()
	c, err := collect(t.Context(), sampleOf(texts...), &o, 1)
	require.NoError(t, err)
	return c
}

// The sparse products are compared with the definition of PPMI, counted pair by
// pair.
func TestPairMatrixIsPPMI(t *testing.T) {
	t.Parallel()
	texts := append(zipfTexts(5, 60, 25, 60), "", "alone")
	c := corpusOf(t, texts...)
	w := &workers{ctx: t.Context(), n: 3, progress: func(string, int, int) {}}
	tuned := defaultTuning
	tuned.window = 3
	m, err := newPairMatrix(w, c, &tuned, 1<<20)
	require.NoError(t, err)
	want := naivePPMI(c, 3, tuned.smoothing)
	n := len(c.words)
	identity, got, transposed := newDense(n, n), newDense(n, n), newDense(n, n)
	for i := range n {
		identity.row(i)[i] = 1
	}
	require.NoError(t, m.times(w, got, identity))
	require.NoError(t, m.transposedTimes(w, transposed, identity))
	for i := range n {
		for j := range n {
			require.InDelta(t, want[i][j], got.row(i)[j], 1e-4, "%s %s", c.words[i], c.words[j])
			require.InDelta(t, want[j][i], transposed.row(i)[j], 1e-4)
		}
	}
}

func naivePPMI(c *corpus, window int, smoothing float64) [][]float64 {
	n := len(c.words)
	counts, sums, smooth := make([][]float64, n), make([]float64, n), 0.0
	for i := range counts {
		counts[i] = make([]float64, n)
	}
	for i := range c.ends {
		words := c.chunk(i)
		for a := range words {
			for b := range words {
				if a != b && max(a, b)-min(a, b) <= window {
					counts[words[a]][words[b]]++
					sums[words[a]]++
				}
			}
		}
	}
	for _, s := range sums {
		smooth += math.Pow(s, smoothing)
	}
	for i := range counts {
		for j, v := range counts[i] {
			if v > 0 {
				counts[i][j] = max(0, math.Log(v*smooth/(sums[i]*math.Pow(sums[j], smoothing))))
			}
		}
	}
	return counts
}

// The guarantee of concept search: "car" and "automobile" never occur together,
// but among the same words; a query of the one finds texts of the other before
// texts about anything else.
func TestVectorsFindWhatWordsCannot(t *testing.T) {
	t.Parallel()
	topics := [][2]string{{"car", "automobile"}, {"doctor", "physician"}, {"boat", "vessel"}, {"film", "movie"}}
	contexts := [][]string{
		strings.Fields("engine wheel road driver petrol brake garage gear tyre motor"),
		strings.Fields("hospital patient nurse medicine surgery clinic disease pain therapy ward"),
		strings.Fields("harbour sail captain sea anchor deck crew mast wave port"),
		strings.Fields("actor cinema director scene camera script studio screen drama audience"),
	}
	rng := rand.New(rand.NewPCG(11, 11))
	var texts []string
	var topicOf, nameOf []int
	for i := range 1200 {
		topic, name := i%4, rng.IntN(2)
		var words []string
		for range 12 {
			words = append(words, contexts[topic][rng.IntN(10)])
			if rng.IntN(3) == 0 {
				words = append(words, topics[topic][name])
			}
			if rng.IntN(3) == 0 {
				words = append(words, fmt.Sprintf("filler%d", rng.IntN(40)))
			}
		}
		texts, topicOf, nameOf = append(texts, strings.Join(words, " ")), append(topicOf, topic), append(nameOf, name)
	}
	m := trainModel(t, texts[:900], Options{Seed: 1}) // the others are folded in
	vectors, err := m.EmbedDocuments(t.Context(), texts)
	require.NoError(t, err)
	for topic, names := range topics {
		for name := range 2 {
			query, err := m.EmbedQuery(t.Context(), names[name])
			require.NoError(t, err)
			worst, best := 2.0, -2.0 // texts with only the other name; texts about something else
			for i, v := range vectors {
				switch cos := dotOf(query, v); {
				case topicOf[i] != topic:
					best = max(best, cos)
				case nameOf[i] != name:
					worst = min(worst, cos)
				}
			}
			require.Greater(t, worst, best, names[name])
		}
	}
}

func dotOf(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
