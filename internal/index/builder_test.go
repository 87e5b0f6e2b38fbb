package index

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func goldenDocuments() []Document {
	rng := rand.New(rand.NewPCG(11, 12))
	var docs []Document
	for i := range 700 {
		d := randomDocument(rng, i, uint64(1+i%3), 1+i%4)
		d.Tags = []string{"b", "a"}
		d.Metadata = []byte(`{"z":{"y":[1,2,"three"],"x":true},"a":-1.5}`)
		docs = append(docs, d)
	}
	docs[0].Chunks[0].Content = "getUserName of std::vec::Vec, naïve 日本語 C++"
	return docs
}

func build(t require.TestingT, docs ...Document) ([]byte, Meta) {
	b := NewBuilder(Options{})
	for _, d := range docs {
		require.NoError(t, b.Add(d))
	}
	data, meta, err := b.Bytes()
	require.NoError(t, err)
	require.Equal(t, meta, b.Meta())
	return data, meta
}

// The bytes of a segment are a function of its documents: not of the order in
// which they came, the process, or the time. A change of this checksum is a
// change of the format or of the analysis, and needs a new number of either.
func TestSegmentBytesAreDeterministic(t *testing.T) {
	t.Parallel()
	docs := goldenDocuments()
	_, meta := build(t, docs...)
	require.Equal(t, "1c352d7b455829b9", hex.EncodeToString(meta.Checksum))
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
	_, shuffled := build(t, docs...)
	require.Equal(t, meta, shuffled)
}

// Of one document in a batch the highest version counts, then the last.
func TestBuilderKeepsTheHighestVersion(t *testing.T) {
	t.Parallel()
	doc := func(version uint64, text string) Document {
		return Document{ID: testID(1), Version: version, Chunks: []Chunk{{Content: text}}}
	}
	data, meta := build(t, doc(2, "old"), doc(3, "first"), doc(1, "older"), doc(3, "second"))
	require.Equal(t, 1, meta.Docs)
	s, err := OpenBytes(data)
	require.NoError(t, err)
	snapshot := NewSnapshot(1, []LoadedSegment{{Segment: s}}, nil)
	for query, total := range map[string]int{"old": 0, "older": 0, "first": 0, "second": 1} {
		r, err := snapshot.Search(t.Context(), Request{Query: query})
		require.NoError(t, err)
		require.Equal(t, total, r.Total, query)
	}
	require.Equal(t, 1, snapshot.Stats().Docs)
	only, _ := build(t, doc(3, "second"))
	require.Equal(t, only, data, "replaced documents leave no trace")
}

func TestBuilderRefusesInvalidDocuments(t *testing.T) {
	t.Parallel()
	valid := Document{ID: testID(1), Chunks: []Chunk{{Content: "x"}}}
	for name, change := range map[string]func(*Document){
		"no id":                  func(d *Document) { d.ID = uuid.Nil },
		"no chunks":              func(d *Document) { d.Chunks = nil },
		"ordinals out of order":  func(d *Document) { d.Chunks = []Chunk{{Ordinal: 1}, {Ordinal: 1}} },
		"negative ordinal":       func(d *Document) { d.Chunks = []Chunk{{Ordinal: -1}} },
		"ordinal above 31 bits":  func(d *Document) { d.Chunks = []Chunk{{Ordinal: 1 << 31}} },
		"metadata is not JSON":   func(d *Document) { d.Metadata = []byte("{") },
		"metadata is not object": func(d *Document) { d.Metadata = []byte("[1]") },
	} {
		d := valid
		change(&d)
		b := NewBuilder(Options{})
		require.ErrorIs(t, b.Add(d), ErrInvalidDocument, name)
		require.Zero(t, b.Docs())
		require.NoError(t, b.Add(valid), "a refused document leaves the builder as it was")
		require.Equal(t, 1, b.Chunks())
	}
}

// A segment without documents is valid: a merge of dead segments gives one.
func TestEmptySegment(t *testing.T) {
	t.Parallel()
	data, meta := build(t)
	require.Zero(t, meta.Docs)
	s, err := OpenBytes(data)
	require.NoError(t, err)
	snapshot := NewSnapshot(4, []LoadedSegment{{Segment: s}}, []Tombstone{{DocumentID: testID(1), Version: 1}})
	r, err := snapshot.Search(t.Context(), Request{Query: "anything", Highlight: true})
	require.NoError(t, err)
	require.Equal(t, &Result{Hits: []Hit{}, Generation: 4}, r)
}
