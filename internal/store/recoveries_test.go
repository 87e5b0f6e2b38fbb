package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// lastHours is the range of most tests, with the states that are recovered by default.
func lastHours() domain.RecoveryRange {
	now := time.Now().UTC()
	return domain.RecoveryRange{
		Since: now.Add(-time.Hour), Until: now.Add(time.Second), Missed: true,
		States: []domain.DeliveryState{domain.DeliveryExhausted, domain.DeliveryCanceled},
	}
}

func (b *bundle) startRecovery(e domain.Endpoint, r domain.RecoveryRange) (*domain.Recovery, error) {
	_, started, err := b.StartRecovery(b.ctx, b.tenant, store.IngestOptions{}, store.NewRecovery{EndpointID: e.ID, RequestedBy: uuid.New(), RecoveryRange: r},
		func(domain.Recovery) (store.Reply, error) { return store.Reply{}, nil })
	return started, err
}

// recover runs a recovery to its end.
func (b *bundle) recover(e domain.Endpoint, r domain.RecoveryRange) domain.Recovery {
	b.t.Helper()
	started, err := b.startRecovery(e, r)
	require.NoError(b.t, err)
	for {
		now, err := b.RecoverSome(b.ctx, b.tenant, started.ID)
		require.NoError(b.t, err)
		require.Empty(b.t, now.WaitsFor)
		if now.State != domain.RecoveryRunning {
			return now
		}
	}
}

// end makes all of an endpoint's deliveries end in a state.
func (b *bundle) end(e domain.Endpoint, state domain.DeliveryState) {
	b.t.Helper()
	b.exec(`update webhook_deliveries set state = $2, finished_at = now(), attempts = 8, step = 8 where endpoint_id = $1`, e.ID, string(state))
}

// inject adds ended deliveries to an endpoint that occurred at a moment.
func (b *bundle) inject(e domain.Endpoint, n int, state domain.DeliveryState, at time.Time) {
	b.t.Helper()
	b.exec(`insert into webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload, occurred_at, state, finished_at)
		select $1, delivery_id_at($5), $2, gen_random_uuid(), 'document.indexed', '{}', $5, $4, now() from generate_series(1, $3)`,
		e.TenantID, e.ID, n, string(state), at)
}

func TestRecoveryMakesEndedDeliveriesDueWithTheirEventIDs(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(3)
	b.end(e, domain.DeliveryExhausted)
	before := b.deliveries(e, domain.DeliveryExhausted)
	require.Len(t, before, 3)
	count, err := b.CountRecovery(b.ctx, b.tenant, e.ID, lastHours())
	require.NoError(t, err)
	require.Equal(t, domain.RecoveryCount{Exhausted: 3, Complete: true}, count)
	require.Len(t, b.deliveries(e, domain.DeliveryExhausted), 3, "counting changes nothing")

	r := b.recover(e, lastHours())
	require.Equal(t, domain.RecoveryCompleted, r.State)
	require.Equal(t, int64(3), r.Resent)
	require.Zero(t, r.Created)
	after := b.deliveries(e, domain.DeliveryPending)
	require.Len(t, after, 3)
	for n := range after {
		require.Equal(t, before[n].EventID, after[n].EventID)
		require.Zero(t, after[n].Step, "the retry schedule begins anew")
		require.Equal(t, 8, after[n].Attempts, "what was tried stays known")
	}
}

func TestRecoveryKeepsToItsRangeStatesAndEndpoint(t *testing.T) {
	b := setup(t)
	e, other := b.endpoint("document.*"), b.endpoint("document.*")
	now := time.Now().UTC()
	b.inject(e, 2, domain.DeliveryExhausted, now.Add(-3*time.Hour))
	b.inject(e, 3, domain.DeliveryCanceled, now.Add(-2*time.Hour))
	b.inject(e, 5, domain.DeliveryDelivered, now.Add(-2*time.Hour))
	b.inject(e, 7, domain.DeliveryExhausted, now.Add(-time.Hour))
	b.inject(other, 11, domain.DeliveryExhausted, now.Add(-2*time.Hour))
	r := lastHours()
	r.Since, r.Until = now.Add(-150*time.Minute), now.Add(-time.Hour)
	done := b.recover(e, r)
	require.Equal(t, int64(3), done.Resent, "the end is not in the range")
	r.States = []domain.DeliveryState{domain.DeliveryDelivered}
	require.Equal(t, int64(5), b.recover(e, r).Resent)
	require.Len(t, b.deliveries(e, domain.DeliveryExhausted), 9)
	require.Len(t, b.deliveries(other, domain.DeliveryExhausted), 11)
}

