package api

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// EmbeddingsState says in one word where a tenant's semantic search stands.
type EmbeddingsState string

// The states.
const (
	EmbeddingsNotConfigured EmbeddingsState = "not_configured"
	EmbeddingsCold          EmbeddingsState = "cold"
	EmbeddingsTraining      EmbeddingsState = "training"
	EmbeddingsEmbedding     EmbeddingsState = "embedding"
	EmbeddingsActive        EmbeddingsState = "active"
	EmbeddingsChanging      EmbeddingsState = "changing"
	EmbeddingsWaiting       EmbeddingsState = "waiting_for_provider"
	EmbeddingsFailed        EmbeddingsState = "failed"
)

// EmbeddingsConfigured is what the configuration asks for.
type EmbeddingsConfigured struct {
	Provider string `json:"provider" enum:"none,builtin,openai" doc:"EMBEDDINGS_PROVIDER."`
	Model    string `json:"model,omitempty" example:"text-embedding-3-small" doc:"The model that it names."`
}

// EmbeddingModel is a model that is or was in use.
type EmbeddingModel struct {
	ID            uuid.UUID  `json:"id"`
	Name          string     `json:"name" example:"text-embedding-3-small"`
	Provider      string     `json:"provider" enum:"builtin,openai"`
	Dimensions    int        `json:"dimensions"`
	Bytes         int64      `json:"bytes" doc:"Size of its file; 0 for one that a server holds."`
	TrainedChunks int64      `json:"trained_chunks" doc:"Passages that it was learnt from."`
	CorpusChunks  int64      `json:"corpus_chunks" doc:"Passages that there were then."`
	Reason        string     `json:"reason" doc:"Why it was made."`
	CreatedAt     time.Time  `json:"created_at"`
	ActivatedAt   *time.Time `json:"activated_at" nullable:"true"`
	RolledBackAt  *time.Time `json:"rolled_back_at,omitempty" doc:"Set when it was taken back: nothing starts it again by itself."`
}

// EmbeddingTarget is a model that is being made.
type EmbeddingTarget struct {
	EmbeddingModel
	Stage        string     `json:"stage" example:"embed" doc:"settle, prepare, embed or cut_over; prepare with what it is about."`
	Done         int64      `json:"done"`
	Total        int64      `json:"total" doc:"0 while that is not known."`
	Waiting      string     `json:"waiting,omitempty" doc:"What is waited for."`
	WaitingSince *time.Time `json:"waiting_since,omitempty"`
}

// EmbeddingFailure says why a model did not come to be.
type EmbeddingFailure struct {
	Model    string     `json:"model"`
	Provider string     `json:"provider"`
	Code     string     `json:"code" example:"wrong_dimensions"`
	Reason   string     `json:"reason"`
	At       *time.Time `json:"at" nullable:"true"`
}

// EmbeddingCoverage counts passages.
type EmbeddingCoverage struct {
	Chunks      int64 `json:"chunks" doc:"Live passages."`
	WithVectors int64 `json:"with_vectors" doc:"Of these, what the active model has seen."`
}

// Embeddings is the state of a tenant's semantic search.
type Embeddings struct {
	State       EmbeddingsState      `json:"state" enum:"not_configured,cold,training,embedding,active,changing,waiting_for_provider,failed"`
	Reason      string               `json:"reason" doc:"The state in a sentence, with what to do about it."`
	Configured  EmbeddingsConfigured `json:"configured"`
	Model       *EmbeddingModel      `json:"model,omitempty" doc:"The one that answers."`
	Target      *EmbeddingTarget     `json:"target,omitempty" doc:"The one that is being made."`
	Previous    *EmbeddingModel      `json:"previous,omitempty" doc:"The one that a rollback brings back."`
	LastFailure *EmbeddingFailure    `json:"last_failure,omitempty"`
	Coverage    EmbeddingCoverage    `json:"coverage"`
	Minimum     int                  `json:"minimum" doc:"Passages that the first model needs."`
	WorkflowURL string               `json:"workflow_url,omitempty" doc:"The workflow in the Temporal UI."`
}

type embeddingsOutput struct{ Body Embeddings }

func (s *Server) getEmbeddings(ctx context.Context, _ *struct{}) (*embeddingsOutput, error) {
	view, err := s.embeddings(ctx, caller(ctx).TenantID)
	if err != nil {
		return nil, err
	}
	return &embeddingsOutput{view}, nil
}

