package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// limited stores an endpoint with the limits that change sets.
func (b *bundle) limited(change func(*domain.Endpoint)) domain.Endpoint {
	b.t.Helper()
	return b.change(b.endpoint("document.*"), change)
}

func (b *bundle) change(e domain.Endpoint, change func(*domain.Endpoint)) domain.Endpoint {
	b.t.Helper()
	out, err := b.ChangeEndpoint(b.ctx, e.TenantID, e.ID, func(e *domain.Endpoint) error { change(e); return nil })
	require.NoError(b.t, err)
	return out
}

// happened inserts an event that occurred so many seconds ago, due now.
func (b *bundle) happened(e domain.Endpoint, secondsAgo int) uuid.UUID {
	b.t.Helper()
	id := uuid.Must(uuid.NewV7())
	b.exec(`insert into webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload, occurred_at)
		values ($1, $2, $3, $2, 'document.indexed', '{}', date_trunc('day', now()) - make_interval(secs => $4))`, e.TenantID, id, e.ID, secondsAgo)
	return id
}

// pass lets time go by for what waits: retries, and the bucket of tokens.
func (b *bundle) pass(d time.Duration) {
	b.t.Helper()
	b.exec("update webhook_deliveries set next_attempt_at = next_attempt_at - make_interval(secs => $1) where state in ('pending', 'delivering')", d.Seconds())
	b.exec("update webhook_endpoints set rate_refilled_at = rate_refilled_at - make_interval(secs => $1)", d.Seconds())
}

func (b *bundle) claimed(e domain.Endpoint) []uuid.UUID {
	b.t.Helper()
	return idsOf(b.claim(e))
}

func idsOf(c store.DeliveryClaim) []uuid.UUID {
	var ids []uuid.UUID
	for _, d := range c.Deliveries {
		ids = append(ids, d.ID)
	}
	return ids
}

func TestNothingIsStoredForEventsThatAFilterHoldsBack(t *testing.T) {
	b := setup(t)
	all := b.endpoint("*")
	filtered := func(f domain.EventFilter) domain.Endpoint {
		return b.change(b.endpoint("*"), func(e *domain.Endpoint) { e.Filter = f })
	}
	kinds := filtered(domain.EventFilter{"kind": {"reindex", "index_documents"}})
	done := filtered(domain.EventFilter{"done": {3.0}, "state": {"completed"}})
	both := filtered(domain.EventFilter{"done": {3.0}, "state": {"failed"}})
	text := filtered(domain.EventFilter{"done": {"3"}})
	first := filtered(domain.EventFilter{"version": {1.0}})
	b.index(3)
	require.Len(t, b.deliveries(all, ""), 4)
	require.Len(t, b.deliveries(kinds, ""), 1, "events without the field do not match")
	require.Equal(t, domain.EventJobCompleted, b.deliveries(kinds, "")[0].EventType)
	require.Len(t, b.deliveries(done, ""), 1, "every field matches")
	require.Empty(t, b.deliveries(both, ""), "one of two fields is not enough")
	require.Empty(t, b.deliveries(text, ""), "a number is no text")
	require.Len(t, b.deliveries(first, ""), 3)

	_, err := b.TestEndpoint(b.ctx, b.tenant, both.ID)
	require.NoError(t, err)
	require.Len(t, b.deliveries(both, ""), 1, "a test ignores the filter")

	b.change(both, func(e *domain.Endpoint) { e.Filter = nil })
	b.index(1)
	require.Len(t, b.deliveries(both, ""), 3)
}

func TestWhatAFilterMatches(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "")
	for _, c := range []struct {
		filter, data string
		want         bool
	}{
		{`{"a":["x","y"]}`, `{"a":"y"}`, true},
		{`{"a":["x"]}`, `{"a":"X"}`, false},
		{`{"a":[1]}`, `{"a":1.0}`, true},
		{`{"a":[1]}`, `{"a":true}`, false},
		{`{"a":[true]}`, `{"a":true}`, true},
		{`{"a":[false]}`, `{}`, false},
		{`{"a":["x"]}`, `{"a":null}`, false},
		{`{"a":["x"]}`, `{"a":["x"]}`, false},
		{`{"a":["x"]}`, `{"a":[]}`, false},
		{`{"a":["x"]}`, `{"a":{}}`, false},
		{`{"a":["x"],"b":["y"]}`, `{"a":"x","b":"y"}`, true},
		{`{"a":["x"],"b":["y"]}`, `{"a":"x"}`, false},
	} {
		var got bool
		require.NoError(t, conn.QueryRow(b.ctx, "select webhook_filter_matches($1::jsonb, $2::jsonb)", c.filter, c.data).Scan(&got))
		require.Equal(t, c.want, got, "%s %s", c.filter, c.data)
	}
	var none bool
	require.NoError(t, conn.QueryRow(b.ctx, "select webhook_filter_matches(null, '{}')").Scan(&none))
	require.True(t, none)
}

