package activities

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Rebuilder starts the rebuild of a tenant's index, unless one runs.
type Rebuilder interface {
	RequestRebuild(ctx context.Context, tenant uuid.UUID, reason string) error
}

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
}

// RequestIndexUpkeep has indexes rebuilt whose texts were analysed by rules of an
// older release, and those compacted in which deletes have piled up or whose
// commits could not ask for it.
func (u *Upkeep) RequestIndexUpkeep(ctx context.Context) (out RequestIndexUpkeepOutput, err error) {
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
