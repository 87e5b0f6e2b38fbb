package store_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

const testMaxFailing = 5 * 24 * time.Hour

// endpoint stores an active endpoint of the bundle's tenant.
func (b *bundle) endpoint(events ...string) domain.Endpoint {
	b.t.Helper()
	e, err := b.CreateEndpoint(b.ctx, domain.Endpoint{
		ID: uuid.Must(uuid.NewV7()), TenantID: b.tenant, URL: "https://example.com/webhook", Events: events,
		State: domain.EndpointActive, MaxConcurrency: 8, SealedSecret: []byte("sealed"),
	})
	require.NoError(b.t, err)
	return e
}

// index makes n documents searchable, each with an event, and one of the job.
func (b *bundle) index(n int) {
	b.t.Helper()
	input := make([]domain.DocumentInput, n)
	for i := range input {
		input[i] = doc(uuid.NewString(), uuid.NewString())
	}
	_, job := b.ingest(input...)
	_, err := b.commit(job)
	require.NoError(b.t, err)
}

func (b *bundle) claim(e domain.Endpoint) store.DeliveryClaim {
	b.t.Helper()
	c, err := b.ClaimDeliveries(b.ctx, e.TenantID, e.ID, time.Minute, 0)
	require.NoError(b.t, err)
	return c
}

func (b *bundle) deliveries(e domain.Endpoint, state domain.DeliveryState) []domain.Delivery {
	b.t.Helper()
	out, _, err := b.Deliveries(b.ctx, e.TenantID, e.ID, store.DeliveryFilter{State: state, Limit: 1000})
	require.NoError(b.t, err)
	return out
}

// record writes the same outcome for every delivery of a claim.
func (b *bundle) record(c store.DeliveryClaim, o store.DeliveryOutcome) {
	b.t.Helper()
	outcomes := make([]store.DeliveryOutcome, len(c.Deliveries))
	for n, d := range c.Deliveries {
		outcomes[n] = o
		outcomes[n].Lease, outcomes[n].SentTo = c.Lease, c.Endpoint.URL
		outcomes[n].Attempt.DeliveryID, outcomes[n].Attempt.StartedAt = d.ID, time.Now()
	}
	require.NoError(b.t, b.RecordOutcomes(b.ctx, c.Endpoint.TenantID, c.Endpoint.ID, outcomes, testMaxFailing))
}

func (b *bundle) exec(sql string, args ...any) {
	b.t.Helper()
	conn, err := pgx.Connect(b.ctx, b.url)
	require.NoError(b.t, err)
	defer conn.Close(context.WithoutCancel(b.ctx))
	_, err = conn.Exec(b.ctx, "set role rustassistant_system")
	require.NoError(b.t, err)
	_, err = conn.Exec(b.ctx, sql, args...)
	require.NoError(b.t, err)
}

var (
	delivered = store.DeliveryOutcome{State: domain.DeliveryDelivered, Counts: true, Attempt: domain.Attempt{Status: 200}}
	retried   = store.DeliveryOutcome{State: domain.DeliveryPending, Counts: true, Wait: time.Hour, Attempt: domain.Attempt{Status: 500, ErrorCode: "http_status"}}
	ownFault  = store.DeliveryOutcome{State: domain.DeliveryPending, Wait: time.Hour, Attempt: domain.Attempt{ErrorCode: "dns"}}
	gone      = store.DeliveryOutcome{State: domain.DeliveryExhausted, Counts: true, Gone: true, Attempt: domain.Attempt{Status: 410, ErrorCode: "http_status"}}
)

func TestEventsReachTheEndpointsThatSubscribedAndNoOthers(t *testing.T) {
	b := setup(t)
	all, documents, jobs := b.endpoint("*"), b.endpoint("document.*"), b.endpoint("job.completed", "search.performed")
	other, err := b.CreateTenant(b.ctx, "other", "Other")
	require.NoError(t, err)
	foreign, err := b.CreateEndpoint(b.ctx, domain.Endpoint{
		ID: uuid.New(), TenantID: other.ID, URL: "https://example.com", Events: []string{"*"}, State: domain.EndpointActive, MaxConcurrency: 8,
	})
	require.NoError(t, err)
	b.index(3)
	require.Len(t, b.deliveries(all, domain.DeliveryPending), 4)
	require.Len(t, b.deliveries(documents, domain.DeliveryPending), 3)
	require.Len(t, b.deliveries(jobs, domain.DeliveryPending), 1)
	require.Empty(t, b.deliveries(foreign, ""))

	d := b.deliveries(jobs, "")[0]
	require.Equal(t, domain.EventJobCompleted, d.EventType)
	require.Equal(t, uuid.Version(7), d.ID.Version())
	require.Equal(t, uuid.Version(7), d.EventID.Version())
	var payload struct{ Done int }
	require.NoError(t, json.Unmarshal(d.Payload, &payload))
	require.Equal(t, 3, payload.Done)
	same := b.deliveries(all, "")
	require.Contains(t, []uuid.UUID{same[0].EventID, same[1].EventID, same[2].EventID, same[3].EventID}, d.EventID, "one event, one id")
}

