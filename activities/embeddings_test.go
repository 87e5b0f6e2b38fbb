package activities_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// embeddings are the activities of models on a bundle.
type embeddings struct {
	*bundle
	activities *activities.Embeddings
	trainings  []string
	fills      int
}

func (e *embeddings) RequestTraining(_ context.Context, _ uuid.UUID, reason string) error {
	e.trainings = append(e.trainings, reason)
	return nil
}

func (e *embeddings) RequestVectors(context.Context, uuid.UUID) error {
	e.fills++
	return nil
}

func setupEmbeddings(t *testing.T) *embeddings {
	t.Helper()
	e := &embeddings{bundle: setup(t)}
	models := registry.Builtin()
	m, err := index.NewManager(e.store, index.ManagerOptions{CacheDir: t.TempDir(), OpenModel: models.OpenModel})
	require.NoError(t, err)
	t.Cleanup(m.Close)
	e.index, e.documents.Segments.Index = m, m
	e.documents.Models, e.documents.Embeddings = models, e
	e.activities = &activities.Embeddings{Store: e.store, Index: m, Models: models, Starter: e, WorkDir: t.TempDir(), SampleChunks: 400}
	e.env.RegisterActivity(e.activities)
	return e
}

// fill indexes n documents of two topics.
func (e *embeddings) fill(from, n int) {
	e.t.Helper()
	topics := []string{"car engine wheel driver motorway brake", "bread flour oven yeast bakery dough"}
	docs := make([]domain.DocumentInput, n)
	for i := range docs {
		words := strings.Fields(topics[i%2])
		docs[i] = doc(fmt.Sprint(from+i), strings.Join(append(words[i%5:], words[:i%5]...), " "))
	}
	_, err := e.run(e.accept(docs...))
	require.NoError(e.t, err)
}

// execute runs an activity.
func execute[I, O any](e *embeddings, activity func(context.Context, I) (O, error), in I) (out O, err error) {
	e.t.Helper()
	value, err := e.env.ExecuteActivity(activity, in)
	if err == nil {
		err = value.Get(&out)
	}
	return out, err
}

// prepared begins a model and trains it.
func (e *embeddings) prepared() uuid.UUID {
	e.t.Helper()
	id := uuid.Must(uuid.NewV7())
	_, err := execute(e, e.activities.BeginModel, activities.BeginModelInput{TenantID: e.tenant, ModelID: id, Reason: "a test"})
	require.NoError(e.t, err)
	_, err = execute(e, e.activities.PrepareModel, activities.EmbeddingModelInput{TenantID: e.tenant, ModelID: id})
	require.NoError(e.t, err)
	return id
}

// activate trains a model, embeds everything, and cuts over.
func (e *embeddings) activate() uuid.UUID {
	e.t.Helper()
	id := e.prepared()
	list, err := execute(e, e.activities.ListLacking, activities.ListLackingInput{TenantID: e.tenant, ModelID: id, Limit: 100})
	require.NoError(e.t, err)
	for _, s := range list.Segments {
		_, err := execute(e, e.activities.EmbedSegment, activities.EmbedSegmentInput{TenantID: e.tenant, ModelID: id, SegmentID: s})
		require.NoError(e.t, err)
	}
	out, err := execute(e, e.activities.CutOver, activities.CutOverInput{TenantID: e.tenant, ModelID: id})
	require.NoError(e.t, err)
	require.True(e.t, out.Done)
	return id
}

func (e *embeddings) pending(model uuid.UUID) store.Coverage {
	e.t.Helper()
	c, err := e.store.VectorsCoverage(e.t.Context(), e.tenant, model)
	require.NoError(e.t, err)
	return c
}

func TestTheFirstModelIsAskedForWhenThereIsEnoughText(t *testing.T) {
	e := setupEmbeddings(t)
	e.fill(0, 499)
	require.Empty(t, e.trainings)
	e.fill(499, 1)
	require.Len(t, e.trainings, 1)
}

