package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// loadFields is a snapshot of 200,000 short documents with fields to filter,
// sort, group and count by.
var loadFields = sync.OnceValues(func() (*Snapshot, error) {
	const docs, parts = 200_000, 4
	rng := rand.New(rand.NewPCG(3, 3))
	var list []LoadedSegment
	for part := range parts {
		b := NewBuilder(Options{ExpectedDocs: docs / parts})
		for i := range docs / parts {
			id := part*docs/parts + i
			d := Document{
				ID: testID(id), Version: 1, Title: fmt.Sprint("title ", id), DocType: fmt.Sprint("type", rng.IntN(12)),
				CreatedAt: int64(rng.IntN(1e9)) * 1000, Tags: []string{fmt.Sprint("tag", rng.IntN(50)), fmt.Sprint("tag", rng.IntN(2000))},
				Metadata: fmt.Appendf(nil, `{"price":%d,"year":%d,"lang":"l%d","author":"author %d"}`,
					rng.IntN(100_000), 1990+rng.IntN(30), rng.IntN(8), rng.IntN(20_000)),
				Chunks: []Chunk{{Content: "every " + zipfWord(rng) + " " + zipfWord(rng) + " " + zipfWord(rng)}},
			}
			if err := b.Add(d); err != nil {
				return nil, err
			}
		}
		data, _, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		s, err := OpenBytes(data)
		if err != nil {
			return nil, err
		}
		list = append(list, LoadedSegment{Ref: SegmentRef{ID: testID(part)}, Segment: s})
	}
	return NewSnapshot(1, list, nil), nil
})

func benchmarkFields(b *testing.B, requests map[string]Request) {
	b.Helper()
	snapshot, err := loadFields()
	require.NoError(b, err)
	for name, r := range requests {
		b.Run(name, func(b *testing.B) {
			_, err := snapshot.Search(context.Background(), r) // makes the columns
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := snapshot.Search(context.Background(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What filters of common shapes cost over 200,000 documents, with a rare word, so
// that little else is measured.
func BenchmarkFilters(b *testing.B) {
	from, to := 2e11, 8e11
	price := 50_000.0
	rare := func(f *Filter) Request { return Request{Query: "w498", Filter: f} }
	benchmarkFields(b, map[string]Request{
		"none": rare(nil), "type": rare(Eq(FieldDocType, String("type3"))), "tags": rare(In(FieldTags, String("tag3"), String("tag7"))),
		"dates":  rare(Range(FieldCreatedAt, Bounds{GTE: &from, LT: &to})),
		"number": rare(Range("metadata.price", Bounds{LT: &price})),
		"nested": rare(And(Not(Eq(FieldDocType, String("type3"))), Or(Eq("metadata.lang", String("l1")), Range("metadata.year", Bounds{GTE: &from})))),
	})
}

// What sorting, grouping and counting cost when half a million words match
// (every), and when few do.
func BenchmarkOrder(b *testing.B) {
	sorted := []Sort{{FieldCreatedAt, true}, {"metadata.price", false}}
	facets := []Facet{{Field: FieldDocType}, {Field: FieldTags}, {Field: "metadata.lang"}}
	benchmarkFields(b, map[string]Request{
		"all/score": {Query: "every"}, "all/sort": {Query: "every", Sort: sorted}, "all/facets": {Query: "every", Facets: facets},
		"all/facet of 20000 values": {Query: "every", Facets: []Facet{{Field: "metadata.author"}}},
		"all/facet of numbers":      {Query: "every", Facets: []Facet{{Field: "metadata.price"}}},
		"all/group":                 {Query: "every", GroupBy: "metadata.lang"}, "all/group of 20000": {Query: "every", GroupBy: "metadata.author"},
		"few/score": {Query: "w498"}, "few/sort": {Query: "w498", Sort: sorted}, "few/facets": {Query: "w498", Facets: facets},
		"few/group": {Query: "w498", GroupBy: "metadata.lang"},
	})
}

// What making the columns of one field costs, and keeping them.
func BenchmarkColumns(b *testing.B) {
	snapshot, err := loadFields()
	require.NoError(b, err)
	for _, field := range []string{"metadata.price", "metadata.author", FieldTags} {
		b.Run(field, func(b *testing.B) {
			bytes := 0
			for b.Loop() {
				bytes = 0
				for _, v := range snapshot.views {
					v.columns = columnCache{}
					v.docNumbers(field)
					_, err := v.docKeywords(field)
					require.NoError(b, err)
					bytes += v.columns.bytes
				}
			}
			b.ReportMetric(float64(bytes)/200_000, "bytes/doc")
		})
	}
}
