package store_test

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// claimModel drives several workers of one endpoint and knows what each delivery
// ought to be. Time goes by for real and, by pass, in jumps.
type claimModel struct {
	b        *bundle
	conn     *pgx.Conn
	endpoint domain.Endpoint
	rows     map[uuid.UUID]*modelRow
	held     []store.DeliveryClaim // not recorded yet; their workers may be dead
	jumped   time.Duration
	claims   []claimTime
}

type modelRow struct {
	id       uuid.UUID
	at       int // seconds of occurrence
	state    domain.DeliveryState
	attempts int
	lease    uuid.UUID
	expired  bool // the lease has ended
}

func (m *claimModel) open(r *modelRow) bool {
	return r.state == domain.DeliveryPending || r.state == domain.DeliveryDelivering
}

func (m *claimModel) sql(t *rapid.T, sql string, args ...any) {
	_, err := m.conn.Exec(m.b.ctx, sql, args...)
	require.NoError(t, err)
}

// happen writes an event that occurred at any time: also before others.
func (m *claimModel) happen(t *rapid.T) {
	r := &modelRow{id: uuid.Must(uuid.NewV7()), at: rapid.IntRange(0, 5).Draw(t, "at"), state: domain.DeliveryPending}
	m.sql(t, `insert into webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload, occurred_at)
		values ($1, $2, $3, $2, 'document.indexed', '{}', timestamptz '2026-01-01' + make_interval(secs => $4))`,
		m.endpoint.TenantID, r.id, m.endpoint.ID, r.at)
	m.rows[r.id] = r
}

func (m *claimModel) now() time.Time { return time.Now().Add(m.jumped) }

// claim is the next worker's turn.
func (m *claimModel) claim(t *rapid.T) {
	begin := m.now()
	c, err := m.b.ClaimDeliveries(m.b.ctx, m.endpoint.TenantID, m.endpoint.ID, time.Minute, 0)
	require.NoError(t, err)
	m.claims = append(m.claims, claimTime{begin, m.now(), len(c.Deliveries)})
	require.LessOrEqual(t, len(c.Deliveries), m.endpoint.MaxConcurrency)
	if m.endpoint.FIFO {
		m.checkOrder(t, c.Deliveries)
	}
	for _, d := range c.Deliveries {
		r := m.rows[d.ID]
		require.NotNil(t, r)
		require.True(t, m.open(r), "what has ended is not sent")
		require.Equal(t, r.attempts, d.Attempts, "waiting costs no attempt")
		r.state, r.lease, r.expired = domain.DeliveryDelivering, c.Lease, false
	}
	if len(c.Deliveries) > 0 {
		m.held = append(m.held, c)
	}
}

func (m *claimModel) checkOrder(t *rapid.T, claimed []domain.Delivery) {
	require.LessOrEqual(t, len(claimed), 1)
	for _, d := range claimed {
		for _, r := range m.rows {
			require.False(t, r.state == domain.DeliveryDelivering && !r.expired, "never two at once")
			if m.open(r) {
				require.False(t, r.before(m.rows[d.ID]), "the oldest first")
			}
		}
	}
}

func (r *modelRow) before(o *modelRow) bool {
	return r.at < o.at || r.at == o.at && bytes.Compare(r.id[:], o.id[:]) < 0
}

// record ends one worker's turn, also of one that lost its lease.
func (m *claimModel) record(t *rapid.T) {
	if len(m.held) == 0 {
		return
	}
	n := rapid.IntRange(0, len(m.held)-1).Draw(t, "worker")
	c := m.held[n]
	m.held = slices.Delete(m.held, n, n+1)
	outcomes := make([]store.DeliveryOutcome, len(c.Deliveries))
	for i, d := range c.Deliveries {
		outcomes[i] = rapid.SampledFrom([]store.DeliveryOutcome{delivered, delivered, retried, ownFault, exhausted}).Draw(t, "outcome")
		outcomes[i].Attempt.DeliveryID, outcomes[i].Attempt.StartedAt = d.ID, time.Now()
		outcomes[i].Lease, outcomes[i].SentTo = c.Lease, c.Endpoint.URL
		r := m.rows[d.ID]
		if r.lease != c.Lease || r.state != domain.DeliveryDelivering {
			continue
		}
		r.state = outcomes[i].State
		if outcomes[i].Counts {
			r.attempts++
		}
	}
	require.NoError(t, m.b.RecordOutcomes(m.b.ctx, m.endpoint.TenantID, m.endpoint.ID, outcomes, testMaxFailing))
}

var exhausted = store.DeliveryOutcome{State: domain.DeliveryExhausted, Counts: true, Attempt: domain.Attempt{Status: 500, ErrorCode: "http_status"}}

// loseLeases is for workers that die or hang: others may claim what they hold.
// What a worker that only hung records in the end counts until somebody did.
func (m *claimModel) loseLeases(t *rapid.T) {
	m.sql(t, "update webhook_deliveries set next_attempt_at = now() where endpoint_id = $1 and state = 'delivering'", m.endpoint.ID)
	for _, r := range m.rows {
		r.expired = r.expired || r.state == domain.DeliveryDelivering
	}
}

func (m *claimModel) resend(t *rapid.T) {
	var ended []*modelRow
	for _, r := range m.rows {
		if !m.open(r) {
			ended = append(ended, r)
		}
	}
	if len(ended) == 0 {
		return
	}
	slices.SortFunc(ended, func(a, b *modelRow) int { return bytes.Compare(a.id[:], b.id[:]) })
	r := rapid.SampledFrom(ended).Draw(t, "resent")
	_, _, err := m.b.ResendDelivery(m.b.ctx, m.endpoint.TenantID, r.id)
	require.NoError(t, err)
	r.state = domain.DeliveryPending
}

