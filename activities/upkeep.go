package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Rebuilder starts the rebuild of a tenant's index, unless one runs, and tells what
// the workflow of one is doing.
type Rebuilder interface {
	RequestRebuild(ctx context.Context, tenant uuid.UUID, reason string) error
	DescribeWorkflow(ctx context.Context, workflowID string) (Execution, error)
}

// A rebuild that says nothing for rebuildGrace is looked at, rebuildLimit at once.
// A slice of it takes half a minute, a workflow that waits for its worker longer.
const (
	rebuildGrace = 2 * time.Minute
	rebuildLimit = 100
)

// ReasonAnalysis is the reason of a rebuild because of new rules of text analysis.
const ReasonAnalysis = "analysis"

// Upkeep finds indexes that want work which no commit has asked for.
type Upkeep struct {
	Store     *store.Store
	Compactor Compactor
	Rebuilder Rebuilder
}

// RequestIndexUpkeepOutput counts what was asked for.
type RequestIndexUpkeepOutput struct {
	Rebuilds    int `json:"rebuilds"`
	Compactions int `json:"compactions"`
	// Ended are rebuilds whose workflow was ended from outside.
	Ended int `json:"ended,omitempty"`
}

// endDeadRebuilds makes the rows of rebuilds follow workflows that ended without
// saying so, as one that an operator has terminated.
func (u *Upkeep) endDeadRebuilds(ctx context.Context) (ended int, err error) {
	quiet, err := u.Store.QuietRebuilds(ctx, rebuildGrace, rebuildLimit)
	if err != nil {
		return 0, err
	}
	for _, r := range quiet {
		activity.RecordHeartbeat(ctx)
		state, err := u.Rebuilder.DescribeWorkflow(ctx, r.WorkflowID)
		if err != nil {
			return ended, err
		}
		message, end := "the workflow of this rebuild ended before the index was rebuilt", store.RebuildFailed
		switch state {
		case ExecutionRunning:
			continue
		case ExecutionTerminated:
			message = "an operator terminated the workflow of this rebuild"
		case ExecutionCanceled:
			message, end = "the workflow of this rebuild was canceled", store.RebuildCanceled
		case ExecutionMissing, ExecutionCompleted, ExecutionFailed:
		}
		activity.GetLogger(ctx).Warn("the workflow of a rebuild ended before the rebuild did", "tenant", r.TenantID, "execution", state)
		if err := u.Store.EndRebuild(ctx, r.TenantID, r.ID, end, message); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}

// RequestIndexUpkeep has indexes rebuilt whose texts were analysed by rules of an
// older release, and those compacted in which deletes have piled up or whose
// commits could not ask for it. Rebuilds that nobody works on any more are ended.
func (u *Upkeep) RequestIndexUpkeep(ctx context.Context) (out RequestIndexUpkeepOutput, err error) {
	if out.Ended, err = u.endDeadRebuilds(ctx); err != nil {
		return out, toTemporal(err)
	}
	due, err := u.Store.IndexUpkeep(ctx, analysis.Version)
	if err != nil {
		return out, toTemporal(err)
	}
	var failures []error
	for _, d := range due {
		activity.RecordHeartbeat(ctx)
		if d.Outdated {
			err = u.Rebuilder.RequestRebuild(ctx, d.TenantID, ReasonAnalysis)
			out.Rebuilds++
		} else {
			err = u.Compactor.RequestCompaction(ctx, d.TenantID)
			out.Compactions++
		}
		failures = append(failures, err)
	}
	return out, toTemporal(errors.Join(failures...))
}
