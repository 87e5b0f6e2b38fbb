package workflows

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
)

// A model is made when the tenant's commits have settled, so that an import is
// learnt from as a whole; a stream that never ends is not waited for.
const (
	settleQuiet = 5 * time.Second
	settleMost  = 2 * time.Minute
)

// From the third round on, chunks that come faster than they are embedded no
// longer keep the model from taking over: they are filled in afterwards.
const (
	strictRounds  = 3
	allowPerRound = 1000
)

// TrainEmbeddingsInput names a tenant, and why it gets another model. The rest
// is carried over from an earlier run.
type TrainEmbeddingsInput struct {
	TenantID uuid.UUID           `json:"tenant_id"`
	Reason   string              `json:"reason"`
	ModelID  uuid.UUID           `json:"model_id,omitzero"`
	Round    int                 `json:"round,omitempty"`
	Progress *EmbeddingsProgress `json:"progress,omitempty"`
}

// EmbeddingsProgress answers the query "progress" of the workflows that make
// models and vectors.
type EmbeddingsProgress struct {
	ModelID    uuid.UUID `json:"model_id"`
	Provider   string    `json:"provider,omitempty"`
	Model      string    `json:"model,omitempty"`
	Dimensions int       `json:"dimensions,omitempty"`
	// Stage is settle, prepare, embed, cut_over or done.
	Stage string `json:"stage"`
	// Chunks are to have vectors, Pending have none yet.
	Chunks  int64 `json:"chunks"`
	Pending int64 `json:"pending"`
	// Waiting is why nothing happens at the moment.
	Waiting string `json:"waiting,omitempty"`
}

// TrainEmbeddings makes a model for a tenant and then the active one of it: it
// is learnt, or its provider is asked what it can do; vectors of all live
// segments are made in its shadow, while the old model goes on answering; then
// all searches change over in one moment. A provider that is away is waited for
// without an end. Canceling it, or a failure, leaves everything as it was.
func TrainEmbeddings(ctx workflow.Context, in TrainEmbeddingsInput) (EmbeddingsProgress, error) {
	w := &trainEmbeddings{in: in, embedSegments: embedSegments{tenant: in.TenantID, model: in.ModelID}}
	if in.Progress != nil {
		w.progress = *in.Progress
	}
	w.pauses = listenPauses(ctx, in.TenantID, func() uuid.UUID { return w.model })
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (EmbeddingsProgress, error) { return w.progress, nil })
	if err != nil {
		return w.progress, err
	}
	err = w.run(ctx)
	if err == nil || workflow.IsContinueAsNewError(err) {
		return w.progress, err
	}
	return w.progress, w.abandon(ctx, err)
}

// trainEmbeddings is one run of the workflow.
type trainEmbeddings struct {
	in     TrainEmbeddingsInput
	pauses *pauser
	embedSegments
}

func (w *trainEmbeddings) run(ctx workflow.Context) error {
	if w.in.ModelID == uuid.Nil {
		wanted, err := w.begin(ctx)
		if err != nil || !wanted {
			return err
		}
	}
	for {
		if err := w.pauses.wait(ctx); err != nil {
			return err
		}
		left, err := w.round(ctx)
		switch {
		case err != nil:
			return err
		case left > w.allow():
			// The next list shows what came meanwhile, or what is left of a long one.
		default:
			done, err := w.cutOver(ctx)
			if err != nil || done {
				return err
			}
		}
		if w.complete {
			w.in.Round++
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			next := w.in
			next.Progress = &w.progress
			return workflow.NewContinueAsNewError(ctx, TrainEmbeddings, next)
		}
	}
}

