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
	if r.after != nil {
		b = appendPosition(b, *r.after)
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
	b = append(b, byte(r.Type.ordinal()), r.GroupBy[0])
	b = appendText(b, r.Query)
	return appendFilter(b, r.Filter)
}
