package index

import "time"

// dateColumn names the column of the texts of a metadata field that are dates.
// It is apart from that of the field's numbers: they never mix.
func dateColumn(field string) string { return field + "\x00d" }

// DateOf reads a text that is a date: RFC 3339 with a time and an offset, or a
// day, which is its first moment in UTC. It returns Unix milliseconds.
func DateOf(text string) (ms int64, ok bool) {
	const shortest = len("2006-01-02")
	if len(text) < shortest || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	layout := time.RFC3339
	if len(text) == shortest {
		layout = time.DateOnly
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		return 0, false
	}
	return t.UnixMilli(), true
}
