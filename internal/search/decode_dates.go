package search

import (
	"encoding/json"
	"time"

	"github.com/rustassistant/rustassistant/internal/index"
)

// dates are the bounds on when a document was made; zero for open.
type dates struct{ from, to time.Time }

const badDate = "must be a date as 2026-01-31 or a time as 2026-01-31T12:00:00Z"

// date reads a moment (RFC 3339), or a day in UTC: as the end it is meant to its
// last moment.
func (d *decoder) date(path string, value json.RawMessage, into *dates, end bool) {
	var s string
	if !d.string(path, value, &s, badDate) {
		return
	}
	t, err := time.Parse(time.DateOnly, s)
	if err == nil && end {
		t = t.AddDate(0, 0, 1).Add(-time.Nanosecond)
	}
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
	}
	if err != nil || t.Year() < 1 {
		d.add(path, badDate)
		return
	}
	if end {
		into.to = t
	} else {
		into.from = t
	}
}

// dates returns the condition on documents' created_at, or nil.
func (d *decoder) dates(path string, in *dates) *index.Filter {
	if in.from.IsZero() && in.to.IsZero() {
		return nil
	}
	d.leaf(path)
	var b index.Bounds
	if !in.from.IsZero() {
		// Rounded up: a document of the same millisecond may be older than this.
		from := float64(in.from.Add(time.Millisecond - time.Nanosecond).UnixMilli())
		b.GTE = &from
	}
	if !in.to.IsZero() {
		to := float64(in.to.UnixMilli())
		b.LTE = &to
	}
	if b.GTE != nil && b.LTE != nil && *b.GTE > *b.LTE {
		d.add(path+".date_from", "is later than date_to")
	}
	return index.Range(index.FieldCreatedAt, b)
}
