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

// quietMergeChange names the version of CompactIndex that merges what is left when
// the tenant has fallen quiet.
const quietMergeChange = "quiet-merge"

// CompactIndex merges the tenant's segments by size tiers until there is nothing
// left to merge and no commit has come for a while; then it merges what is left
// over further, for each segment costs every search a little.
func CompactIndex(ctx workflow.Context, in CompactIndexInput) error {
	progress := CompactIndexProgress{}
	err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (CompactIndexProgress, error) { return progress, nil })
	if err != nil {
		return err
	}
	committed := workflow.GetSignalChannel(ctx, compactSignal)
	quiet := false
	for range mergesPerRun {
		for committed.ReceiveAsync(nil) {
			quiet = false
		}
		var segments *activities.Segments
		var out activities.MergeSegmentsOutput
		merge := activities.MergeSegmentsInput{TenantID: in.TenantID, Quiet: quiet}
		if err := workflow.ExecuteActivity(batchOptions(ctx), segments.MergeSegments, merge).Get(ctx, &out); err != nil {
			return err
		}
		progress.add(out)
		workflow.SetCurrentDetails(ctx, progress.String())
		if out.Merged > 0 {
			continue
		}
		if more, _ := committed.ReceiveWithTimeout(ctx, compactSettle, nil); more {
			quiet = false
			continue
		}
		if quiet || ctx.Err() != nil || workflow.GetVersion(ctx, quietMergeChange, workflow.DefaultVersion, 1) < 1 {
			return ctx.Err()
		}
		quiet = true
	}
	return workflow.NewContinueAsNewError(ctx, CompactIndex, in)
}
