package index

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"
)

// A file that was cut, or in which any bit was flipped, is refused.
func TestDamagedFilesAreRefused(t *testing.T) {
	t.Parallel()
	data, _ := build(t, goldenDocuments()[:50]...)
	path := filepath.Join(t.TempDir(), "segment")
	rng := rand.New(rand.NewPCG(1, 9))
	for range 200 {
		damaged := append([]byte(nil), data...)
		if at := rng.IntN(len(data)); rng.IntN(2) == 0 {
			damaged = damaged[:at]
		} else {
			damaged[at] ^= 1 << rng.IntN(8)
		}
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		_, err := Open(path)
		require.ErrorIs(t, err, ErrCorrupt)
		_, err = OpenBytes(damaged)
		require.ErrorIs(t, err, ErrCorrupt)
	}
	_, err := Open(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// An open segment outlives its file.
func TestOpenSegmentSurvivesRemoval(t *testing.T) {
	t.Parallel()
	data, meta := build(t, Document{ID: testID(1), Title: "Title", Chunks: []Chunk{{Content: "some words"}}})
	path := filepath.Join(t.TempDir(), "segment")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	s, err := Open(path)
	require.NoError(t, err)
	require.Equal(t, meta, s.Meta())
	require.NoError(t, os.Remove(path))
	snapshot := NewSnapshot(1, []LoadedSegment{{Segment: s}}, nil)
	r, err := snapshot.Search(context.Background(), Request{Query: "words"})
	require.NoError(t, err)
	require.Equal(t, "some words", r.Hits[0].Content)
	snapshot.Release()
}

// A later version may add sections; this one skips what it does not know. A
// later format is refused, and not called corrupt.
func TestUnknownSectionsAreSkipped(t *testing.T) {
	t.Parallel()
	b := NewBuilder(Options{})
	require.NoError(t, b.Add(Document{ID: testID(1), Chunks: []Chunk{{Content: "word"}}}))
	plain, _, err := b.Bytes()
	require.NoError(t, err)

	data := withSection(plain, 9999, []byte("vectors"))
	s, err := OpenBytes(data)
	require.NoError(t, err)
	require.Equal(t, 1, s.Meta().Docs)

	binary.LittleEndian.PutUint32(data[4:], formatVersion+1)
	binary.LittleEndian.PutUint64(data[len(data)-8:], xxhash.Sum64(data[:len(data)-8]))
	_, err = OpenBytes(data)
	require.ErrorContains(t, err, "format 2")
	require.NotErrorIs(t, err, ErrCorrupt)
}

// withSection returns a segment with one more section.
func withSection(segment []byte, kind uint32, content []byte) []byte {
	footer := segment[len(segment)-footerBytes:]
	toc, n := binary.LittleEndian.Uint64(footer), binary.LittleEndian.Uint32(footer[8:])
	out := append([]byte(nil), segment[:toc]...)
	offset := uint64(len(out))
	out = append(out, content...)
	for range 2 * sectionAlign {
		out = append(out, 0)
	}
	newTOC := uint64(len(out))
	out = append(out, segment[toc:toc+uint64(n)*tocEntryBytes]...)
	out = binary.LittleEndian.AppendUint32(out, kind)
	out = binary.LittleEndian.AppendUint32(out, 0)
	out = binary.LittleEndian.AppendUint64(out, offset)
	out = binary.LittleEndian.AppendUint64(out, uint64(len(content)))
	out = binary.LittleEndian.AppendUint64(out, newTOC)
	out = binary.LittleEndian.AppendUint32(out, n+1)
	out = append(out, magic...)
	return binary.LittleEndian.AppendUint64(out, xxhash.Sum64(out))
}

// Lengths stop to count at 65,535 words; a document of that size is found.
func TestVeryLongChunk(t *testing.T) {
	t.Parallel()
	text := make([]byte, 0, 1<<20)
	for range 100_000 {
		text = append(text, "word "...)
	}
	data, _ := build(t, Document{ID: testID(1), Chunks: []Chunk{{Content: string(text) + "needle in haystack"}}})
	s, err := OpenBytes(data)
	require.NoError(t, err)
	require.Equal(t, uint16(maxLength), u16(s.lengths, 0))
	snapshot := NewSnapshot(1, []LoadedSegment{{Segment: s}}, nil)
	for _, query := range []string{"word", `"word needle"`, `"needle in haystack"`} {
		r, err := snapshot.Search(t.Context(), Request{Query: query, Highlight: true})
		require.NoError(t, err)
		require.Len(t, r.Hits, 1, query)
	}
}
