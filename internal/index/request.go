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
	// GroupBy is a field by which documents are grouped, "" for none; see
	// Result.Groups. Limit then counts groups, of which each has up to GroupSize
	// hits; 0 means DefaultGroupSize.
	GroupBy   string
	GroupSize int
	// Sort orders hits by fields instead of by score, and then by document id.
	Sort []Sort
	// Facets are counted over all documents that match.
	Facets []Facet
	// Highlight adds the fragments of the content that match best.
	Highlight bool
	// Fragments per hit, and their size in bytes; 0 means the default.
	Fragments, FragmentSize int
	// Explain adds the arithmetic of every score.
	Explain bool
	// Language is that of the query, as a tag; empty means that of the tenant's
	// settings, and without one all that the index holds.
	Language string
	// Prefix says when the last word is completed.
	Prefix Prefix
	// NoTypos leaves words as they are written.
	NoTypos bool
	// Params tunes the ranking; nil means those of the tenant's settings.
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
	depth    *vectorDepth // nil for the depth of the mode
}

// Prefix says whether the last word of a query, if it is not followed by a space,
// may be the beginning of one.
type Prefix uint8

const (
	// PrefixAuto completes it when it is found too little otherwise.
	PrefixAuto Prefix = iota
	// PrefixAlways completes it in every case.
	PrefixAlways
	// PrefixNever leaves it as it is.
	PrefixNever
)

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
	// Sort is only looked at with Request.Sort.
	Sort SortValues
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
	// Groups are in their order when the request has GroupBy; their hits are in a
	// row in Hits. TotalGroups counts those on all pages.
	Groups      []HitGroup
	TotalGroups int
	// Facets are in the order of the request.
	Facets []FacetResult
	// Generation is the committed state of the tenant that answered.
	Generation uint64
	// Corrections are the words that were also searched by other spellings.
	Corrections []Correction
	// DroppedPhrases occur nowhere; their words were searched instead.
	DroppedPhrases []string
	// Vectors is set for every mode but ModeKeyword.
	Vectors Coverage
}

// Correction is a word of the query and the words that were used beside it.
type Correction struct {
	Word string
	Used []string
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
	rest  float64 // the keyword score in PhaseRest
	sort  SortValues
}

// Cursor returns the key that continues behind the hit, or behind the group that
// begins with it.
func (h *Hit) Cursor() Cursor {
	score := h.Score
	if h.phase == PhaseRest {
		score = h.rest
	}
	return Cursor{Score: score, DocumentID: h.DocumentID, Ordinal: h.ChunkOrdinal, Phase: h.phase, Sort: h.sort}
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
	// Variant says why another term stands for a word of the query: synonym,
	// prefix or typo; empty for the word itself.
	Variant string
	// Factor is the share that the variant gets; 0 for the word itself.
	Factor float64
	// Lead is the part of Contribution that the word itself has on top of its
	// corrections.
	Lead float64
}
