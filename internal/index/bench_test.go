package index

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// The benchmarks run over generated documents, or over the passages of a file
// of JSON lines {_id, title, text, source_url} named by BENCH_TECHDOCS. Beside
// such a file queries_short.txt and queries_long.txt are used if they exist.
const benchEnv = "BENCH_TECHDOCS"

type benchData struct {
	docs        []Document
	short, long []string
}

var loadBench = sync.OnceValues(func() (*benchData, error) {
	if path := os.Getenv(benchEnv); path != "" {
		return readBench(path)
	}
	return generateBench(), nil
})

func readBench(path string) (*benchData, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	data := &benchData{}
	lines := bufio.NewReaderSize(z, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		var passage struct {
			ID        string `json:"_id"`
			Title     string `json:"title"`
			Text      string `json:"text"`
			SourceURL string `json:"source_url"`
		}
		if err := cmp.Or(err, json.Unmarshal(line, &passage)); err != nil {
			return nil, err
		}
		data.docs = append(data.docs, Document{
			ID: testID(len(data.docs)), Version: 1, ExternalID: passage.ID, Title: passage.Title, SourceURL: passage.SourceURL,
			Tags: []string{strings.Split(passage.ID, "/")[0]}, Chunks: []Chunk{{Content: passage.Text}},
		})
	}
	data.short = readLines(filepath.Join(filepath.Dir(path), "queries_short.txt"))
	data.long = readLines(filepath.Join(filepath.Dir(path), "queries_long.txt"))
	data.complete()
	return data, nil
}

func readLines(path string) []string {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func generateBench() *benchData {
	rng := rand.New(rand.NewPCG(42, 42))
	data := &benchData{}
	for i := range 20_000 {
		var text strings.Builder
		for range 40 + rng.IntN(160) {
			text.WriteString(benchWord(rng))
			text.WriteByte(' ')
		}
		title := benchWord(rng) + " " + benchWord(rng) + " " + benchWord(rng)
		data.docs = append(data.docs, Document{
			ID: testID(i), Version: 1, Title: title, Tags: []string{string(rune('a' + i%20))},
			Chunks: []Chunk{{Content: text.String()}},
		})
	}
	data.complete()
	return data
}

// benchWord returns a word of a vocabulary of 30,000 with the frequencies of a
// language.
func benchWord(rng *rand.Rand) string {
	n := int(1/(rng.Float64()+1.0/30_000)) - 1
	const letters = "etaoinshrdlucmfwypvbgkjqxz"
	word := []byte{letters[n%7]}
	for n += 3; n > 0; n /= 13 {
		word = append(word, letters[n%13], letters[(n/13+5)%26])
	}
	return string(word)
}

// complete makes queries of titles where there are none.
func (d *benchData) complete() {
	rng := rand.New(rand.NewPCG(1, 2))
	query := func(titles, words int) string {
		var all []string
		for range titles {
			all = append(all, strings.Fields(d.docs[rng.IntN(len(d.docs))].Title)...)
		}
		return strings.Join(all[:min(words, len(all))], " ")
	}
	for len(d.short) < 500 {
		d.short = append(d.short, query(1, 2))
	}
	for len(d.long) < 500 {
		d.long = append(d.long, query(4, 10))
	}
}

func benchmarkData(b *testing.B) *benchData {
	b.Helper()
	data, err := loadBench()
	require.NoError(b, err)
	return data
}

// benchBuild builds segments of the given number of documents.
func benchBuild(b *testing.B, docs []Document, size int) [][]byte {
	b.Helper()
	var segments [][]byte
	for batch := range slices.Chunk(docs, size) {
		builder := NewBuilder(Options{ExpectedDocs: len(batch)})
		for _, d := range batch {
			require.NoError(b, builder.Add(d))
		}
		data, _, err := builder.Bytes()
		require.NoError(b, err)
		segments = append(segments, data)
	}
	return segments
}

// benchSnapshot returns all documents in files of the given number of segments.
func benchSnapshot(b *testing.B, segments int) *Snapshot {
	b.Helper()
	docs := benchmarkData(b).docs
	var loaded []LoadedSegment
	for i, data := range benchBuild(b, docs, (len(docs)+segments-1)/segments) {
		path := filepath.Join(b.TempDir(), "segment")
		require.NoError(b, os.WriteFile(path, data, 0o600))
		s, err := Open(path)
		require.NoError(b, err)
		loaded = append(loaded, LoadedSegment{Ref: SegmentRef{ID: testID(i)}, Segment: s})
	}
	s := NewSnapshot(1, loaded, nil)
	b.Cleanup(s.Release)
	return s
}

// BenchmarkBuild reports passages per second on one core, analysis included.
func BenchmarkBuild(b *testing.B) {
	docs := benchmarkData(b).docs
	docs = docs[:min(len(docs), 20_000)]
	for b.Loop() {
		benchBuild(b, docs, 2000)
	}
	b.ReportMetric(float64(len(docs))*float64(b.N)/b.Elapsed().Seconds(), "passages/s")
}

// BenchmarkMerge merges ten segments.
func BenchmarkMerge(b *testing.B) {
	docs := benchmarkData(b).docs
	docs = docs[:min(len(docs), 50_000)]
	var inputs []MergeInput
	for _, data := range benchBuild(b, docs, len(docs)/10) {
		s, err := OpenBytes(data)
		require.NoError(b, err)
		inputs = append(inputs, MergeInput{Segment: s})
	}
	for b.Loop() {
		_, err := Merge(context.Background(), inputs, io.Discard)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(docs))*float64(b.N)/b.Elapsed().Seconds(), "passages/s")
}

