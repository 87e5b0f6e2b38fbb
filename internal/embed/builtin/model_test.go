package builtin

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// smallModel is a valid model file of few words.
func smallModel(t testing.TB) []byte {
	t.Helper()
	return trainBytes(t, zipfTexts(8, 40, 12, 30), Options{Seed: 1})
}

func TestFileIsOpenedAsItWasWritten(t *testing.T) {
	t.Parallel()
	texts := zipfTexts(8, 200, 30, 300)
	trained, err := Train(t.Context(), sampleOf(texts...), Options{Seed: 1})
	require.NoError(t, err)
	var file bytes.Buffer
	n, err := trained.WriteTo(&file)
	require.NoError(t, err)
	require.EqualValues(t, file.Len(), n)
	path := filepath.Join(t.TempDir(), "model")
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o600))
	mapped, err := Open(path)
	require.NoError(t, err)
	inMemory, err := OpenBytes(file.Bytes())
	require.NoError(t, err)
	require.NoError(t, os.Remove(path), "an open model may be removed")
	require.Equal(t, trained.Words(), mapped.Words())
	require.Equal(t, 200, mapped.Chunks())
	for i, word := range trained.words {
		at, ok := mapped.find(word)
		require.True(t, ok, word)
		require.EqualValues(t, i, at)
	}
	a, err := mapped.EmbedDocuments(t.Context(), texts)
	require.NoError(t, err)
	b, err := inMemory.EmbedDocuments(t.Context(), texts)
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.NoError(t, mapped.Close())
	require.NoError(t, inMemory.Close())
}

