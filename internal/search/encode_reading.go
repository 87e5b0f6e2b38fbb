package search

import "github.com/rustassistant/rustassistant/internal/index"

// appendReading says how the query was read otherwise than it was written.
func appendReading(b []byte, res *index.Result) []byte {
	for i := range res.Corrections {
		c := &res.Corrections[i]
		if i == 0 {
			b = append(b, `,"corrections":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendField(b, `{"word":`, c.Word)
		b = append(b, `,"used":`...)
		b = append(appendStrings(b, c.Used), '}')
	}
	if len(res.Corrections) > 0 {
		b = append(b, ']')
	}
	if len(res.DroppedPhrases) > 0 {
		b = append(b, `,"dropped_phrases":`...)
		b = appendStrings(b, res.DroppedPhrases)
	}
	return b
}
