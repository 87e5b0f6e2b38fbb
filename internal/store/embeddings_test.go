package store_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// begin stores a model on its way, ready begins one and makes it ready.
func (b *bundle) begin(identity string) uuid.UUID {
	b.t.Helper()
	id := uuid.Must(uuid.NewV7())
	require.NoError(b.t, b.BeginModel(b.ctx, b.tenant, domain.EmbeddingModel{ID: id, Provider: "builtin", Name: identity, Identity: identity, Reason: "a test"}))
	return id
}

func (b *bundle) ready(identity string) uuid.UUID {
	b.t.Helper()
	id := b.begin(identity)
	body := bytes.Repeat([]byte(id.String()), 50_000)
	require.NoError(b.t, b.PutModel(b.ctx, b.tenant, id, store.ModelFile{
		Dimensions: 8, TrainedChunks: 3, CorpusChunks: 3, CorpusWritten: 3, Bytes: int64(len(body)), Checksum: []byte("sum"),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}))
	return id
}

func vectorsOf(model uuid.UUID, chunks, pending int) store.Vectors {
	id := uuid.Must(uuid.NewV7())
	body := bytes.Repeat([]byte(id.String()), 50_000)
	return store.Vectors{
		ID: id, Model: model, Chunks: chunks, Missing: pending, Pending: pending, Bytes: int64(len(body)), Checksum: []byte(id.String()),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}
}

// segmentOf commits documents and returns the segment that holds them.
func (b *bundle) segmentOf(n int) uuid.UUID {
	b.t.Helper()
	before := b.state()
	fresh := make([]domain.DocumentInput, n)
	for i := range fresh {
		fresh[i] = doc(uuid.NewString(), "content")
	}
	_, job := b.ingest(fresh...)
	_, err := b.commit(job)
	require.NoError(b.t, err)
	after := b.state()
	require.Len(b.t, after, len(before)+1)
	for id := range after {
		if _, known := before[id]; !known {
			return id
		}
	}
	return uuid.Nil
}

// state returns the vectors of each live segment, uuid.Nil for none.
func (b *bundle) state() map[uuid.UUID]uuid.UUID {
	b.t.Helper()
	state, err := b.IndexState(b.ctx, b.tenant, 0)
	require.NoError(b.t, err)
	out := map[uuid.UUID]uuid.UUID{}
	for _, s := range state.Segments {
		out[s.ID] = uuid.Nil
		if s.Vectors != nil {
			out[s.ID] = s.Vectors.ID
		}
	}
	return out
}

func (b *bundle) generation() uint64 {
	b.t.Helper()
	state, err := b.IndexState(b.ctx, b.tenant, 0)
	require.NoError(b.t, err)
	return state.Generation
}

func TestNoModelTakesOverBeforeEverySegmentHasItsVectors(t *testing.T) {
	b := setup(t)
	segment := b.segmentOf(3)
	model := b.ready("one")
	before := b.generation()
	_, err := b.CutOver(b.ctx, b.tenant, model, 0)
	var uncovered *store.NotCoveredError
	require.ErrorAs(t, err, &uncovered)
	require.Equal(t, int64(3), uncovered.Pending)

	v := vectorsOf(model, 3, 0)
	generation, err := b.PutVectors(b.ctx, b.tenant, segment, v)
	require.NoError(t, err)
	require.Zero(t, generation, "vectors in the shadow change no search")
	require.Equal(t, before, b.generation())

	generation, err = b.CutOver(b.ctx, b.tenant, model, 0)
	require.NoError(t, err)
	require.Equal(t, before+1, generation)
	state, err := b.IndexState(b.ctx, b.tenant, 0)
	require.NoError(t, err)
	require.Equal(t, model, state.Model.ID)
	require.Equal(t, v.ID, state.Segments[0].Vectors.ID)
	require.Equal(t, before+1, state.Generation)

	again, err := b.CutOver(b.ctx, b.tenant, model, 0)
	require.NoError(t, err, "a second attempt after a crash")
	require.Equal(t, generation, again)
}

func TestAModelAndItsVectorsAreReadBackAsTheyWereStored(t *testing.T) {
	b := setup(t)
	segment := b.segmentOf(3)
	model := b.ready("one")
	v := vectorsOf(model, 3, 0)
	_, err := b.PutVectors(b.ctx, b.tenant, segment, v)
	require.NoError(t, err)
	var got bytes.Buffer
	require.NoError(t, b.ReadModel(b.ctx, b.tenant, model, &got))
	require.Equal(t, bytes.Repeat([]byte(model.String()), 50_000), got.Bytes())
	got.Reset()
	require.NoError(t, b.ReadVectors(b.ctx, b.tenant, v.ID, &got))
	require.Equal(t, bytes.Repeat([]byte(v.ID.String()), 50_000), got.Bytes())
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(b.ReadVectors(b.ctx, b.tenant, uuid.New(), &got)))
}

