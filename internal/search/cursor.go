package search

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
)

// The form of a cursor, in base64url without padding. Nothing in it is secret and
// nobody gains by forging one; the checksum tells a damaged one from a foreign one.
//
//	0   1  version
//	1   8  score
//	9   16 document
//	25  4  chunk
//	29  1  phase of the list
//	30  8  binding: which query, filters, type, order, group and fusion it is for
//	38  9  per sort key of the request: class, value
//	..  4  checksum of all before
const (
	cursorVersion   = 2
	cursorHead      = 38
	cursorSortBytes = 9
	cursorSumBytes  = 4
)

var (
	errBadCursor     = errors.New("is not a cursor of this service; take it from next_cursor unchanged")
	errForeignCursor = errors.New("belongs to another search; query, type, weights, fusion, min_score, group_by, sort and filters must stay the same from page to page")
)

func appendPosition(b []byte, c index.Cursor) []byte {
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(c.Score))
	b = append(b, c.DocumentID[:]...)
	return append(binary.BigEndian.AppendUint32(b, uint32(c.Ordinal)), byte(c.Phase))
}

func appendSortValues(b []byte, c index.Cursor, keys int) []byte {
	for _, v := range c.Sort[:keys] {
		b = binary.BigEndian.AppendUint64(append(b, v.Class), v.Value)
	}
	return b
}

// appendCursor appends the text of a cursor behind c, for a request with so many
// sort keys.
func appendCursor(dst []byte, c index.Cursor, keys int, binding uint64) []byte {
	b := make([]byte, 0, cursorHead+index.MaxSortKeys*cursorSortBytes+cursorSumBytes)
	b = appendPosition(append(b, cursorVersion), c)
	b = binary.BigEndian.AppendUint64(b, binding)
	b = appendSortValues(b, c, keys)
	b = binary.BigEndian.AppendUint32(b, uint32(xxhash.Sum64(b)))
	return base64.RawURLEncoding.AppendEncode(dst, b)
}

// decodeCursor reads one for a request with so many sort keys.
func decodeCursor(text string, keys int, binding uint64) (index.Cursor, error) {
	if len(text) > MaxCursorBytes || strings.ContainsAny(text, "\r\n") { // which base64 passes over
		return index.Cursor{}, errBadCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	sum := len(b) - cursorSumBytes
	if err != nil || sum < cursorHead || b[0] != cursorVersion || (sum-cursorHead)%cursorSortBytes != 0 ||
		binary.BigEndian.Uint32(b[sum:]) != uint32(xxhash.Sum64(b[:sum])) {
		return index.Cursor{}, errBadCursor
	}
	if binary.BigEndian.Uint64(b[30:]) != binding {
		return index.Cursor{}, errForeignCursor
	}
	if sum != cursorHead+keys*cursorSortBytes {
		return index.Cursor{}, errBadCursor
	}
	c := index.Cursor{
		Score:      math.Float64frombits(binary.BigEndian.Uint64(b[1:])),
		DocumentID: uuid.UUID(b[9:25]), Ordinal: int(int32(binary.BigEndian.Uint32(b[25:]))), Phase: index.Phase(b[29]),
	}
	for i := range keys {
		v := b[cursorHead+i*cursorSortBytes:]
		c.Sort[i] = index.SortValue{Class: v[0], Value: binary.BigEndian.Uint64(v[1:])}
	}
	if math.IsNaN(c.Score) || math.IsInf(c.Score, 0) || c.Ordinal < 0 || c.Phase > index.PhaseRest {
		return index.Cursor{}, errBadCursor
	}
	return c, nil
}
