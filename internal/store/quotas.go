package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// quotaEvent is the payload of quota.* events.
type quotaEvent struct {
	Quota   domain.QuotaName `json:"quota"`
	Tier    domain.Tier      `json:"tier"`
	Limit   int64            `json:"limit"`
	Used    int64            `json:"used"`
	Percent float64          `json:"percent"`
}

// levels are how full each quota was when somebody was last told.
type levels map[domain.QuotaName]domain.QuotaLevel

// levelsFrom reads the column, which holds what json.Marshal wrote.
func levelsFrom(column []byte) levels {
	l := levels{}
	_ = json.Unmarshal(column, &l)
	return l
}

// counted is a counter that a transaction changes, and the limit it is held to.
type counted struct {
	quota         domain.QuotaName
	before, after int64
	limit         *int64
}

// excess returns the error of a change that its quota has no room for. What takes
// away is always allowed, also above a quota that was lowered.
func (c *counted) excess() error {
	if c.limit == nil || c.after <= c.before || c.after <= *c.limit {
		return nil
	}
	return domain.QuotaExceeded(domain.QuotaExcess{Quota: c.quota, Limit: *c.limit, Used: c.before})
}

// ledger judges the counters that one transaction changes, whose usage row it has
// locked.
type ledger struct {
	tenant uuid.UUID
	tier   domain.Tier
	told   levels
}

// settle refuses what exceeds a quota, and tells of each level that is reached for the
// first time since the quota was below it.
func (l *ledger) settle(ctx context.Context, q *db.Queries, changes ...counted) error {
	now := maps.Clone(l.told)
	var events outbox
	for i := range changes {
		c := &changes[i]
		if err := c.excess(); err != nil {
			return err
		}
		level, reached := c.rise(l.told[c.quota])
		now[c.quota] = level
		if level == domain.QuotaBelow {
			delete(now, c.quota)
		}
		for _, t := range reached {
			if err := events.add(t, l.event(c)); err != nil {
				return err
			}
		}
	}
	if maps.Equal(now, l.told) {
		return nil
	}
	column, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("encode the levels of quotas: %w", err)
	}
	if err := q.UsageSetLevels(ctx, db.UsageSetLevelsParams{TenantID: l.tenant, Levels: column}); err != nil {
		return err
	}
	return events.write(ctx, q, l.tenant)
}

// rise returns the level after the change and the events of the levels that it
// reaches. A quota that fell since it was last told of (a key expired, the limit was
// raised) is told of again.
func (c *counted) rise(told domain.QuotaLevel) (level domain.QuotaLevel, reached []domain.EventType) {
	if c.limit == nil {
		return domain.QuotaBelow, nil
	}
	level = domain.LevelOf(c.after, *c.limit)
	for l := min(told, domain.LevelOf(c.before, *c.limit)) + 1; l <= level; l++ {
		reached = append(reached, levelEvents[l])
	}
	return level, reached
}

var levelEvents = map[domain.QuotaLevel]domain.EventType{
	domain.QuotaWarning: domain.EventQuotaWarning, domain.QuotaFull: domain.EventQuotaExceeded,
}

func (l *ledger) event(c *counted) quotaEvent {
	return quotaEvent{Quota: c.quota, Tier: l.tier, Limit: *c.limit, Used: c.after, Percent: domain.QuotaPercent(c.after, *c.limit)}
}

// addUsage counts the documents and the bytes of content that a transaction adds, and
// fails when the tenant's quota has no room for them. It locks the tenant's usage:
// call it last.
func addUsage(ctx context.Context, q *db.Queries, tiers domain.Tiers, tenant uuid.UUID, documents, bytes int64) error {
	if documents == 0 && bytes == 0 {
		return nil
	}
	row, err := q.UsageAdd(ctx, db.UsageAddParams{TenantID: tenant, Documents: documents, StorageBytes: bytes})
	if err != nil {
		return err
	}
	plan := planFrom(row.Tier, row.Quota)
	limits := tiers.Limits(plan)
	if limits.Documents == nil && limits.StorageBytes == nil {
		return nil
	}
	l := ledger{tenant, plan.Tier, levelsFrom(row.Levels)}
	return l.settle(ctx, q,
		counted{domain.QuotaDocuments, row.Documents - documents, row.Documents, limits.Documents},
		counted{domain.QuotaStorageBytes, row.StorageBytes - bytes, row.StorageBytes, limits.StorageBytes})
}
