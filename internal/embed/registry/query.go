package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/embed/builtin"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/search"
)

var _ search.QueryEmbedder = (*Registry)(nil)

// EmbedQuery implements search.QueryEmbedder.
func (r *Registry) EmbedQuery(ctx context.Context, _ uuid.UUID, ref index.ModelRef, m index.Model, text string) ([]float32, error) {
	if f := r.Reachable(ref.Provider); f != nil {
		return nil, &search.Reason{Notice: notice(f.Message)}
	}
	e, ok := m.(embed.Embedder)
	if !ok {
		return nil, &search.Reason{Notice: notice("the embedding model cannot be used"), Err: fmt.Errorf("model %s of provider %q", ref.ID, ref.Provider)}
	}
	v, err := e.EmbedQuery(ctx, text)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, builtin.ErrCorrupt):
		return nil, &search.Reason{
			Notice: notice("the embedding model is read again"), Passing: true, Err: fmt.Errorf("%w: %w", index.ErrCorrupt, err),
		}
	case err != nil:
		return nil, r.queryReason(err)
	case v == nil:
		return nil, &search.Reason{Notice: notice("the embedding model knows no word of the query")}
	case len(v) != ref.Dimensions:
		return nil, &search.Reason{
			Notice:  notice("the embedding provider answers with vectors of another length than before: its model has changed"),
			Passing: true, Err: fmt.Errorf("%d dimensions, not %d", len(v), ref.Dimensions),
		}
	}
	return v, nil
}

func (r *Registry) queryReason(err error) *search.Reason {
	why := "the embedding provider is not available at the moment"
	if f := r.Failure(err); f != nil && !f.Transient {
		why = "the embedding provider cannot be used at the moment: an administrator finds the reason under /api/admin/embeddings"
	}
	return &search.Reason{Notice: notice(why), Passing: true, Err: err}
}

// NoModel implements search.QueryEmbedder.
func (r *Registry) NoModel(_ uuid.UUID, passages int) *search.Reason {
	return &search.Reason{Notice: notice(r.Cold(int64(passages)))}
}

// notice makes a sentence of why a search had no vectors.
func notice(why string) string {
	return strings.ToUpper(why[:1]) + why[1:] + "; this search was answered by keyword."
}

// Cold says why a tenant with that many passages has no model.
func (r *Registry) Cold(passages int64) string {
	switch {
	case r.want.Provider == "":
		return "semantic search is turned off (EMBEDDINGS_PROVIDER is none)"
	case r.want.Provider == domain.ProviderBuiltin && passages < domain.MinEmbeddingChunks:
		return fmt.Sprintf("semantic search is not trained yet: %d of %d passages", passages, domain.MinEmbeddingChunks)
	case r.want.Provider == domain.ProviderBuiltin:
		return "semantic search is not trained yet: the training has not ended"
	case passages == 0:
		return "semantic search has nothing to search yet"
	default:
		return "semantic search is not ready yet: the passages are being embedded"
	}
}
