package worker_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
	"github.com/rustassistant/rustassistant/worker"
	"github.com/rustassistant/rustassistant/workflows"
)

// The schedules of a worker that starts roll up what waits and see to partitions.
func TestTheSchedulesRollUpAndPurgeAnalytics(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Options{URL: testenv.DatabaseURL(t), PoolSize: 5})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	tenant, err := s.CreateTenant(t.Context(), "acme", "Acme")
	require.NoError(t, err)
	now := time.Now()
	require.NoError(t, s.RecordSearches(t.Context(), []domain.SearchEvent{
		search(tenant.ID, now.Add(-3*time.Hour)), search(tenant.ID, now.Add(-500*24*time.Hour)),
	}))
	c := startWorker(t, s)

	var rolled activities.RollUpAnalyticsOutput
	finished(t, c, "RollupAnalytics", &rolled)
	require.Positive(t, rolled.Hours)
	var purged activities.PurgeAnalyticsOutput
	finished(t, c, "PurgeAnalytics", &purged)
	require.Positive(t, purged.Rows)
	top, err := s.TopQueries(t.Context(), tenant.ID, store.NewAnalyticsRange(now.Add(-600*24*time.Hour), now), store.BySearches, 10)
	require.NoError(t, err)
	require.Len(t, top.Queries, 1)
	require.Equal(t, int64(1), top.Queries[0].Searches, "what is past its retention is gone")
}

func search(tenant uuid.UUID, at time.Time) domain.SearchEvent {
	id := uuid.Must(uuid.NewV7())
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	return domain.SearchEvent{ID: id, TenantID: tenant, Query: "rust", Type: "hybrid"}
}

// startWorker runs a worker in a namespace of its own until the test ends.
func startWorker(t *testing.T, s *store.Store) client.Client {
	t.Helper()
	address, namespace := testenv.TemporalNamespace(t)
	c, err := client.NewLazyClient(client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	manager, err := index.NewManager(s, index.ManagerOptions{CacheDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(manager.Close)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(ctx, worker.Options{
			Temporal: c, Workflows: workflows.NewClient(c, namespace, ""), Store: s, Index: manager, WorkDir: t.TempDir(),
			Slots: 2, StopTimeout: 5 * time.Second,
		})
	}()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	return c
}

// finished waits for the first run of a scheduled workflow and reads its result.
func finished(t *testing.T, c client.Client, kind string, result any) {
	t.Helper()
	var id, run string
	require.Eventually(t, func() bool {
		list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = '" + kind + "'"})
		if err != nil {
			return false
		}
		for _, e := range list.GetExecutions() {
			if e.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED {
				id, run = e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId()
			}
		}
		return id != ""
	}, time.Minute, 100*time.Millisecond, "%s did not complete", kind)
	var raw json.RawMessage
	require.NoError(t, c.GetWorkflow(t.Context(), id, run).Get(t.Context(), &raw))
	require.NoError(t, json.Unmarshal(raw, result))
}
