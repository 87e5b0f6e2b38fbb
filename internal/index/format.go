package index

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// A segment file is a header, sections, a table of contents and a footer, all
// little endian:
//
//	header   "RAIX" | u32 format version
//	sections each starting at a multiple of 8, followed by at least 8 bytes
//	toc      per section: u32 kind | u32 zero | u64 offset | u64 length
//	footer   u64 toc offset | u32 sections | "RAIX" | u64 xxHash64 of all before
//
// A reader skips kinds it does not know, so that sections can be added without
// a new format version. The padding behind every section lets the bit unpacking
// read 8 bytes at any valid position.
const (
	magic         = "RAIX"
	formatVersion = 1
	headerBytes   = 8
	tocEntryBytes = 24
	footerBytes   = 24
	sectionAlign  = 8
	maxSections   = 1 << 10
)

// sectionKind identifies a section. Numbers are never used twice.
type sectionKind uint32

const (
	sectionMeta         sectionKind = 1  // JSON of metaSection
	sectionDocs         sectionKind = 2  // per document: 16 bytes id | u64 version, by id
	sectionFirstChunks  sectionKind = 3  // u32 per document and one more; absent when every document has one chunk
	sectionChunkDocs    sectionKind = 4  // u32 per chunk: its document; absent likewise
	sectionOrdinals     sectionKind = 5  // u32 per chunk; absent when ordinals count from 0
	sectionLengths      sectionKind = 6  // u16 per chunk: words of the flat text
	sectionTitleLengths sectionKind = 7  // u16 per chunk: words of its document's title
	sectionPostings     sectionKind = 8  // term records, see postings_writer.go
	sectionTerms        sectionKind = 9  // FST: term to the offset of its record
	sectionKeywords     sectionKind = 10 // roaring bitmaps of documents
	sectionKeywordTerms sectionKind = 11 // FST: field, value to bitmap
	sectionNumbers      sectionKind = 12 // sorted numeric columns
	sectionStored       sectionKind = 13 // zstd blocks
	sectionStoredIndex  sectionKind = 14 // per block: u64 offset | u32 first item | u32 zero
)

const docEntryBytes = 24

// ErrCorrupt is wrapped by every error that says that bytes are not a valid
// segment.
var ErrCorrupt = errors.New("corrupt index segment")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Meta describes a written segment.
type Meta struct {
	Docs   int
	Chunks int
	Bytes  int64
	// Checksum is the xxHash64 of the file without its last 8 bytes, which
	// hold the same.
	Checksum []byte
	// MinID and MaxID are the range of document ids.
	MinID, MaxID uuid.UUID
	// Analysis is the analysis.Version by which the texts were analysed; of a
	// merge the lowest of its sources. It is outdatedAnalysis where building the
	// segment anew would give other terms though the version is the same.
	Analysis int
}

// outdatedAnalysis is below every analysis.Version.
const outdatedAnalysis = 0

// metaSection is the JSON of sectionMeta.
type metaSection struct {
	Analysis int `json:"analysis"`
	// Languages are the codes of the rules that were used; none means English
	// only. Outdated says that the rules for the language of a document have
	// come since.
	Languages []string  `json:"languages,omitempty"`
	Outdated  bool      `json:"outdated,omitempty"`
	Docs      int       `json:"docs"`
	Chunks    int       `json:"chunks"`
	MinID     uuid.UUID `json:"min_id"`
	MaxID     uuid.UUID `json:"max_id"`
	MaxChunks int       `json:"max_chunks_per_doc"`
	// Sums and maxima of the lengths as they are scored.
	TextLength     uint64 `json:"text_length"`
	TitleLength    uint64 `json:"title_length"`
	MaxLength      int    `json:"max_length"`
	MaxTitleLength int    `json:"max_title_length"`
}

// maxLength is where the lengths that are scored stop to grow.
const maxLength = 1<<16 - 1

func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }

func u16(b []byte, i int) uint16 { return binary.LittleEndian.Uint16(b[2*i:]) }