func benchmarkSearch(b *testing.B, s *Snapshot, queries []string, r Request) {
	b.Helper()
	times := make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		r.Query = queries[i%len(queries)]
		i++
		start := time.Now()
		_, err := s.Search(context.Background(), r)
		times = append(times, time.Since(start))
		require.NoError(b, err)
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkSearch measures the ten best hits with highlights, one client.
func BenchmarkSearch(b *testing.B) {
	data := benchmarkData(b)
	for _, segments := range []struct {
		name string
		n    int
	}{{"1 segment", 1}, {"20 segments", 20}} {
		b.Run(segments.name, func(b *testing.B) {
			s := benchSnapshot(b, segments.n)
			b.Run("short", func(b *testing.B) { benchmarkSearch(b, s, data.short, Request{Highlight: true}) })
			b.Run("long", func(b *testing.B) { benchmarkSearch(b, s, data.long, Request{Highlight: true}) })
			b.Run("long filtered", func(b *testing.B) {
				benchmarkSearch(b, s, data.long, Request{Highlight: true, Filter: Eq(FieldTags, String(data.docs[0].Tags[0]))})
			})
			b.Run("phrase", func(b *testing.B) {
				phrases := make([]string, len(data.short))
				for i, q := range data.short {
					phrases[i] = `"` + q + `"`
				}
				benchmarkSearch(b, s, phrases, Request{Highlight: true})
			})
		})
	}
}

// BenchmarkOpen measures opening a segment and reports the memory it keeps.
func BenchmarkOpen(b *testing.B) {
	docs := benchmarkData(b).docs
	path := filepath.Join(b.TempDir(), "segment")
	require.NoError(b, os.WriteFile(path, bytes.Join(benchBuild(b, docs, len(docs)), nil), 0o600))
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // the first only empties pools into a second generation
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	s, err := Open(path)
	require.NoError(b, err)
	kept := heap() - before
	require.NoError(b, s.Close())
	for b.Loop() {
		s, err := Open(path)
		require.NoError(b, err)
		require.NoError(b, s.Close())
	}
	b.ReportMetric(kept, "heap-bytes")
}
