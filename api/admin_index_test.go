package api

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

func TestTheIndexIsShownRebuiltAndCompacted(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var details AdminIndexDetails
	e.do("GET", "/api/admin/index", nil).is(200).into(&details)
	require.Zero(t, details.Documents)
	require.Nil(t, details.Rebuild)
	require.Empty(t, details.Segments)
	require.False(t, details.Outdated)

	var work IndexWork
	e.do("POST", "/api/admin/index/rebuild", nil).is(202).into(&work)
	require.Equal(t, "rebuild/"+e.tenant.ID.String(), work.WorkflowID)
	require.Equal(t, "http://temporal.test/"+work.WorkflowID, work.WorkflowURL)
	require.NotNil(t, work.RebuildID)
	e.do("POST", "/api/admin/index/rebuild", nil).problem(409, domain.CodeConflict)

	e.do("POST", "/api/admin/index/compact", nil).is(202)
	require.Equal(t, []uuid.UUID{e.tenant.ID}, e.starter.compacted)
}

func TestARunningRebuildIsShownAndCanceled(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("POST", "/api/admin/index/rebuild/cancel", nil).problem(409, domain.CodeConflict)
	id := uuid.Must(uuid.NewV7())
	_, err := e.store.StartRebuild(context.Background(), e.tenant.ID, id, "analysis", "rebuild/x")
	require.NoError(t, err)
	var details AdminIndexDetails
	e.do("GET", "/api/admin/index", nil).is(200).into(&details)
	require.Equal(t, id, details.Rebuild.ID)
	require.Equal(t, store.RebuildRunning, details.Rebuild.State)
	require.Equal(t, "analysis", details.Rebuild.Reason)
	require.Equal(t, "http://temporal.test/rebuild/x", details.Rebuild.WorkflowURL)
	e.do("POST", "/api/admin/index/rebuild/cancel", nil).is(202)
	// Another tenant sees nothing of it.
	details = AdminIndexDetails{}
	e.do("GET", "/api/admin/index", nil, "X-API-Key", e.foreign).is(200).into(&details)
	require.Nil(t, details.Rebuild)
}

func TestWorkOnTheIndexNeedsAdminScope(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	key := e.key(e.tenant, auth.ScopeDocumentsWrite, auth.ScopeSearch)
	e.do("GET", "/api/admin/index", nil, "X-API-Key", key).problem(403, domain.CodePermissionDenied)
	for _, path := range []string{"rebuild", "rebuild/cancel", "compact"} {
		e.do("POST", "/api/admin/index/"+path, nil, "X-API-Key", key).problem(403, domain.CodePermissionDenied)
	}
}

// awayKeeper is Temporal that does not answer.
type awayKeeper struct{}

func (awayKeeper) StartRebuild(context.Context, uuid.UUID, string) (uuid.UUID, string, error) {
	return uuid.Nil, "", context.DeadlineExceeded
}
func (awayKeeper) RequestCompaction(context.Context, uuid.UUID) error {
	return context.DeadlineExceeded
}

func TestWithoutTemporalARebuildIs503(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *Deps) { d.IndexKeeper = awayKeeper{} })
	p := e.do("POST", "/api/admin/index/rebuild", nil).problem(http.StatusServiceUnavailable, domain.CodeUnavailable)
	require.NotContains(t, p.Detail, "deadline")
	e.do("POST", "/api/admin/index/compact", nil).problem(http.StatusServiceUnavailable, domain.CodeUnavailable)
}

func TestAServerIsReadyWhenItIsWarm(t *testing.T) {
	t.Parallel()
	warm := make(chan struct{})
	e := newEnv(t, func(d *Deps) { d.Warm = warm })
	e.do("GET", "/readyz", nil).is(http.StatusServiceUnavailable)
	close(warm)
	e.do("GET", "/readyz", nil).is(http.StatusOK)
}
