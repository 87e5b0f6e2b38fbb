package index

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// sectionWriter streams a segment file.
type sectionWriter struct {
	out      *bufio.Writer
	hash     *xxhash.Digest
	offset   uint64
	sections []sectionEntry
	err      error
}

type sectionEntry struct {
	kind           sectionKind
	offset, length uint64
}

func newSectionWriter(w io.Writer) *sectionWriter {
	s := &sectionWriter{hash: xxhash.New()}
	s.out = bufio.NewWriterSize(io.MultiWriter(w, s.hash), 1<<16)
	s.put([]byte(magic))
	s.put(binary.LittleEndian.AppendUint32(nil, formatVersion))
	return s
}

// Write appends to the current section. The first error sticks and is returned
// by finish too.
func (s *sectionWriter) Write(b []byte) (int, error) {
	s.put(b)
	return len(b), s.err
}

func (s *sectionWriter) put(b []byte) {
	if s.err != nil {
		return
	}
	n, err := s.out.Write(b)
	s.offset += uint64(n)
	if err != nil {
		s.err = fmt.Errorf("write segment: %w", err)
	}
}

// begin starts a section; what is written until end belongs to it.
func (s *sectionWriter) begin(kind sectionKind) {
	s.sections = append(s.sections, sectionEntry{kind: kind, offset: s.offset})
}

// length returns the bytes written to the current section so far.
func (s *sectionWriter) length() uint64 {
	return s.offset - s.sections[len(s.sections)-1].offset
}

func (s *sectionWriter) end() {
	e := &s.sections[len(s.sections)-1]
	e.length = s.offset - e.offset
	var zero [2 * sectionAlign]byte
	pad := sectionAlign + (sectionAlign-int(s.offset%sectionAlign))%sectionAlign
	s.put(zero[:pad])
}

// section writes a whole section.
func (s *sectionWriter) section(kind sectionKind, data []byte) {
	s.begin(kind)
	s.put(data)
	s.end()
}

// finish writes the meta section, the table of contents and the footer.
func (s *sectionWriter) finish(m metaSection) (Meta, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return Meta{}, fmt.Errorf("encode segment meta: %w", err)
	}
	s.section(sectionMeta, data)
	toc := s.offset
	var b []byte
	for _, e := range s.sections {
		b = binary.LittleEndian.AppendUint32(b, uint32(e.kind))
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint64(b, e.offset)
		b = binary.LittleEndian.AppendUint64(b, e.length)
	}
	b = binary.LittleEndian.AppendUint64(b, toc)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.sections)))
	b = append(b, magic...)
	s.put(b)
	if s.err == nil {
		s.err = s.out.Flush()
	}
	sum := s.hash.Sum64()
	s.put(binary.LittleEndian.AppendUint64(nil, sum))
	if s.err == nil {
		s.err = s.out.Flush()
	}
	if m.Outdated {
		m.Analysis = outdatedAnalysis
	}
	return Meta{
		Docs: m.Docs, Chunks: m.Chunks, Bytes: int64(s.offset), Checksum: checksumBytes(sum),
		MinID: m.MinID, MaxID: m.MaxID, Analysis: m.Analysis,
	}, s.err
}

func checksumBytes(sum uint64) []byte { return binary.BigEndian.AppendUint64(nil, sum) }
