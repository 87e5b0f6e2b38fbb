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

// vectorsSignal says that there are chunks which the active model has not seen.
const vectorsSignal = "committed"

const (
	// embedSettle is how long EmbedIndex waits for further commits before it ends.
	embedSettle = 2 * time.Second
	// parallelSegments is how many segments are embedded at once.
	parallelSegments = 2
	// segmentsPerRound bounds one list of segments.
	segmentsPerRound = 100
	// embedRounds bounds the history of one run.
	embedRounds = 50
)

// How long a provider that is away is left alone, unless it says so itself.
const (
	waitFirst = 2 * time.Second
	waitMost  = time.Minute
)

// EmbedIndexInput names a tenant.
type EmbedIndexInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
}

// EmbedIndex makes the vectors that the tenant's active model lacks, and ends
// when none is lacking and no commit has come for a while.
func EmbedIndex(ctx workflow.Context, in EmbedIndexInput) error {
	w := &embedSegments{tenant: in.TenantID}
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (EmbeddingsProgress, error) { return w.progress, nil })
	if err != nil {
		return err
	}
	committed := workflow.GetSignalChannel(ctx, vectorsSignal)
	for range embedRounds {
		for committed.ReceiveAsync(nil) {
		}
		w.model = uuid.Nil // the active one, which may be another now
		left, err := w.round(ctx)
		if err != nil {
			return w.fault(ctx, err)
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
		if left > 0 {
			continue
		}
		w.stage(ctx, activities.StageDone, "every passage has been seen")
		if more, _ := committed.ReceiveWithTimeout(ctx, embedSettle, nil); !more {
			return ctx.Err()
		}
	}
	return workflow.NewContinueAsNewError(ctx, EmbedIndex, in)
}

// embedSegments makes the vectors of one model, round by round.
type embedSegments struct {
	tenant uuid.UUID
	// model is uuid.Nil for the active one.
	model    uuid.UUID
	progress EmbeddingsProgress
	// complete is set when the last round dealt with all that was lacking.
	complete bool
	fails    int // waits for the provider since it worked
}

// round lists the segments that lack vectors, makes them, and returns how many
// chunks lacked them before. It waits for a provider that is away.
func (w *embedSegments) round(ctx workflow.Context) (pending int64, err error) {
	w.complete = false
	var embeddings *activities.Embeddings
	var lacking activities.ListLackingOutput
	in := activities.ListLackingInput{TenantID: w.tenant, ModelID: w.model, Limit: segmentsPerRound}
	if err := workflow.ExecuteActivity(rowOptions(ctx), embeddings.ListLacking, in).Get(ctx, &lacking); err != nil {
		return 0, err
	}
	if lacking.ModelID == uuid.Nil {
		return 0, nil
	}
	w.model, w.progress.ModelID = lacking.ModelID, lacking.ModelID
	w.progress.Chunks, w.progress.Pending = lacking.Chunks, lacking.Pending
	if len(lacking.Segments) == 0 {
		w.complete = true
		return 0, nil
	}
	w.stage(ctx, activities.StageEmbed, fmt.Sprintf("%d of %d passages have vectors", lacking.Chunks-lacking.Pending, lacking.Chunks))
	err = w.embed(ctx, lacking.Segments)
	if err == nil {
		w.fails, w.complete = 0, len(lacking.Segments) < segmentsPerRound
		return lacking.Pending, nil
	}
	if waited, err := w.wait(ctx, err); !waited {
		return 0, err
	}
	return lacking.Pending, nil
}

// embed makes the vectors of segments, a few at a time, and waits for all that
// were begun. It begins none after a failure.
func (w *embedSegments) embed(ctx workflow.Context, segments []uuid.UUID) error {
	slots := workflow.NewSemaphore(ctx, parallelSegments)
	wg := workflow.NewWaitGroup(ctx)
	var failure error
	for _, id := range segments {
		if err := slots.Acquire(ctx, 1); err != nil {
			failure = err
			break
		}
		if failure != nil {
			slots.Release(1)
			break
		}
		wg.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wg.Done()
			defer slots.Release(1)
			if err := w.embedOne(ctx, id); err != nil && failure == nil {
				failure = err
			}
		})
	}
	wg.Wait(ctx)
	return failure
}

func (w *embedSegments) embedOne(ctx workflow.Context, segment uuid.UUID) error {
	var embeddings *activities.Embeddings
	var out activities.EmbedSegmentOutput
	in := activities.EmbedSegmentInput{TenantID: w.tenant, ModelID: w.model, SegmentID: segment}
	if err := workflow.ExecuteActivity(embedOptions(ctx), embeddings.EmbedSegment, in).Get(ctx, &out); err != nil {
		return err
	}
	w.progress.Pending = max(0, w.progress.Pending-int64(out.Chunks))
	return nil
}

// wait waits for a provider that is away and reports whether err was that. The
// pause is a timer of the workflow: everybody sees it, and no worker is kept.
func (w *embedSegments) wait(ctx workflow.Context, err error) (waited bool, _ error) {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || app.Type() != activities.ProviderWaiting {
		return false, err
	}
	var why activities.ProviderWait
	if err := app.Details(&why); err != nil {
		return false, err
	}
	pause := why.After
	if pause <= 0 {
		pause = min(waitFirst<<min(w.fails, 10), waitMost)
	}
	w.fails++
	w.progress.Waiting = why.Reason
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("waiting for the provider: %s; the next try is in %s", why.Reason, pause))
	err = workflow.Sleep(ctx, pause)
	w.progress.Waiting = ""
	return err == nil, err
}

func (w *embedSegments) stage(ctx workflow.Context, stage, details string) {
	w.progress.Stage = stage
	workflow.SetCurrentDetails(ctx, details)
}

// fault notes with the active model why it cannot make vectors.
func (w *embedSegments) fault(ctx workflow.Context, cause error) error {
	if w.model == uuid.Nil || temporal.IsCanceledError(cause) || ctx.Err() != nil {
		return cause
	}
	code, message := reasonOf(cause, "internal", unfinished)
	workflow.SetCurrentDetails(ctx, message)
	var embeddings *activities.Embeddings
	in := activities.AbandonModelInput{TenantID: w.tenant, ModelID: w.model, Code: code, Message: message}
	if code == activities.ModelGone {
		return cause
	}
	if err := workflow.ExecuteActivity(rowOptions(ctx), embeddings.AbandonModel, in).Get(ctx, nil); err != nil {
		return err
	}
	return cause
}

// StartDueEmbeddings has models and vectors made where they are due.
func StartDueEmbeddings(ctx workflow.Context) (out activities.StartDueEmbeddingsOutput, err error) {
	var embeddings *activities.Embeddings
	err = workflow.ExecuteActivity(sweepOptions(ctx), embeddings.StartDueEmbeddings).Get(ctx, &out)
	return out, err
}