func TestRecoveryFindsEventsFromBeforeTheEndpoint(t *testing.T) {
	b := setup(t)
	b.index(4) // four documents and a job, nobody listens
	e := b.endpoint("document.indexed")
	count, err := b.CountRecovery(b.ctx, b.tenant, e.ID, lastHours())
	require.NoError(t, err)
	require.Equal(t, int64(4), count.Missed)
	r := lastHours()
	r.Missed = false
	require.Zero(t, b.recover(e, r).Created)
	require.Equal(t, int64(4), b.recover(e, lastHours()).Created)
	made := b.deliveries(e, domain.DeliveryPending)
	require.Len(t, made, 4)
	for _, d := range made {
		require.Equal(t, domain.EventDocumentIndexed, d.EventType)
		require.WithinDuration(t, time.Now(), d.OccurredAt, time.Minute)
		require.NotEmpty(t, d.Payload)
	}
	require.Zero(t, b.recover(e, lastHours()).Created, "what has a delivery by now is not missed")

	_, err = b.ChangeEndpoint(b.ctx, b.tenant, e.ID, func(e *domain.Endpoint) error { e.Events = []string{"*"}; return nil })
	require.NoError(t, err)
	require.Equal(t, int64(1), b.recover(e, lastHours()).Created, "the job, to which it subscribes now")
}

func TestRecoveryOfMissedEventsKeepsToTheFilter(t *testing.T) {
	b := setup(t)
	b.index(3)
	e := b.endpoint("document.*", "job.*")
	_, err := b.ChangeEndpoint(b.ctx, b.tenant, e.ID, func(e *domain.Endpoint) error {
		e.Filter = domain.EventFilter{"kind": {"index_documents"}}
		return nil
	})
	require.NoError(t, err)
	count, err := b.CountRecovery(b.ctx, b.tenant, e.ID, lastHours())
	require.NoError(t, err)
	require.Equal(t, int64(1), count.Missed, "the job")
	require.Equal(t, int64(1), b.recover(e, lastHours()).Created)
}

func TestRecoveryStepsThatRunTwiceMakeNothingDueTwice(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	const n = 5000
	b.inject(e, n, domain.DeliveryDelivered, time.Now().UTC().Add(-time.Minute))
	r := lastHours()
	r.States, r.Missed = []domain.DeliveryState{domain.DeliveryDelivered}, false
	started, err := b.startRecovery(e, r)
	require.NoError(t, err)
	_, err = b.startRecovery(e, r)
	require.Equal(t, domain.CodeConflict, domain.CodeOf(err), "one at a time")

	// Four workers at the same recovery, while the receiver takes everything at once.
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for {
				now, err := b.RecoverSome(b.ctx, b.tenant, started.ID)
				if err != nil || now.State != domain.RecoveryRunning {
					return
				}
				b.exec(`update webhook_deliveries set state = 'delivered', attempts = attempts + 1, finished_at = now()
					where endpoint_id = $1 and state = 'pending'`, e.ID)
			}
		})
	}
	workers.Wait()
	b.exec(`update webhook_deliveries set attempts = attempts + 1 where endpoint_id = $1 and state = 'pending'`, e.ID)
	done, err := b.Recovery(b.ctx, b.tenant, e.ID, started.ID)
	require.NoError(t, err)
	require.Equal(t, domain.RecoveryCompleted, done.State)
	require.Equal(t, int64(n), done.Resent)
	require.Equal(t, []int64{n, n}, b.numbers(`select count(*), sum(attempts) from webhook_deliveries where endpoint_id = $1 and attempts = 1`, e.ID),
		"each was due once")
}

func TestRecoveryDoesNotFloodAReceiver(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.inject(e, 6000, domain.DeliveryExhausted, time.Now().UTC().Add(-time.Minute))
	started, err := b.startRecovery(e, lastHours())
	require.NoError(t, err)
	var now domain.Recovery
	for range 5 {
		now, err = b.RecoverSome(b.ctx, b.tenant, started.ID)
		require.NoError(t, err)
	}
	require.Equal(t, domain.RecoveryWaitsForReceiver, now.WaitsFor)
	require.Equal(t, int64(2000), now.Resent, "the next step waits until these are on their way")
	b.exec(`update webhook_deliveries set next_attempt_at = now() + interval '1 hour' where endpoint_id = $1 and state = 'pending'`, e.ID)
	now, err = b.RecoverSome(b.ctx, b.tenant, started.ID)
	require.NoError(t, err)
	require.Equal(t, int64(4000), now.Resent)
}

func TestRecoveryWaitsForAPausedEndpointAndEndsWithADisabledOne(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.inject(e, 1, domain.DeliveryExhausted, time.Now().UTC().Add(-time.Minute))
	started, err := b.startRecovery(e, lastHours())
	require.NoError(t, err)
	state := func(s domain.EndpointState) {
		b.exec(`update webhook_endpoints set state = $2 where id = $1`, e.ID, string(s))
	}
	state(domain.EndpointPaused)
	now, err := b.RecoverSome(b.ctx, b.tenant, started.ID)
	require.NoError(t, err)
	require.Equal(t, domain.RecoveryWaitsForEndpoint, now.WaitsFor)
	state(domain.EndpointDisabled)
	now, err = b.RecoverSome(b.ctx, b.tenant, started.ID)
	require.NoError(t, err)
	require.Equal(t, domain.RecoveryFailed, now.State)
	require.Contains(t, now.Error, "disabled")
	_, err = b.startRecovery(e, lastHours())
	require.ErrorContains(t, err, "make it active first")
	state(domain.EndpointDeleted)
	_, err = b.startRecovery(e, lastHours())
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
}

