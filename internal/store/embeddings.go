package store

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// Embeddings is what is known of a tenant's models at one moment.
type Embeddings struct {
	// Models are all that are kept, the oldest first.
	Models []domain.EmbeddingModel
	Corpus domain.Corpus
}

// Active is the model that answers, nil for none.
func (e Embeddings) Active() *domain.EmbeddingModel { return e.in(domain.ModelActive) }

// Previous is the model that a rollback brings back, nil for none.
func (e Embeddings) Previous() *domain.EmbeddingModel { return e.in(domain.ModelRetired) }

// Failed is the last model that did not come to be, nil for none.
func (e Embeddings) Failed() *domain.EmbeddingModel { return e.in(domain.ModelFailed) }

// Target is the model that is being made, nil for none.
func (e Embeddings) Target() *domain.EmbeddingModel {
	if m := e.in(domain.ModelTraining); m != nil {
		return m
	}
	return e.in(domain.ModelReady)
}

// in returns the newest model of a state.
func (e Embeddings) in(state domain.EmbeddingModelState) (m *domain.EmbeddingModel) {
	for n := range e.Models {
		if e.Models[n].State == state {
			m = &e.Models[n]
		}
	}
	return m
}

// Embeddings returns the tenant's models and the size of what they are for.
func (s *Store) Embeddings(ctx context.Context, tenant uuid.UUID) (out Embeddings, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) (err error) {
		out, err = embeddings(ctx, q, tenant)
		return err
	})
	return out, err
}

func embeddings(ctx context.Context, q *db.Queries, tenant uuid.UUID) (out Embeddings, err error) {
	corpus, err := q.EmbeddingCorpus(ctx, tenant)
	if noRows(err) {
		return out, domain.NotFound("tenant")
	}
	if err != nil {
		return out, err
	}
	out.Corpus = domain.Corpus{Chunks: corpus.Chunks, Written: corpus.Written, Quiet: time.Duration(corpus.QuietSeconds * float64(time.Second))}
	rows, err := q.EmbeddingModelList(ctx, tenant)
	for _, r := range rows {
		out.Models = append(out.Models, modelFrom(r))
	}
	return out, err
}

// EmbeddingModel returns one model, or a not-found error.
func (s *Store) EmbeddingModel(ctx context.Context, tenant, id uuid.UUID) (m domain.EmbeddingModel, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.EmbeddingModelGet(ctx, db.EmbeddingModelGetParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("embedding model")
		}
		m = modelFrom(row)
		return err
	})
	return m, err
}

func modelFrom(r db.EmbeddingModel) domain.EmbeddingModel {
	return domain.EmbeddingModel{
		ID: r.ID, Provider: r.Provider, Name: r.Name, Identity: r.Identity, Dimensions: int(r.Dimensions),
		State: domain.EmbeddingModelState(r.State), Bytes: r.Bytes, Checksum: r.Checksum,
		TrainedChunks: r.TrainedChunks, CorpusChunks: r.CorpusChunks, CorpusWritten: r.CorpusWritten, Reason: r.Reason,
		Stage: r.Stage, Done: r.Done, Total: r.Total, Waiting: r.Waiting, WaitingSince: r.WaitingSince,
		ErrorCode: r.ErrorCode, Error: r.Error, FailedAt: r.FailedAt, CreatedAt: r.CreatedAt.UTC(), TouchedAt: r.TouchedAt.UTC(),
		ActivatedAt: r.ActivatedAt, RetiredAt: r.RetiredAt, RolledBackAt: r.RolledBackAt,
	}
}

// BeginModel stores a model that is to become the tenant's next. Another one
// that was on its way is given up with all it has. To begin the same model
// again takes back what it had reached.
func (s *Store) BeginModel(ctx context.Context, tenant uuid.UUID, m domain.EmbeddingModel) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if _, err := q.IndexStateLock(ctx, tenant); err != nil {
			return err
		}
		if _, err := q.EmbeddingModelClear(ctx, db.EmbeddingModelClearParams{TenantID: tenant, Keep: m.ID}); err != nil {
			return err
		}
		return q.EmbeddingModelInsert(ctx, db.EmbeddingModelInsertParams{
			TenantID: tenant, ID: m.ID, Provider: m.Provider, Name: m.Name, Identity: m.Identity,
			Dimensions: int32(m.Dimensions), Reason: m.Reason,
		})
	})
}