func TestCutOrFlippedFileIsRefused(t *testing.T) {
	t.Parallel()
	data := smallModel(t)
	path := filepath.Join(t.TempDir(), "model")
	refused := func(damaged []byte, what string, at int) {
		_, err := OpenBytes(damaged)
		require.ErrorIs(t, err, ErrCorrupt, "%s at %d", what, at)
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		_, err = Open(path)
		require.ErrorIs(t, err, ErrCorrupt, "%s at %d", what, at)
	}
	for at := 0; at < len(data); at += 1 + len(data)/97 {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1 << (at % 8)
		refused(flipped, "flipped", at)
		refused(data[:at], "cut", at)
	}
	refused(append(bytes.Clone(data), 0), "longer", len(data))
	_, err := Open(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// reseal repairs the checksum.
func reseal(data []byte) []byte {
	binary.LittleEndian.PutUint64(data[len(data)-footerBytes:], xxhash.Sum64(data[:len(data)-footerBytes]))
	return data
}

func TestModelOfAnotherVersionMustBeTrainedAgain(t *testing.T) {
	t.Parallel()
	for _, at := range []int{4, 8} { // format, analysis
		data := bytes.Clone(smallModel(t))
		data[at]++
		_, err := OpenBytes(reseal(data))
		require.ErrorIs(t, err, ErrOutdated)
		require.NotErrorIs(t, err, ErrCorrupt)
	}
	// The sweep that trains again compares identities.
	require.Equal(t, fmt.Sprintf("builtin/%d.%d", binary.LittleEndian.Uint32(smallModel(t)[4:]), binary.LittleEndian.Uint32(smallModel(t)[8:])), Identity())
}

// Bytes with a right checksum that are no model are refused or harmless: no
// index out of range, no endless loop, no vector that is not of length 1.
func FuzzModel(f *testing.F) {
	data := smallModel(f)
	f.Add(data, uint32(0), byte(0), uint32(0), byte(0))
	for at := 0; at < len(data); at += 1 + len(data)/200 {
		f.Add(data, uint32(at), byte(0xff), uint32(at/3), byte(0x80))
	}
	for at := range uint32(headerBytes) {
		f.Add(data, at, byte(1), at, byte(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, at1 uint32, x1 byte, at2 uint32, x2 byte) {
		if len(data) < footerBytes {
			return
		}
		data = bytes.Clone(data)
		data[int(at1)%len(data)] ^= x1
		data[int(at2)%len(data)] ^= x2
		m, err := OpenBytes(reseal(data))
		if err != nil {
			return
		}
		requireVectors(t, m, "aaword0 baword0 caword0 zz", "unknown")
	})
}

func requireVectors(t *testing.T, m *Model, texts ...string) {
	t.Helper()
	vectors, err := m.EmbedDocuments(t.Context(), texts)
	require.NoError(t, err)
	for i, v := range vectors {
		if v != nil {
			require.Len(t, v, Dimensions)
			require.InDelta(t, 1, math.Sqrt(dotOf(v, v)), 1e-5, "%q", texts[i])
		}
	}
}

// reference encodes by the definition, in double precision.
func reference(m *Model, text string) []float64 {
	counts := map[string]int{}
	a := analysis.New()
	a.Scan(text, func(t *analysis.Token) {
		if !analysis.IsStop(t.Text) {
			counts[a.Term(t.Text)]++
		}
	})
	out := make([]float64, 0, Dimensions)
	for half := range 2 {
		sum := make([]float64, Half)
		for term, tf := range counts {
			word, ok := m.find(term)
			if !ok {
				continue
			}
			w := float64(math.Float32frombits(u32(m.scales, 2*int(word)+half)))
			if w *= float64(tf); half == 0 {
				w *= (1 + math.Log(float64(tf))) / float64(tf)
			}
			for i := range sum {
				sum[i] += w * (float64(m.rows[(2*int(word)+half)*Half+i]) - zeroStep)
			}
		}
		square := 0.0
		for _, v := range sum {
			square += v * v
		}
		for _, v := range sum {
			out = append(out, v/math.Sqrt(square)*float64(m.weight[half]))
		}
	}
	for i := range Half {
		a, b := out[i], out[Half+i]
		out[i], out[Half+i] = (a+b)/math.Sqrt2, (a-b)/math.Sqrt2
	}
	return out
}

func TestEncoderComputesTheWeightedSumOfItsWords(t *testing.T) {
	t.Parallel()
	texts := zipfTexts(9, 300, 60, 500)
	m := trainModel(t, texts, Options{Seed: 2})
	for _, text := range append(texts[:100:100], strings.Join(texts, " "), "aaword0", strings.Repeat("aaword0 baword0 ", 50_000)) {
		v, err := m.EmbedQuery(t.Context(), text)
		require.NoError(t, err)
		want := reference(m, text)
		for i := range v {
			require.InDelta(t, want[i], v[i], 2e-5)
		}
	}
}

func TestUnknownAndEmptyTextsHaveNoVector(t *testing.T) {
	t.Parallel()
	m := trainModel(t, zipfTexts(9, 100, 20, 50), Options{})
	vectors, err := m.EmbedDocuments(t.Context(), []string{"", "nowhere seen", "the of and", "\x00\xff\xfe", "aaword0", "🦀🦀"})
	require.NoError(t, err)
	require.Len(t, vectors, 6)
	for i, v := range vectors {
		require.Equal(t, i == 4, v != nil, "%d", i)
	}
	v, err := m.EmbedQuery(t.Context(), "nowhere seen")
	require.NoError(t, err)
	require.Nil(t, v)
	v, err = m.EmbedQuery(t.Context(), "nowhere aaword0 seen")
	require.NoError(t, err)
	require.InDelta(t, 1, dotOf(v, vectors[4]), 1e-6, "unknown words are not counted")
}

func TestTextOfEveryScriptIsLearnt(t *testing.T) {
	t.Parallel()
	words := []string{
		"search", "поиск", "αναζήτηση", "חיפוש", "بحث", "खोज", "検索", "검색", "搜索引擎", "ค้นหา", "որոնում", "ძებნა", "e\u0301te\u0301",
		"get_user_name", "std::vec::Vec", "C++", "x86", "naïve", "🦀 crab",
	}
	var texts []string
	for i := range 200 {
		texts = append(texts, words[i%len(words)]+" "+words[(i+1)%len(words)]+" "+words[(i*7)%len(words)])
	}
	m := trainModel(t, texts, Options{})
	for _, word := range words {
		v, err := m.EmbedQuery(t.Context(), word)
		require.NoError(t, err)
		require.NotNil(t, v, word)
	}
	requireVectors(t, m, texts...)
}

func TestVectorsAreTheSameFromManyGoroutines(t *testing.T) {
	t.Parallel()
	texts := zipfTexts(10, 200, 30, 400)
	m := trainModel(t, texts, Options{})
	want, err := m.EmbedDocuments(t.Context(), texts)
	require.NoError(t, err)
	var wg sync.WaitGroup
	got := make([][][]float32, 8)
	for g := range got {
		wg.Go(func() {
			for i := range texts {
				v, err := m.EmbedQuery(t.Context(), texts[(i+g*13)%len(texts)])
				if err == nil {
					got[g] = append(got[g], v)
				}
			}
		})
	}
	wg.Wait()
	for g := range got {
		for i, v := range got[g] {
			require.Equal(t, want[(i+g*13)%len(texts)], v)
		}
	}
}

func TestQueryIsEmbeddedWithoutGarbage(t *testing.T) {
	m := trainModel(t, zipfTexts(10, 200, 30, 400), Options{})
	e := m.Encoder()
	defer e.Release()
	v := make([]float32, Dimensions)
	require.Zero(t, testing.AllocsPerRun(100, func() { e.Encode(v, "aaword0 baword0 of unknown words caword0") }))
}