func TestAModelIsLearntFromAnEvenSampleOfBoundedSize(t *testing.T) {
	e := setupEmbeddings(t)
	e.fill(0, 700)
	id := e.prepared()
	m, err := e.store.EmbeddingModel(t.Context(), e.tenant, id)
	require.NoError(t, err)
	require.Equal(t, domain.ModelReady, m.State)
	require.Equal(t, int64(400), m.TrainedChunks, "the sample's bound")
	require.Equal(t, int64(700), m.CorpusChunks)
	out, err := execute(e, e.activities.PrepareModel, activities.EmbeddingModelInput{TenantID: e.tenant, ModelID: id})
	require.NoError(t, err, "a second attempt")
	require.Equal(t, 400, out.TrainedChunks)
}

func TestVectorsComeWithTheCommitAndSurviveMerges(t *testing.T) {
	e := setupEmbeddings(t)
	e.fill(0, 500)
	id := e.activate()
	// A commit that does not know of the new model yet has its vectors filled in.
	require.NoError(t, e.index.Refresh(t.Context(), e.tenant))
	before := e.fills
	for n := range 12 {
		e.fill(500+n, 1)
	}
	require.Equal(t, store.Coverage{Chunks: 512, Bytes: e.pending(id).Bytes}, e.pending(id), "no chunk is left out")
	require.Equal(t, before, e.fills, "there was nothing to fill in")
	state, err := e.store.IndexState(t.Context(), e.tenant, 0)
	require.NoError(t, err)
	require.Less(t, len(state.Segments), 13, "segments were merged")
	for _, s := range state.Segments {
		require.NotNil(t, s.Vectors)
		require.Zero(t, s.Vectors.Missing)
	}
}

func TestASegmentWithoutVectorsIsFilledInOnce(t *testing.T) {
	e := setupEmbeddings(t)
	e.fill(0, 500)
	id := e.activate()
	e.documents.Models = nil // a worker that knows no models
	e.fill(500, 20)
	require.Equal(t, int64(20), e.pending(id).Pending)
	list, err := execute(e, e.activities.ListLacking, activities.ListLackingInput{TenantID: e.tenant, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, id, list.ModelID, "the active model")
	require.Len(t, list.Segments, 1)
	out, err := execute(e, e.activities.EmbedSegment, activities.EmbedSegmentInput{TenantID: e.tenant, ModelID: id, SegmentID: list.Segments[0]})
	require.NoError(t, err)
	require.Zero(t, out.Missing)
	require.Zero(t, e.pending(id).Pending)
}

func TestASegmentThatWasMergedAwayIsNoError(t *testing.T) {
	e := setupEmbeddings(t)
	e.fill(0, 500)
	id := e.prepared()
	out, err := execute(e, e.activities.EmbedSegment, activities.EmbedSegmentInput{TenantID: e.tenant, ModelID: id, SegmentID: uuid.New()})
	require.NoError(t, err)
	require.True(t, out.Gone)
}

func TestNothingIsMadeForAModelThatWasGivenUp(t *testing.T) {
	e := setupEmbeddings(t)
	e.fill(0, 500)
	id := e.prepared()
	require.NoError(t, e.store.FailModel(t.Context(), e.tenant, id, domain.ModelCanceled, "canceled"))
	_, err := execute(e, e.activities.PrepareModel, activities.EmbeddingModelInput{TenantID: e.tenant, ModelID: id})
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, activities.ModelGone, app.Type())
	require.True(t, app.NonRetryable())
}

func TestTheSweepAsksForWhatIsDue(t *testing.T) {
	e := setupEmbeddings(t)
	e.documents.Embeddings = nil // commits ask for nothing
	e.fill(0, 500)
	out, err := e.sweep()
	require.NoError(t, err)
	require.Equal(t, activities.StartDueEmbeddingsOutput{Seen: 1, Training: 1}, out)
	e.activate()
	out, err = e.sweep()
	require.NoError(t, err)
	require.Equal(t, activities.StartDueEmbeddingsOutput{}, out)
	e.documents.Models = nil
	e.fill(500, 1)
	out, err = e.sweep()
	require.NoError(t, err)
	require.Equal(t, activities.StartDueEmbeddingsOutput{Seen: 1, Filling: 1}, out)
}

func (e *embeddings) sweep() (out activities.StartDueEmbeddingsOutput, err error) {
	value, err := e.env.ExecuteActivity(e.activities.StartDueEmbeddings)
	if err == nil {
		err = value.Get(&out)
	}
	return out, err
}