// ModelFile is what PutModel adds to a model that was begun.
type ModelFile struct {
	Dimensions    int
	TrainedChunks int64
	// CorpusChunks were live, and CorpusWritten written, when it was made.
	CorpusChunks, CorpusWritten int64
	// Bytes, Checksum and Open are of the model's file; Open is nil for none.
	Bytes    int64
	Checksum []byte
	Open     func() (io.ReadCloser, error)
}

// ErrModelGone is returned when a model that was worked on was given up by
// somebody else: canceled, or superseded by another.
var ErrModelGone = domain.Errorf(domain.CodeNotFound, "the embedding model was given up meanwhile")

// PutModel stores the model's file and makes the model ready. A model that is
// ready already stays as it is.
func (s *Store) PutModel(ctx context.Context, tenant, id uuid.UUID, f ModelFile) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.EmbeddingModelGet(ctx, db.EmbeddingModelGetParams{TenantID: tenant, ID: id})
		switch {
		case noRows(err):
			return ErrModelGone
		case err != nil:
			return err
		case domain.EmbeddingModelState(row.State) == domain.ModelReady:
			return nil
		}
		if err := q.EmbeddingModelPartDelete(ctx, db.EmbeddingModelPartDeleteParams{TenantID: tenant, ModelID: id}); err != nil {
			return err
		}
		if f.Open != nil {
			if err := putModelParts(ctx, q, tenant, id, f.Open); err != nil {
				return err
			}
		}
		n, err := q.EmbeddingModelFinish(ctx, db.EmbeddingModelFinishParams{
			TenantID: tenant, ID: id, Dimensions: int32(f.Dimensions), Bytes: f.Bytes, Checksum: nonNilBytes(f.Checksum), TrainedChunks: f.TrainedChunks,
			CorpusChunks: f.CorpusChunks, CorpusWritten: f.CorpusWritten,
		})
		if err == nil && n == 0 {
			return ErrModelGone
		}
		return err
	})
}

func nonNilBytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func putModelParts(ctx context.Context, q *db.Queries, tenant, id uuid.UUID, open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return fmt.Errorf("open the model: %w", err)
	}
	defer r.Close()
	return putParts(r, func(part int32, data []byte) error {
		return q.EmbeddingModelPartInsert(ctx, db.EmbeddingModelPartInsertParams{TenantID: tenant, ModelID: id, Part: part, Data: data})
	})
}

// ReadModel implements index.Source: it writes the model's file to w.
func (s *Store) ReadModel(ctx context.Context, tenant, model uuid.UUID, w io.Writer) error {
	return s.readParts(ctx, tenant, "embedding model", w, func(q *db.Queries, part int32) ([]byte, error) {
		return q.EmbeddingModelPartGet(ctx, db.EmbeddingModelPartGetParams{TenantID: tenant, ModelID: model, Part: part})
	})
}

// NoteModelProgress tells where the work on a model is. It returns ErrModelGone
// for one that was given up.
func (s *Store) NoteModelProgress(ctx context.Context, tenant, id uuid.UUID, stage string, done, total int64) error {
	return s.changeModel(ctx, tenant, func(q *db.Queries) (int64, error) {
		return q.EmbeddingModelProgress(ctx, db.EmbeddingModelProgressParams{TenantID: tenant, ID: id, Stage: stage, Done: done, Total: total})
	})
}

// NoteModelWaiting tells what the work on a model waits for.
func (s *Store) NoteModelWaiting(ctx context.Context, tenant, id uuid.UUID, reason string) error {
	return s.changeModel(ctx, tenant, func(q *db.Queries) (int64, error) {
		return q.EmbeddingModelWait(ctx, db.EmbeddingModelWaitParams{TenantID: tenant, ID: id, Waiting: reason})
	})
}

func (s *Store) changeModel(ctx context.Context, tenant uuid.UUID, change func(*db.Queries) (int64, error)) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		n, err := change(q)
		if err == nil && n == 0 {
			return ErrModelGone
		}
		return err
	})
}

// NoteModelFault tells why the active model cannot make vectors of new chunks;
// an empty code says that it can.
func (s *Store) NoteModelFault(ctx context.Context, tenant, id uuid.UUID, code, message string) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		_, err := q.EmbeddingModelFault(ctx, db.EmbeddingModelFaultParams{TenantID: tenant, ID: id, ErrorCode: code, Error: message})
		return err
	})
}