func TestACanceledRecoveryGoesNoFurther(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.inject(e, 1, domain.DeliveryExhausted, time.Now().UTC().Add(-time.Minute))
	started, err := b.startRecovery(e, lastHours())
	require.NoError(t, err)
	quiet, err := b.QuietRecoveries(b.ctx, -time.Second, 10)
	require.NoError(t, err)
	require.Len(t, quiet, 1, "one that was never started is found")
	for _, first := range []bool{true, false} {
		ended, err := b.EndRecovery(b.ctx, b.tenant, started.ID, domain.RecoveryCanceled, "")
		require.NoError(t, err)
		require.Equal(t, first, ended)
	}
	now, err := b.RecoverSome(b.ctx, b.tenant, started.ID)
	require.NoError(t, err)
	require.Equal(t, domain.RecoveryCanceled, now.State)
	require.Len(t, b.deliveries(e, domain.DeliveryExhausted), 1)
	quiet, err = b.QuietRecoveries(b.ctx, -time.Second, 10)
	require.NoError(t, err)
	require.Empty(t, quiet)
}

func TestAnEventHasOneDeliveryForAnEndpoint(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(1)
	d := b.deliveries(e, "")[0]
	require.Equal(t, []int64{0}, b.numbers(`with i as (insert into webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload, occurred_at)
		values ($1, gen_random_uuid(), $2, $3, 'document.indexed', '{}', now()) on conflict (tenant_id, endpoint_id, event_id) do nothing returning 1)
		select count(*) from i`, e.TenantID, e.ID, d.EventID))
}

func TestStatisticsAreARecountOfTheAttempts(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	empty, err := b.EndpointStats(b.ctx, b.tenant, e.ID, 24)
	require.NoError(t, err)
	require.Zero(t, empty.Attempts)
	require.Nil(t, empty.NextAttempt)
	b.index(20)
	for n, o := range []store.DeliveryOutcome{
		{State: domain.DeliveryDelivered, Counts: true, Attempt: domain.Attempt{Status: 200, Duration: 40 * time.Millisecond}},
		{State: domain.DeliveryPending, Counts: true, Wait: time.Hour, Attempt: domain.Attempt{ErrorCode: "timeout", Duration: 15 * time.Second}},
		{State: domain.DeliveryPending, Wait: time.Minute, Attempt: domain.Attempt{ErrorCode: "interrupted", Duration: time.Second}},
	} {
		claimed := b.claim(e)
		require.NotEmpty(t, claimed.Deliveries, n)
		b.record(claimed, o)
	}
	st, err := b.EndpointStats(b.ctx, b.tenant, e.ID, 1)
	require.NoError(t, err)
	require.Equal(t, int64(16), st.Attempts, "a fault of ours is none")
	require.Equal(t, int64(8), st.Succeeded)
	require.Equal(t, map[string]int64{"timeout": 8}, st.Failed)
	require.InEpsilon(t, 40, st.P50.Milliseconds(), 0.15)
	require.InEpsilon(t, 15000, st.P95.Milliseconds(), 0.15)
	require.Equal(t, int64(12), st.Pending)
	require.WithinDuration(t, time.Now(), *st.OldestPending, time.Minute)
	require.Equal(t, []int64{16}, b.numbers(`select count(*) from webhook_attempts where tenant_id = $1`, b.tenant))
	require.Equal(t, []int64{16}, b.numbers(`select sum(attempts) from webhook_attempt_hours where tenant_id = $1`, b.tenant))

	b.exec(`update webhook_attempt_hours set hour = hour - interval '3 hours' where tenant_id = $1`, b.tenant)
	st, err = b.EndpointStats(b.ctx, b.tenant, e.ID, 2)
	require.NoError(t, err)
	require.Zero(t, st.Attempts)
	st, err = b.EndpointStats(b.ctx, b.tenant, e.ID, 168)
	require.NoError(t, err)
	require.Equal(t, int64(16), st.Attempts)
}

// numbers runs a query of one row, as the system.
func (b *bundle) numbers(sql string, args ...any) []int64 {
	b.t.Helper()
	conn, err := pgx.Connect(b.ctx, b.url)
	require.NoError(b.t, err)
	defer conn.Close(context.WithoutCancel(b.ctx))
	_, err = conn.Exec(b.ctx, "set role rustassistant_system")
	require.NoError(b.t, err)
	rows, err := conn.Query(b.ctx, sql, args...)
	require.NoError(b.t, err)
	defer rows.Close()
	require.True(b.t, rows.Next(), rows.Err())
	values, err := rows.Values()
	require.NoError(b.t, err)
	out := make([]int64, len(values))
	for n, v := range values {
		switch v := v.(type) {
		case int64:
			out[n] = v
		case pgtype.Numeric:
			i, err := v.Int64Value()
			require.NoError(b.t, err)
			out[n] = i.Int64
		default:
			require.Fail(b.t, "not a number", "%T", v)
		}
	}
	return out
}