// Events of a tenant without endpoints cost as many pages as an index has levels.
func TestATenantWithoutEndpointsPaysOneLookForItsEvents(t *testing.T) {
	b := setup(t)
	for range 50 {
		b.endpoint("*")
	}
	other, err := b.CreateTenant(b.ctx, "other", "Other")
	require.NoError(t, err)
	var plan []struct {
		Plan struct {
			Rows  int `json:"Actual Rows"`
			Pages int `json:"Shared Hit Blocks"`
		}
	}
	var raw json.RawMessage
	require.NoError(t, connect(t, b.url, "").QueryRow(b.ctx, `explain (analyze, buffers, format json) select 1 from webhook_endpoints e
		join unnest(array['document.indexed', 'document.deleted']) v(type) on e.events && array[v.type, split_part(v.type, '.', 1) || '.*', '*']
		where e.tenant_id = '`+other.ID.String()+`' and e.state <> 'deleted' and webhook_filter_matches(e.filter, '{}')`).Scan(&raw))
	require.NoError(t, json.Unmarshal(raw, &plan))
	require.Zero(t, plan[0].Plan.Rows)
	require.LessOrEqual(t, plan[0].Plan.Pages, 2, "%s", raw)
}

func TestARateLimitIsKeptAndWaitingHoldsNoLease(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.RateLimit, e.MaxConcurrency = 50, 64 })
	b.index(60)
	require.Len(t, b.claimed(e), 5, "the bucket holds a tenth of a second")
	b.exec("update webhook_endpoints set rate_refilled_at = clock_timestamp(), rate_tokens = -50")
	c := b.claim(e)
	require.Empty(t, c.Deliveries)
	require.True(t, c.Throttled)
	require.InDelta(t, 1, c.Wait.Seconds(), 0.5, "when the next token is there")
	waiting := b.deliveries(e, domain.DeliveryPending)
	require.Len(t, waiting, 55)
	for _, d := range waiting {
		require.Zero(t, d.Attempts)
	}
	b.exec("update webhook_endpoints set rate_refilled_at = clock_timestamp() - interval '1 hour'")
	require.Len(t, b.claimed(e), 5, "an hour of silence saves up no more than the bucket holds")
}

func TestTokensThatAClaimDidNotNeedStay(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.RateLimit = 20 }) // two tokens at once
	b.index(1)
	require.Len(t, b.claimed(e), 1)
	left := func() (n float64) {
		require.NoError(t, connect(t, b.url, "").QueryRow(b.ctx, "select rate_tokens from webhook_endpoints").Scan(&n))
		return n
	}
	require.InDelta(t, 1, left(), 0.0001)
	none := b.claim(e)
	require.Empty(t, none.Deliveries)
	require.False(t, none.Throttled, "nothing is due")
	require.InDelta(t, 1, left(), 0.0001, "what found nothing took nothing")
	b.index(1)
	require.Len(t, b.claimed(e), 1)
}

func TestARetryCountsAsARequest(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.RateLimit = 1 })
	b.index(1)
	b.record(b.claim(e), retried)
	b.exec("update webhook_deliveries set next_attempt_at = now()")
	c := b.claim(e)
	require.Empty(t, c.Deliveries)
	require.True(t, c.Throttled)
	require.InDelta(t, 1, c.Wait.Seconds(), 0.9)
	b.pass(time.Second)
	require.Len(t, b.claimed(e), 1)
}

func TestAClockThatWasSetBackStopsNoEndpoint(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.RateLimit = 10 })
	b.index(2)
	require.Len(t, b.claimed(e), 1)
	b.exec("update webhook_endpoints set rate_refilled_at = now() + interval '1 day'")
	require.Len(t, b.claimed(e), 1)
}

