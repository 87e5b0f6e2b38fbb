package index

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/blevesearch/mmap-go"
	"github.com/blevesearch/vellum"
	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"
)

// Segment is an open segment. It is immutable and safe for concurrent use.
type Segment struct {
	meta     metaSection
	file     Meta
	mapped   mmap.MMap
	checked  atomic.Int64 // when the bytes were last found good, Unix nanoseconds
	closed   func()       // if set, Close calls it
	data     []byte
	sections map[sectionKind][]byte // without padding

	docs         []byte
	firstChunks  []byte // nil when every document has one chunk
	several      bitset // chunks of documents that have more than one
	chunkDocs    []byte
	ordinals     []byte // nil when ordinals count from 0
	lengths      []byte
	titleLengths []byte
	postings     []byte // with padding
	terms        *vellum.FST
	readers      sync.Pool // of *vellum.Reader for terms
	keywords     []byte
	keywordTerms *vellum.FST
	numbers      map[string]numberReader
	stored       storedReader
	languages    languageSet // whose rules were used
	outdated     bool
	columns      columnCache
}

// Open maps a segment file after its checksum was verified. The file must not
// be changed while it is open; it may be removed.
func Open(path string) (*Segment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	opened := time.Now()
	size, err := verifyFile(f)
	if err != nil {
		return nil, err
	}
	if size <= maxUnmapped {
		return readSegment(f, size)
	}
	m, err := mmap.MapRegion(f, int(size), mmap.RDONLY, 0, 0)
	if err != nil {
		return nil, fmt.Errorf("map segment: %w", err)
	}
	s, err := parseSegment(m)
	if err != nil {
		return nil, errors.Join(err, m.Unmap())
	}
	s.mapped = m
	s.checked.Store(opened.UnixNano())
	return s, nil
}

// maxUnmapped is the size up to which a segment is read into memory. A mapping
// takes whole pages, and a process may have only some ten thousand of them: less
// than the tiny segments of the tenants of a large server.
const maxUnmapped = 16 << 10

func readSegment(f *os.File, size int64) (*Segment, error) {
	data := make([]byte, size)
	if _, err := f.ReadAt(data, 0); err != nil {
		return nil, fmt.Errorf("read segment: %w", err)
	}
	return OpenBytes(data)
}

// verifyFile reads the file once, which costs no mapped memory, and compares
// its checksum.
func verifyFile(f *os.File) (size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("stat segment: %w", err)
	}
	size = info.Size()
	if size < headerBytes+footerBytes {
		return 0, corrupt("file of %d bytes", size)
	}
	h := xxhash.New()
	if _, err := io.CopyBuffer(h, io.LimitReader(f, size-8), make([]byte, 1<<18)); err != nil {
		return 0, fmt.Errorf("read segment: %w", err)
	}
	var sum [8]byte
	if _, err := io.ReadFull(f, sum[:]); err != nil {
		return 0, fmt.Errorf("read segment: %w", err)
	}
	if binary.LittleEndian.Uint64(sum[:]) != h.Sum64() {
		return 0, corrupt("checksum does not match")
	}
	return size, nil
}

// OpenBytes opens a segment in memory. The bytes must not be changed.
func OpenBytes(data []byte) (*Segment, error) {
	if len(data) < headerBytes+footerBytes {
		return nil, corrupt("%d bytes", len(data))
	}
	if err := verifyBytes(data); err != nil {
		return nil, err
	}
	return parseSegment(data)
}

func verifyBytes(data []byte) error {
	body := data[:len(data)-8]
	if binary.LittleEndian.Uint64(data[len(body):]) != xxhash.Sum64(body) {
		return corrupt("checksum does not match")
	}
	return nil
}

// Close unmaps the file. No method may be called afterwards.
func (s *Segment) Close() error {
	if s.closed != nil {
		s.closed()
	}
	if s.mapped == nil {
		return nil
	}
	return s.mapped.Unmap()
}

// Meta describes the segment.
func (s *Segment) Meta() Meta { return s.file }

