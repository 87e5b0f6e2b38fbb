package index

import (
	"encoding/json"

	"github.com/google/uuid"
)

// Group says what a hit is.
type Group uint8

const (
	// GroupDocument gives one hit per document, shown by its best chunk.
	GroupDocument Group = iota
	// GroupNone gives one hit per chunk.
	GroupNone
)

// Defaults of a Request.
const (
	DefaultLimit        = 10
	DefaultCountLimit   = 1000
	DefaultFragments    = 2
	DefaultFragmentSize = 200
	maxOrdinal          = 1<<31 - 1
)

// Request is a search over one tenant.
type Request struct {
	// Query is read as the package comment says. Any text is a query.
	Query string
	// Limit is the number of hits; 0 means DefaultLimit.
	Limit int
	// Filter restricts the documents; nil means all.
	Filter *Filter
	// After continues behind a hit of an earlier answer; nil starts at the top.
	After *Cursor
	Group Group
	// Highlight adds the fragments of the content that match best.
	Highlight bool
	// Fragments per hit, and their size in bytes; 0 means the default.
	Fragments, FragmentSize int
	// Explain adds the arithmetic of every score.
	Explain bool
	// Params tunes the ranking; nil means DefaultParams.
	Params *Params
	// CountLimit is how far matches are counted before Total becomes a lower
	// bound; 0 means DefaultCountLimit. Counting further costs time.
	CountLimit int
	// Mode says which branches answer. Without vectors in the snapshot every
	// mode is answered by keyword, and Result.Vectors says so.
	Mode Mode
	// Vector is the query's vector by the snapshot's model; it is needed for
	// every mode but ModeKeyword and need not be of unit length.
	Vector []float32
	// Weights are for ModeHybrid; nil means the default of Fusion.
	Weights *Weights
	Fusion  Fusion
	// MinScore leaves out hits whose Score is below it; nil means none.
	MinScore *float64
}

// Params are the numbers of BM25.
type Params struct {
	// K1 is the saturation of the term frequency, at least 0.
	K1 float64
	// B is the weight of the length, 0 to 1.
	B float64
	// TitleBoost is the weight of the title's own BM25, at least 0.
	TitleBoost float64
}

// DefaultParams were measured; see the package's benchmarks.
var DefaultParams = Params{K1: 1.2, B: 0.75, TitleBoost: 0.3}

// Cursor is the sort key of a hit: score, then document id, then ordinal.
type Cursor struct {
	Score      float64
	DocumentID uuid.UUID
	// Ordinal is only looked at with GroupNone.
	Ordinal int
	// Phase says of which list Score is.
	Phase Phase
}

// Phase is a part of the whole list of hits.
type Phase uint8

const (
	// PhaseKeyword is the list of an answer by keyword: all of it.
	PhaseKeyword Phase = iota
	// PhaseVectors is the list that vectors have ranked: of ModeSemantic all of
	// it, of ModeHybrid the fused beginning.
	PhaseVectors
	// PhaseRest is what follows it in ModeHybrid: the other keyword hits, by
	// their keyword score.
	PhaseRest
	phases
)

// Result is the answer to a Request.
type Result struct {
	Hits []Hit
	// Total is the number of matching documents (or chunks, with GroupNone).
	Total int
	// TotalIsLowerBound says that counting stopped at Total.
	TotalIsLowerBound bool
	// Generation is the committed state of the tenant that answered.
	Generation uint64
	// Vectors is set for every mode but ModeKeyword.
	Vectors Coverage
}

// Hit is a document with its best chunk, or a chunk.
type Hit struct {
	DocumentID   uuid.UUID
	Version      uint64
	ExternalID   string
	ChunkOrdinal int
	Heading      string
	Title        string
	Content      string
	DocType      string
	SourceType   string
	RepoID       string
	SourceURL    string
	Language     string
	Tags         []string
	Metadata     json.RawMessage
	// CreatedAt and UpdatedAt are Unix milliseconds.
	CreatedAt, UpdatedAt int64
	Score                float64
	Highlights           []Fragment
	Explanation          *Explanation

	phase Phase
	key   float64 // the score in its phase
}

// Cursor returns the key that continues behind the hit.
func (h *Hit) Cursor() Cursor {
	return Cursor{Score: h.key, DocumentID: h.DocumentID, Ordinal: h.ChunkOrdinal, Phase: h.phase}
}

// Fragment is a piece of a hit's content as plain text.
type Fragment struct {
	// Text is Content[Start:End] of the hit.
	Text       string
	Start, End int
	// Matches are the byte ranges [start, end) of Text that match the query,
	// in order and without overlap, at rune boundaries.
	Matches [][2]int
}

// Explanation is the arithmetic of a score.
type Explanation struct {
	// Score is the keyword score: the sum of the passages, each times its
	// weight.
	Score    float64
	Passages []PassageScore
	// Fusion is set when vectors had a part in the answer.
	Fusion *FusionScore
}

// PassageScore explains the share of one chunk.
type PassageScore struct {
	ChunkOrdinal int
	// Weight is 1.0, 0.3 or 0.15 by rank within the document.
	Weight float64
	Score  float64
	Terms  []TermScore
}

// TermScore explains the share of one term in one field.
type TermScore struct {
	Term string
	// Field is "text" or "title".
	Field string
	// TF is how often the term occurs in the field, DF in how many live chunks
	// (or titles of live documents), of Docs.
	TF, DF, Docs int
	IDF          float64
	// Length is the number of words of the field, AverageLength that of all.
	Length        int
	AverageLength float64
	// QueryWeight is how often the query has the term, times the field's boost.
	QueryWeight float64
	// Contribution is what the passage's score got.
	Contribution float64
}
