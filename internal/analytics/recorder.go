package analytics

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Sink stores events: *store.Store. It may be given the same events twice.
type Sink interface {
	RecordSearches(ctx context.Context, events []domain.SearchEvent) error
}

// Options of a Recorder. The zero value of each field is sensible.
type Options struct {
	// Buffer is how many events may wait; 16,384, about 2 MB.
	Buffer int
	// Batch is how many are stored at once; 1,000.
	Batch int
	// Interval is after what time fewer are stored; 1 s.
	Interval time.Duration
	// CloseTimeout bounds how long Run goes on after its context ended; 5 s.
	CloseTimeout time.Duration
	Logger       *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Buffer <= 0 {
		o.Buffer = 16 << 10
	}
	if o.Batch <= 0 {
		o.Batch = 1000
	}
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.CloseTimeout <= 0 {
		o.CloseTimeout = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// The pause between attempts to store a batch.
const (
	retryFirst = 200 * time.Millisecond
	retryMost  = 10 * time.Second
)

// Recorder collects events. It is safe for concurrent use.
type Recorder struct {
	sink    Sink
	options Options
	events  chan domain.SearchEvent
	due     int           // how many events wake Run before its time
	wake    chan struct{} // that many wait

	stored   atomic.Int64
	full     atomic.Int64 // dropped: the buffer was full
	refused  atomic.Int64 // dropped: the store will never take them
	unsaved  atomic.Int64 // dropped: the process ended first
	failures atomic.Int64 // attempts to store a batch that failed
}

// NewRecorder returns a Recorder. Run must run beside it.
func NewRecorder(sink Sink, o Options) *Recorder {
	o = o.withDefaults()
	return &Recorder{
		sink: sink, options: o, events: make(chan domain.SearchEvent, o.Buffer),
		due: min(o.Batch, max(1, o.Buffer/2)), wake: make(chan struct{}, 1),
	}
}

// Record takes an event. It neither blocks nor fails: with a full buffer the event
// is dropped and counted. Run is only woken for a batch: to wake it for each event
// would cost a search more than all the rest of recording.
func (r *Recorder) Record(e domain.SearchEvent) {
	select {
	case r.events <- e:
	default:
		r.full.Add(1)
	}
	if len(r.events) >= r.due {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// Run stores events until ctx ends, and then those that wait. It must end after
// the last Record, or what comes later is lost.
func (r *Recorder) Run(ctx context.Context) {
	tick := time.NewTicker(r.options.Interval)
	defer tick.Stop()
	batch := make([]domain.SearchEvent, 0, r.options.Batch)
	for {
		least := 1
		select {
		case <-r.wake:
			least = r.due
		case <-tick.C:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			r.drain(ctx, batch)
			return
		}
		for len(r.events) >= least {
			batch = r.take(batch)
			if !r.store(ctx, batch) {
				r.drain(ctx, batch)
				return
			}
			clear(batch)
			batch = batch[:0]
		}
	}
}

// take fills a batch with what waits.
func (r *Recorder) take(batch []domain.SearchEvent) []domain.SearchEvent {
	for len(batch) < r.options.Batch {
		select {
		case e := <-r.events:
			batch = append(batch, normalized(e))
		default:
			return batch
		}
	}
	return batch
}

// drain stores what waits, as far as the time allows.
func (r *Recorder) drain(ctx context.Context, batch []domain.SearchEvent) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.options.CloseTimeout)
	defer cancel()
	for {
		batch = r.take(batch)
		if len(batch) == 0 {
			return
		}
		if !r.store(ctx, batch) {
			lost := len(batch) + len(r.events)
			r.unsaved.Add(int64(lost))
			r.options.Logger.WarnContext(ctx, "recorded searches were lost at the end of the process", slog.Int("events", lost))
			return
		}
		batch = batch[:0]
	}
}

// store tries until the batch is stored or refused for good, and reports false
// when ctx ended first. Meanwhile new events wait in the buffer.
func (r *Recorder) store(ctx context.Context, batch []domain.SearchEvent) bool {
	for delay := retryFirst; ; delay = min(2*delay, retryMost) {
		err := r.sink.RecordSearches(ctx, batch)
		if err == nil {
			r.stored.Add(int64(len(batch)))
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		r.failures.Add(1)
		if code := domain.CodeOf(err); code != domain.CodeUnavailable && code != domain.CodeConflict {
			r.refused.Add(int64(len(batch)))
			r.options.Logger.ErrorContext(ctx, "searches could not be recorded", slog.Int("events", len(batch)), slog.Any("error", err))
			return true
		}
		if delay == retryFirst {
			r.options.Logger.WarnContext(ctx, "searches cannot be recorded right now, they wait", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(delay):
		}
	}
}

func normalized(e domain.SearchEvent) domain.SearchEvent {
	e.Query = Normalize(e.Query)
	return e
}

var (
	storedDesc   = prometheus.NewDesc("search_events_stored_total", "Recorded searches that were stored.", nil, nil)
	droppedDesc  = prometheus.NewDesc("search_events_dropped_total", "Recorded searches that were lost, by reason.", []string{"reason"}, nil)
	failuresDesc = prometheus.NewDesc("search_events_store_failures_total", "Attempts to store recorded searches that failed.", nil, nil)
	waitingDesc  = prometheus.NewDesc("search_events_waiting", "Recorded searches that wait for being stored.", nil, nil)
)

// Describe implements prometheus.Collector.
func (r *Recorder) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{storedDesc, droppedDesc, failuresDesc, waitingDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (r *Recorder) Collect(out chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(storedDesc, r.stored.Load())
	count(droppedDesc, r.full.Load(), "buffer_full")
	count(droppedDesc, r.refused.Load(), "refused")
	count(droppedDesc, r.unsaved.Load(), "shutdown")
	count(failuresDesc, r.failures.Load())
	out <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(len(r.events)))
}