// pass lets retries come due and tokens come in.
func (m *claimModel) pass(t *rapid.T) {
	jump := time.Duration(rapid.SampledFrom([]int{1, 10, 100, 1000, 3_600_000}).Draw(t, "milliseconds")) * time.Millisecond
	m.jump(t, jump)
}

func (m *claimModel) jump(t *rapid.T, jump time.Duration) {
	m.sql(t, "update webhook_deliveries set next_attempt_at = next_attempt_at - make_interval(secs => $2) where endpoint_id = $1 and state = 'pending'",
		m.endpoint.ID, jump.Seconds())
	m.sql(t, "update webhook_endpoints set rate_refilled_at = rate_refilled_at - make_interval(secs => $2) where id = $1", m.endpoint.ID, jump.Seconds())
	m.jumped += jump
}

// drain delivers all that is open and compares the rows with the model.
func (m *claimModel) drain(t *rapid.T) {
	m.loseLeases(t)
	m.held = nil
	for {
		m.jump(t, time.Hour)
		m.claim(t)
		if len(m.held) == 0 {
			break
		}
		c := m.held[0]
		m.held = nil
		outcomes := make([]store.DeliveryOutcome, len(c.Deliveries))
		for i, d := range c.Deliveries {
			outcomes[i] = delivered
			outcomes[i].Attempt.DeliveryID, outcomes[i].Attempt.StartedAt = d.ID, time.Now()
			outcomes[i].Lease, outcomes[i].SentTo = c.Lease, c.Endpoint.URL
			m.rows[d.ID].state = domain.DeliveryDelivered
			m.rows[d.ID].attempts++
		}
		require.NoError(t, m.b.RecordOutcomes(m.b.ctx, m.endpoint.TenantID, m.endpoint.ID, outcomes, testMaxFailing))
	}
	stored, attempts, err := m.b.Deliveries(m.b.ctx, m.endpoint.TenantID, m.endpoint.ID, store.DeliveryFilter{Limit: 1000})
	require.NoError(t, err)
	require.Len(t, stored, len(m.rows))
	for _, d := range stored {
		r := m.rows[d.ID]
		require.False(t, m.open(r), "nothing is lost")
		require.Equal(t, r.state, d.State)
		require.Len(t, attempts[d.ID], r.attempts, "each attempt is recorded once")
	}
}

func TestWhateverWorkersDoOrderAndRateAreKeptAndNothingIsLost(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "")
	rapid.Check(t, func(t *rapid.T) {
		e, err := b.CreateEndpoint(b.ctx, domain.Endpoint{
			ID: uuid.Must(uuid.NewV7()), TenantID: b.tenant, URL: "https://example.com/webhook", Events: []string{"*"}, State: domain.EndpointActive,
			MaxConcurrency: rapid.IntRange(1, 8).Draw(t, "concurrency"), FIFO: rapid.Bool().Draw(t, "fifo"),
			RateLimit: rapid.SampledFrom([]int{0, 1, 3, 7, 50, 1000}).Draw(t, "rate"),
		})
		require.NoError(t, err)
		m := &claimModel{b: b, conn: conn, endpoint: e, rows: map[uuid.UUID]*modelRow{}}
		t.Repeat(map[string]func(*rapid.T){
			"happen": m.happen, "happen again": m.happen, "claim": m.claim, "claim again": m.claim, "record": m.record, "record again": m.record,
			"lose leases": m.loseLeases, "resend": m.resend, "pass": m.pass,
		})
		m.drain(t)
		if e.RateLimit > 0 {
			require.NoError(t, checkRate(m.claims, e.RateLimit))
		}
		require.NoError(t, b.DeleteEndpoint(b.ctx, e.TenantID, e.ID))
	})
}

func TestWorkersThatRaceNeverSendTwoAtOnceWhereTheOrderIsKept(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.FIFO = true })
	const events = 120
	b.index(events)
	var sending atomic.Int32
	var mu sync.Mutex
	var sent []uuid.UUID
	var workers sync.WaitGroup
	deadline := time.Now().Add(time.Minute)
	for range 6 {
		workers.Go(func() {
			for time.Now().Before(deadline) {
				c, err := b.ClaimDeliveries(b.ctx, e.TenantID, e.ID, time.Minute, 0)
				if err != nil || c.Wait < 0 && len(c.Deliveries) == 0 {
					return
				}
				if len(c.Deliveries) == 0 {
					continue // another is being sent
				}
				if sending.Add(1) != 1 || len(c.Deliveries) != 1 {
					t.Error("two are sent at once")
				}
				d := c.Deliveries[0]
				mu.Lock()
				sent = append(sent, d.EventID)
				mu.Unlock()
				sending.Add(-1)
				o := delivered
				o.Attempt.DeliveryID, o.Attempt.StartedAt, o.Lease, o.SentTo = d.ID, time.Now(), c.Lease, e.URL
				if b.RecordOutcomes(b.ctx, e.TenantID, e.ID, []store.DeliveryOutcome{o}, testMaxFailing) != nil {
					return
				}
			}
		})
	}
	workers.Wait()
	require.Len(t, sent, events)
	require.True(t, slices.IsSortedFunc(sent, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }), "in the order of their ids")
}
