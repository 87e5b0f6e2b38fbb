package domain

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// SearchEvent is one answered search, for analytics.
type SearchEvent struct {
	// ID is the answer's query_id: a UUIDv7, whose time is the event's time.
	ID       uuid.UUID
	TenantID uuid.UUID
	Query    string
	Type     string
	Cached   bool
	Results  int64 // on all pages
	Took     time.Duration
	UserID   string // the caller's name for who searched, or ""
}

// SearchEmission is how searches are told to webhooks.
type SearchEmission string

// The ways of telling searches.
const (
	// SearchesBatched tells every search, up to MaxSearchesPerEvent in one event.
	SearchesBatched SearchEmission = "batched"
	// SearchesSampled tells a share of the searches, each in an event of its own.
	SearchesSampled SearchEmission = "sampled"
	SearchesOff     SearchEmission = "off"
)

// MaxSearchesPerEvent bounds the searches of one event.
const MaxSearchesPerEvent = 100

// SearchEvents says which searches webhooks hear of. The zero value is none.
type SearchEvents struct {
	Emission SearchEmission
	// SampleRate is the share of searches that are told when sampled, 0 to 1.
	SampleRate float64
}

// Tells reports whether a search is told. It says the same of the same query_id
// each time, so that a batch which is stored again tells nothing new.
func (s SearchEvents) Tells(queryID uuid.UUID) bool {
	switch s.Emission {
	case SearchesBatched:
		return true
	case SearchesSampled:
		sum := sha256.Sum256(queryID[:])
		const steps = 1 << 53 // as many as a float64 tells apart
		return float64(binary.BigEndian.Uint64(sum[:])>>11)/steps < s.SampleRate
	default:
		return false
	}
}

// PerEvent is how many searches go into one event.
func (s SearchEvents) PerEvent() int {
	if s.Emission == SearchesBatched {
		return MaxSearchesPerEvent
	}
	return 1
}

// SearchClick is the choice of one result of a search.
type SearchClick struct {
	QueryID    uuid.UUID
	DocumentID uuid.UUID
	Position   int // from 1
}

// MaxClickPosition bounds Position: no search has more results to click on.
const MaxClickPosition = 10_000

// QueryTime is the moment inside of a query_id, to the millisecond. It reports
// false when id is not one that this program makes.
func QueryTime(id uuid.UUID) (time.Time, bool) {
	if id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		return time.Time{}, false
	}
	ms := int64(0)
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC(), true
}
