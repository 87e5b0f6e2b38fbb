package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// EmbeddingStarter asks for the durable work on a tenant's vectors. To ask for
// what is running already is no error.
type EmbeddingStarter interface {
	// RequestTraining has a model made, which then becomes the active one.
	RequestTraining(ctx context.Context, tenant uuid.UUID, reason string) error
	// RequestVectors has the vectors made that the active model lacks.
	RequestVectors(ctx context.Context, tenant uuid.UUID) error
}

// Embeddings makes models and vectors.
type Embeddings struct {
	Store   *store.Store
	Index   *index.Manager
	Models  *registry.Registry
	Starter EmbeddingStarter
	// WorkDir holds models and vectors until they are committed.
	WorkDir string
	// SampleChunks bounds what a model is learnt from; 50,000 when 0.
	SampleChunks int

	targets targets
}

// The types of errors that the workflows know.
const (
	// ProviderWaiting is the type of an error that carries a ProviderWait: another
	// try helps, later.
	ProviderWaiting = "provider_waiting"
	// ModelGone is the type of the error for a model that was given up.
	ModelGone = "embedding_model_gone"
)

// ProviderWait says what is waited for.
type ProviderWait struct {
	Reason string `json:"reason"`
	// After is the provider's own wish; 0 for none.
	After time.Duration `json:"after"`
}

// EmbeddingModelInput names a model of a tenant.
type EmbeddingModelInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	ModelID  uuid.UUID `json:"model_id"`
}

// BeginModelInput says why a model is made.
type BeginModelInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	ModelID  uuid.UUID `json:"model_id"`
	Reason   string    `json:"reason"`
}

// BeginModelOutput says what the configuration asks for; Provider is "" for none.
type BeginModelOutput struct {
	Provider string `json:"provider"`
	Name     string `json:"name"`
}

// BeginModel stores that a model of the configured kind is to be made.
func (e *Embeddings) BeginModel(ctx context.Context, in BeginModelInput) (BeginModelOutput, error) {
	want := e.Models.Want()
	out := BeginModelOutput{Provider: want.Provider, Name: e.Models.Name()}
	if want.Provider == "" {
		return BeginModelOutput{}, nil
	}
	return out, toTemporal(e.Store.BeginModel(ctx, in.TenantID, domain.EmbeddingModel{
		ID: in.ModelID, Provider: want.Provider, Name: e.Models.Name(), Identity: want.Identity, Reason: in.Reason,
	}))
}

// IndexQuietOutput says how long ago a tenant's index changed.
type IndexQuietOutput struct {
	Quiet  time.Duration `json:"quiet"`
	Chunks int64         `json:"chunks"`
}

// IndexQuiet looks how long ago the tenant's index changed, and notes that the model
// waits for that.
func (e *Embeddings) IndexQuiet(ctx context.Context, in EmbeddingModelInput) (IndexQuietOutput, error) {
	state, err := e.Store.Embeddings(ctx, in.TenantID)
	if err != nil {
		return IndexQuietOutput{}, e.outward(ctx, in, err)
	}
	err = e.Store.NoteModelProgress(ctx, in.TenantID, in.ModelID, StageSettle, 0, 0)
	return IndexQuietOutput{Quiet: state.Corpus.Quiet, Chunks: state.Corpus.Chunks}, e.outward(ctx, in, err)
}

// The stages of a model, as users see them.
const (
	StageSettle  = "settle"
	StagePrepare = "prepare"
	StageEmbed   = "embed"
	StageCutOver = "cut_over"
	StageDone    = "done"
)

// ListLackingInput names a model, or with uuid.Nil the active one.
type ListLackingInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	ModelID  uuid.UUID `json:"model_id"`
	Limit    int       `json:"limit"`
}

// ListLackingOutput is what a model has not seen yet.
type ListLackingOutput struct {
	// ModelID is uuid.Nil when there is no such model.
	ModelID uuid.UUID `json:"model_id"`
	// Segments are some of those that lack vectors, the largest first.
	Segments []uuid.UUID `json:"segments,omitempty"`
	// Chunks are all, Pending those that the model has not seen.
	Chunks  int64 `json:"chunks"`
	Pending int64 `json:"pending"`
}

