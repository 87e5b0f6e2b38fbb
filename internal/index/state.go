package index

import (
	"context"
	"io"

	"github.com/google/uuid"
)

// State is what the store knows of a tenant's index at one moment.
type State struct {
	// Generation counts the commits of the tenant; it only grows.
	Generation uint64
	// Segments are all live segments.
	Segments []SegmentRef
	// Tombstones are the deletes after the generation that was asked for.
	Tombstones []Tombstone
	// Model is the active embedding model, nil for none.
	Model *ModelRef
	// Settings is the JSON of the tenant's search settings, nil for the defaults.
	Settings []byte
}

// SegmentRef names a stored segment and says how to recognise its bytes.
type SegmentRef struct {
	ID    uuid.UUID
	Bytes int64
	// Checksum is Meta.Checksum of the segment.
	Checksum []byte
	Docs     int
	Chunks   int
	// Generation is the commit that brought the segment. One that was built of
	// documents has worked in everything up to it; a merge came later than the
	// snapshot it worked on.
	Generation uint64
	// AppliedGeneration is the generation up to which tombstones have been
	// worked into the segment.
	AppliedGeneration uint64
	// Analysis is Meta.Analysis of the segment.
	Analysis int
	// Vectors are the segment's vectors of the active model, nil for none.
	Vectors *VectorsRef
}

// VectorsRef names a stored vectors file and says how to recognise its bytes.
type VectorsRef struct {
	ID    uuid.UUID
	Bytes int64
	// Checksum is VectorsMeta.Checksum of the file.
	Checksum []byte
	// Chunks are those of the segment, Missing those of them without a vector.
	Chunks, Missing int
	// Pending are missing chunks that the model has not seen yet.
	Pending int
}

// ModelRef names an embedding model. Models of two ids never mix: a vector of one
// says nothing about a vector of the other.
type ModelRef struct {
	ID uuid.UUID
	// Name is for people, Provider who makes its vectors, Identity the same for
	// models whose vectors may be compared.
	Name, Provider, Identity string
	Dimensions               int
	// Bytes is the size of the model's file, 0 when it has none.
	Bytes int64
	// Checksum is FileChecksum of the file.
	Checksum []byte
}

// Tombstone hides every version of a document up to and including Version.
type Tombstone struct {
	DocumentID uuid.UUID
	Version    uint64
	Generation uint64
}

// Source gives a Manager the state and the bytes of segments.
type Source interface {
	// IndexState returns all live segments of the tenant and the tombstones
	// newer than sinceGeneration, read at one moment.
	IndexState(ctx context.Context, tenant uuid.UUID, sinceGeneration uint64) (State, error)
	// ReadSegment writes the bytes of a segment to w.
	ReadSegment(ctx context.Context, tenant, segment uuid.UUID, w io.Writer) error
	// ReadVectors writes the bytes of a vectors file to w.
	ReadVectors(ctx context.Context, tenant, vectors uuid.UUID, w io.Writer) error
	// ReadModel writes the bytes of a model's file to w.
	ReadModel(ctx context.Context, tenant, model uuid.UUID, w io.Writer) error
}
