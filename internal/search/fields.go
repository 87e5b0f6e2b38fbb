package search

import "slices"

// Fields is a set of the fields of a result.
type Fields uint32

// FieldIdentity are the fields that every result has: document_id, chunk_id and
// score, and score_details where it was asked for.
const FieldIdentity Fields = 1

// fieldNames are the fields that can be left out; the first has the bit behind
// FieldIdentity.
var fieldNames = []string{
	"external_id", "title", "heading", "content", "highlights", "doc_type", "tags", "metadata", "source_url", "source_type",
	"repo_id", "language", "created_at", "updated_at",
}

// The bits of fieldNames, in their order.
const (
	fieldExternalID Fields = 2 << iota
	fieldTitle
	fieldHeading
	fieldContent
	fieldHighlights
	fieldDocType
	fieldTags
	fieldMetadata
	fieldSourceURL
	fieldSourceType
	fieldRepoID
	fieldLanguage
	fieldCreatedAt
	fieldUpdatedAt
)

// fieldOf returns the bit of a field.
func fieldOf(name string) (Fields, bool) {
	switch name {
	case "document_id", "chunk_id", "score":
		return FieldIdentity, true
	}
	i := slices.Index(fieldNames, name)
	return fieldExternalID << max(i, 0), i >= 0
}

// has reports whether a result shall have a field.
func (f Fields) has(one Fields) bool { return f == 0 || f&one != 0 }
