package builtin

import (
	"errors"
	"iter"
	"runtime"
)

// Dimensions is the length of the vectors, Half that of each of their halves.
const (
	Half       = 128
	Dimensions = 2 * Half
)

// Bounds of a training. With all of them reached, a process that trains
// had 710 MB resident on two cores; each further core adds 4 bytes per word of
// the vocabulary.
const (
	DefaultMaxChunks     = 50_000
	DefaultMaxTokens     = 16 << 20
	DefaultMaxVocabulary = 1 << 16
	DefaultMaxPairs      = 16 << 20
)

// Sample yields texts of chunks (see embed.ChunkText) in an order that is the
// same whenever the same sample is meant. It is read once. An error ends the
// training with that error.
type Sample = iter.Seq2[string, error]

// Options says how a model is trained. The zero value is good.
type Options struct {
	// Seed of the random projections and rotations. The same sample and seed
	// give the same bytes, on any number of cores.
	Seed uint64
	// Workers is how many goroutines compute; 0 means GOMAXPROCS.
	Workers int
	// Progress, when not nil, hears of each stage how much of it is done. It
	// is called from one goroutine at a time and must be quick.
	Progress func(stage string, done, total int)
	// MaxChunks and MaxTokens end the reading of the sample. A token is a word
	// that is no stop word; 0 means the default.
	MaxChunks, MaxTokens int
	// MaxVocabulary keeps the words that are in most chunks; 0 means the
	// default.
	MaxVocabulary int
	// MaxPairs bounds the pairs of neighbouring words: the rarest are left out
	// until no more than these remain; 0 means the default.
	MaxPairs int
}

// ErrSampleTooSmall says that a sample has too little text to learn from.
var ErrSampleTooSmall = errors.New("the sample has too little text to train a model")

func (o Options) withDefaults() Options {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.Workers, runtime.GOMAXPROCS(0))
	set(&o.MaxChunks, DefaultMaxChunks)
	set(&o.MaxTokens, DefaultMaxTokens)
	set(&o.MaxVocabulary, DefaultMaxVocabulary)
	set(&o.MaxPairs, DefaultMaxPairs)
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	return o
}

// tuning are the numbers of the model that were measured, see
// docs/decisions/0010.
type tuning struct {
	minDF      int     // words in fewer chunks are not learnt
	power      int     // power iterations of the randomised SVD
	oversample int     // additional columns of the random projection
	lsaSigma   float64 // power of the singular values in the rows of the LSA half
	window     int     // neighbours to each side
	smoothing  float64 // power of the context frequencies
	pairSigma  float64 // power of the singular values in the rows of the PPMI half
	sif        float64 // a of a/(a+p)
	removed    int     // components removed from the PPMI half
	lsaWeight  float64 // weight of the LSA half's cosine, 0 to 1
}

var defaultTuning = tuning{
	minDF: 1, power: 2, oversample: 16, lsaSigma: 0.25, window: 16, smoothing: 0.75, pairSigma: 0.5, sif: 3e-4,
	removed: 1, lsaWeight: 0.65,
}
