package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// Usage reads what a tenant uses and may use, at one moment.
func (s *Store) Usage(ctx context.Context, tenant uuid.UUID) (u domain.Usage, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.UsageToday(ctx, tenant)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		if err != nil {
			return err
		}
		plan := planFrom(row.Tier, row.Quota)
		u = domain.Usage{
			Plan: plan, Limits: s.tiers.Limits(plan), Documents: row.Documents, StorageBytes: row.StorageBytes, Searches: row.Searches,
			SearchesLeased: row.SearchesLeased,
		}
		if u.APIKeys, err = q.APIKeyCountLive(ctx, tenant); err != nil {
			return err
		}
		u.Webhooks, err = q.WebhookEndpointCount(ctx, tenant)
		return err
	})
	return u, err
}

// UsageDays lists what a tenant used on each day from first to last, both included.
func (s *Store) UsageDays(ctx context.Context, tenant uuid.UUID, first, last time.Time) (out []domain.UsageDay, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.UsageDays(ctx, db.UsageDaysParams{TenantID: tenant, First: date(first), Last: date(last)})
		if err != nil {
			return err
		}
		carried, err := q.UsageBefore(ctx, db.UsageBeforeParams{TenantID: tenant, First: date(first)})
		if err != nil && !noRows(err) {
			return err
		}
		before := domain.UsageDay{}
		if carried.Documents != nil {
			before.Documents, before.StorageBytes = *carried.Documents, *carried.StorageBytes
		}
		out = fillDays(rows, before, first, last)
		return liveDeliveries(ctx, q, tenant, out)
	})
	return out, err
}

// deliveryDays is how many days' deliveries are counted from the hours when they are
// asked for, and again by each roll-up. Those of before stay what they were.
const deliveryDays = 3

func deliveriesSince(now time.Time) time.Time {
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-deliveryDays)
}

// liveDeliveries counts the deliveries of the last days, up to this moment.
func liveDeliveries(ctx context.Context, q *db.Queries, tenant uuid.UUID, days []domain.UsageDay) error {
	since := deliveriesSince(time.Now())
	if len(days) == 0 || days[len(days)-1].Day.Before(since) {
		return nil
	}
	rows, err := q.UsageDeliveries(ctx, db.UsageDeliveriesParams{TenantID: tenant, Since: since})
	for _, r := range rows {
		if n := int(r.Day.Time.Sub(days[0].Day) / (24 * time.Hour)); n >= 0 && n < len(days) {
			days[n].Deliveries = r.Deliveries
		}
	}
	return err
}

// RollUpDeliveries writes how many deliveries succeeded on each of the last days. It
// may run as often as one likes.
func (s *Store) RollUpDeliveries(ctx context.Context) (days int64, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		days, err = q.UsageRollUpDeliveries(ctx, deliveriesSince(time.Now()))
		return err
	})
	return days, err
}

// fillDays adds the days without a row. Documents stay what they were.
func fillDays(rows []db.UsageDaysRow, before domain.UsageDay, first, last time.Time) (out []domain.UsageDay) {
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		d := domain.UsageDay{Day: day, Documents: before.Documents, StorageBytes: before.StorageBytes}
		if len(rows) > 0 && rows[0].Day.Time.Equal(day) {
			r := rows[0]
			rows = rows[1:]
			d.Searches, d.Requests, d.Deliveries = r.Searches, r.Requests, r.Deliveries
			if r.Documents != nil && r.StorageBytes != nil {
				d.Documents, d.StorageBytes = *r.Documents, *r.StorageBytes
			}
		}
		before = d
		out = append(out, d)
	}
	return out
}

func date(day time.Time) pgtype.Date { return pgtype.Date{Time: day, Valid: true} }

// CountUsage adds what a server has counted.
func (s *Store) CountUsage(ctx context.Context, counts []domain.UsageCount) error {
	var p db.UsageCountManyParams
	for _, c := range counts {
		p.TenantIds = append(p.TenantIds, c.TenantID)
		p.Days = append(p.Days, date(c.Day))
		p.Searches = append(p.Searches, c.Searches)
		p.Requests = append(p.Requests, c.Requests)
	}
	return s.inSystem(ctx, func(q *db.Queries) error { return q.UsageCountMany(ctx, p) })
}

// Recount is what a recount of a tenant's documents has found.
type Recount struct {
	Documents, StorageBytes int64
	// CountedDocuments and CountedBytes are what the counters said.
	CountedDocuments, CountedBytes int64
}

// Corrected reports whether the counters were wrong.
func (r Recount) Corrected() bool {
	return r.Documents != r.CountedDocuments || r.StorageBytes != r.CountedBytes
}

// usageFacts is what the audit log shows of counters.
type usageFacts struct {
	Documents    int64 `json:"documents"`
	StorageBytes int64 `json:"storage_bytes"`
}

// RecountUsage counts a tenant's documents and corrects the counters if they differ.
// It holds up nobody as long as they do not.
func (s *Store) RecountUsage(ctx context.Context, tenant uuid.UUID) (r Recount, err error) {
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		r, err = recount(ctx, q, tenant)
		return err
	})
	if err != nil || !r.Corrected() {
		return r, err
	}
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		// What commits before the lock is counted, what commits after it counts itself.
		if _, err := q.UsageLock(ctx, tenant); err != nil {
			return err
		}
		if r, err = recount(ctx, q, tenant); err != nil || !r.Corrected() {
			return err
		}
		_, err := q.UsageAdd(ctx, db.UsageAddParams{
			TenantID: tenant, Documents: r.Documents - r.CountedDocuments, StorageBytes: r.StorageBytes - r.CountedBytes,
		})
		if err != nil {
			return err
		}
		c := change{action: "usage.corrected", kind: "tenant", id: tenant.String(), before: usageFacts{r.CountedDocuments, r.CountedBytes}}
		c.after = usageFacts{r.Documents, r.StorageBytes}
		return audit(ctx, q, tenant, c)
	})
	return r, err
}

func recount(ctx context.Context, q *db.Queries, tenant uuid.UUID) (Recount, error) {
	counters, err := q.UsageCounters(ctx, tenant)
	if err != nil && !noRows(err) {
		return Recount{}, err
	}
	rows, err := q.UsageRecount(ctx, tenant)
	return Recount{
		Documents: rows.Documents, StorageBytes: rows.StorageBytes, CountedDocuments: counters.Documents, CountedBytes: counters.StorageBytes,
	}, err
}