func TestNewDeliveriesAreAnnounced(t *testing.T) {
	b := setup(t)
	e := b.endpoint("job.*")
	ctx, cancel := context.WithCancel(b.ctx)
	heard := make(chan store.EndpointRef, 16)
	var gone sync.WaitGroup
	gone.Go(func() { b.ListenWork(ctx, store.WorkListener{Due: func(r store.EndpointRef) { heard <- r }}) })
	t.Cleanup(func() { cancel(); gone.Wait() })
	require.Eventually(t, func() bool {
		b.index(1)
		select {
		case r := <-heard:
			return r == store.EndpointRef{TenantID: b.tenant, ID: e.ID}
		case <-time.After(100 * time.Millisecond):
			return false
		}
	}, 10*time.Second, time.Millisecond)
}

func TestAClaimIsALease(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(11)
	first, second, third := b.claim(e), b.claim(e), b.claim(e)
	require.Len(t, first.Deliveries, 8, "as many as the endpoint takes at once")
	require.Len(t, second.Deliveries, 3)
	require.Empty(t, third.Deliveries)
	require.InDelta(t, 60, third.Wait.Seconds(), 10, "the leases end in a minute")

	b.exec("update webhook_deliveries set next_attempt_at = now() where lease = $1", first.Lease)
	again := b.claim(e)
	require.Len(t, again.Deliveries, 8, "the lease of a dead worker ends")
	b.record(first, delivered)
	require.Empty(t, b.deliveries(e, domain.DeliveryDelivered), "who lost the lease changes nothing")
	b.record(again, delivered)
	b.record(second, delivered)
	require.Len(t, b.deliveries(e, domain.DeliveryDelivered), 11)
	require.Negative(t, b.claim(e).Wait, "nothing is left")
}

func TestAttemptsAreRecordedAndOwnFaultsUseNoneUp(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(1)
	due := func() { b.exec("update webhook_deliveries set next_attempt_at = now()") }
	b.record(b.claim(e), retried)
	due()
	b.record(b.claim(e), ownFault)
	due()
	b.record(b.claim(e), delivered)
	list, attempts, err := b.Deliveries(b.ctx, b.tenant, e.ID, store.DeliveryFilter{Limit: 10})
	require.NoError(t, err)
	require.Equal(t, domain.DeliveryDelivered, list[0].State)
	require.Equal(t, 2, list[0].Attempts)
	made := attempts[list[0].ID]
	require.Len(t, made, 2)
	require.Equal(t, []int{1, 2}, []int{made[0].Number, made[1].Number})
	require.Equal(t, []int{500, 200}, []int{made[0].Status, made[1].Status})
}

func TestAnEndpointThatIsGoneIsDisabledAndTheOthersAreTold(t *testing.T) {
	b := setup(t)
	e, watcher := b.endpoint("document.*"), b.endpoint("webhook.*")
	b.index(10)
	b.record(b.claim(e), gone)
	got, err := b.Endpoint(b.ctx, b.tenant, e.ID)
	require.NoError(t, err)
	require.Equal(t, domain.EndpointDisabled, got.State)
	require.Equal(t, domain.DisabledGone, got.DisabledReason)
	require.Equal(t, domain.EventWebhookDisabled, b.deliveries(watcher, domain.DeliveryPending)[0].EventType)

	require.Equal(t, 2, b.claim(e).Canceled)
	b.index(1)
	require.Len(t, b.deliveries(e, domain.DeliveryCanceled), 3, "what happens meanwhile is kept")
	skipped := b.deliveries(e, domain.DeliveryCanceled)[0]
	_, _, err = b.ResendDelivery(b.ctx, b.tenant, skipped.ID)
	require.Equal(t, domain.CodeConflict, domain.CodeOf(err))

	_, err = b.ChangeEndpoint(b.ctx, b.tenant, e.ID, func(e *domain.Endpoint) error { e.State = domain.EndpointActive; return nil })
	require.NoError(t, err)
	require.Len(t, b.deliveries(watcher, domain.DeliveryPending), 2, "webhook.recovered")
	again, _, err := b.ResendDelivery(b.ctx, b.tenant, skipped.ID)
	require.NoError(t, err)
	require.Equal(t, skipped.EventID, again.EventID)
	require.Equal(t, skipped.ID, b.claim(e).Deliveries[0].ID)
}

func TestAnEndpointIsDisabledByTimeFailingOnly(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(8)
	b.record(b.claim(e), retried)
	got, err := b.Endpoint(b.ctx, b.tenant, e.ID)
	require.NoError(t, err)
	require.Equal(t, domain.EndpointActive, got.State)
	require.NotNil(t, got.FailingSince)

	b.index(1)
	b.record(b.claim(e), delivered)
	got, err = b.Endpoint(b.ctx, b.tenant, e.ID)
	require.NoError(t, err)
	require.Nil(t, got.FailingSince, "a success clears the record")

	b.index(1)
	b.record(b.claim(e), retried)
	b.exec("update webhook_endpoints set failing_since = now() - interval '121 hours'")
	b.index(1)
	b.record(b.claim(e), ownFault)
	got, err = b.Endpoint(b.ctx, b.tenant, e.ID)
	require.NoError(t, err)
	require.Equal(t, domain.EndpointActive, got.State, "a fault of ours judges nobody")
	b.index(1)
	b.record(b.claim(e), retried)
	got, err = b.Endpoint(b.ctx, b.tenant, e.ID)
	require.NoError(t, err)
	require.Equal(t, domain.EndpointDisabled, got.State)
	require.Equal(t, domain.DisabledFailing, got.DisabledReason)
}

