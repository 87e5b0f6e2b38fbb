package activities

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/semaphore"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/embed/builtin"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	// trainingSeed makes trainings on the same sample give the same model.
	trainingSeed = 1
	// defaultSampleChunks is what a model is learnt from at most.
	defaultSampleChunks = 50_000
	// progressEvery is how often progress is written to the model's row.
	progressEvery = time.Second
)

// onlyTraining lets one training at a time run in a process: it fills the cores
// and about a gigabyte.
var onlyTraining = semaphore.NewWeighted(1)

// TooLittleText is the type of the error for a tenant whose text teaches nothing.
const TooLittleText = "too_little_text"

// PrepareModelOutput describes a model that is ready.
type PrepareModelOutput struct {
	Provider      string `json:"provider"`
	Dimensions    int    `json:"dimensions"`
	TrainedChunks int    `json:"trained_chunks"`
	Bytes         int64  `json:"bytes"`
}

// PrepareModel makes a begun model able to make vectors: the builtin one is
// learnt from the tenant's text, a provider is asked for its dimensions. An
// attempt after a crash begins anew; what is ready stays.
func (e *Embeddings) PrepareModel(ctx context.Context, in EmbeddingModelInput) (out PrepareModelOutput, err error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	step, err := beginStep(ctx, e.Store, beat, in.TenantID, in.ModelID, domain.SeqRange{}, StagePrepare, false)
	if err != nil {
		return out, toTemporal(err)
	}
	defer func() { step.end(ctx, err) }()
	out, err = e.prepare(ctx, in, beat)
	if errors.Is(err, builtin.ErrSampleTooSmall) {
		return out, temporal.NewNonRetryableApplicationError("the tenant's documents have too little text to learn from", TooLittleText, err)
	}
	return out, e.outward(ctx, in, err)
}

func (e *Embeddings) prepare(ctx context.Context, in EmbeddingModelInput, beat *heartbeat) (PrepareModelOutput, error) {
	m, err := e.Store.EmbeddingModel(ctx, in.TenantID, in.ModelID)
	if err != nil {
		if domain.CodeOf(err) == domain.CodeNotFound {
			err = store.ErrModelGone
		}
		return PrepareModelOutput{}, err
	}
	switch {
	case m.State == domain.ModelReady:
		return PrepareModelOutput{Provider: m.Provider, Dimensions: m.Dimensions, TrainedChunks: int(m.TrainedChunks), Bytes: m.Bytes}, nil
	case m.State != domain.ModelTraining:
		return PrepareModelOutput{}, store.ErrModelGone
	case m.Identity != e.Models.Want().Identity:
		return PrepareModelOutput{}, temporal.NewNonRetryableApplicationError(
			"the configuration names another embedding model now", "configuration_changed", nil)
	case m.Provider == domain.ProviderBuiltin:
		return e.train(ctx, in, beat)
	default:
		return e.probe(ctx, in, m.Provider)
	}
}

func (e *Embeddings) probe(ctx context.Context, in EmbeddingModelInput, provider string) (PrepareModelOutput, error) {
	if err := e.Store.NoteModelProgress(ctx, in.TenantID, in.ModelID, StagePrepare, 0, 1); err != nil {
		return PrepareModelOutput{}, err
	}
	all, err := e.Store.Embeddings(ctx, in.TenantID)
	if err != nil {
		return PrepareModelOutput{}, err
	}
	dims, err := e.Models.Probe(ctx)
	if err != nil {
		return PrepareModelOutput{}, err
	}
	err = e.Store.PutModel(ctx, in.TenantID, in.ModelID, store.ModelFile{
		Dimensions: dims, CorpusChunks: all.Corpus.Chunks, CorpusWritten: all.Corpus.Written,
	})
	return PrepareModelOutput{Provider: provider, Dimensions: dims}, err
}

func (e *Embeddings) train(ctx context.Context, in EmbeddingModelInput, beat *heartbeat) (PrepareModelOutput, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &trainingProgress{beat: beat}
	stop := e.followTraining(ctx, in, p, cancel)
	defer stop()
	if err := onlyTraining.Acquire(ctx, 1); err != nil {
		return PrepareModelOutput{}, errors.Join(err, context.Cause(ctx))
	}
	defer onlyTraining.Release(1)
	out, err := e.trainNow(ctx, in, p)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	return out, err
}

