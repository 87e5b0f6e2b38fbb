package embed

import "context"

// Embedder makes the vectors of one model. It is safe for concurrent use.
// Vectors of different models must never be compared.
type Embedder interface {
	// Dimensions is the length of every vector.
	Dimensions() int
	// EmbedDocuments returns one vector of length 1 (in the Euclidean norm) per
	// text, in order. A text of which the model knows nothing has nil.
	EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error)
	// EmbedQuery returns the vector of a query, or nil when the model knows
	// nothing of it. Some models read queries and documents differently.
	EmbedQuery(ctx context.Context, text string) ([]float32, error)
}
