package store

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// attemptHourRetention is a little more than the widest range of statistics.
const attemptHourRetention = 8 * 24 * time.Hour

// bucketGrowth is the ratio of the bounds of two neighbouring buckets of
// durations: what a percentile may be off by.
const bucketGrowth = 1.15

// durationBucket is the number of the smallest bucket that holds a duration.
func durationBucket(d time.Duration) int16 {
	ms := max(1, d.Milliseconds())
	return int16(math.Ceil(math.Log(float64(ms)) / math.Log(bucketGrowth)))
}

// bucketDuration is the longest duration of a bucket, in whole milliseconds.
func bucketDuration(bucket int16) time.Duration {
	return time.Duration(math.Floor(math.Pow(bucketGrowth, float64(bucket))+1e-6)) * time.Millisecond
}

// EndpointStats tells what became of the attempts of an endpoint in the present
// hour and those before it, and what is pending now.
func (s *Store) EndpointStats(ctx context.Context, tenant, endpoint uuid.UUID, hours int) (out domain.EndpointStats, err error) {
	out.Since = time.Now().UTC().Truncate(time.Hour).Add(-time.Duration(hours-1) * time.Hour)
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.WebhookEndpointGet(ctx, db.WebhookEndpointGetParams{TenantID: tenant, ID: endpoint})
		if _, err := liveEndpoint(row, err); err != nil {
			return err
		}
		counts, err := q.AttemptHourList(ctx, db.AttemptHourListParams{TenantID: tenant, EndpointID: endpoint, Since: out.Since})
		if err != nil {
			return err
		}
		addAttempts(&out, counts)
		pending, err := q.DeliveryPendingStats(ctx, db.DeliveryPendingStatsParams{
			TenantID: tenant, EndpointID: endpoint, RowLimit: domain.MaxPendingCounted,
		})
		if noRows(err) {
			return nil
		}
		oldest, next := pending.Oldest.UTC(), pending.NextAttempt.UTC()
		out.Pending, out.OldestPending, out.NextAttempt = pending.Pending, &oldest, &next
		return err
	})
	return out, err
}

func addAttempts(out *domain.EndpointStats, counts []db.AttemptHourListRow) {
	out.Failed = map[string]int64{}
	buckets := map[int16]int64{}
	last := int16(0)
	for _, c := range counts {
		out.Attempts += c.Attempts
		buckets[c.Bucket] += c.Attempts
		last = max(last, c.Bucket)
		if c.ErrorCode == "" {
			out.Succeeded += c.Attempts
			continue
		}
		out.Failed[c.ErrorCode] += c.Attempts
	}
	percentile := func(share float64) time.Duration {
		rank, below := int64(math.Ceil(share*float64(out.Attempts))), int64(0)
		for b := int16(0); b <= last; b++ {
			if below += buckets[b]; below >= rank {
				return bucketDuration(b)
			}
		}
		return 0
	}
	if out.Attempts > 0 {
		out.P50, out.P95 = percentile(0.5), percentile(0.95)
	}
}

// Delivery returns one delivery with its attempts.
func (s *Store) Delivery(ctx context.Context, tenant, id uuid.UUID) (d domain.Delivery, attempts []domain.Attempt, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.DeliveryGet(ctx, db.DeliveryGetParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("delivery")
		}
		if err != nil {
			return err
		}
		d = deliveryFrom(row)
		made, err := q.AttemptList(ctx, db.AttemptListParams{TenantID: tenant, DeliveryIds: []uuid.UUID{id}})
		for _, r := range made {
			attempts = append(attempts, attemptFrom(r))
		}
		return err
	})
	return d, attempts, err
}
