package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// A lease is a share of what the quota of the day has left, so that servers which hold
// some do not keep the last searches from each other: each has at most a sixteenth.
const (
	leaseShare = 16
	maxLease   = 1000
)

// LeaseSearches takes some searches of the tenant's quota of the day for one server.
// owed are those that it has answered without a lease, while it could not take one:
// they count, also above the quota. What is leased otherwise never exceeds the quota.
func (s *Store) LeaseSearches(ctx context.Context, tenant uuid.UUID, owed int64) (out domain.SearchLease, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		today, err := q.SearchLeaseDay(ctx, tenant)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		if err != nil {
			return err
		}
		out = domain.SearchLease{
			Day: today.Day.Time, Left: time.Duration(today.SecondsLeft * float64(time.Second)), Granted: maxLease,
		}
		plan := planFrom(today.Tier, today.Quota)
		limits := s.tiers.Limits(plan)
		if limits.SearchesPerDay == nil {
			return nil
		}
		row, err := q.SearchLeaseLock(ctx, db.SearchLeaseLockParams{TenantID: tenant, Day: today.Day})
		if err != nil {
			return err
		}
		out.Limit, out.Used = *limits.SearchesPerDay, row.SearchesLeased+owed
		out.Granted = grant(out.Limit - out.Used)
		out.Used += out.Granted
		if out.Used == row.SearchesLeased {
			return nil
		}
		c := counted{domain.QuotaSearchesPerDay, row.SearchesLeased, out.Used, limits.SearchesPerDay}
		return writeLease(ctx, q, tenant, plan.Tier, &c, today, row)
	})
	return out, err
}

// grant returns how many of the searches that are left one server may have.
func grant(left int64) int64 {
	if left <= 0 {
		return 0
	}
	return min(max(left/leaseShare, 1), maxLease)
}

// writeLease stores what is leased now. A level is told of once a day.
func writeLease(ctx context.Context, q *db.Queries, tenant uuid.UUID, tier domain.Tier, c *counted, today db.SearchLeaseDayRow, row db.SearchLeaseLockRow) error {
	told := domain.QuotaLevel(row.SearchesLevel)
	level := max(told, domain.LevelOf(c.after, *c.limit))
	set := db.SearchLeaseSetParams{TenantID: tenant, Day: today.Day, SearchesLeased: c.after, SearchesLevel: int16(level)}
	if err := q.SearchLeaseSet(ctx, set); err != nil {
		return err
	}
	l := ledger{tenant: tenant, tier: tier}
	var events outbox
	for n := told + 1; n <= level; n++ {
		if err := events.add(levelEvents[n], l.event(c)); err != nil {
			return err
		}
	}
	return events.write(ctx, q, tenant)
}

// ReturnSearches gives back what a server has leased on a day and not used.
func (s *Store) ReturnSearches(ctx context.Context, tenant uuid.UUID, day time.Time, searches int64) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		return q.SearchLeaseReturn(ctx, db.SearchLeaseReturnParams{TenantID: tenant, Day: date(day), Searches: searches})
	})
}
