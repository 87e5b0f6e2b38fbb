package workflows

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
)

// recorded names the workflows that must have recorded histories, one folder each.
var recorded = map[string]any{
	"IndexDocuments":     IndexDocuments,
	"CompactIndex":       CompactIndex,
	"RebuildIndex":       RebuildIndex,
	"RedriveJobs":        RedriveJobs,
	"IndexUpkeep":        IndexUpkeep,
	"DeliverWebhooks":    DeliverWebhooks,
	"RecoverWebhook":     RecoverWebhook,
	"TrainEmbeddings":    TrainEmbeddings,
	"EmbedIndex":         EmbedIndex,
	"StartDueEmbeddings": StartDueEmbeddings,
	"ProvisionTenant":    ProvisionTenant,
	"SuspendTenant":      SuspendTenant,
	"ResumeTenant":       ResumeTenant,
	"ExportTenant":       ExportTenant,
	"OffboardTenant":     OffboardTenant,
	"RecoverPending":     RecoverPending,
	"RecoverDeliveries":  RecoverDeliveries,
	"PurgeExpired":       PurgeExpired,
	"RollupAnalytics":    RollupAnalytics,
	"PurgeAnalytics":     PurgeAnalytics,
	"BackfillAnalytics":  BackfillAnalytics,
}

// A change that breaks this would break workflows that are open when the new
// version is deployed: put it under workflow.GetVersion.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	for name, fn := range recorded {
		files, err := filepath.Glob(filepath.Join("testdata", "histories", name, "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "no recorded history of %s: see docs/architecture.md, Recording histories", name)
		for _, file := range files {
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				replayer := worker.NewWorkflowReplayer()
				replayer.RegisterWorkflow(fn)
				require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
			})
		}
	}
}

func TestEveryWorkflowHasRecordedHistories(t *testing.T) {
	t.Parallel()
	dirs, err := os.ReadDir(filepath.Join("testdata", "histories"))
	require.NoError(t, err)
	for _, dir := range dirs {
		require.Contains(t, recorded, dir.Name(), "histories of a workflow that is not replayed")
	}
}