func TestWhatWaitsForADeletedEndpointIsCanceled(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(20)
	held := b.claim(e)
	require.NoError(t, b.DeleteEndpoint(b.ctx, b.tenant, e.ID))
	require.Len(t, b.deliveries(e, domain.DeliveryCanceled), 12)
	b.record(held, retried)
	require.Len(t, b.deliveries(e, domain.DeliveryCanceled), 20, "what was on its way is not tried again")
	require.Negative(t, b.claim(e).Wait)
	_, err := b.Endpoint(b.ctx, b.tenant, e.ID)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(b.DeleteEndpoint(b.ctx, b.tenant, e.ID)))
	b.index(1)
	require.Len(t, b.deliveries(e, ""), 20, "no new deliveries")
	_, _, err = b.ResendDelivery(b.ctx, b.tenant, held.Deliveries[0].ID)
	require.Equal(t, domain.CodeConflict, domain.CodeOf(err))
}

func TestPausedEndpointsAndSuspendedTenantsWaitAndGoOn(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	set := func(s domain.EndpointState) {
		_, err := b.ChangeEndpoint(b.ctx, b.tenant, e.ID, func(e *domain.Endpoint) error { e.State = s; return nil })
		require.NoError(t, err)
	}
	due := func() []store.EndpointRef {
		out, err := b.DueEndpoints(b.ctx, store.EndpointRef{}, 0, 100)
		require.NoError(t, err)
		return out
	}
	set(domain.EndpointPaused)
	b.index(2)
	require.Empty(t, b.claim(e).Deliveries)
	require.Negative(t, b.claim(e).Wait, "nobody sleeps for a paused endpoint")
	require.Empty(t, due())
	set(domain.EndpointActive)
	b.exec("update tenants set state = 'suspended' where id = $1", b.tenant)
	require.Empty(t, b.claim(e).Deliveries)
	require.Empty(t, due())
	b.exec("update tenants set state = 'active' where id = $1", b.tenant)
	require.Equal(t, []store.EndpointRef{{TenantID: b.tenant, ID: e.ID}}, due())
	require.Len(t, b.claim(e).Deliveries, 2)
}

func TestForeignWebhooksAndDeliveriesAreNotFound(t *testing.T) {
	b := setup(t)
	e := b.endpoint("*")
	b.index(1)
	other, err := b.CreateTenant(b.ctx, "other", "Other")
	require.NoError(t, err)
	nothing := func(*domain.Endpoint) error { return nil }
	_, errGet := b.Endpoint(b.ctx, other.ID, e.ID)
	_, errChange := b.ChangeEndpoint(b.ctx, other.ID, e.ID, nothing)
	_, errTest := b.TestEndpoint(b.ctx, other.ID, e.ID)
	_, _, errList := b.Deliveries(b.ctx, other.ID, e.ID, store.DeliveryFilter{Limit: 1})
	_, _, errResend := b.ResendDelivery(b.ctx, other.ID, b.deliveries(e, "")[0].ID)
	for _, err := range []error{errGet, errChange, errTest, errList, errResend, b.DeleteEndpoint(b.ctx, other.ID, e.ID)} {
		require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	}
	c, err := b.ClaimDeliveries(b.ctx, other.ID, e.ID, time.Minute, 0)
	require.NoError(t, err)
	require.Empty(t, c.Deliveries)
}

func TestOldDeliveriesAndThenTheirEndpointsArePurged(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(3)
	b.record(b.claim(e), delivered)
	require.NoError(t, b.DeleteEndpoint(b.ctx, b.tenant, e.ID))
	done, err := b.PurgeExpired(b.ctx, time.Hour, time.Hour, func() {})
	require.NoError(t, err)
	require.Zero(t, done.Deliveries+done.Endpoints)
	b.exec("update webhook_deliveries set finished_at = now() - interval '2 hours'")
	b.exec("update webhook_endpoints set updated_at = now() - interval '2 hours'")
	done, err = b.PurgeExpired(b.ctx, time.Hour, time.Hour, func() {})
	require.NoError(t, err)
	require.Equal(t, []int64{3, 1}, []int64{done.Deliveries, done.Endpoints})
}

func TestThereIsALimitOfEndpoints(t *testing.T) {
	b := setup(t)
	for range 100 {
		b.endpoint("job.*")
	}
	_, err := b.CreateEndpoint(b.ctx, domain.Endpoint{
		ID: uuid.New(), TenantID: b.tenant, URL: "https://example.com", Events: []string{"*"}, State: domain.EndpointActive, MaxConcurrency: 1,
	})
	require.Equal(t, domain.CodeConflict, domain.CodeOf(err))
}
