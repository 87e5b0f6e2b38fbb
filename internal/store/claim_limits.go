package store

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

// longestLease bounds every lease. Workers of different versions may give
// different ones, and what is being sent must be found among all that waits: in
// the time up to leaseHorizon, which is well above.
const (
	longestLease = 5 * time.Minute
	leaseHorizon = 2 * longestLease
)

// takesTurns reports whether claims of an endpoint must not overlap, because what
// one may take depends on what another took.
func takesTurns(row *db.WebhookEndpoint) bool { return row.RateLimit != nil || row.Fifo }

// claimLimited claims for an endpoint that takesTurns and whose row is locked. Out
// of order it takes what there are tokens for, in order the oldest open row alone.
// Waiting for a token changes no row.
func claimLimited(ctx context.Context, q *db.Queries, out *DeliveryClaim, lease time.Duration, sending int) error {
	e := &out.Endpoint
	most := int32(max(0, e.MaxConcurrency-sending))
	if e.RateLimit > 0 {
		bucket, err := q.DeliveryTokens(ctx, db.DeliveryTokensParams{TenantID: e.TenantID, ID: e.ID})
		if err != nil {
			return err
		}
		if bucket.Tokens < 1 {
			return throttle(ctx, q, out, seconds(bucket.Seconds))
		}
		most = min(most, bucket.Tokens)
	}
	rows, err := claimRows(ctx, q, out, lease, most)
	if err != nil {
		return err
	}
	for _, r := range rows {
		out.Deliveries = append(out.Deliveries, deliveryFrom(r))
	}
	switch {
	case len(rows) == 0:
		out.Wait, err = nextDue(ctx, q, e)
	case e.RateLimit > 0:
		err = q.DeliveryTokensTake(ctx, db.DeliveryTokensTakeParams{TenantID: e.TenantID, ID: e.ID, Taken: int32(len(rows))})
	}
	return err
}

func claimRows(ctx context.Context, q *db.Queries, out *DeliveryClaim, lease time.Duration, most int32) ([]db.WebhookDelivery, error) {
	e := &out.Endpoint
	if e.FIFO {
		return q.DeliveryClaimFirst(ctx, db.DeliveryClaimFirstParams{
			TenantID: e.TenantID, EndpointID: e.ID, Lease: &out.Lease, LeaseTime: interval(lease),
			LeaseHorizon: interval(leaseHorizon),
		})
	}
	return q.DeliveryClaim(ctx, db.DeliveryClaimParams{
		TenantID: e.TenantID, EndpointID: e.ID, Lease: &out.Lease, LeaseTime: interval(lease), RowLimit: most,
	})
}

// throttle says how long to wait where there is no token.
func throttle(ctx context.Context, q *db.Queries, out *DeliveryClaim, token time.Duration) (err error) {
	if out.Wait, err = nextDue(ctx, q, &out.Endpoint); err != nil || out.Wait < 0 || out.Wait > token {
		return err
	}
	out.Wait, out.Throttled = token, true
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