func TestOrderIsKeptAndAFailureHoldsUpWhatCameLater(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.FIFO = true })
	third, first, second := b.happened(e, 10), b.happened(e, 30), b.happened(e, 20)
	c := b.claim(e)
	require.Equal(t, []uuid.UUID{first}, idsOf(c), "the oldest, alone")
	blocked := b.claim(e)
	require.Empty(t, blocked.Deliveries, "one at a time")
	require.False(t, blocked.Throttled)
	require.InDelta(t, 60, blocked.Wait.Seconds(), 10, "until the lease ends")

	b.record(c, retried)
	blocked = b.claim(e)
	require.Empty(t, blocked.Deliveries, "those behind it wait")
	require.InDelta(t, 3600, blocked.Wait.Seconds(), 10, "until its next attempt")
	require.Empty(t, dueEndpoints(b), "the sweep leaves it alone, too")
	b.pass(time.Hour)
	require.Len(t, dueEndpoints(b), 1)
	c = b.claim(e)
	require.Equal(t, []uuid.UUID{first}, idsOf(c))
	b.record(c, store.DeliveryOutcome{State: domain.DeliveryExhausted, Counts: true, Attempt: domain.Attempt{Status: 500}})
	for _, next := range []uuid.UUID{second, third} {
		c = b.claim(e)
		require.Equal(t, []uuid.UUID{next}, idsOf(c))
		b.record(c, delivered)
	}
	require.Negative(t, b.claim(e).Wait)
}

func dueEndpoints(b *bundle) []store.EndpointRef {
	b.t.Helper()
	out, err := b.DueEndpoints(b.ctx, store.EndpointRef{}, 0, 100)
	require.NoError(b.t, err)
	return out
}

func TestEventsOfOneTransactionKeepTheOrderTheyWereWrittenIn(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.FIFO = true })
	b.index(5)
	b.index(5)
	var seen []string
	for c := b.claim(e); len(c.Deliveries) > 0; c = b.claim(e) {
		seen = append(seen, c.Deliveries[0].OccurredAt.Format(time.RFC3339Nano)+c.Deliveries[0].EventID.String())
		b.record(c, delivered)
	}
	require.Len(t, seen, 10)
	require.True(t, slices.IsSorted(seen))
}

func TestTheLeaseOfADeadWorkerHoldsTheOrderUpAndThenEnds(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.FIFO = true })
	first := b.happened(e, 2)
	b.happened(e, 1)
	dead := b.claim(e)
	require.Empty(t, b.claimed(e))
	b.exec("update webhook_deliveries set next_attempt_at = now() where lease = $1", dead.Lease)
	again := b.claim(e)
	require.Equal(t, []uuid.UUID{first}, idsOf(again))
	b.record(dead, delivered)
	require.Empty(t, b.deliveries(e, domain.DeliveryDelivered), "who lost the lease changes nothing")
	require.Empty(t, b.claimed(e))
	b.record(again, delivered)
	require.Len(t, b.claimed(e), 1)
}

func TestWhatOccurredEarlierGoesFirstButNeverBesideAnother(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.FIFO = true })
	old := b.happened(e, 30)
	b.record(b.claim(e), delivered)
	later, last := b.happened(e, 20), b.happened(e, 10)
	sending := b.claim(e)
	require.Equal(t, []uuid.UUID{later}, idsOf(sending))

	_, _, err := b.ResendDelivery(b.ctx, b.tenant, old)
	require.NoError(t, err)
	late := b.happened(e, 40) // its transaction took longer than those of later events
	require.Empty(t, b.claimed(e), "what is on its way is finished first")
	b.record(sending, delivered)
	for _, next := range []uuid.UUID{late, old, last} {
		c := b.claim(e)
		require.Equal(t, []uuid.UUID{next}, idsOf(c))
		b.record(c, delivered)
	}
}

func TestOrderBeginsWhenWhatIsOnItsWayHasEnded(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(12)
	several := b.claim(e)
	require.Len(t, several.Deliveries, 8)
	e = b.change(e, func(e *domain.Endpoint) { e.FIFO = true })
	require.Empty(t, b.claimed(e))
	b.record(several, delivered)
	one := b.claim(e)
	require.Len(t, one.Deliveries, 1)
	e = b.change(e, func(e *domain.Endpoint) { e.FIFO = false })
	require.Len(t, b.claimed(e), 3, "and ends at once")
}

