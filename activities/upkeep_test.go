package activities_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
	"github.com/rustassistant/rustassistant/internal/store"
)

// recorder remembers what upkeep asked for.
type recorder struct {
	rebuilds, compactions []uuid.UUID
	execution             activities.Execution // of every rebuild
}

func (r *recorder) RequestRebuild(_ context.Context, tenant uuid.UUID, _ string) error {
	r.rebuilds = append(r.rebuilds, tenant)
	return nil
}

func (r *recorder) DescribeWorkflow(context.Context, string) (activities.Execution, error) {
	return r.execution, nil
}

func (r *recorder) RequestCompaction(_ context.Context, tenant uuid.UUID) error {
	r.compactions = append(r.compactions, tenant)
	return nil
}

// Deletes alone ask nobody for a merge; the sweep finds what they have left.
func TestUpkeepCompactsWhatDeletesHaveLeft(t *testing.T) {
	b := setup(t)
	var docs []domain.DocumentInput
	for i := range 300 {
		docs = append(docs, doc(fmt.Sprint(i), "common text"))
	}
	b.index1(docs...)
	var asked recorder
	b.env.RegisterActivity(&activities.Upkeep{Store: b.store, Compactor: &asked, Rebuilder: &asked})
	_, err := b.env.ExecuteActivity("RequestIndexUpkeep")
	require.NoError(t, err)
	require.Empty(t, asked)
	versions, err := b.store.IndexedVersions(t.Context(), b.tenant)
	require.NoError(t, err)
	var gone []uuid.UUID
	for _, v := range versions[:150] {
		gone = append(gone, v.ID)
	}
	_, err = b.store.DeleteDocuments(t.Context(), b.tenant, gone)
	require.NoError(t, err)
	require.Len(t, b.found("common"), 50, "deletes are seen at once")
	_, err = b.env.ExecuteActivity("RequestIndexUpkeep")
	require.NoError(t, err)
	require.Equal(t, recorder{compactions: []uuid.UUID{b.tenant}}, asked)
}

// A segment that only a rebuild makes current is stored as that, also when a merge
// has made it, and the sweep asks for the rebuild.
func TestUpkeepRebuildsWhatWasAnalysedByOldRules(t *testing.T) {
	b := setup(t)
	b.index1(doc("a", "apples"))
	state, err := b.store.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Equal(t, analysis.Version, state.Segments[0].Analysis, "of a batch")
	var asked recorder
	b.env.RegisterActivity(&activities.Upkeep{Store: b.store, Compactor: &asked, Rebuilder: &asked})
	sweep := func() {
		_, err := b.env.ExecuteActivity("RequestIndexUpkeep")
		require.NoError(t, err)
	}
	sweep()
	require.Empty(t, asked)

	old := state.Segments[0]
	var data bytes.Buffer
	require.NoError(t, b.store.ReadSegment(t.Context(), b.tenant, old.ID, &data))
	_, err = b.store.CommitMerge(t.Context(), b.tenant, store.Segment{
		ID: uuid.Must(uuid.NewV7()), Docs: old.Docs, Chunks: old.Chunks, Bytes: old.Bytes, Checksum: old.Checksum,
		AppliedGeneration: state.Generation, Replaces: []uuid.UUID{old.ID},
		Open: func() (io.ReadCloser, error) { return io.NopCloser(&data), nil },
	})
	require.NoError(t, err)
	sweep()
	require.Equal(t, recorder{rebuilds: []uuid.UUID{b.tenant}}, asked)

	r := b.rebuild()
	r.do("BuildShadow")
	require.NotZero(t, r.do("SwapRebuild").Generation)
	asked = recorder{}
	sweep()
	require.Empty(t, asked, "it is current now")
	require.Equal(t, []string{"a"}, b.found("apples"))
}

// The row of a rebuild follows a workflow that an operator has terminated, and what
// the rebuild had built goes with it; one that runs is left alone.
func TestUpkeepEndsRebuildsWhoseWorkflowIsGone(t *testing.T) {
	b := setup(t)
	b.index1(doc("a", "apples"))
	r := b.rebuild()
	r.do("BuildShadow")
	asked := recorder{execution: activities.ExecutionTerminated}
	b.env.RegisterActivity(&activities.Upkeep{Store: b.store, Compactor: &asked, Rebuilder: &asked})
	sweep := func() store.Rebuild {
		_, err := b.env.ExecuteActivity("RequestIndexUpkeep")
		require.NoError(t, err)
		last, err := b.store.LastRebuild(t.Context(), b.tenant)
		require.NoError(t, err)
		return *last
	}
	require.Equal(t, store.RebuildRunning, sweep().State, "it gave a sign of life just now")
	b.quieten()
	asked.execution = activities.ExecutionRunning
	require.Equal(t, store.RebuildRunning, sweep().State)
	asked.execution = activities.ExecutionTerminated
	last := sweep()
	require.Equal(t, store.RebuildFailed, last.State)
	require.Equal(t, "an operator terminated the workflow of this rebuild", last.Error)
	require.NotNil(t, last.FinishedAt)
	shadow, err := b.store.ShadowSegments(t.Context(), b.tenant, r.in.RebuildID)
	require.NoError(t, err)
	require.Empty(t, shadow)
	require.Equal(t, []string{"a"}, b.found("apples"))
}

// quieten makes the rebuild look as if it had said nothing for an hour.
func (b *bundle) quieten() {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.url)
	require.NoError(b.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	tag, err := conn.Exec(b.t.Context(), "UPDATE index_rebuilds SET updated_at = updated_at - interval '1 hour'")
	require.NoError(b.t, err)
	require.EqualValues(b.t, 1, tag.RowsAffected())
}