// ListLacking looks for segments that lack a model's vectors.
func (e *Embeddings) ListLacking(ctx context.Context, in ListLackingInput) (out ListLackingOutput, err error) {
	if in.ModelID == uuid.Nil {
		all, err := e.Store.Embeddings(ctx, in.TenantID)
		if err != nil {
			return out, toTemporal(err)
		}
		active := all.Active()
		if active == nil {
			return out, nil
		}
		if reachable := e.Models.Reachable(active.Provider) == nil; !reachable {
			return out, nil
		}
		in.ModelID = active.ID
	}
	named := EmbeddingModelInput{TenantID: in.TenantID, ModelID: in.ModelID}
	lacking, err := e.Store.VectorsLacking(ctx, in.TenantID, in.ModelID, in.Limit)
	if err != nil {
		return out, e.outward(ctx, named, err)
	}
	coverage, err := e.Store.VectorsCoverage(ctx, in.TenantID, in.ModelID)
	if err != nil {
		return out, e.outward(ctx, named, err)
	}
	out = ListLackingOutput{ModelID: in.ModelID, Chunks: coverage.Chunks, Pending: coverage.Pending}
	for _, l := range lacking {
		out.Segments = append(out.Segments, l.Segment)
	}
	if len(lacking) > 0 {
		err = e.Store.NoteModelProgress(ctx, in.TenantID, in.ModelID, StageEmbed, coverage.Chunks-coverage.Pending, coverage.Chunks)
	}
	return out, e.outward(ctx, named, err)
}

// CutOverInput names a model that is ready, and how many chunks may lack its vectors.
type CutOverInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	ModelID  uuid.UUID `json:"model_id"`
	Allow    int64     `json:"allow"`
}

// CutOverOutput says whether the model is the active one now.
type CutOverOutput struct {
	Done       bool   `json:"done"`
	Pending    int64  `json:"pending"`
	Generation uint64 `json:"generation"`
}

// CutOver makes a model the active one unless too many chunks lack its vectors.
func (e *Embeddings) CutOver(ctx context.Context, in CutOverInput) (CutOverOutput, error) {
	named := EmbeddingModelInput{TenantID: in.TenantID, ModelID: in.ModelID}
	generation, err := e.Store.CutOver(ctx, in.TenantID, in.ModelID, in.Allow)
	var uncovered *store.NotCoveredError
	if errors.As(err, &uncovered) {
		return CutOverOutput{Pending: uncovered.Pending}, nil
	}
	if err != nil {
		return CutOverOutput{}, e.outward(ctx, named, err)
	}
	e.targets.drop(in.ModelID)
	// A batch that was indexed meanwhile brought vectors of the old model, which
	// were not kept; and what was allowed to lack is made now.
	if err := e.Starter.RequestVectors(ctx, in.TenantID); err != nil {
		activity.GetLogger(ctx).Warn("the missing vectors are made after the next sweep", "error", err)
	}
	return CutOverOutput{Done: true, Generation: generation}, nil
}

// AbandonModelInput says why a model is given up.
type AbandonModelInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	ModelID  uuid.UUID `json:"model_id"`
	Code     string    `json:"code"`
	Message  string    `json:"message"`
}

// AbandonModel gives up a model that is on its way, with all that was made of
// it. For the active model, which stays, it notes what is wrong.
func (e *Embeddings) AbandonModel(ctx context.Context, in AbandonModelInput) error {
	e.targets.drop(in.ModelID)
	if err := e.Store.FailModel(ctx, in.TenantID, in.ModelID, in.Code, in.Message); err != nil {
		return toTemporal(err)
	}
	return toTemporal(e.Store.NoteModelFault(ctx, in.TenantID, in.ModelID, in.Code, in.Message))
}

// outward makes an error one that the workflows know. A provider that is away
// is noted with the model, so that everybody sees what is waited for.
func (e *Embeddings) outward(ctx context.Context, in EmbeddingModelInput, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, store.ErrModelGone) {
		return temporal.NewNonRetryableApplicationError(store.ErrModelGone.Message, ModelGone, err)
	}
	failure := e.Models.Failure(err)
	switch {
	case failure == nil || ctx.Err() != nil:
		return toTemporal(err)
	case !failure.Transient:
		return temporal.NewNonRetryableApplicationError(failure.Message, failure.Code, err)
	}
	if err := e.Store.NoteModelWaiting(ctx, in.TenantID, in.ModelID, failure.Message); err != nil && !errors.Is(err, store.ErrModelGone) {
		activity.GetLogger(ctx).Warn("that the provider is waited for could not be noted", "error", err)
	}
	return temporal.NewApplicationErrorWithOptions(failure.Message, ProviderWaiting, temporal.ApplicationErrorOptions{
		NonRetryable: true, Cause: err, Details: []any{ProviderWait{Reason: failure.Message, After: failure.RetryAfter}},
	})
}
