package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// backlogRows is what an endpoint that was paused for long has waiting.
const backlogRows = 1_000_000

// BenchmarkDeliveryBacklog measures one round of delivery (claim eight rows and record them) and the sweep, with nothing
// else waiting and then beside a million rows: of another endpoint, and of its own. The backlog makes neither slower nor
// takes memory (B/op).
//
//	make test PKG=./internal/store ARGS='-run NONE -bench DeliveryBacklog'
func BenchmarkDeliveryBacklog(b *testing.B) {
	url := testenv.DatabaseURL(b)
	s, err := store.Open(b.Context(), store.Options{URL: url, PoolSize: 4})
	require.NoError(b, err)
	b.Cleanup(s.Close)
	tenant, err := s.CreateTenant(b.Context(), "acme", "Acme")
	require.NoError(b, err)
	l := &backlog{Store: s, url: url, tenant: tenant.ID}
	busy, waiting := l.endpoint(b), l.endpoint(b)
	b.Run("round, nothing else waits", func(b *testing.B) { l.rounds(b, busy) })
	b.Run("sweep, nothing else waits", l.sweep)
	l.insert(b, waiting, backlogRows, "5 days")
	b.Run("round, a million of another wait", func(b *testing.B) { l.rounds(b, busy) })
	b.Run("round, a million of its own wait", func(b *testing.B) { l.rounds(b, waiting) })
	b.Run("sweep, a million wait", l.sweep)
}

// backlog is a store with endpoints and rows of theirs.
type backlog struct {
	*store.Store
	url    string
	tenant uuid.UUID
}

func (l *backlog) endpoint(b *testing.B) domain.Endpoint {
	b.Helper()
	e, err := l.CreateEndpoint(b.Context(), domain.Endpoint{
		ID: uuid.Must(uuid.NewV7()), TenantID: l.tenant, URL: "https://example.com/webhook", Events: []string{"job.*"},
		State: domain.EndpointActive, MaxConcurrency: 8, SealedSecret: []byte("sealed"),
	})
	require.NoError(b, err)
	return e
}

// insert makes rows that are due one after the other, from now on or after a while.
func (l *backlog) insert(b *testing.B, e domain.Endpoint, rows int, after string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), l.url)
	require.NoError(b, err)
	defer conn.Close(b.Context())
	_, err = conn.Exec(b.Context(), "set role rustassistant_system")
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), `INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload, occurred_at, next_attempt_at)
		SELECT $1, delivery_id(), $2, gen_random_uuid(), 'job.completed', '{"job_id":"0198c0de-0000-7000-8000-000000000000"}', now(),
			now() + $4::text::interval + n * interval '1 microsecond'
		FROM generate_series(1, $3) n`, e.TenantID, e.ID, rows, after)
	require.NoError(b, err)
}

func (l *backlog) rounds(b *testing.B, e domain.Endpoint) {
	b.Helper()
	l.insert(b, e, 8*b.N, "-1 hour")
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		c, err := l.ClaimDeliveries(b.Context(), e.TenantID, e.ID, time.Minute, 0)
		require.NoError(b, err)
		require.Len(b, c.Deliveries, 8)
		outcomes := make([]store.DeliveryOutcome, len(c.Deliveries))
		for n, d := range c.Deliveries {
			outcomes[n] = delivered
			outcomes[n].Lease, outcomes[n].SentTo = c.Lease, c.Endpoint.URL
			outcomes[n].Attempt.DeliveryID, outcomes[n].Attempt.StartedAt = d.ID, time.Now()
		}
		require.NoError(b, l.RecordOutcomes(b.Context(), e.TenantID, e.ID, outcomes, testMaxFailing))
	}
}

func (l *backlog) sweep(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, err := l.DueEndpoints(b.Context(), store.EndpointRef{}, 5*time.Second, 200)
		require.NoError(b, err)
	}
}