func TestVectorsOfAModelThatIsNotActiveAnyMoreAreNotKept(t *testing.T) {
	b := setup(t)
	b.segmentOf(1)
	old := b.activated("old")
	b.activated("new")
	_, job := b.ingest(doc("x", "words"))
	items, err := b.LoadBatch(b.ctx, b.tenant, job.ID, domain.SeqRange{From: 1, To: 1})
	require.NoError(t, err)
	seg := segment(1)
	v := vectorsOf(old, 1, 0)
	seg.Vectors = &v
	done, err := b.CommitBatch(b.ctx, b.tenant, store.Batch{JobID: job.ID, Attempt: 1, Segment: seg, Items: []store.ItemOutcome{{
		Seq: 1, DocumentID: items[0].DocumentID, Version: 1, State: domain.ItemIndexed, Chunks: []store.Chunk{{Content: "words", Hash: []byte{1}}},
	}}})
	require.NoError(t, err)
	require.True(t, done.LacksVectors)
	require.Equal(t, uuid.Nil, b.state()[seg.ID])
}

// activated brings a model all the way.
func (b *bundle) activated(identity string) uuid.UUID {
	b.t.Helper()
	model := b.ready(identity)
	lacking, err := b.VectorsLacking(b.ctx, b.tenant, model, 100)
	require.NoError(b.t, err)
	for _, l := range lacking {
		_, err := b.PutVectors(b.ctx, b.tenant, l.Segment, vectorsOf(model, l.Chunks, 0))
		require.NoError(b.t, err)
	}
	_, err = b.CutOver(b.ctx, b.tenant, model, 0)
	require.NoError(b.t, err)
	return model
}

func TestAMergeReplacesTheVectorsOfItsSources(t *testing.T) {
	b := setup(t)
	one, two := b.segmentOf(2), b.segmentOf(2)
	model := b.activated("one")
	merged := segment(4)
	merged.Replaces = []uuid.UUID{one, two}
	v := vectorsOf(model, 4, 1)
	merged.Vectors = &v
	_, err := b.CommitMerge(b.ctx, b.tenant, *merged)
	require.NoError(t, err)
	require.Equal(t, map[uuid.UUID]uuid.UUID{merged.ID: v.ID}, b.state())
	lacking, err := b.VectorsLacking(b.ctx, b.tenant, model, 10)
	require.NoError(t, err)
	require.Equal(t, []store.Lacking{{Segment: merged.ID, Chunks: 4, Pending: 1}}, lacking)

	full := vectorsOf(model, 4, 0)
	before := b.generation()
	generation, err := b.PutVectors(b.ctx, b.tenant, merged.ID, full)
	require.NoError(t, err)
	require.Equal(t, before+1, generation, "searches see new vectors of the active model")
	require.Equal(t, map[uuid.UUID]uuid.UUID{merged.ID: full.ID}, b.state())

	_, err = b.PutVectors(b.ctx, b.tenant, one, vectorsOf(model, 2, 0))
	require.ErrorIs(t, err, store.ErrFenced, "the segment was merged away")
}

func TestARollbackBringsTheFormerModelBackAtOnce(t *testing.T) {
	b := setup(t)
	segment := b.segmentOf(2)
	_, _, err := b.RollBack(b.ctx, b.tenant)
	require.Equal(t, domain.CodeConflict, domain.CodeOf(err))
	old := b.activated("old")
	oldVectors := b.state()[segment]
	latest := b.activated("new")
	before := b.generation()
	m, generation, err := b.RollBack(b.ctx, b.tenant)
	require.NoError(t, err)
	require.Equal(t, old, m.ID)
	require.Equal(t, before+1, generation)
	require.Equal(t, oldVectors, b.state()[segment])
	all, err := b.Embeddings(b.ctx, b.tenant)
	require.NoError(t, err)
	require.Equal(t, latest, all.Previous().ID)
	require.NotNil(t, all.Previous().RolledBackAt)
	require.Nil(t, all.Active().RolledBackAt)
	_, _, err = b.RollBack(b.ctx, b.tenant)
	require.NoError(t, err, "and forward again")
}