func (s *Server) embeddings(ctx context.Context, tenant uuid.UUID) (Embeddings, error) {
	all, err := s.deps.Store.Embeddings(ctx, tenant)
	if err != nil {
		return Embeddings{}, err
	}
	out := Embeddings{
		Configured: s.embeddingsConfigured(), Coverage: EmbeddingCoverage{Chunks: all.Corpus.Chunks}, Minimum: s.deps.Models.Minimum(),
		Model: embeddingModel(all.Active()), Previous: embeddingModel(all.Previous()), Target: embeddingTarget(all.Target()),
		WorkflowURL: s.deps.Starter.WorkflowURL(s.deps.Starter.EmbeddingsWorkflowID(tenant, all.Target() != nil)),
	}
	if m := all.Active(); m != nil {
		coverage, err := s.deps.Store.VectorsCoverage(ctx, tenant, m.ID)
		if err != nil {
			return Embeddings{}, err
		}
		out.Coverage.WithVectors = max(0, all.Corpus.Chunks-coverage.Pending)
	}
	if m := all.Failed(); m != nil {
		out.LastFailure = embeddingFailure(m)
	} else if m := all.Active(); m != nil && m.ErrorCode != "" {
		out.LastFailure = embeddingFailure(m)
	}
	out.State, out.Reason = s.embeddingsState(&all, &out)
	return out, nil
}

func (s *Server) embeddingsConfigured() EmbeddingsConfigured {
	provider := s.deps.Models.Want().Provider
	if provider == "" {
		return EmbeddingsConfigured{Provider: "none"}
	}
	return EmbeddingsConfigured{Provider: provider, Model: s.deps.Models.Name()}
}

// embeddingsState puts what is known into a word and a sentence.
func (s *Server) embeddingsState(all *store.Embeddings, out *Embeddings) (EmbeddingsState, string) {
	active, target := all.Active(), all.Target()
	switch {
	case s.deps.Models.Want().Provider == "":
		return EmbeddingsNotConfigured, s.deps.Models.Cold(all.Corpus.Chunks) + "; set it to builtin or openai"
	case target != nil && target.Waiting != "":
		return EmbeddingsWaiting, "waiting for the provider: " + target.Waiting
	case target != nil && active != nil:
		return EmbeddingsChanging, fmt.Sprintf("%s answers while %s is made: %s", active.Name, target.Name, target.Reason)
	case target != nil && target.State == domain.ModelTraining:
		return EmbeddingsTraining, "the first model is made; searches are answered by keyword until then"
	case target != nil:
		return EmbeddingsEmbedding, "the passages are being embedded; searches are answered by keyword until then"
	case active != nil && active.Waiting != "":
		return EmbeddingsWaiting, "new passages wait for the provider: " + active.Waiting
	case active != nil:
		return EmbeddingsActive, s.activeReason(all, out)
	case out.LastFailure != nil:
		return EmbeddingsFailed, "the last model could not be made: " + out.LastFailure.Reason
	default:
		return EmbeddingsCold, s.deps.Models.Cold(all.Corpus.Chunks)
	}
}

func (s *Server) activeReason(all *store.Embeddings, out *Embeddings) string {
	active, want := all.Active(), s.deps.Models.Want()
	switch {
	case active.ErrorCode != "":
		return "new passages get no vectors: " + active.Error
	case s.deps.Models.Reachable(active.Provider) != nil:
		return s.deps.Models.Reachable(active.Provider).Message
	case active.Identity != want.Identity && all.Previous() != nil && all.Previous().RolledBackAt != nil:
		return "the configured model " + s.deps.Models.Name() + " was taken back; train starts it again"
	case active.Identity != want.Identity:
		return "the change to the configured model " + s.deps.Models.Name() + " starts within a minute"
	case out.Coverage.WithVectors < out.Coverage.Chunks:
		return fmt.Sprintf("%d passages are still to be embedded", out.Coverage.Chunks-out.Coverage.WithVectors)
	default:
		return "every passage can be found by meaning"
	}
}

func embeddingModel(m *domain.EmbeddingModel) *EmbeddingModel {
	if m == nil {
		return nil
	}
	return &EmbeddingModel{
		ID: m.ID, Name: m.Name, Provider: m.Provider, Dimensions: m.Dimensions, Bytes: m.Bytes,
		TrainedChunks: m.TrainedChunks, CorpusChunks: m.CorpusChunks, Reason: m.Reason,
		CreatedAt: m.CreatedAt, ActivatedAt: utc(m.ActivatedAt), RolledBackAt: utc(m.RolledBackAt),
	}
}

