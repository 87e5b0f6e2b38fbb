package index

import (
	"encoding/binary"
)

// appendDocRecord appends the stored fields of a document.
func appendDocRecord(dst []byte, d *Document) []byte {
	for _, s := range [...]string{d.ExternalID, d.Title, d.DocType, d.SourceType, d.RepoID, d.SourceURL, d.Language} {
		dst = appendString(dst, s)
	}
	dst = binary.AppendVarint(dst, d.CreatedAt)
	dst = binary.AppendVarint(dst, d.UpdatedAt)
	dst = binary.AppendUvarint(dst, uint64(len(d.Tags)))
	for _, t := range d.Tags {
		dst = appendString(dst, t)
	}
	return append(dst, d.Metadata...)
}

// appendChunkRecord appends the stored fields of a chunk.
func appendChunkRecord(dst []byte, c *Chunk) []byte {
	dst = appendString(dst, c.Heading)
	return append(dst, c.Content...)
}

func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// readDocRecord fills the document's part of a hit.
func readDocRecord(record []byte, h *Hit) error {
	r := byteReader{b: record}
	for _, field := range [...]*string{&h.ExternalID, &h.Title, &h.DocType, &h.SourceType, &h.RepoID, &h.SourceURL, &h.Language} {
		*field = r.string()
	}
	h.CreatedAt, h.UpdatedAt = r.varint(), r.varint()
	tags := r.uvarint()
	if r.bad || tags > uint64(len(r.b)) {
		return corrupt("document record")
	}
	if tags > 0 {
		h.Tags = make([]string, tags)
		for i := range h.Tags {
			h.Tags[i] = r.string()
		}
	}
	if r.bad {
		return corrupt("document record")
	}
	if len(r.b) > 0 {
		h.Metadata = append(h.Metadata[:0], r.b...)
	}
	return nil
}

// readChunkRecord fills the chunk's part of a hit.
func readChunkRecord(record []byte, h *Hit) error {
	r := byteReader{b: record}
	h.Heading = r.string()
	if r.bad {
		return corrupt("chunk record")
	}
	h.Content = string(r.b)
	return nil
}
