package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// DeliverDueInput names an endpoint.
type DeliverDueInput struct {
	TenantID   uuid.UUID `json:"tenant_id"`
	EndpointID uuid.UUID `json:"endpoint_id"`
}

// DeliverDueOutput says what was done and when there is more to do.
type DeliverDueOutput struct {
	Delivered int `json:"delivered"`
	Failed    int `json:"failed"`
	Canceled  int `json:"canceled"`
	// More asks for another round at once.
	More bool `json:"more,omitempty"`
	// Wait is until the next delivery is due; negative means that none is waited for.
	Wait time.Duration `json:"wait"`
}

// DeliverDue sends what is due for an endpoint, waits a little for more, and
// says when to come back. An error is a fault of ours: the rows it had claimed
// come back with the end of their lease and no attempt is counted.
func (w *Webhooks) DeliverDue(ctx context.Context, in DeliverDueInput) (DeliverDueOutput, error) {
	beat := startHeartbeat(ctx, heartbeatEvery)
	defer beat.stop()
	woken, release := w.Wakeups.watch(in.EndpointID)
	d := &deliverDue{webhooks: w, in: in, woken: woken, ends: time.Now().Add(deliverySlice), sent: make(chan store.DeliveryOutcome)}
	err := d.run(ctx, beat)
	if release() {
		d.out.More = true // news came after the last look
	}
	return d.out, toTemporal(err)
}

// deliverDue is one run of the activity: a window of requests that moves on
// with each that ends, so that a slow one holds back nothing but itself.
//
//	claim ──▶ send ──▶ sent ──▶ record
//	  ▲                            │
//	  └── as many as may be sent ◀─┘
type deliverDue struct {
	webhooks *Webhooks
	in       DeliverDueInput
	woken    <-chan struct{}
	ends     time.Time
	out      DeliverDueOutput
	// sending counts the requests on their way; what comes of each goes to sent.
	sending int
	sent    chan store.DeliveryOutcome
}

func (d *deliverDue) run(ctx context.Context, beat *heartbeat) error {
	err := d.rounds(ctx, beat)
	// What was sent must be written down, also when the worker stops now.
	if last := d.finish(ctx); err == nil {
		err = last
	}
	return err
}

func (d *deliverDue) rounds(ctx context.Context, beat *heartbeat) error {
	for {
		claim, err := d.webhooks.Store.ClaimDeliveries(ctx, d.in.TenantID, d.in.EndpointID, deliveryLease, d.sending)
		if err != nil {
			return err
		}
		d.out.Canceled += claim.Canceled
		if err := d.send(ctx, &claim); err != nil {
			return err
		}
		switch {
		case d.sending > 0:
			if err := d.settle(ctx, &claim); err != nil {
				return err
			}
			beat.set(Progress{Stage: "deliver", Done: d.out.Delivered + d.out.Failed})
		case claim.Canceled == 0:
			if again := d.linger(ctx, &claim); !again {
				return ctx.Err()
			}
		}
		if stopping(ctx) || time.Now().After(d.ends) {
			d.out.More = true
			return ctx.Err()
		}
	}
}

// send starts a request for each claimed delivery.
func (d *deliverDue) send(ctx context.Context, claim *store.DeliveryClaim) error {
	if len(claim.Deliveries) == 0 {
		return nil
	}
	message, err := d.webhooks.open(&claim.Endpoint)
	if err != nil {
		return err
	}
	for n := range claim.Deliveries {
		d.sending++
		go func() {
			outcome := d.webhooks.attempt(ctx, message, &claim.Deliveries[n])
			outcome.Lease, outcome.SentTo = claim.Lease, claim.Endpoint.URL
			d.sent <- outcome
		}()
	}
	return nil
}

// settle waits until requests have ended and records them, or until there may
// be more to send beside them.
func (d *deliverDue) settle(ctx context.Context, claim *store.DeliveryClaim) error {
	var woken <-chan struct{}
	var due <-chan time.Time
	if d.sending < claim.Endpoint.Window() {
		if !claim.Throttled {
			woken = d.woken
		}
		wait := claim.Wait
		if wait < 0 {
			wait = lookAgain
		}
		timer := time.NewTimer(max(wait, 10*time.Millisecond))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case first := <-d.sent:
		return d.record(ctx, d.gather(first))
	case <-woken:
	case <-due:
	case <-activity.GetWorkerStopChannel(ctx):
	case <-ctx.Done():
	}
	return nil
}

// gather takes the outcomes that come in the same moment: one transaction
// records them all. News end it, for there is more to send.
func (d *deliverDue) gather(first store.DeliveryOutcome) []store.DeliveryOutcome {
	outcomes := []store.DeliveryOutcome{first}
	d.sending--
	timer := time.NewTimer(recordGather)
	defer timer.Stop()
	for d.sending > 0 {
		select {
		case o := <-d.sent:
			outcomes = append(outcomes, o)
			d.sending--
		case <-d.woken:
			return outcomes
		case <-timer.C:
			return outcomes
		}
	}
	return outcomes
}

// finish waits for the requests that are on their way and records them.
func (d *deliverDue) finish(ctx context.Context) error {
	var outcomes []store.DeliveryOutcome
	for ; d.sending > 0; d.sending-- {
		outcomes = append(outcomes, <-d.sent)
	}
	if len(outcomes) == 0 {
		return nil
	}
	return d.record(ctx, outcomes)
}

func (d *deliverDue) record(ctx context.Context, outcomes []store.DeliveryOutcome) error {
	for n := range outcomes {
		switch {
		case outcomes[n].State == domain.DeliveryDelivered:
			d.out.Delivered++
		case outcomes[n].Counts:
			d.out.Failed++
		}
	}
	return d.webhooks.Store.RecordOutcomes(context.WithoutCancel(ctx), d.in.TenantID, d.in.EndpointID, outcomes, maxFailing)
}

// linger waits for news, or for the next delivery when that is soon. It
// reports whether there is something to look at. News do not make an endpoint's
// rate limit pass sooner.
func (d *deliverDue) linger(ctx context.Context, claim *store.DeliveryClaim) bool {
	wait, woken := claim.Wait, d.woken
	if claim.Throttled {
		woken = nil
	}
	d.out.Wait = wait
	pause := deliveryLinger
	soon := wait >= 0 && wait <= deliveryLinger
	if soon {
		pause = max(wait, 10*time.Millisecond)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	idle := time.Now()
	select {
	case <-woken:
		return true
	case <-timer.C:
		if !soon && wait > 0 {
			d.out.Wait = max(0, wait-time.Since(idle))
		}
		return soon
	case <-activity.GetWorkerStopChannel(ctx):
		d.out.More = true
		return false
	case <-ctx.Done():
		return false
	}
}

func stopping(ctx context.Context) bool {
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return ctx.Err() != nil
	}
}
