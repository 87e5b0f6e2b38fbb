package search

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// pollTimeout bounds one question to the store.
const pollTimeout = 2 * time.Second

// OnGeneration is told that a generation of a tenant was committed. It does not
// block; the index is loaded in the background.
func (s *Service) OnGeneration(tenant uuid.UUID, generation uint64) {
	s.deps.Index.Announce(tenant, generation)
}

// Run asks the store for new generations of the loaded tenants until ctx ends.
// Notifications are faster; this is for those that are lost.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(s.deps.PollInterval)
	defer tick.Stop()
	silent := false
	for {
		err := s.poll(ctx)
		if ctx.Err() != nil {
			return
		}
		// One line when it begins and one when it ends, not one for each poll.
		if err != nil && !silent {
			s.deps.Logger.WarnContext(ctx, "new commits cannot be learnt, searches go on from memory", slog.Any("error", err))
		} else if err == nil && silent {
			s.deps.Logger.InfoContext(ctx, "new commits are learnt again")
		}
		silent = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	start := time.Now()
	loaded := s.deps.Index.Loaded()
	s.fresh.keep(loaded)
	if len(loaded) > 0 {
		committed, err := s.deps.Generations(ctx, slices.Collect(maps.Keys(loaded)))
		if err != nil {
			return err
		}
		for tenant, generation := range committed {
			s.fresh.told(tenant, loaded[tenant], generation, start)
			s.deps.Index.Announce(tenant, generation)
		}
	}
	// With nothing loaded there is nothing to ask: what is loaded from now on is
	// of now.
	s.fresh.learnt(start)
	return nil
}
