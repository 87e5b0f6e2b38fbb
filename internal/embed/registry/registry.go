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
	"github.com/rustassistant/rustassistant/internal/embed/openai"
	"github.com/rustassistant/rustassistant/internal/index"
)

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
	server *openai.Client // nil unless a server is configured
	cache  openai.Cache
}

// None never makes a vector.
func None() *Registry { return &Registry{} }

// Builtin learns models from the tenants' own text.
func Builtin() *Registry {
	return &Registry{want: domain.EmbeddingWant{Provider: domain.ProviderBuiltin, Identity: builtin.Identity()}}
}

// Server asks a server, and keeps in the cache what it has answered.
func Server(c *openai.Client, cache openai.Cache) *Registry {
	want := domain.EmbeddingWant{Provider: domain.ProviderOpenAI, Identity: c.Spec().Identity()}
	return &Registry{want: want, server: c, cache: cache}
}

// Want is what the configuration asks for; its provider is "" for none.
func (r *Registry) Want() domain.EmbeddingWant { return r.want }

// Name is that of the configured model.
func (r *Registry) Name() string {
	if r.server != nil {
		return r.server.Spec().Model
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
	switch reachable := r.Reachable(ref.Provider) == nil; {
	case !reachable:
		return silent{}, nil
	case ref.Provider == domain.ProviderBuiltin:
		return builtin.Open(path)
	default:
		spec, err := openai.ParseSpec(ref.Identity)
		if err != nil {
			return nil, err
		}
		return r.server.Model(spec, ref.Dimensions), nil
	}
}

// silent stands for a model that this configuration does not reach.
type silent struct{}

// Close does nothing.
func (silent) Close() error { return nil }

// Reachable says why a model cannot make vectors under this configuration; nil
// when it can.
func (r *Registry) Reachable(provider string) *Failure {
	switch {
	case r.want.Provider == "":
		return &Failure{Code: CodeNotConfigured, Message: "semantic search is turned off (EMBEDDINGS_PROVIDER is none)"}
	case provider != domain.ProviderBuiltin && r.server == nil:
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
	switch e := m.(type) {
	case *openai.Model:
		return e.Cached(r.cache, tenant), nil
	case embed.Embedder:
		return e, nil
	default:
		return nil, fmt.Errorf("the model %s of provider %q cannot embed", ref.ID, ref.Provider)
	}
}

// Inline says whether a model is fast and near enough to make the vectors of a
// batch before it is committed.
func Inline(ref index.ModelRef) bool { return ref.Provider == domain.ProviderBuiltin }

// Probe asks the configured server for the dimensions of its model.
func (r *Registry) Probe(ctx context.Context) (int, error) {
	if r.server == nil {
		return 0, errors.New("no server is configured to be asked for vectors")
	}
	return r.server.Probe(ctx, r.server.Spec())
}

// Failure classifies an error of Documents, Probe or an embedder; nil when it is
// none of the provider's.
func (r *Registry) Failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	var e *openai.Error
	if errors.As(err, &e) {
		return &Failure{Code: string(e.Code), Message: e.Message, Transient: e.Transient, RetryAfter: e.RetryAfter, Err: err}
	}
	return nil
}
