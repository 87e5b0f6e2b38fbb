package api

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/store"
)

func withBuiltin(d *Deps) { d.Models = registry.Builtin() }

// model stores a model in the given state and returns its id.
func (e *env) model(state domain.EmbeddingModelState) uuid.UUID {
	e.t.Helper()
	ctx, id := context.Background(), uuid.Must(uuid.NewV7())
	want := registry.Builtin().Want()
	require.NoError(e.t, e.store.BeginModel(ctx, e.tenant.ID, domain.EmbeddingModel{
		ID: id, Provider: want.Provider, Name: want.Identity, Identity: want.Identity, Reason: "a test",
	}))
	if state == domain.ModelTraining {
		return id
	}
	require.NoError(e.t, e.store.PutModel(ctx, e.tenant.ID, id, store.ModelFile{Dimensions: 256, TrainedChunks: 7}))
	if state == domain.ModelActive {
		_, err := e.store.CutOver(ctx, e.tenant.ID, id, 0)
		require.NoError(e.t, err)
	}
	return id
}

func (e *env) embeddings() (out Embeddings) {
	e.t.Helper()
	e.do("GET", "/api/admin/embeddings", nil).is(http.StatusOK).into(&out)
	return out
}

func TestEmbeddingsOfAColdTenantSayHowMuchTextIsNeeded(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withBuiltin)
	out := e.embeddings()
	require.Equal(t, EmbeddingsCold, out.State)
	require.Equal(t, "semantic search is not trained yet: 0 of 500 passages", out.Reason)
	require.Equal(t, 500, out.Minimum)
	require.Equal(t, "builtin", out.Configured.Provider)
	p := e.do("POST", "/api/admin/embeddings/train", nil).problem(http.StatusConflict, domain.CodeConflict)
	require.Contains(t, p.Detail, "0 of 500 passages")
}

func TestEmbeddingsWithoutAProviderSayWhatToSet(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	out := e.embeddings()
	require.Equal(t, EmbeddingsNotConfigured, out.State)
	require.Contains(t, out.Reason, "EMBEDDINGS_PROVIDER")
	e.do("POST", "/api/admin/embeddings/train", nil).problem(http.StatusConflict, domain.CodeConflict)
}

func TestEmbeddingsShowTheWayOfAModel(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withBuiltin)
	first := e.model(domain.ModelTraining)
	out := e.embeddings()
	require.Equal(t, EmbeddingsTraining, out.State)
	require.Equal(t, first, out.Target.ID)
	require.Equal(t, "http://temporal.test/train", out.WorkflowURL)
	require.NoError(t, e.store.NoteModelWaiting(t.Context(), e.tenant.ID, first, "the provider answered with status 503"))
	out = e.embeddings()
	require.Equal(t, EmbeddingsWaiting, out.State)
	require.Contains(t, out.Reason, "503")
	require.NotNil(t, out.Target.WaitingSince)

	active := e.model(domain.ModelActive)
	out = e.embeddings()
	require.Equal(t, EmbeddingsActive, out.State)
	require.Equal(t, active, out.Model.ID)
	require.Nil(t, out.Target)
	e.model(domain.ModelReady)
	require.Equal(t, EmbeddingsChanging, e.embeddings().State)
	var stats TenantStats
	e.do("GET", "/api/stats", nil).is(http.StatusOK).into(&stats)
	require.Equal(t, EmbeddingsChanging, stats.Embeddings.State)
}

func TestCancelingGivesTheTargetUpAndKeepsTheModel(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withBuiltin)
	e.do("POST", "/api/admin/embeddings/cancel", nil).problem(http.StatusConflict, domain.CodeConflict)
	active := e.model(domain.ModelActive)
	e.model(domain.ModelReady)
	var out Embeddings
	e.do("POST", "/api/admin/embeddings/cancel", nil).is(http.StatusOK).into(&out)
	require.Equal(t, EmbeddingsActive, out.State)
	require.Equal(t, active, out.Model.ID)
	require.Equal(t, "canceled", out.LastFailure.Code)
}

func TestARollbackAnswersWithTheFormerModel(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withBuiltin)
	e.do("POST", "/api/admin/embeddings/rollback", nil).problem(http.StatusConflict, domain.CodeConflict)
	first := e.model(domain.ModelActive)
	second := e.model(domain.ModelActive)
	var out Embeddings
	e.do("POST", "/api/admin/embeddings/rollback", nil).is(http.StatusOK).into(&out)
	require.Equal(t, first, out.Model.ID)
	require.Equal(t, second, out.Previous.ID)
	require.NotNil(t, out.Previous.RolledBackAt)
	e.model(domain.ModelReady)
	e.do("POST", "/api/admin/embeddings/rollback", nil).problem(http.StatusConflict, domain.CodeConflict)
}

func TestTrainingStartsOnceAndATemporalThatIsAwayIsSaid(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withBuiltin)
	e.model(domain.ModelTraining)
	e.do("POST", "/api/admin/embeddings/train", nil).problem(http.StatusConflict, domain.CodeConflict)
	require.Zero(t, e.starter.trainings)
	require.Equal(t, domain.CodeUnavailable, domain.CodeOf(temporalAway(errors.New("connection refused"))))
	conflict := domain.Errorf(domain.CodeConflict, "running")
	require.Equal(t, domain.CodeConflict, domain.CodeOf(temporalAway(conflict)))
}

func TestEmbeddingsNeedAdminScopeAndShowOnlyTheOwnTenant(t *testing.T) {
	t.Parallel()
	e := newEnv(t, withBuiltin)
	reader := e.key(e.tenant, auth.ScopeSearch)
	e.do("GET", "/api/admin/embeddings", nil, "X-API-Key", reader).problem(http.StatusForbidden, domain.CodePermissionDenied)
	e.model(domain.ModelActive)
	var out Embeddings
	e.do("GET", "/api/admin/embeddings", nil, "X-API-Key", e.foreign).is(http.StatusOK).into(&out)
	require.Nil(t, out.Model)
}