// FailModel gives up a model on its way, with its reason, and drops what was
// made of it. A model that is not on its way stays as it is.
func (s *Store) FailModel(ctx context.Context, tenant, id uuid.UUID, code, message string) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if _, err := q.IndexStateLock(ctx, tenant); err != nil {
			return err
		}
		n, err := q.EmbeddingModelFail(ctx, db.EmbeddingModelFailParams{TenantID: tenant, ID: id, ErrorCode: code, Error: message})
		if err != nil || n == 0 {
			return err
		}
		if err := q.IndexVectorsDeleteOfModel(ctx, db.IndexVectorsDeleteOfModelParams{TenantID: tenant, ModelID: id}); err != nil {
			return err
		}
		return q.EmbeddingModelPartDelete(ctx, db.EmbeddingModelPartDeleteParams{TenantID: tenant, ModelID: id})
	})
}

// NotCoveredError says that a model cannot take over yet.
type NotCoveredError struct {
	// Pending chunks have not been seen by the model.
	Pending int64
}

// Error returns the message.
func (e *NotCoveredError) Error() string {
	return fmt.Sprintf("the embedding model lacks the vectors of %d chunks", e.Pending)
}

// CutOver makes a ready model the active one, in one moment for every search,
// if at most allow chunks lack its vectors; else it returns a NotCoveredError.
// The model that was active is kept to go back to, an older one is dropped. To
// cut over to the active model changes nothing.
func (s *Store) CutOver(ctx context.Context, tenant, id uuid.UUID, allow int64) (generation uint64, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		current, err := q.IndexStateLock(ctx, tenant)
		if err != nil {
			return err
		}
		generation = uint64(current)
		row, err := q.EmbeddingModelGet(ctx, db.EmbeddingModelGetParams{TenantID: tenant, ID: id})
		switch {
		case noRows(err):
			return ErrModelGone
		case err != nil:
			return err
		case domain.EmbeddingModelState(row.State) == domain.ModelActive:
			return nil
		case domain.EmbeddingModelState(row.State) != domain.ModelReady:
			return ErrModelGone
		}
		coverage, err := q.IndexVectorsCoverage(ctx, db.IndexVectorsCoverageParams{TenantID: tenant, ModelID: id})
		if err != nil {
			return err
		}
		if coverage.Pending > allow {
			return &NotCoveredError{Pending: coverage.Pending}
		}
		if _, err := q.EmbeddingModelDeleteRetired(ctx, tenant); err != nil {
			return err
		}
		generation++
		return activate(ctx, q, tenant, id, int64(generation), false)
	})
	return generation, err
}

// RollBack makes the retired model the active one again, at once: what lacks
// its vectors is filled in later.
func (s *Store) RollBack(ctx context.Context, tenant uuid.UUID) (m domain.EmbeddingModel, generation uint64, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		current, err := q.IndexStateLock(ctx, tenant)
		if err != nil {
			return err
		}
		all, err := embeddings(ctx, q, tenant)
		if err != nil {
			return err
		}
		previous := all.Previous()
		switch {
		case previous == nil:
			return domain.Errorf(domain.CodeConflict, "there is no earlier embedding model to go back to")
		case all.Target() != nil:
			return domain.Errorf(domain.CodeConflict, "another embedding model is being made: cancel it first")
		}
		m, generation = *previous, uint64(current)+1
		c := change{action: "embeddings.rolled_back", kind: "embedding_model", id: m.ID.String(), after: map[string]string{"model": m.Name}}
		if err := audit(ctx, q, tenant, c); err != nil {
			return err
		}
		return activate(ctx, q, tenant, m.ID, int64(generation), true)
	})
	return m, generation, err
}

// activate is called with the tenant's index_state locked.
func activate(ctx context.Context, q *db.Queries, tenant, id uuid.UUID, generation int64, rollback bool) error {
	if _, err := q.EmbeddingModelRetire(ctx, db.EmbeddingModelRetireParams{TenantID: tenant, RolledBack: rollback}); err != nil {
		return err
	}
	n, err := q.EmbeddingModelActivate(ctx, db.EmbeddingModelActivateParams{TenantID: tenant, ID: id})
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrModelGone
	}
	if err := q.IndexModelSet(ctx, db.IndexModelSetParams{TenantID: tenant, ModelID: &id, Generation: generation}); err != nil {
		return err
	}
	return notifyGeneration(ctx, q, tenant, generation)
}

// EmbeddingCandidates returns tenants, after the given one, that may need a
// model of this identity or vectors of the one they have.
func (s *Store) EmbeddingCandidates(ctx context.Context, identity string, minimum int, after uuid.UUID, limit int) (out []uuid.UUID, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) (err error) {
		out, err = q.EmbeddingCandidates(ctx, db.EmbeddingCandidatesParams{
			Minimum: int64(minimum), Identity: identity, AfterTenant: after, RowLimit: int32(limit),
		})
		return err
	})
	return out, err
}
