package index

import "github.com/rustassistant/rustassistant/internal/domain"

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

// DefaultWeights are those of a fusion when a request names none: measured for
// FusionMinMax with the builtin model, equal shares for FusionRRF.
func DefaultWeights(f Fusion) Weights {
	if f == FusionRRF {
		return Weights{Keyword: 0.5, Vector: 0.5}
	}
	return Weights{Keyword: 0.8, Vector: 0.2}
}

// check refuses weights that cannot be brought to a sum of 1; nil is fine.
func (w *Weights) check() error {
	if w == nil {
		return nil
	}
	for _, x := range [...]float64{w.Keyword, w.Vector} {
		if !(x >= 0 && x <= maxWeight) {
			return domain.Errorf(domain.CodeInvalid, "a weight must be from 0 to %g", float64(maxWeight))
		}
	}
	if w.Keyword+w.Vector == 0 {
		return domain.Errorf(domain.CodeInvalid, "one of the weights must be above 0")
	}
	return nil
}

const maxWeight = 1e6

// shares returns the weights with a sum of 1.
func (r *Request) shares() Weights {
	w := DefaultWeights(r.Fusion)
	if r.Weights != nil {
		w = *r.Weights
	}
	sum := w.Keyword + w.Vector
	return Weights{Keyword: w.Keyword / sum, Vector: w.Vector / sum}
}

// FusionScore explains the score of a hit in whose answer vectors had a part.
type FusionScore struct {
	Mode   Mode
	Method Fusion
	// Phase is PhaseRest for a hit behind the pool, which is in the order of its
	// keyword score and has no share of its own.
	Phase Phase
	// Keyword is nil in ModeSemantic, which does not ask that branch; Vector is
	// nil for a hit that was not compared, or has no vector.
	Keyword, Vector *BranchScore
	// Score is the sum of the contributions.
	Score float64
}

// BranchScore is the part of one branch in a FusionScore.
type BranchScore struct {
	// Rank counts from 1; 0 means beyond the hits that the branch contributes.
	Rank  int
	Score float64
	// Low and High are what FusionMinMax brings to 0 and 1; Normalised is where
	// Score is between them.
	Low, High, Normalised float64
	// Weight is the branch's share, Contribution what the hit's score got.
	Weight, Contribution float64
}

// Coverage says what of the tenant the vectors of the active model cover.
type Coverage struct {
	// Used says whether the answer is by vectors at all.
	Used bool
	// Covered are the live chunks that the model has seen, of Chunks.
	Covered, Chunks int
}
