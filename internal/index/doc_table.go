package index

import (
	"encoding/binary"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// maxChunks bounds a segment: chunk numbers are 32 bits, and one more is used
// as the end.
const maxChunks = 1<<31 - 1

// docTable collects the fixed-width tables of a segment while documents are
// visited in the order of their ids: about 40 bytes per chunk.
type docTable struct {
	entries      []byte
	firstChunks  []uint32
	chunkDocs    []uint32
	ordinals     []uint32
	lengths      []uint16
	titleLengths []uint16
	denseOrdinal bool
	meta         metaSection
}

func newDocTable() *docTable {
	return &docTable{denseOrdinal: true, meta: metaSection{Analysis: analysis.Version}}
}

// addDoc starts a document.
func (t *docTable) addDoc(id uuid.UUID, version uint64, titleLength uint16) {
	m := &t.meta
	if m.Docs == 0 {
		m.MinID = id
	}
	m.MaxID = id
	m.Docs++
	m.TitleLength += uint64(titleLength)
	m.MaxTitleLength = max(m.MaxTitleLength, int(titleLength))
	t.entries = append(t.entries, id[:]...)
	t.entries = binary.LittleEndian.AppendUint64(t.entries, version)
	t.firstChunks = append(t.firstChunks, uint32(len(t.chunkDocs)))
}

// addChunk adds a chunk to the document that was started last.
func (t *docTable) addChunk(ordinal uint32, length, titleLength uint16) {
	m := &t.meta
	doc := len(t.firstChunks) - 1
	n := len(t.chunkDocs) - int(t.firstChunks[doc])
	t.denseOrdinal = t.denseOrdinal && int(ordinal) == n
	t.chunkDocs = append(t.chunkDocs, uint32(doc))
	t.ordinals = append(t.ordinals, ordinal)
	t.lengths = append(t.lengths, length)
	t.titleLengths = append(t.titleLengths, titleLength)
	m.Chunks++
	m.MaxChunks = max(m.MaxChunks, n+1)
	m.TextLength += uint64(length)
	m.MaxLength = max(m.MaxLength, int(length))
}

// write writes the tables as sections.
func (t *docTable) write(out *sectionWriter) {
	out.section(sectionDocs, t.entries)
	if t.meta.MaxChunks > 1 {
		putUint32s(out, sectionFirstChunks, append(t.firstChunks, uint32(len(t.chunkDocs))))
		putUint32s(out, sectionChunkDocs, t.chunkDocs)
	}
	if !t.denseOrdinal {
		putUint32s(out, sectionOrdinals, t.ordinals)
	}
	putUint16s(out, sectionLengths, t.lengths)
	putUint16s(out, sectionTitleLengths, t.titleLengths)
}

func putUint32s(out *sectionWriter, kind sectionKind, values []uint32) {
	out.begin(kind)
	var b [4]byte
	for _, v := range values {
		binary.LittleEndian.PutUint32(b[:], v)
		out.put(b[:])
	}
	out.end()
}

func putUint16s(out *sectionWriter, kind sectionKind, values []uint16) {
	out.begin(kind)
	var b [2]byte
	for _, v := range values {
		binary.LittleEndian.PutUint16(b[:], v)
		out.put(b[:])
	}
	out.end()
}