func TestAtMostOneFormerModelIsKept(t *testing.T) {
	b := setup(t)
	b.segmentOf(2)
	b.activated("a")
	second := b.activated("b")
	third := b.activated("c")
	all, err := b.Embeddings(b.ctx, b.tenant)
	require.NoError(t, err)
	require.Len(t, all.Models, 2)
	require.Equal(t, second, all.Previous().ID)
	require.Equal(t, third, all.Active().ID)
}

func TestAModelThatWasGivenUpTakesNothingMore(t *testing.T) {
	b := setup(t)
	segment := b.segmentOf(2)
	active := b.activated("a")
	target := b.ready("b")
	_, err := b.PutVectors(b.ctx, b.tenant, segment, vectorsOf(target, 2, 0))
	require.NoError(t, err)
	require.NoError(t, b.FailModel(b.ctx, b.tenant, target, "wrong_dimensions", "16 instead of 8"))
	_, err = b.PutVectors(b.ctx, b.tenant, segment, vectorsOf(target, 2, 0))
	require.ErrorIs(t, err, store.ErrModelGone)
	_, err = b.CutOver(b.ctx, b.tenant, target, 0)
	require.ErrorIs(t, err, store.ErrModelGone)
	require.ErrorIs(t, b.NoteModelProgress(b.ctx, b.tenant, target, "embed", 1, 2), store.ErrModelGone)
	require.NoError(t, b.FailModel(b.ctx, b.tenant, active, "x", "y"), "the active one is not on its way")
	all, err := b.Embeddings(b.ctx, b.tenant)
	require.NoError(t, err)
	require.Equal(t, active, all.Active().ID)
	require.Equal(t, "16 instead of 8", all.Failed().Error)
	coverage, err := b.VectorsCoverage(b.ctx, b.tenant, target)
	require.NoError(t, err)
	require.Equal(t, store.Coverage{Chunks: 2, Pending: 2}, coverage, "its vectors are gone")
}

func TestABegunModelSupersedesTheOneBeforeIt(t *testing.T) {
	b := setup(t)
	first := b.begin("a")
	second := b.begin("b")
	all, err := b.Embeddings(b.ctx, b.tenant)
	require.NoError(t, err)
	require.Len(t, all.Models, 1)
	require.Equal(t, second, all.Target().ID)
	err = b.PutModel(b.ctx, b.tenant, first, store.ModelFile{Dimensions: 8})
	require.ErrorIs(t, err, store.ErrModelGone)
}

func TestAWaitIsToldUntilTheWorkGoesOn(t *testing.T) {
	b := setup(t)
	model := b.begin("a")
	require.NoError(t, b.NoteModelWaiting(b.ctx, b.tenant, model, "the provider answered with status 503"))
	require.NoError(t, b.NoteModelWaiting(b.ctx, b.tenant, model, "the provider's host name could not be looked up"))
	m, err := b.EmbeddingModel(b.ctx, b.tenant, model)
	require.NoError(t, err)
	require.Equal(t, "the provider's host name could not be looked up", m.Waiting)
	require.NotNil(t, m.WaitingSince)
	require.NoError(t, b.NoteModelProgress(b.ctx, b.tenant, model, "embed", 1, 2))
	m, err = b.EmbeddingModel(b.ctx, b.tenant, model)
	require.NoError(t, err)
	require.Empty(t, m.Waiting)
	require.Nil(t, m.WaitingSince)
}

func TestCandidatesAreTenantsThatMayNeedWork(t *testing.T) {
	b := setup(t)
	candidates := func(identity string, minimum int) []uuid.UUID {
		out, err := b.EmbeddingCandidates(b.ctx, identity, minimum, uuid.Nil, 10)
		require.NoError(t, err)
		return out
	}
	require.Empty(t, candidates("a", 1), "nothing is indexed")
	b.segmentOf(3)
	require.Equal(t, []uuid.UUID{b.tenant}, candidates("a", 3))
	require.Empty(t, candidates("a", 4), "too little text")
	b.activated("a")
	require.Empty(t, candidates("a", 3))
	require.Equal(t, []uuid.UUID{b.tenant}, candidates("b", 3), "another model is configured")
	b.segmentOf(1)
	require.Equal(t, []uuid.UUID{b.tenant}, candidates("a", 3), "a segment lacks vectors")
}

func TestModelsOfAnotherTenantAreNotSeen(t *testing.T) {
	b := setup(t)
	model := b.ready("a")
	other, err := b.CreateTenant(b.ctx, "other", "Other")
	require.NoError(t, err)
	_, err = b.EmbeddingModel(b.ctx, other.ID, model)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(b.ReadModel(b.ctx, other.ID, model, io.Discard)))
}