func parseSegment(data []byte) (s *Segment, err error) {
	defer protect(&err)()
	s = &Segment{data: data, sections: make(map[sectionKind][]byte)}
	if err := s.parseSections(); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(s.sections[sectionMeta], &s.meta); err != nil {
		return nil, corrupt("meta: %v", err)
	}
	if err := s.parseTables(); err != nil {
		return nil, err
	}
	if err := s.parseDictionaries(); err != nil {
		return nil, err
	}
	if err := s.readLanguages(); err != nil {
		return nil, err
	}
	if s.numbers, err = readNumbers(s.sections[sectionNumbers]); err != nil {
		return nil, err
	}
	items := s.meta.Docs + s.meta.Chunks
	if s.stored, err = newStoredReader(s.sections[sectionStored], s.sections[sectionStoredIndex], items); err != nil {
		return nil, err
	}
	sum := data[len(data)-8:]
	s.file = Meta{
		Docs: s.meta.Docs, Chunks: s.meta.Chunks, Bytes: int64(len(data)), Analysis: s.meta.Analysis,
		Checksum: checksumBytes(binary.LittleEndian.Uint64(sum)), MinID: s.meta.MinID, MaxID: s.meta.MaxID,
	}
	if s.outdated {
		s.file.Analysis = outdatedAnalysis
	}
	return s, nil
}

func (s *Segment) parseSections() error {
	data := s.data
	if string(data[:4]) != magic {
		return corrupt("not a segment")
	}
	if v := binary.LittleEndian.Uint32(data[4:]); v != formatVersion {
		return fmt.Errorf("index segment has format %d, this program reads %d", v, formatVersion)
	}
	footer := data[len(data)-footerBytes:]
	toc, n := binary.LittleEndian.Uint64(footer), binary.LittleEndian.Uint32(footer[8:])
	end := uint64(len(data) - footerBytes)
	if string(footer[12:16]) != magic || n > maxSections || toc > end || end-toc != uint64(n)*tocEntryBytes {
		return corrupt("footer")
	}
	for i := range n {
		e := data[toc+uint64(i)*tocEntryBytes:]
		kind := sectionKind(binary.LittleEndian.Uint32(e))
		offset, length := binary.LittleEndian.Uint64(e[8:]), binary.LittleEndian.Uint64(e[16:])
		if offset > toc || length > toc-offset || toc-offset-length < unpackSlack {
			return corrupt("section %d", kind)
		}
		s.sections[kind] = data[offset : offset+length : offset+length+unpackSlack]
	}
	return nil
}

func (s *Segment) parseTables() error {
	m := &s.meta
	if m.Docs < 0 || m.Chunks < m.Docs || m.Chunks > maxChunks || (m.Docs == 0) != (m.Chunks == 0) {
		return corrupt("%d documents, %d chunks", m.Docs, m.Chunks)
	}
	ordinals, multi := s.sections[sectionOrdinals], m.Chunks > m.Docs
	tables := []struct {
		kind   sectionKind
		dst    *[]byte
		size   int
		needed bool
	}{
		{sectionDocs, &s.docs, docEntryBytes * m.Docs, true},
		{sectionFirstChunks, &s.firstChunks, 4 * (m.Docs + 1), multi},
		{sectionChunkDocs, &s.chunkDocs, 4 * m.Chunks, multi},
		{sectionOrdinals, &s.ordinals, 4 * m.Chunks, ordinals != nil},
		{sectionLengths, &s.lengths, 2 * m.Chunks, true},
		{sectionTitleLengths, &s.titleLengths, 2 * m.Chunks, true},
	}
	for _, t := range tables {
		if !t.needed {
			continue
		}
		if b, ok := s.sections[t.kind]; !ok || len(b) != t.size {
			return corrupt("section %d has %d bytes, not %d", t.kind, len(b), t.size)
		}
		*t.dst = s.sections[t.kind]
	}
	return s.checkTables()
}

