package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// Progress is what a heartbeat carries: shown in the Temporal UI, and read by
// the next attempt.
type Progress struct {
	Stage string `json:"stage"`
	Done  int    `json:"done,omitempty"`
	Total int    `json:"total,omitempty"`
	// Isolated is the item in hand when documents are indexed one by one.
	Isolated int `json:"isolated,omitempty"`
}

// heartbeat reports the newest progress at a steady pace, so that the work in
// between needs no thought of it.
type heartbeat struct {
	ctx  context.Context //nolint:containedctx // one activity's heartbeat lives as long as its context
	mu   sync.Mutex
	last Progress
	// told hears of a heartbeat now and then; nil while nobody does.
	told     func(context.Context, Progress)
	lastTold time.Time
	done     chan struct{}
	gone     sync.WaitGroup
}

func startHeartbeat(ctx context.Context, every time.Duration) *heartbeat {
	h := &heartbeat{ctx: ctx, done: make(chan struct{})}
	h.gone.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				h.flush()
				h.pass()
			case <-h.done:
				return
			}
		}
	})
	return h
}

func (h *heartbeat) set(p Progress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.Isolated == 0 {
		p.Isolated = h.last.Isolated
	}
	h.last = p
}

func (h *heartbeat) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	activity.RecordHeartbeat(h.ctx, h.last)
}

func (h *heartbeat) stop() {
	close(h.done)
	h.gone.Wait()
}

// tell has somebody hear of the heartbeats, the first time after a while.
func (h *heartbeat) tell(told func(context.Context, Progress)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told, h.lastTold = told, time.Now()
}

func (h *heartbeat) pass() {
	h.mu.Lock()
	told, last := h.told, h.last
	due := told != nil && time.Since(h.lastTold) >= stepBeatEvery
	if due {
		h.lastTold = time.Now()
	}
	h.mu.Unlock()
	if due {
		told(h.ctx, last)
	}
}

func (h *heartbeat) stage() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last.Stage
}
