package search

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
)

// QueryEmbedder makes the vectors of queries. It is safe for concurrent use.
type QueryEmbedder interface {
	// EmbedQuery returns the vector of a query by the model of the snapshot that
	// will be searched, or a *Reason why there is none.
	EmbedQuery(ctx context.Context, tenant uuid.UUID, ref index.ModelRef, m index.Model, text string) ([]float32, error)
	// NoModel says why a tenant with that many live passages has no model: nothing
	// is configured, or too little is there to learn from. It asks nobody.
	NoModel(tenant uuid.UUID, passages int) *Reason
}

// Reason is why a search is answered without vectors.
type Reason struct {
	// Notice is told to the caller: a sentence that leaks nothing internal.
	Notice string
	// Passing is set for what may be over in a moment, as a provider that is
	// down: such an answer is kept only shortly.
	Passing bool
	// Err is the cause, for the log; nil when Notice says it all. For an
	// index.ErrCorrupt the model is fetched and opened again.
	Err error
}

// Error implements error.
func (r *Reason) Error() string {
	if r.Err != nil {
		return r.Notice + ": " + r.Err.Error()
	}
	return r.Notice
}

// Unwrap returns the cause.
func (r *Reason) Unwrap() error { return r.Err }
