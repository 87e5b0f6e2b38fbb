package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// scrapeTimeout bounds what is asked for a scrape; the scrape itself goes on with
// what was known before.
const scrapeTimeout = 2 * time.Second

// refresher sets gauges that somebody has to be asked for.
type refresher struct {
	every time.Duration
	set   func(context.Context) error

	mu   sync.Mutex
	next time.Time
}

// BeforeScrape has set called before a scrape, and again when it is older than
// every, however many scrape. While it fails its gauges stay as they were.
func (m *Metrics) BeforeScrape(every time.Duration, set func(context.Context) error) {
	m.refreshers = append(m.refreshers, &refresher{every: every, set: set})
}

func (m *Metrics) refresh(ctx context.Context) {
	// A scrape that was given up must not leave the next one without figures.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), scrapeTimeout)
	defer cancel()
	var all sync.WaitGroup
	for _, r := range m.refreshers {
		all.Go(func() { r.refresh(ctx) })
	}
	all.Wait()
}

func (r *refresher) refresh(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.next) {
		return
	}
	if err := r.set(ctx); err != nil {
		slog.WarnContext(ctx, "some metrics could not be read", "error", err)
	}
	r.next = time.Now().Add(r.every)
}

// refreshed calls the refreshers before the handler.
func (m *Metrics) refreshed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.refresh(r.Context())
		h.ServeHTTP(w, r)
	})
}
