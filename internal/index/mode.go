package index

// Mode says which branches of the index answer.
type Mode uint8

const (
	// ModeKeyword ranks by BM25.
	ModeKeyword Mode = iota
	// ModeSemantic ranks by the likeness of vectors.
	ModeSemantic
	// ModeHybrid ranks by both.
	ModeHybrid
)

// Fusion says how ModeHybrid joins the two branches.
type Fusion uint8

const (
	// FusionMinMax adds the weighted scores, each branch's brought to [0, 1].
	FusionMinMax Fusion = iota
	// FusionRRF adds weight/(60+rank) of each branch: reciprocal rank fusion
	// (Cormack, Clarke, Büttcher, SIGIR 2009).
	FusionRRF
)

// Weights are the shares of the branches in ModeHybrid. Only their ratio counts.
type Weights struct {
	Keyword, Vector float64
}

// Coverage says what of the tenant the vectors of the active model cover.
type Coverage struct {
	// Used says whether the answer is by vectors at all.
	Used bool
	// Covered are the live chunks with a vector, of Chunks.
	Covered, Chunks int
}
