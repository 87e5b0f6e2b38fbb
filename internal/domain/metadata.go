package domain

import "encoding/json"

// CanonicalMetadata brings metadata, which the database keeps in an order of its
// own, back to sorted keys: the same document gives the same bytes of a segment.
func CanonicalMetadata(raw json.RawMessage) []byte {
	in := DocumentInput{Metadata: raw, Content: "-"}
	if len(raw) == 0 || in.Normalize() != nil {
		return raw
	}
	return in.Metadata
}
