package search

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/cache"
)

// State says how an answer came about, as the X-Cache header does.
type State uint8

// The states.
const (
	Miss   State = iota // searched for, and kept where that is possible
	Hit                 // kept and fresh
	Stale               // perhaps not the newest; see Answer.Stale
	Bypass              // searched for because the caller or the configuration wants no cache
	stateCount
)

// String returns MISS, HIT, STALE or BYPASS.
func (s State) String() string { return [...]string{"MISS", "HIT", "STALE", "BYPASS"}[s] }

// Label returns String in lower case, as metrics have it.
func (s State) Label() string { return [...]string{"miss", "hit", "stale", "bypass"}[s] }

// Answer is the answer to one request.
type Answer struct {
	QueryID uuid.UUID
	Query   string
	Type    Type
	State   State
	Tier    cache.Tier // where a kept answer was
	// Stale is set when the answer may be older than the index: past its time in
	// the cache, or from a process that cannot learn of new commits.
	Stale bool
	// Generation is the commit of the index that answered.
	Generation uint64
	// Results are those in the answer, Total those there are; at least so many
	// when TotalIsLowerBound.
	Results           int
	Total             int64
	TotalIsLowerBound bool
	// Index is the time in the index and Embed that to embed the query, 0 when
	// they were not asked for this request; Cache the time in the cache without
	// them.
	Cache, Index, Embed, Took time.Duration

	kept []byte
}

// open takes the answer out of its kept form.
func (a *Answer) open(kept []byte) error {
	if len(kept) < keptHeader {
		return errKeptAnswer
	}
	total := binary.BigEndian.Uint64(kept[4:])
	a.Results = int(binary.BigEndian.Uint32(kept))
	a.Total, a.TotalIsLowerBound = int64(total&^lowerBound), total&lowerBound != 0
	a.Generation = binary.BigEndian.Uint64(kept[12:])
	a.kept = kept[keptHeader:]
	return nil
}

// Size is about how many bytes AppendJSON appends.
func (a *Answer) Size() int { return 160 + len(a.Query) + len(a.kept) }

// AppendJSON appends the body of the answer: what is this request's own, and
// behind it the kept bytes as they are.
func (a *Answer) AppendJSON(b []byte) []byte {
	b = append(b, `{"query_id":`...)
	b = appendID(b, a.QueryID)
	b = appendField(b, `,"query":`, a.Query)
	b = append(b, `,"execution_time_ms":`...)
	b = appendMillis(b, a.Took)
	if a.Tier != cache.TierNone {
		b = append(b, `,"cached":true`...)
	} else {
		b = append(b, `,"cached":false`...)
	}
	if a.Stale {
		b = append(b, `,"stale":true`...)
	}
	return append(b, a.kept...)
}
