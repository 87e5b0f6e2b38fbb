package domain

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Limits of a document's fields, in bytes unless said otherwise.
const (
	MaxTitleBytes      = 1 << 10
	MaxContentBytes    = 10 << 20
	MaxExternalIDBytes = 512
	MaxLabelBytes      = 256 // doc_type, source_type, repo_id, language, one tag
	MaxURLBytes        = 2 << 10
	MaxTags            = 64 // tags
	MaxMetadataBytes   = 16 << 10
	MaxMetadataKeys    = 64 // keys
)

// DocumentState says where a document's newest version stands.
type DocumentState string

// The states of a document.
const (
	DocumentQueued  DocumentState = "queued"
	DocumentIndexed DocumentState = "indexed"
	DocumentFailed  DocumentState = "failed"
)

// DocumentInput is a document as a caller gives it: everything that is indexed
// and nothing that the product adds.
type DocumentInput struct {
	ExternalID string
	Title      string
	Content    string
	DocType    string
	SourceType string
	SourceURL  string
	RepoID     string
	Language   string
	Tags       []string
	// Metadata is a JSON object, or nil.
	Metadata json.RawMessage
}

// Document is a stored document without its content.
type Document struct {
	ID             uuid.UUID
	ExternalID     string
	Title          string
	DocType        string
	SourceType     string
	SourceURL      string
	RepoID         string
	Language       string
	Tags           []string
	Metadata       json.RawMessage
	ContentBytes   int
	ContentHash    []byte
	Version        int64
	IndexedVersion int64
	ChunkCount     int
	State          DocumentState
	ErrorCode      string
	ErrorMessage   string
	JobID          uuid.UUID
	CreatedAt      time.Time
	UpdatedAt      time.Time
	IndexedAt      *time.Time
}

// Searchable reports whether some version of the document is in the index.
func (d *Document) Searchable() bool { return d.IndexedVersion > 0 }

// DocumentPatch changes the fields that are not nil.
type DocumentPatch struct {
	Title      *string
	Content    *string
	DocType    *string
	SourceType *string
	SourceURL  *string
	RepoID     *string
	Language   *string
	Tags       *[]string
	Metadata   *json.RawMessage
}

// Apply writes the patch over in.
func (p *DocumentPatch) Apply(in *DocumentInput) {
	set(&in.Title, p.Title)
	set(&in.Content, p.Content)
	set(&in.DocType, p.DocType)
	set(&in.SourceType, p.SourceType)
	set(&in.SourceURL, p.SourceURL)
	set(&in.RepoID, p.RepoID)
	set(&in.Language, p.Language)
	set(&in.Tags, p.Tags)
	set(&in.Metadata, p.Metadata)
}

func set[T any](dst, src *T) {
	if src != nil {
		*dst = *src
	}
}

// Normalize validates the input and brings it to the one form that is hashed
// and stored: metadata as compact JSON with sorted keys, tags without blanks
// and duplicates. Every violation is reported at once.
func (in *DocumentInput) Normalize() error {
	v := validator{}
	v.text("title", in.Title, MaxTitleBytes)
	v.text("content", in.Content, MaxContentBytes)
	// A blank content is fine beside a title: such pages are found by their title.
	if in.Content == "" || strings.TrimSpace(in.Content) == "" && strings.TrimSpace(in.Title) == "" {
		v.add("content", "must not be empty")
	}
	v.text("external_id", in.ExternalID, MaxExternalIDBytes)
	v.text("doc_type", in.DocType, MaxLabelBytes)
	v.text("source_type", in.SourceType, MaxLabelBytes)
	v.text("source_url", in.SourceURL, MaxURLBytes)
	v.text("repo_id", in.RepoID, MaxLabelBytes)
	v.text("language", in.Language, MaxLabelBytes)
	in.Tags = v.tags(in.Tags)
	in.Metadata = v.metadata(in.Metadata)
	return v.err("the document is not valid")
}

// Hash is the SHA-256 over all fields of a normalized input: two documents
// with the same hash would be indexed alike.
func (in *DocumentInput) Hash() [32]byte {
	h := sha256.New()
	field := func(b string) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write([]byte(b))
	}
	for _, s := range []string{in.Title, in.Content, in.DocType, in.SourceType, in.SourceURL, in.RepoID, in.Language} {
		field(s)
	}
	field(string(in.Metadata))
	for _, t := range in.Tags {
		field(t)
	}
	return [32]byte(h.Sum(nil))
}

// validator collects field errors.
type validator struct{ fields []FieldError }

func (v *validator) add(field, format string, args ...any) {
	v.fields = append(v.fields, FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (v *validator) err(message string) error {
	if len(v.fields) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Message: message, Fields: v.fields}
}

func (v *validator) text(field, s string, limit int) {
	switch {
	case len(s) > limit:
		v.add(field, "is %d bytes long, at most %d are allowed", len(s), limit)
	case !utf8.ValidString(s):
		v.add(field, "is not valid UTF-8")
	case strings.IndexByte(s, 0) >= 0:
		v.add(field, "must not contain a NUL character")
	}
}

func (v *validator) tags(in []string) []string {
	if len(in) > MaxTags {
		v.add("tags", "has %d entries, at most %d are allowed", len(in), MaxTags)
		return in
	}
	out := make([]string, 0, len(in))
	seen := make(map[string]bool, len(in))
	for i, t := range in {
		v.text(fmt.Sprintf("tags[%d]", i), t, MaxLabelBytes)
		if t = strings.TrimSpace(t); t != "" && !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// metadata re-encodes through a map, which sorts the keys, and keeps numbers
// as they were written.
func (v *validator) metadata(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(bytes.TrimSpace(raw)) == "null" {
		return nil
	}
	if len(raw) > MaxMetadataBytes {
		v.add("metadata", "is %d bytes long, at most %d are allowed", len(raw), MaxMetadataBytes)
		return raw
	}
	var m map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil {
		v.add("metadata", "must be a JSON object")
		return raw
	}
	if len(m) > MaxMetadataKeys {
		v.add("metadata", "has %d keys, at most %d are allowed", len(m), MaxMetadataKeys)
	}
	out, err := json.Marshal(m)
	if err != nil {
		v.add("metadata", "cannot be encoded")
		return raw
	}
	if holdsNUL(m) {
		v.add("metadata", "must not contain a NUL character")
	}
	if !utf8.Valid(raw) {
		v.add("metadata", "is not valid UTF-8")
	}
	if len(m) == 0 {
		return nil
	}
	return out
}

// holdsNUL reports whether a decoded JSON value has a NUL in any string.
func holdsNUL(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.IndexByte(v, 0) >= 0
	case []any:
		return slices.ContainsFunc(v, holdsNUL)
	case map[string]any:
		for key, inner := range v {
			if strings.IndexByte(key, 0) >= 0 || holdsNUL(inner) {
				return true
			}
		}
	}
	return false
}