func (e *Embeddings) trainNow(ctx context.Context, in EmbeddingModelInput, p *trainingProgress) (PrepareModelOutput, error) {
	all, err := e.Store.Embeddings(ctx, in.TenantID)
	if err != nil {
		return PrepareModelOutput{}, err
	}
	trained, live, err := e.learn(ctx, in.TenantID, p)
	if err != nil {
		return PrepareModelOutput{}, err
	}
	path := filepath.Join(e.WorkDir, "trained-"+uuid.NewString()+".model")
	defer func() { _ = os.Remove(path) }()
	err = writeFile(path, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<16)
		_, err := trained.WriteTo(buffered)
		return errors.Join(err, buffered.Flush())
	})
	if err != nil {
		return PrepareModelOutput{}, err
	}
	file, err := modelFile(path)
	if err != nil {
		return PrepareModelOutput{}, err
	}
	file.Dimensions, file.TrainedChunks = builtin.Dimensions, int64(trained.Chunks())
	file.CorpusChunks, file.CorpusWritten = int64(live), all.Corpus.Written
	out := PrepareModelOutput{Provider: domain.ProviderBuiltin, Dimensions: file.Dimensions, TrainedChunks: trained.Chunks(), Bytes: file.Bytes}
	return out, e.Store.PutModel(ctx, in.TenantID, in.ModelID, file)
}

// learn trains on a sample of the tenant's live chunks, of which it returns the number.
func (e *Embeddings) learn(ctx context.Context, tenant uuid.UUID, p *trainingProgress) (*builtin.Trained, int, error) {
	snapshot, err := newestSnapshot(ctx, e.Index, tenant)
	if err != nil {
		return nil, 0, err
	}
	defer snapshot.Release()
	size := e.SampleChunks
	if size == 0 {
		size = defaultSampleChunks
	}
	trained, err := builtin.Train(ctx, sample(snapshot, size), builtin.Options{
		Seed: trainingSeed, MaxChunks: size, Progress: p.set,
	})
	if broken(err) {
		e.Index.RepairLater(tenant, snapshot) // for the next attempt
	}
	return trained, snapshot.Stats().Chunks, err
}

// errEnough ends the reading of a sample early.
var errEnough = errors.New("enough")

// sample yields the texts of at most size live chunks of a snapshot, evenly
// over all of them, one segment's block in memory at a time.
func sample(s *index.Snapshot, size int) builtin.Sample {
	return func(yield func(string, error) bool) {
		seen, all := 0, s.Stats().Chunks
		for _, ref := range s.Segments() {
			_, err := s.ChunkTexts(ref.ID, func(c index.ChunkText) error {
				if c.Hidden {
					return nil
				}
				seen++
				if all > size && seen*size/all == (seen-1)*size/all {
					return nil
				}
				if !yield(embed.ChunkText(c.Title, c.Heading, c.Content), nil) {
					return errEnough
				}
				return nil
			})
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil {
				yield("", fmt.Errorf("read the texts of segment %s: %w", ref.ID, err))
				return
			}
		}
	}
}

// modelFile describes a written model.
func modelFile(path string) (store.ModelFile, error) {
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return store.ModelFile{}, fmt.Errorf("read the trained model: %w", err)
	}
	return store.ModelFile{
		Bytes: int64(len(data)), Checksum: index.FileChecksum(data),
		Open: func() (io.ReadCloser, error) { return os.Open(filepath.Clean(path)) },
	}, nil
}

// trainingProgress is what a training has reached.
type trainingProgress struct {
	beat *heartbeat
	last atomic.Pointer[Progress]
}

func (p *trainingProgress) set(stage string, done, total int) {
	now := Progress{Stage: StagePrepare + ": " + stage, Done: done, Total: total}
	p.beat.set(now)
	p.last.Store(&now)
}

// followTraining writes the progress to the model's row, and ends the training
// of a model that was given up.
func (e *Embeddings) followTraining(ctx context.Context, in EmbeddingModelInput, p *trainingProgress, cancel context.CancelCauseFunc) (stop func()) {
	p.set("queued", 0, 0)
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			now := p.last.Load()
			err := e.Store.NoteModelProgress(ctx, in.TenantID, in.ModelID, now.Stage, int64(now.Done), int64(now.Total))
			if errors.Is(err, store.ErrModelGone) {
				cancel(err)
				return
			}
			select {
			case <-tick.C:
			case <-done:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { close(done); <-gone }
}
