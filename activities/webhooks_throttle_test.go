package activities_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// queryCount counts the runs of one named query.
type queryCount struct {
	name string
	runs atomic.Int64
}

func (q *queryCount) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if strings.HasPrefix(data.SQL, "-- name: "+q.name+" ") {
		q.runs.Add(1)
	}
	return ctx
}

func (q *queryCount) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// sleeper wakes nobody.
type sleeper struct{}

func (sleeper) WakeDeliveries(context.Context, uuid.UUID, uuid.UUID) error { return nil }

func TestWhoWaitsForARateLimitAsksNoSooner(t *testing.T) {
	t.Parallel()
	looks := &queryCount{name: "DeliveryTokens"}
	s, err := store.Open(t.Context(), store.Options{URL: testenv.DatabaseURL(t), PoolSize: 4, Configure: func(c *pgxpool.Config) { c.ConnConfig.Tracer = looks }})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	tenant, err := s.CreateTenant(t.Context(), "acme", "Acme")
	require.NoError(t, err)
	sealer, err := webhook.NewSealer(webhook.GenerateKey())
	require.NoError(t, err)
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	e := domain.Endpoint{
		ID: uuid.New(), TenantID: tenant.ID, URL: receiver.URL, Events: []string{"*"}, State: domain.EndpointActive, MaxConcurrency: 8, RateLimit: 2,
	}
	e.SealedSecret = sealer.Seal(webhook.PurposeSecret, tenant.ID, e.ID, []byte("webhook_secret"))
	_, err = s.CreateEndpoint(t.Context(), e)
	require.NoError(t, err)
	const events = 5
	for range events {
		_, err := s.TestEndpoint(t.Context(), tenant.ID, e.ID)
		require.NoError(t, err)
	}
	wakeups := activities.NewWakeups(sleeper{})
	noise, stop := context.WithCancel(t.Context())
	var gone sync.WaitGroup
	gone.Go(func() {
		for tick := time.NewTicker(time.Millisecond); noise.Err() == nil; <-tick.C {
			wakeups.Notify(store.EndpointRef{TenantID: tenant.ID, ID: e.ID})
		}
	})
	// News that come when all is delivered only keep the activity awake.
	gone.Go(func() {
		defer stop()
		for tick := time.NewTicker(20 * time.Millisecond); noise.Err() == nil; <-tick.C {
			d, _, _ := s.Deliveries(noise, tenant.ID, e.ID, store.DeliveryFilter{State: domain.DeliveryDelivered, Limit: 10})
			if len(d) >= events {
				return
			}
		}
	})
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	w := &activities.Webhooks{Store: s, Sender: webhook.NewSender(webhook.Development()), Sealer: sealer, Wakeups: wakeups}
	env.RegisterActivity(w)
	before := time.Now()
	result, err := env.ExecuteActivity(w.DeliverDue, activities.DeliverDueInput{TenantID: tenant.ID, EndpointID: e.ID})
	require.NoError(t, err)
	gone.Wait()
	var out activities.DeliverDueOutput
	require.NoError(t, result.Get(&out))
	require.Equal(t, events, out.Delivered)
	require.Greater(t, time.Since(before), 1900*time.Millisecond)
	require.Less(t, looks.runs.Load(), int64(40), "thousands of news, a claim and a look for each token")
}
