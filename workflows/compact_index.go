package workflows

import (
	"fmt"
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

// CompactIndexProgress is the answer to ProgressQuery: what this run has done, and
// how many segments there are now.
type CompactIndexProgress struct {
	Merges   int   `json:"merges"`
	Merged   int   `json:"merged_segments"`
	Bytes    int64 `json:"written_bytes"`
	Segments int   `json:"segments"`
}

func (p *CompactIndexProgress) add(out activities.MergeSegmentsOutput) {
	if out.Merged > 0 {
		p.Merges++
	}
	p.Merged += out.Merged
	p.Bytes += out.Bytes
	p.Segments = out.Segments
}

func (p *CompactIndexProgress) String() string {
	return fmt.Sprintf("%d merges of %d segments, %d bytes written, %d segments now", p.Merges, p.Merged, p.Bytes, p.Segments)
}

// CompactIndex merges the tenant's segments by size tiers until there is
// nothing left to merge and no commit has come for a while.
func CompactIndex(ctx workflow.Context, in CompactIndexInput) error {
	progress := CompactIndexProgress{}
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (CompactIndexProgress, error) { return progress, nil })
	if err != nil {
		return err
	}
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
		progress.add(out)
		workflow.SetCurrentDetails(ctx, progress.String())
		if out.Merged > 0 {
			continue
		}
		if more, _ := committed.ReceiveWithTimeout(ctx, compactSettle, nil); !more {
			return ctx.Err()
		}
	}
	return workflow.NewContinueAsNewError(ctx, CompactIndex, in)
}
