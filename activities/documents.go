package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/chunk"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

// Limits of one batch: what one activity holds in memory, and what one
// transaction commits.
const (
	MaxBatchItems = 2000
	MaxBatchBytes = 8 << 20
	// planLimit is how many items one plan looks at.
	planLimit = 50 * MaxBatchItems
	// heartbeatEvery must stay well below the heartbeat timeout of the workflow.
	heartbeatEvery = 3 * time.Second
	// reloads bounds how often a batch that others change is started over
	// within one attempt.
	reloads = 5
	// isolateFrom is the attempt at which a batch is committed document by
	// document: whatever kills the worker is then found and left out.
	isolateFrom = 4
)

// Compactor is asked to look at a tenant's segments after a commit.
type Compactor interface {
	RequestCompaction(ctx context.Context, tenant uuid.UUID) error
}

// Dispatcher gives the free places of a tenant to the jobs that wait for one.
type Dispatcher interface {
	DispatchJobs(ctx context.Context, tenant uuid.UUID) error
}

// Documents indexes documents.
type Documents struct {
	Store     *store.Store
	Segments  *Segments
	Chunks    chunk.Options
	Compactor Compactor
	Metrics   *telemetry.Metrics
	// Dispatcher gives the place of a job that has ended to the next; may be nil.
	Dispatcher Dispatcher
	// Models make the vectors of what is indexed, and Embeddings has models made
	// and what lacks vectors filled in; nil for no vectors.
	Models     *registry.Registry
	Embeddings EmbeddingStarter
}

// PlanBatchesInput names a job and the last item that is planned already.
type PlanBatchesInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
	JobID    uuid.UUID `json:"job_id"`
	After    int       `json:"after"`
}

// PlanBatchesOutput is a run of batches; More says that there are further items.
type PlanBatchesOutput struct {
	Batches []domain.SeqRange `json:"batches"`
	More    bool              `json:"more"`
}

// PlanBatches cuts what is queued of a job into batches.
func (d *Documents) PlanBatches(ctx context.Context, in PlanBatchesInput) (PlanBatchesOutput, error) {
	batches, more, err := d.Store.PlanBatches(ctx, in.TenantID, in.JobID, in.After, MaxBatchItems, MaxBatchBytes, planLimit)
	return PlanBatchesOutput{Batches: batches, More: more}, toTemporal(err)
}

// IndexBatchInput names a run of a job's items.
type IndexBatchInput struct {
	TenantID uuid.UUID       `json:"tenant_id"`
	JobID    uuid.UUID       `json:"job_id"`
	Batch    domain.SeqRange `json:"batch"`
	// Reset tells that an operator's reset has started this run.
	Reset bool `json:"reset,omitempty"`
}

// IndexBatchOutput counts what became of the batch's documents.
type IndexBatchOutput struct {
	Indexed    int    `json:"indexed"`
	Failed     int    `json:"failed"`
	Skipped    int    `json:"skipped"`
	Chunks     int    `json:"chunks"`
	Generation uint64 `json:"generation"`
	// Paused tells that nothing was done, since the job is paused.
	Paused bool `json:"paused,omitempty"`
}

func (o *IndexBatchOutput) add(p IndexBatchOutput) {
	o.Indexed += p.Indexed
	o.Failed += p.Failed
	o.Skipped += p.Skipped
	o.Chunks += p.Chunks
	o.Generation = max(o.Generation, p.Generation)
}

// IndexBatch chunks what is still queued of a batch, builds a segment of it and
// commits. An attempt after a crash finds only what no attempt has committed.
func (d *Documents) IndexBatch(ctx context.Context, in IndexBatchInput) (out IndexBatchOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	beat.set(Progress{Stage: domain.StageLoad})
	step, err := beginStep(ctx, d.Store, beat, in.TenantID, in.JobID, in.Batch, domain.StageChunk, in.Reset)
	if err != nil {
		return out, toTemporal(err)
	}
	if step.state() == domain.JobPaused {
		return IndexBatchOutput{Paused: true}, nil
	}
	defer func() { step.end(ctx, err) }()
	attempt := int(activity.GetInfo(ctx).Attempt)
	if attempt >= isolateFrom {
		return d.indexEach(ctx, in, attempt, beat)
	}
	out, err = d.indexRange(ctx, in, attempt, beat)
	return out, toTemporal(err)
}

// indexRange indexes what is queued of the batch, starting over when somebody
// else finished or canceled a part of it meanwhile.
func (d *Documents) indexRange(ctx context.Context, in IndexBatchInput, attempt int, beat *heartbeat) (out IndexBatchOutput, err error) {
	for range reloads {
		b := &batch{documents: d, in: in, attempt: attempt, beat: beat}
		out, err = b.run(ctx)
		if !errors.Is(err, store.ErrBatchChanged) {
			return out, err
		}
	}
	return out, err
}

// indexEach commits document by document. The heartbeat tells which one is in
// hand, so that an attempt that follows a dead worker knows the culprit.
func (d *Documents) indexEach(ctx context.Context, in IndexBatchInput, attempt int, beat *heartbeat) (out IndexBatchOutput, err error) {
	var last Progress
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &last); err != nil {
			activity.GetLogger(ctx).Warn("the last heartbeat could not be read", "error", err)
		}
	}
	for seq := in.Batch.From; seq <= in.Batch.To; seq++ {
		one := IndexBatchInput{TenantID: in.TenantID, JobID: in.JobID, Batch: domain.SeqRange{From: seq, To: seq}}
		if last.Isolated == seq {
			err := d.Store.FailItems(ctx, in.TenantID, in.JobID, one.Batch, last.Stage, "worker_died",
				"the worker died more than once while it indexed this document", attempt)
			if err != nil {
				return out, toTemporal(err)
			}
			out.Failed++
			continue
		}
		beat.set(Progress{Stage: domain.StageLoad, Isolated: seq})
		beat.flush()
		part, err := d.indexRange(ctx, one, attempt, beat)
		if err != nil {
			return out, toTemporal(err)
		}
		out.add(part)
	}
	return out, nil
}

// FailBatchInput says why a batch is given up.
type FailBatchInput struct {
	TenantID uuid.UUID       `json:"tenant_id"`
	JobID    uuid.UUID       `json:"job_id"`
	Batch    domain.SeqRange `json:"batch"`
	Code     string          `json:"code"`
	Message  string          `json:"message"`
	Attempts int             `json:"attempts"`
}

// FailBatch marks what is still queued of a batch as failed.
func (d *Documents) FailBatch(ctx context.Context, in FailBatchInput) error {
	err := d.Store.FailItems(ctx, in.TenantID, in.JobID, in.Batch, domain.StageBuild, in.Code, in.Message, in.Attempts)
	if err != nil {
		return toTemporal(fmt.Errorf("fail a batch: %w", err))
	}
	return nil
}