func TestLimitsThatChangeWakeTheEndpoint(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.FIFO = true })
	ctx, cancel := context.WithCancel(b.ctx)
	heard := make(chan store.EndpointRef, 64)
	var gone sync.WaitGroup
	gone.Go(func() { b.ListenWork(ctx, store.WorkListener{Due: func(r store.EndpointRef) { heard <- r }}) })
	t.Cleanup(func() { cancel(); gone.Wait() })
	rate := 0
	require.Eventually(t, func() bool {
		rate++
		b.change(e, func(e *domain.Endpoint) { e.RateLimit = rate })
		select {
		case r := <-heard:
			return r == store.EndpointRef{TenantID: b.tenant, ID: e.ID}
		case <-time.After(100 * time.Millisecond):
			return false
		}
	}, 10*time.Second, time.Millisecond)
}

func TestAPausedEndpointAndASuspendedTenantKeepOrderAndTokens(t *testing.T) {
	b := setup(t)
	e := b.limited(func(e *domain.Endpoint) { e.FIFO, e.RateLimit = true, 100 })
	first := b.happened(e, 2)
	b.happened(e, 1)
	b.exec("update tenants set state = 'suspended' where id = $1", b.tenant)
	c := b.claim(e)
	require.Empty(t, c.Deliveries)
	require.Negative(t, c.Wait)
	b.exec("update tenants set state = 'active' where id = $1", b.tenant)
	require.Equal(t, []uuid.UUID{first}, b.claimed(e))
}

func TestClaimersOfManyWorkersKeepTheRateLimit(t *testing.T) {
	b := setup(t)
	const rate, events = 100, 150
	e := b.limited(func(e *domain.Endpoint) { e.RateLimit = rate })
	b.index(events)
	var mu sync.Mutex
	var claims []claimTime
	var workers sync.WaitGroup
	for range 6 {
		workers.Go(func() {
			for {
				begin := time.Now()
				c, err := b.ClaimDeliveries(b.ctx, e.TenantID, e.ID, time.Minute, 0)
				if err != nil || len(c.Deliveries) == 0 && !c.Throttled {
					return
				}
				mu.Lock()
				claims = append(claims, claimTime{begin, time.Now(), len(c.Deliveries)})
				mu.Unlock()
				<-time.After(c.Wait) // as the activity does
			}
		})
	}
	workers.Wait()
	total := 0
	for _, c := range claims {
		total += c.n
	}
	require.Equal(t, events, total)
	require.NoError(t, checkRate(claims, rate))
}

type claimTime struct {
	begin, end time.Time
	n          int
}

// checkRate looks at every window from the begin of a claim to the end of a later one.
func checkRate(claims []claimTime, rate int) error {
	slices.SortFunc(claims, func(a, b claimTime) int { return a.begin.Compare(b.begin) })
	burst := max(1, float64(rate)/10)
	for i := range claims {
		for j := i; j < len(claims); j++ {
			window, n := claims[j].end.Sub(claims[i].begin), 0
			for _, c := range claims {
				if !c.begin.Before(claims[i].begin) && !c.end.After(claims[j].end) {
					n += c.n
				}
			}
			if float64(n) > burst+float64(rate)*window.Seconds()+0.001 {
				return fmt.Errorf("%d requests in %s at %d a second", n, window, rate)
			}
		}
	}
	return nil
}

func TestWorkersThatClaimAtTheSameMomentShareTheTokens(t *testing.T) {
	b := setup(t)
	const rate, workers = 40, 8
	e := b.limited(func(e *domain.Endpoint) { e.RateLimit = rate })
	b.index(400)
	for range 10 {
		b.exec("update webhook_endpoints set rate_refilled_at = clock_timestamp(), rate_tokens = 4")
		var claimed atomic.Int32
		var ready, done sync.WaitGroup
		ready.Add(workers)
		begin := time.Now()
		for range workers {
			done.Go(func() {
				ready.Done()
				ready.Wait()
				c, err := b.ClaimDeliveries(b.ctx, e.TenantID, e.ID, time.Minute, 0)
				if err == nil {
					claimed.Add(int32(len(c.Deliveries)))
				}
			})
		}
		done.Wait()
		require.LessOrEqual(t, float64(claimed.Load()), 4+rate*time.Since(begin).Seconds())
	}
}

func TestADeliveryThatIsExhaustedDisablesNobody(t *testing.T) {
	b := setup(t)
	e := b.endpoint("document.*")
	b.index(1)
	b.record(b.claim(e), exhausted)
	got, err := b.Endpoint(b.ctx, b.tenant, e.ID)
	require.NoError(t, err)
	require.Equal(t, domain.EndpointActive, got.State)
	require.Len(t, b.deliveries(e, domain.DeliveryExhausted), 1)
}
