// Package builtin is the embedding model that needs no key, no network and no
// download: it learns 256 dimensions from the tenant's own chunks.
//
//	sample ── analyse ──► token lists ─┬─ log-tf·idf ── randomised SVD ──► 128 dimensions (LSA)
//	                                   └─ PPMI, window 8 ── randomised SVD ──► 128 dimensions
//	                                                │
//	                 every word's row in both halves, rotated, 8 bits a number ──► model file
//
// The vector of a text is, in each half, the weighted sum of the rows of its
// words, brought to unit length. All weights of a word (idf, the smooth inverse
// frequency of SIF) and all linear steps (removal of the first component,
// rotation) are worked into its row when the model is trained, so a new chunk is
// folded in by adding rows.
//
// It is concept search: it finds texts about the same things that share no word
// with the query. It knows only words of the sample and is weaker than a large
// pretrained model on rare words and identifiers; see docs/decisions/0010.
//
// Sources: Deerwester et al. 1990 (LSA); Halko, Martinsson, Tropp 2011
// (randomised SVD); Levy, Goldberg, Dagan 2015 (PPMI-SVD and context
// smoothing); Arora, Liang, Ma 2017 (SIF and the first component).
package builtin
