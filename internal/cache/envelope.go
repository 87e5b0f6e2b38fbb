package cache

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/cespare/xxhash/v2"
)

// The form of a value in Redis. Everything that makes it the right one is in it
// and checked, since Redis may be shared, restored, or simply wrong:
//
//	0   4  magic, with the version of the form
//	4   16 tenant
//	20  8  generation
//	28  32 hash of the request
//	60  8  made at, Unix milliseconds
//	68  4  fresh for, milliseconds
//	72  4  served for, milliseconds, fresh and stale
//	76  4  the load took, microseconds
//	80  1  flags
//	81  8  xxHash64 of all of the above, the scope and the body
//	89     body
const (
	envelopeMagic  = "RAc1"
	sumOffset      = 81
	envelopeHeader = sumOffset + 8
	flagNegative   = 1
	// maxClockSkew is how far ahead another process's clock may be.
	maxClockSkew = time.Minute
)

var (
	errNotOurs    = errors.New("not a value of this cache")
	errForeign    = errors.New("the value belongs to another key")
	errCorrupt    = errors.New("the value is damaged")
	errFromFuture = errors.New("the value is from the future")
)

// seal returns the form of an entry in Redis.
func seal(key Key, e *entry) []byte {
	b := make([]byte, 0, envelopeHeader+len(e.body))
	b = append(b, envelopeMagic...)
	b = append(b, key.Tenant[:]...)
	b = binary.BigEndian.AppendUint64(b, e.generation)
	b = append(b, key.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.createdAt/int64(time.Millisecond)))
	b = binary.BigEndian.AppendUint32(b, clamp32((e.freshUntil-e.createdAt)/int64(time.Millisecond)))
	b = binary.BigEndian.AppendUint32(b, clamp32((e.staleUntil-e.createdAt)/int64(time.Millisecond)))
	b = binary.BigEndian.AppendUint32(b, clamp32(e.cost/int64(time.Microsecond)))
	var flags byte
	if e.negative {
		flags |= flagNegative
	}
	b = append(b, flags)
	b = binary.BigEndian.AppendUint64(b, envelopeSum(b, key.Scope, e.body))
	return append(b, e.body...)
}

// open reads a value and refuses any that is not exactly the key's. Its times are
// cut to what this process would have given it.
func open(b []byte, key Key, now int64, maxFresh, maxStale time.Duration) (*entry, error) {
	if len(b) < envelopeHeader || string(b[:len(envelopeMagic)]) != envelopeMagic {
		return nil, errNotOurs
	}
	body := b[envelopeHeader:]
	if binary.BigEndian.Uint64(b[sumOffset:]) != envelopeSum(b[:sumOffset], key.Scope, body) {
		return nil, errCorrupt
	}
	generation := binary.BigEndian.Uint64(b[20:])
	if [16]byte(b[4:20]) != key.Tenant || generation != key.Generation || [32]byte(b[28:60]) != key.Hash {
		return nil, errForeign
	}
	createdMS := binary.BigEndian.Uint64(b[60:])
	if createdMS > uint64(now+int64(maxClockSkew))/uint64(time.Millisecond) {
		return nil, errFromFuture
	}
	e := &entry{
		// Not a part of b: the header would be kept in memory along with it.
		body: append(make([]byte, 0, len(body)), body...), generation: generation,
		createdAt: int64(createdMS) * int64(time.Millisecond),
		cost:      int64(binary.BigEndian.Uint32(b[76:])) * int64(time.Microsecond),
		negative:  b[80]&flagNegative != 0,
	}
	fresh := time.Duration(binary.BigEndian.Uint32(b[68:])) * time.Millisecond
	served := time.Duration(binary.BigEndian.Uint32(b[72:])) * time.Millisecond
	e.freshUntil = e.createdAt + int64(min(fresh, maxFresh))
	e.staleUntil = e.createdAt + int64(min(served, maxFresh+maxStale))
	return e, nil
}

func envelopeSum(header []byte, scope string, body []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(header)
	_, _ = d.WriteString(scope)
	_, _ = d.Write(body)
	return d.Sum64()
}

func clamp32(n int64) uint32 { return uint32(max(0, min(n, math.MaxUint32))) }
