package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
)

const (
	// duePage is how many tenants one statement of the sweep returns.
	duePage = 500
	// faultPause is how long an active model that fails is left alone.
	faultPause = 10 * time.Minute
)

// StartDueEmbeddingsOutput counts what was found.
type StartDueEmbeddingsOutput struct {
	Seen     int `json:"seen"`
	Training int `json:"training"`
	Filling  int `json:"filling"`
}

// StartDueEmbeddings has models made for tenants that need another one, for
// instance since the configuration has changed, and vectors where some are lacking.
func (e *Embeddings) StartDueEmbeddings(ctx context.Context) (out StartDueEmbeddingsOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	want := e.Models.Want()
	if want.Provider == "" {
		return out, nil
	}
	after := uuid.Nil
	for {
		tenants, err := e.Store.EmbeddingCandidates(ctx, want.Identity, e.Models.Minimum(), after, duePage)
		if err != nil {
			return out, toTemporal(err)
		}
		for _, tenant := range tenants {
			beat.set(Progress{Done: out.Seen})
			out.Seen++
			if err := e.startDue(ctx, tenant, &out); err != nil {
				return out, toTemporal(err)
			}
		}
		if len(tenants) < duePage {
			return out, nil
		}
		after = tenants[len(tenants)-1]
	}
}

func (e *Embeddings) startDue(ctx context.Context, tenant uuid.UUID, out *StartDueEmbeddingsOutput) error {
	all, err := e.Store.Embeddings(ctx, tenant)
	if err != nil {
		return err
	}
	if reason := domain.EmbeddingNeed(e.Models.Want(), all.Corpus, all.Models, time.Now()); reason != "" {
		out.Training++
		return e.Starter.RequestTraining(ctx, tenant, reason)
	}
	active := all.Active()
	if !canFill(e.Models, active) {
		return nil
	}
	lacking, err := e.Store.VectorsLacking(ctx, tenant, active.ID, 1)
	if err != nil || len(lacking) == 0 {
		return err
	}
	out.Filling++
	return e.Starter.RequestVectors(ctx, tenant)
}

// lookAfterVectors has made after a commit what the commit did not: a model, or
// vectors of the one there is.
func (d *Documents) lookAfterVectors(ctx context.Context, tenant uuid.UUID, lacks bool) error {
	if d.Models == nil || d.Embeddings == nil || d.Models.Want().Provider == "" {
		return nil
	}
	all, err := d.Store.Embeddings(ctx, tenant)
	if err != nil {
		return err
	}
	if reason := domain.EmbeddingNeed(d.Models.Want(), all.Corpus, all.Models, time.Now()); reason != "" {
		return d.Embeddings.RequestTraining(ctx, tenant, reason)
	}
	if !lacks || !canFill(d.Models, all.Active()) {
		return nil
	}
	return d.Embeddings.RequestVectors(ctx, tenant)
}

// canFill says whether vectors of the active model can be made now. One that has
// just failed is left alone: each try may cost money.
func canFill(models *registry.Registry, active *domain.EmbeddingModel) bool {
	return active != nil && models.Reachable(active.Provider) == nil &&
		(active.FailedAt == nil || time.Since(*active.FailedAt) >= faultPause)
}
