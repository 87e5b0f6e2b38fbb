package worker_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func (p *product) change(e domain.Endpoint, change func(*domain.Endpoint)) domain.Endpoint {
	p.t.Helper()
	out, err := p.ChangeEndpoint(p.t.Context(), p.tenant, e.ID, func(e *domain.Endpoint) error { change(e); return nil })
	require.NoError(p.t, err)
	return out
}

func (p *product) tenantIs(state string) {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), p.url)
	require.NoError(p.t, err)
	defer conn.Close(p.t.Context())
	_, err = conn.Exec(p.t.Context(), "set role rustassistant_system")
	require.NoError(p.t, err)
	_, err = conn.Exec(p.t.Context(), "update tenants set state = $2 where id = $1", p.tenant, state)
	require.NoError(p.t, err)
}

// journal is a receiver that remembers what came when.
type journal struct {
	*httptest.Server
	mu     sync.Mutex
	events []string // timestamp and id
	times  []time.Time
	at, of int // requests at once, and the most of them
}

func newJournal(t *testing.T, status func(nth int) int) *journal {
	t.Helper()
	j := &journal{}
	j.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct {
			ID        string
			Timestamp time.Time
		}
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &event)
		j.mu.Lock()
		j.at++
		j.of = max(j.of, j.at)
		j.events = append(j.events, event.Timestamp.Format("2006-01-02T15:04:05.000000")+" "+event.ID)
		j.times = append(j.times, time.Now())
		answer := status(len(j.times))
		j.at--
		j.mu.Unlock()
		w.WriteHeader(answer)
	}))
	t.Cleanup(j.Close)
	return j
}

func always(int) int { return http.StatusOK }

func TestAReceiverGetsNoMoreThanItsRateLimit(t *testing.T) {
	p := newProduct(t)
	j := newJournal(t, always)
	const rate, events = 20, 50
	e := p.change(p.endpoint(j.URL, "document.*"), func(e *domain.Endpoint) { e.RateLimit = rate })
	begin := time.Now()
	p.tell(events)
	p.eventually("all are delivered", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) == events })
	require.Greater(t, time.Since(begin), (events-rate/10-1)*time.Second/rate)
	require.Less(t, time.Since(begin), 3*events*time.Second/rate, "and it is used")
	for _, d := range p.deliveries(e, "") {
		require.Equal(t, 1, d.Attempts)
	}
	p.workflowEnded(e, "rate_limited")
}

func TestAReceiverGetsEventsInOrderAndOneThatFailsHoldsUpTheRest(t *testing.T) {
	p := newProduct(t)
	j := newJournal(t, func(nth int) int {
		if nth == 4 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	e := p.change(p.endpoint(j.URL, "document.*"), func(e *domain.Endpoint) { e.FIFO = true })
	p.tell(6)
	p.tell(6)
	p.eventually("all are delivered", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) == 12 })
	j.mu.Lock()
	defer j.mu.Unlock()
	require.Len(t, j.events, 13)
	require.Equal(t, j.events[3], j.events[4], "the one that failed is the next")
	require.Greater(t, j.times[4].Sub(j.times[3]), 3*time.Second, "after its wait")
	require.Equal(t, 1, j.of, "never two at once")
	require.True(t, slices.IsSorted(j.events), "by timestamp and id")
	p.workflowEnded(e, "in_order")
}

func TestATenantThatIsSuspendedInTheMiddleGoesOnWhereItStopped(t *testing.T) {
	p := newProduct(t)
	j := newJournal(t, always)
	e := p.change(p.endpoint(j.URL, "document.*"), func(e *domain.Endpoint) { e.RateLimit = 20 })
	p.tell(60)
	p.eventually("some are delivered", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) >= 5 })
	p.tenantIs("suspended")
	p.workflowEnded(e, "suspended")
	done := len(p.deliveries(e, domain.DeliveryDelivered))
	require.Less(t, done, 60)
	require.Len(t, p.deliveries(e, domain.DeliveryPending), 60-done, "the rest waits")
	p.tenantIs("active")
	p.eventually("the sweep finds the rest", func() bool { return len(p.deliveries(e, domain.DeliveryDelivered)) == 60 })
	j.mu.Lock()
	defer j.mu.Unlock()
	require.Len(t, j.events, 60, "each once")
}
