package search

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// buffers are for canonical forms, which live only until they are hashed.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// hash is the SHA-256 of everything in a request that may change its answer. The
// query counts byte by byte: a blank more or less may end a phrase or a prefix.
func (r *Request) hash() [32]byte {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	b := r.appendSubject((*buf)[:0])
	var flags byte
	if r.Highlight {
		flags |= 1
	}
	if r.Explain {
		flags |= 2
	}
	b = append(b, flags, byte(r.Limit))
	b = r.appendShown(b)
	if r.after != nil {
		b = appendSortValues(appendPosition(b, *r.after), *r.after, len(r.Sort))
	}
	*buf = b
	return sha256.Sum256(b)
}

// binding is a hash of what a cursor's position depends on: pages of different
// sizes, or with and without highlights, are of one and the same list.
func (r *Request) binding() uint64 {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = r.appendSubject((*buf)[:0])
	sum := sha256.Sum256(*buf)
	return binary.BigEndian.Uint64(sum[:])
}

// appendSubject appends what defines the whole list of results.
func (r *Request) appendSubject(b []byte) []byte {
	b = append(b, byte(r.Type.ordinal()))
	b = appendText(b, string(r.GroupBy))
	b = appendText(b, r.Query)
	b = appendText(b, r.Language)
	b = appendText(b, string(r.Prefix))
	b = appendText(b, string(r.Typos))
	b = append(b, byte(len(r.Sort)))
	for _, s := range r.Sort {
		b = append(appendText(b, s.Field), boolByte(s.Descending))
	}
	b = r.appendHybrid(b)
	return appendFilter(b, r.Filter)
}

// appendShown appends what changes the answer but not the list of results.
func (r *Request) appendShown(b []byte) []byte {
	b = append(b, byte(r.GroupSize), byte(r.Fragments))
	b = binary.AppendUvarint(b, uint64(r.FragmentSize))
	b = binary.AppendUvarint(b, uint64(r.Include))
	b = append(b, byte(len(r.Facets)))
	for i := range r.Facets {
		f := &r.Facets[i]
		b = appendText(b, f.Field)
		b = append(b, byte(f.Limit), boolByte(f.ByValue), boolByte(f.ExcludeOwnFilter), byte(len(f.Ranges)))
		for _, g := range f.Ranges {
			b = append(appendText(b, g.Label), boolByte(g.Date))
			b = appendBound(appendBound(b, g.From), g.To)
		}
	}
	return b
}
