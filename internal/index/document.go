package index

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Document is one version of a document, cut into chunks, as a worker gives it
// to a Builder.
type Document struct {
	ID uuid.UUID
	// Version grows with every change of the document; the highest wins.
	Version    uint64
	ExternalID string
	Title      string
	DocType    string
	SourceType string
	RepoID     string
	SourceURL  string
	// Language is kept and can be filtered by. It also says by which rules the
	// text becomes terms; one that has none is analysed as English and code.
	Language string
	Tags     []string
	// Metadata is a canonical JSON object, or nil.
	Metadata []byte
	// CreatedAt and UpdatedAt are Unix milliseconds.
	CreatedAt, UpdatedAt int64
	// Chunks are in strictly increasing order of Ordinal; there is at least one.
	Chunks []Chunk
}

// Chunk is a passage of a document. The API names it "<document id>-<ordinal>".
type Chunk struct {
	Ordinal int
	Heading string
	Content string
}

// ErrInvalidDocument is wrapped by the errors of Builder.Add.
var ErrInvalidDocument = errors.New("invalid document")

// validate checks what the format relies on.
func (d *Document) validate() error {
	if d.ID == uuid.Nil {
		return fmt.Errorf("%w: no id", ErrInvalidDocument)
	}
	if len(d.Chunks) == 0 {
		return fmt.Errorf("%w %s: no chunks", ErrInvalidDocument, d.ID)
	}
	last := -1
	for _, c := range d.Chunks {
		if c.Ordinal <= last {
			return fmt.Errorf("%w %s: chunk ordinal %d after %d", ErrInvalidDocument, d.ID, c.Ordinal, last)
		}
		last = c.Ordinal
	}
	if last > maxOrdinal {
		return fmt.Errorf("%w %s: chunk ordinal %d is above %d", ErrInvalidDocument, d.ID, last, maxOrdinal)
	}
	return nil
}
