package store

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// clickGrace is for how long a click may come before its search is stored.
const clickGrace = 30 * time.Second

// RecordSearches stores events of any tenants and tells the webhooks that want to
// hear of them. It may be called again with the same events: each is stored and
// told once. Events whose id is no query_id are left out, and those of tenants that
// are gone or going.
func (s *Store) RecordSearches(ctx context.Context, events []domain.SearchEvent) error {
	if len(events) == 0 {
		return nil
	}
	return s.inSystem(ctx, func(q *db.Queries) error {
		events, err := ofRecordedTenants(ctx, q, events)
		if err != nil {
			return err
		}
		p, marks := searchColumns(events)
		if len(p.Ids) == 0 {
			return nil
		}
		// First: whoever rolls these hours up waits now, until the events are there.
		if err := markHours(ctx, q, marks); err != nil {
			return err
		}
		stored, err := q.SearchEventInsertMany(ctx, p)
		if err != nil {
			return err
		}
		return s.tellSearches(ctx, q, events, stored)
	})
}

func searchColumns(events []domain.SearchEvent) (p db.SearchEventInsertManyParams, marks []hourMark) {
	for i := range events {
		e := &events[i]
		at, ok := domain.QueryTime(e.ID)
		if !ok {
			continue
		}
		marks = append(marks, hourMark{e.TenantID, at.Truncate(time.Hour)})
		p.TenantIds = append(p.TenantIds, e.TenantID)
		p.Ats = append(p.Ats, at)
		p.Ids = append(p.Ids, e.ID)
		p.Queries = append(p.Queries, e.Query)
		p.Types = append(p.Types, e.Type)
		p.Cached = append(p.Cached, e.Cached)
		p.Results = append(p.Results, e.Results)
		p.TookUs = append(p.TookUs, max(0, e.Took.Microseconds()))
		p.Buckets = append(p.Buckets, int16(domain.LatencyBucket(e.Took)))
		p.UserIds = append(p.UserIds, e.UserID)
	}
	return p, marks
}

// ofRecordedTenants leaves out what would be left behind by an off-boarding.
func ofRecordedTenants(ctx context.Context, q *db.Queries, events []domain.SearchEvent) ([]domain.SearchEvent, error) {
	ids := map[uuid.UUID]bool{}
	for i := range events {
		ids[events[i].TenantID] = true
	}
	there, err := q.TenantsRecorded(ctx, slices.Collect(maps.Keys(ids)))
	if err != nil || len(there) == len(ids) {
		return events, err
	}
	clear(ids)
	for _, id := range there {
		ids[id] = true
	}
	return slices.DeleteFunc(slices.Clone(events), func(e domain.SearchEvent) bool { return !ids[e.TenantID] }), nil
}

type hourMark struct {
	tenant uuid.UUID
	hour   time.Time
}

// markHours says that the rollups of these hours are out of date.
func markHours(ctx context.Context, q *db.Queries, marks []hourMark) error {
	slices.SortFunc(marks, func(a, b hourMark) int {
		return cmp.Or(bytes.Compare(a.tenant[:], b.tenant[:]), a.hour.Compare(b.hour))
	})
	var p db.AnalyticsPendingMarkManyParams
	for _, m := range slices.Compact(marks) {
		p.TenantIds = append(p.TenantIds, m.tenant)
		p.Hours = append(p.Hours, m.hour)
	}
	return q.AnalyticsPendingMarkMany(ctx, p)
}

// RecordClick stores a click on a result of a search of this tenant; a repeated
// one is stored once. A search that is unknown is not found, unless it is so new
// that it may be on its way: then the click waits for it, and counts only if a
// search of this tenant with that id arrives.
func (s *Store) RecordClick(ctx context.Context, tenant uuid.UUID, c domain.SearchClick) error {
	at, ok := domain.QueryTime(c.QueryID)
	if !ok {
		return domain.NotFound("search")
	}
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		known, err := q.SearchEventExists(ctx, db.SearchEventExistsParams{TenantID: tenant, At: at, ID: c.QueryID})
		if err != nil {
			return err
		}
		if !known && time.Since(at).Abs() > clickGrace {
			return domain.NotFound("search")
		}
		if err := markHours(ctx, q, []hourMark{{tenant, at.Truncate(time.Hour)}}); err != nil {
			return err
		}
		_, err = q.SearchClickInsert(ctx, db.SearchClickInsertParams{
			TenantID: tenant, At: at, QueryID: c.QueryID, DocumentID: c.DocumentID, Position: int32(c.Position),
		})
		return err
	})
}
