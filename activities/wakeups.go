package activities

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	wakeQueue   = 4096
	wakeSenders = 8
	wakeTimeout = 10 * time.Second
	// wakeEvery is how often one endpoint is woken at most by one process.
	// Another process may be delivering already and every wake-up goes into the
	// history of its workflow.
	wakeEvery = 250 * time.Millisecond
)

// Waker wakes the workflow of an endpoint, or starts it.
type Waker interface {
	WakeDeliveries(ctx context.Context, tenant, endpoint uuid.UUID) error
}

// Wakeups passes news of due deliveries on: to the activity in this process
// that is busy with the endpoint, or else to its workflow. What it cannot pass
// on is found by the RecoverDeliveries schedule.
type Wakeups struct {
	waker Waker

	mu       sync.Mutex
	watching map[uuid.UUID]chan struct{}
	// recent are endpoints that are queued or were woken just now; true means
	// that there was news since.
	recent map[store.EndpointRef]bool
	queue  chan store.EndpointRef
}

// NewWakeups returns Wakeups; they pass on to the workflows only while Run runs.
func NewWakeups(waker Waker) *Wakeups {
	return &Wakeups{
		waker: waker, watching: map[uuid.UUID]chan struct{}{}, recent: map[store.EndpointRef]bool{},
		queue: make(chan store.EndpointRef, wakeQueue),
	}
}

// Notify tells that an endpoint got deliveries to make. It does not block.
func (w *Wakeups) Notify(e store.EndpointRef) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ch, busy := w.watching[e.ID]; busy {
		select {
		case ch <- struct{}{}:
		default:
		}
		return
	}
	if _, known := w.recent[e]; known {
		w.recent[e] = true
		return
	}
	w.enqueue(e)
}

// enqueue is called with mu held.
func (w *Wakeups) enqueue(e store.EndpointRef) {
	select {
	case w.queue <- e:
		w.recent[e] = false
	default:
		delete(w.recent, e)
		slog.Warn("too many webhooks wait to be woken; the next sweep wakes this one", "endpoint", e.ID)
	}
}

// watch announces an activity that is busy with an endpoint. release ends that
// and reports whether there is news that was not heard.
func (w *Wakeups) watch(endpoint uuid.UUID) (woken <-chan struct{}, release func() bool) {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	w.watching[endpoint] = ch
	w.mu.Unlock()
	return ch, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.watching[endpoint] == ch {
			delete(w.watching, endpoint)
		}
		return len(ch) > 0
	}
}

// Run wakes workflows until ctx ends.
func (w *Wakeups) Run(ctx context.Context) {
	var senders sync.WaitGroup
	for range wakeSenders {
		senders.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case e := <-w.queue:
					w.wake(ctx, e)
				}
			}
		})
	}
	senders.Wait()
}

func (w *Wakeups) wake(ctx context.Context, e store.EndpointRef) {
	limited, cancel := context.WithTimeout(ctx, wakeTimeout)
	defer cancel()
	// News that comes from here on is news for the next time.
	w.mu.Lock()
	w.recent[e] = false
	w.mu.Unlock()
	if err := w.waker.WakeDeliveries(limited, e.TenantID, e.ID); err != nil && ctx.Err() == nil {
		slog.Warn("a webhook could not be woken; the next sweep wakes it", "endpoint", e.ID, "error", err)
	}
	time.AfterFunc(wakeEvery, func() { w.rested(e) })
}

// rested ends an endpoint's pause, or wakes it again when there was news.
func (w *Wakeups) rested(e store.EndpointRef) {
	w.mu.Lock()
	news := w.recent[e]
	delete(w.recent, e)
	w.mu.Unlock()
	if news {
		w.Notify(e)
	}
}