func embeddingTarget(m *domain.EmbeddingModel) *EmbeddingTarget {
	if m == nil {
		return nil
	}
	return &EmbeddingTarget{
		EmbeddingModel: *embeddingModel(m), Stage: m.Stage, Done: m.Done, Total: m.Total,
		Waiting: m.Waiting, WaitingSince: utc(m.WaitingSince),
	}
}

func embeddingFailure(m *domain.EmbeddingModel) *EmbeddingFailure {
	return &EmbeddingFailure{Model: m.Name, Provider: m.Provider, Code: m.ErrorCode, Reason: m.Error, At: utc(m.FailedAt)}
}

// startTimeout bounds how long a start waits for Temporal.
const startTimeout = 10 * time.Second

func (s *Server) trainEmbeddings(ctx context.Context, _ *struct{}) (*embeddingsOutput, error) {
	tenant := caller(ctx).TenantID
	all, err := s.deps.Store.Embeddings(ctx, tenant)
	if err != nil {
		return nil, err
	}
	switch models := s.deps.Models; {
	case models.Want().Provider == "":
		return nil, domain.Errorf(domain.CodeConflict, "there is nothing to train: EMBEDDINGS_PROVIDER is none")
	case all.Target() != nil:
		return nil, domain.Errorf(domain.CodeConflict, "an embedding model is being made already: wait for it or cancel it")
	case all.Corpus.Chunks < int64(models.Minimum()):
		return nil, domain.Errorf(domain.CodeConflict, "there is too little text: %d of %d passages", all.Corpus.Chunks, models.Minimum())
	}
	if err := s.deps.Store.RecordAction(ctx, tenant, "embeddings.training_requested", "embedding_model", ""); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.deps.Starter.TrainEmbeddings(limited, tenant, "somebody asked for it"); err != nil {
		return nil, temporalAway(err)
	}
	return s.getEmbeddings(ctx, nil)
}

func (s *Server) rollBackEmbeddings(ctx context.Context, _ *struct{}) (*embeddingsOutput, error) {
	tenant := caller(ctx).TenantID
	if _, _, err := s.deps.Store.RollBack(ctx, tenant); err != nil {
		return nil, err
	}
	tell, cancel := context.WithTimeout(ctx, cancelTimeout)
	defer cancel()
	if err := s.deps.Starter.RequestVectors(tell, tenant); err != nil {
		slog.WarnContext(ctx, "the vectors that a rolled back model lacks are made after the next sweep", slog.Any("error", err))
	}
	return s.getEmbeddings(ctx, nil)
}

func (s *Server) cancelEmbeddings(ctx context.Context, _ *struct{}) (*embeddingsOutput, error) {
	tenant := caller(ctx).TenantID
	all, err := s.deps.Store.Embeddings(ctx, tenant)
	if err != nil {
		return nil, err
	}
	target := all.Target()
	if target == nil {
		return nil, domain.Errorf(domain.CodeConflict, "no embedding model is being made")
	}
	if err := s.deps.Store.FailModel(ctx, tenant, target.ID, domain.ModelCanceled, "the making of this model was canceled"); err != nil {
		return nil, err
	}
	if err := s.deps.Store.RecordAction(ctx, tenant, "embeddings.canceled", "embedding_model", target.ID.String()); err != nil {
		return nil, err
	}
	// The model is given up and the workflow finds that out. Telling it saves only time.
	tell, cancel := context.WithTimeout(ctx, cancelTimeout)
	defer cancel()
	if err := s.deps.Starter.CancelTraining(tell, tenant); err != nil {
		slog.WarnContext(ctx, "a canceled training's workflow could not be told", slog.Any("error", err))
	}
	return s.getEmbeddings(ctx, nil)
}

// EmbeddingStats is the short form for overviews.
type EmbeddingStats struct {
	State       EmbeddingsState `json:"state" enum:"not_configured,cold,training,embedding,active,changing,waiting_for_provider,failed"`
	Model       string          `json:"model,omitempty" doc:"The one that answers."`
	Provider    string          `json:"provider,omitempty"`
	Chunks      int64           `json:"chunks" doc:"Live passages."`
	WithVectors int64           `json:"with_vectors" doc:"Of these, what the active model has seen."`
}

func (s *Server) embeddingStats(ctx context.Context, tenant uuid.UUID) (EmbeddingStats, error) {
	view, err := s.embeddings(ctx, tenant)
	if err != nil {
		return EmbeddingStats{}, err
	}
	out := EmbeddingStats{State: view.State, Chunks: view.Coverage.Chunks, WithVectors: view.Coverage.WithVectors}
	if view.Model != nil {
		out.Model, out.Provider = view.Model.Name, view.Model.Provider
	}
	return out, nil
}
