package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
)

// compactSignal says that a tenant's index has changed.
const compactSignal = "committed"

// compactSettle is how long CompactIndex waits for further commits before it
// ends: a busy tenant keeps one execution, a quiet one keeps none.
const compactSettle = 2 * time.Second

// mergesPerRun bounds the history of one run.
const mergesPerRun = 200

// CompactIndexInput names a tenant.
type CompactIndexInput struct {
	TenantID uuid.UUID `json:"tenant_id"`
}

// CompactIndex merges the tenant's segments by size tiers until there is
// nothing left to merge and no commit has come for a while.
func CompactIndex(ctx workflow.Context, in CompactIndexInput) error {
	committed := workflow.GetSignalChannel(ctx, compactSignal)
	for range mergesPerRun {
		for committed.ReceiveAsync(nil) {
		}
		var segments *activities.Segments
		var out activities.MergeSegmentsOutput
		err := workflow.ExecuteActivity(batchOptions(ctx), segments.MergeSegments, activities.MergeSegmentsInput(in)).Get(ctx, &out)
		if err != nil {
			return err
		}
		if out.Merged > 0 {
			continue
		}
		if more, _ := committed.ReceiveWithTimeout(ctx, compactSettle, nil); !more {
			return ctx.Err()
		}
	}
	return workflow.NewContinueAsNewError(ctx, CompactIndex, in)
}
