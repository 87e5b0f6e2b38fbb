package builtin

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// zipfText returns about n words of a vocabulary of size words, of which few
// are frequent.
func zipfText(rng *rand.Rand, z *rand.Zipf, n int) string {
	var b strings.Builder
	for range n {
		v := z.Uint64()
		fmt.Fprintf(&b, "%c%c%s%d ", 'a'+byte(v%26), 'a'+byte(v/26%26), "word", v/676)
		if rng.IntN(12) == 0 {
			b.WriteString("of the. ")
		}
	}
	return b.String()
}

func zipfTexts(seed uint64, texts, words, vocabulary int) []string {
	rng := rand.New(rand.NewPCG(seed, 0))
	z := rand.NewZipf(rng, 1.1, 8, uint64(vocabulary))
	out := make([]string, texts)
	for i := range out {
		out[i] = zipfText(rng, z, words)
	}
	return out
}

func trainModel(t testing.TB, texts []string, o Options) *Model {
	t.Helper()
	m, err := OpenBytes(trainBytes(t, texts, o))
	require.NoError(t, err)
	return m
}

func trainBytes(t testing.TB, texts []string, o Options) []byte {
	t.Helper()
	trained, err := Train(context.Background(), sampleOf(texts...), o)
	require.NoError(t, err)
	var file bytes.Buffer
	_, err = trained.WriteTo(&file)
	require.NoError(t, err)
	return file.Bytes()
}

// Passages of 100 words, 85 of them known, one after the other.
func BenchmarkEncodeChunk(b *testing.B) {
	texts := zipfTexts(1, 3000, 100, 40_000)
	m := trainModel(b, texts, Options{})
	e := m.Encoder()
	v := make([]float32, Dimensions)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Encode(v, texts[i%len(texts)])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "chunks/s")
}

func BenchmarkEmbedQuery(b *testing.B) {
	texts := zipfTexts(1, 3000, 100, 40_000)
	m := trainModel(b, texts, Options{})
	queries := zipfTexts(2, 1000, 6, 40_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, err := m.EmbedQuery(b.Context(), queries[i%len(queries)])
		require.NoError(b, err)
	}
}

func BenchmarkTrain(b *testing.B) {
	texts := zipfTexts(1, 5000, 100, 40_000)
	b.ReportAllocs()
	for b.Loop() {
		_, err := Train(b.Context(), sampleOf(texts...), Options{})
		require.NoError(b, err)
	}
}
