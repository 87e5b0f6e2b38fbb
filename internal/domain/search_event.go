package domain

import (
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
