package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/embed/builtin"
	"github.com/rustassistant/rustassistant/internal/index"
)

// builtinIdentity names the way builtin models are made. A model that was made in
// another way is made again.
const builtinIdentity = "builtin/1"

// Remote asks a server for vectors.
type Remote interface {
	// Identity and Name are of the model that the configuration names.
	Identity() string
	Name() string
	// Documents returns what embeds a tenant's chunks by the model of that
	// identity. With dimensions 0 it takes those of the first answer.
	Documents(tenant uuid.UUID, identity string, dimensions int) (embed.Embedder, error)
	// EmbedQuery returns the vector of a query by the model of that identity.
	EmbedQuery(ctx context.Context, identity string, dimensions int, text string) ([]float32, error)
	// Failure classifies an error of the server; nil for any other error.
	Failure(err error) *Failure
}

// Failure is a failure of a provider, in words that may be shown.
type Failure struct {
	Code, Message string
	// Transient failures are worth another try, after RetryAfter when it is not 0.
	Transient  bool
	RetryAfter time.Duration
	Err        error
}

// Error returns the message.
func (f *Failure) Error() string { return f.Message }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// CodeNotConfigured is the code of a Failure of a model whose provider the
// configuration does not name.
const CodeNotConfigured = "provider_not_configured"

// Registry is safe for concurrent use.
type Registry struct {
	want   domain.EmbeddingWant
	remote Remote
}

// None never makes a vector.
func None() *Registry { return &Registry{} }

// Builtin learns models from the tenants' own text.
func Builtin() *Registry {
	return &Registry{want: domain.EmbeddingWant{Provider: domain.ProviderBuiltin, Identity: builtinIdentity}}
}

// WithRemote asks a server.
func WithRemote(r Remote) *Registry {
	return &Registry{want: domain.EmbeddingWant{Provider: domain.ProviderOpenAI, Identity: r.Identity()}, remote: r}
}

// Want is what the configuration asks for; its provider is "" for none.
func (r *Registry) Want() domain.EmbeddingWant { return r.want }

// Name is that of the configured model.
func (r *Registry) Name() string {
	if r.remote != nil {
		return r.remote.Name()
	}
	return r.want.Identity
}

// Minimum is how many passages a tenant needs for its first model.
func (r *Registry) Minimum() int {
	if r.want.Provider == domain.ProviderBuiltin {
		return domain.MinEmbeddingChunks
	}
	return 1
}

// OpenModel implements index.ManagerOptions.OpenModel.
func (r *Registry) OpenModel(ref index.ModelRef, path string) (index.Model, error) {
	if ref.Provider == domain.ProviderBuiltin && path != "" {
		return builtin.Open(path)
	}
	return remoteModel{}, nil
}

// remoteModel stands for a model without a file.
type remoteModel struct{}

// Close does nothing.
func (remoteModel) Close() error { return nil }

// Reachable says why a model cannot make vectors under this configuration; nil
// when it can.
func (r *Registry) Reachable(provider string) *Failure {
	switch {
	case r.want.Provider == "":
		return &Failure{Code: CodeNotConfigured, Message: "semantic search is turned off (EMBEDDINGS_PROVIDER is none)"}
	case provider == domain.ProviderOpenAI && r.remote == nil:
		return &Failure{Code: CodeNotConfigured, Message: "the model's provider is not configured any more (EMBEDDINGS_PROVIDER is " + r.want.Provider + ")"}
	default:
		return nil
	}
}

// Documents returns what makes the vectors of a tenant's chunks by a model: m is
// what OpenModel made of it.
func (r *Registry) Documents(tenant uuid.UUID, ref index.ModelRef, m index.Model) (embed.Embedder, error) {
	if f := r.Reachable(ref.Provider); f != nil {
		return nil, f
	}
	if e, ok := m.(embed.Embedder); ok {
		return e, nil
	}
	if r.remote == nil {
		return nil, fmt.Errorf("the model %s of provider %q cannot embed", ref.ID, ref.Provider)
	}
	return r.remote.Documents(tenant, ref.Identity, ref.Dimensions)
}

// Inline says whether a model is fast and near enough to make the vectors of a
// batch before it is committed.
func Inline(ref index.ModelRef) bool { return ref.Provider == domain.ProviderBuiltin }

// probeText is short: its vector is thrown away.
const probeText = "dimensions"

// Probe asks the configured server for the dimensions of its model.
func (r *Registry) Probe(ctx context.Context, tenant uuid.UUID) (int, error) {
	if r.remote == nil {
		return 0, errors.New("no server is configured to be asked for vectors")
	}
	e, err := r.remote.Documents(tenant, r.want.Identity, 0)
	if err != nil {
		return 0, err
	}
	vectors, err := e.EmbedDocuments(ctx, []string{probeText})
	if err != nil {
		return 0, err
	}
	if len(vectors) != 1 || len(vectors[0]) == 0 {
		return 0, &Failure{Code: "bad_response", Message: "the provider answered without a vector"}
	}
	return len(vectors[0]), nil
}

// Failure classifies an error of Documents, Probe or an embedder; nil when it is
// none of the provider's.
func (r *Registry) Failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	if r.remote == nil || err == nil {
		return nil
	}
	return r.remote.Failure(err)
}