// checkTables verifies what the evaluation relies on without looking again.
func (s *Segment) checkTables() error {
	for c := range s.meta.Chunks {
		if int(u16(s.lengths, c)) > s.meta.MaxLength || int(u16(s.titleLengths, c)) > s.meta.MaxTitleLength {
			return corrupt("length of chunk %d", c)
		}
	}
	if s.meta.MaxLength > maxLength || s.meta.MaxTitleLength > maxLength {
		return corrupt("maximum length")
	}
	if s.firstChunks == nil {
		return nil
	}
	s.several = newBitset(s.meta.Chunks)
	for d := range s.meta.Docs {
		first, end := u32(s.firstChunks, d), u32(s.firstChunks, d+1)
		if (d == 0 && first != 0) || end <= first || int(end) > s.meta.Chunks || int(end-first) > s.meta.MaxChunks {
			return corrupt("chunks of document %d", d)
		}
		for c := first; c < end; c++ {
			if u32(s.chunkDocs, int(c)) != uint32(d) {
				return corrupt("document of chunk %d", c)
			}
		}
		if end-first > 1 {
			s.several.setRange(int(first), int(end))
		}
	}
	if int(u32(s.firstChunks, s.meta.Docs)) != s.meta.Chunks {
		return corrupt("number of chunks")
	}
	return nil
}

func (s *Segment) parseDictionaries() (err error) {
	postings, ok := s.sections[sectionPostings]
	if !ok {
		return corrupt("no postings")
	}
	s.postings = postings[:cap(postings)]
	if s.terms, err = vellum.Load(s.sections[sectionTerms]); err != nil {
		return corrupt("term dictionary: %v", err)
	}
	s.keywords = s.sections[sectionKeywords]
	if s.keywordTerms, err = vellum.Load(s.sections[sectionKeywordTerms]); err != nil {
		return corrupt("keyword dictionary: %v", err)
	}
	return nil
}

// docID returns the id of a document.
func (s *Segment) docID(doc int) (id uuid.UUID) {
	copy(id[:], s.docs[doc*docEntryBytes:])
	return id
}

// docKey returns the bytes of a document's id.
func (s *Segment) docKey(doc int) []byte {
	return s.docs[doc*docEntryBytes : doc*docEntryBytes+16]
}

// docVersion returns the version of a document.
func (s *Segment) docVersion(doc int) uint64 {
	return binary.LittleEndian.Uint64(s.docs[doc*docEntryBytes+16:])
}

// docOf returns the document of a chunk.
func (s *Segment) docOf(chunk int) int {
	if s.chunkDocs == nil {
		return chunk
	}
	return int(u32(s.chunkDocs, chunk))
}

// chunksOf returns the chunks [first, end) of a document.
func (s *Segment) chunksOf(doc int) (first, end int) {
	if s.firstChunks == nil {
		return doc, doc + 1
	}
	return int(u32(s.firstChunks, doc)), int(u32(s.firstChunks, doc+1))
}

// ordinalOf returns the ordinal of a chunk.
func (s *Segment) ordinalOf(chunk int) int {
	if s.ordinals != nil {
		return int(u32(s.ordinals, chunk))
	}
	first, _ := s.chunksOf(s.docOf(chunk))
	return chunk - first
}

// docItem and chunkItem return the numbers of stored items.
func (s *Segment) docItem(doc int) int {
	first, _ := s.chunksOf(doc)
	return first + doc
}

func (s *Segment) chunkItem(chunk int) int { return chunk + s.docOf(chunk) + 1 }

// findTerm returns the offset of a term's record.
func (s *Segment) findTerm(term []byte) (offset uint64, ok bool, err error) {
	r, pooled := s.readers.Get().(*vellum.Reader)
	if !pooled {
		if r, err = s.terms.Reader(); err != nil {
			return 0, false, corrupt("term dictionary: %v", err)
		}
	}
	offset, ok, err = r.Get(term)
	s.readers.Put(r)
	if err != nil {
		return 0, false, corrupt("term dictionary: %v", err)
	}
	return offset, ok, nil
}