// begin brings the model into being. It reports false when the configuration
// asks for none.
func (w *trainEmbeddings) begin(ctx workflow.Context) (bool, error) {
	err := workflow.SideEffect(ctx, func(workflow.Context) any { return uuid.Must(uuid.NewV7()) }).Get(&w.model)
	if err != nil {
		return false, err
	}
	w.in.ModelID, w.progress.ModelID = w.model, w.model
	var embeddings *activities.Embeddings
	var begun activities.BeginModelOutput
	in := activities.BeginModelInput{TenantID: w.in.TenantID, ModelID: w.model, Reason: w.in.Reason}
	if err := workflow.ExecuteActivity(rowOptions(ctx), embeddings.BeginModel, in).Get(ctx, &begun); err != nil {
		return false, err
	}
	if begun.Provider == "" {
		w.stage(ctx, activities.StageDone, "no embedding model is configured")
		return false, nil
	}
	w.progress.Provider, w.progress.Model = begun.Provider, begun.Name
	if err := w.settle(ctx); err != nil {
		return false, err
	}
	return true, w.prepare(ctx)
}

// settle waits until no commit has come for a while.
func (w *trainEmbeddings) settle(ctx workflow.Context) error {
	w.stage(ctx, activities.StageSettle, "waiting until the documents that are coming in are there")
	deadline := workflow.Now(ctx).Add(settleMost)
	var embeddings *activities.Embeddings
	in := activities.EmbeddingModelInput{TenantID: w.in.TenantID, ModelID: w.model}
	for workflow.Now(ctx).Before(deadline) {
		var out activities.IndexQuietOutput
		if err := workflow.ExecuteActivity(rowOptions(ctx), embeddings.IndexQuiet, in).Get(ctx, &out); err != nil {
			return err
		}
		if out.Quiet >= settleQuiet {
			return nil
		}
		if err := workflow.Sleep(ctx, max(settleQuiet-out.Quiet, time.Second)); err != nil {
			return err
		}
	}
	return nil
}

// prepare waits for a provider that is away as long as it takes.
func (w *trainEmbeddings) prepare(ctx workflow.Context) error {
	var embeddings *activities.Embeddings
	in := activities.EmbeddingModelInput{TenantID: w.in.TenantID, ModelID: w.model}
	for {
		if err := w.pauses.wait(ctx); err != nil {
			return err
		}
		w.stage(ctx, activities.StagePrepare, "making the model "+w.progress.Model)
		var out activities.PrepareModelOutput
		err := workflow.ExecuteActivity(embedOptions(ctx), embeddings.PrepareModel, in).Get(ctx, &out)
		if err == nil {
			w.progress.Dimensions, w.fails = out.Dimensions, 0
			return nil
		}
		if waited, err := w.wait(ctx, err); !waited {
			return err
		}
	}
}

// allow is how many chunks may lack vectors when the model takes over.
func (w *trainEmbeddings) allow() int64 {
	return int64(max(0, w.in.Round+1-strictRounds)) * allowPerRound
}

func (w *trainEmbeddings) cutOver(ctx workflow.Context) (done bool, err error) {
	w.stage(ctx, activities.StageCutOver, "changing all searches over")
	var embeddings *activities.Embeddings
	var out activities.CutOverOutput
	in := activities.CutOverInput{TenantID: w.in.TenantID, ModelID: w.model, Allow: w.allow()}
	if err := workflow.ExecuteActivity(rowOptions(ctx), embeddings.CutOver, in).Get(ctx, &out); err != nil {
		return false, err
	}
	if out.Done {
		w.progress.Pending = out.Pending
		w.stage(ctx, activities.StageDone, fmt.Sprintf("%s answers since generation %d", w.progress.Model, out.Generation))
	}
	return out.Done, nil
}

// abandon leaves the old model where it is and says why.
func (w *trainEmbeddings) abandon(ctx workflow.Context, cause error) error {
	if w.model == uuid.Nil {
		return cause
	}
	code, message := reasonOf(cause, "internal", unfinished)
	if temporal.IsCanceledError(cause) || errors.Is(ctx.Err(), workflow.ErrCanceled) {
		code, message = "canceled", "the making of this model was canceled"
	}
	w.stage(ctx, w.progress.Stage, "given up: "+message)
	ctx, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	var embeddings *activities.Embeddings
	in := activities.AbandonModelInput{TenantID: w.in.TenantID, ModelID: w.model, Code: code, Message: message}
	if err := workflow.ExecuteActivity(rowOptions(ctx), embeddings.AbandonModel, in).Get(ctx, nil); err != nil {
		return err
	}
	return cause
}
