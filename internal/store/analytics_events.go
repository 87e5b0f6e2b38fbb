package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// RecordedSearch is a stored event.
type RecordedSearch struct {
	domain.SearchEvent
	At     time.Time
	Clicks int64
}

// SearchCursor is where a list of events goes on; the zero value is its beginning.
type SearchCursor struct {
	At time.Time
	ID uuid.UUID
}

// RecordedSearches lists events of [from, to) by time, those after the cursor.
func (s *Store) RecordedSearches(
	ctx context.Context, tenant uuid.UUID, from, to time.Time, after SearchCursor, limit int,
) (out []RecordedSearch, err error) {
	if after.At.IsZero() {
		after.At = from.Add(-time.Second)
	}
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.SearchEventPage(ctx, db.SearchEventPageParams{
			TenantID: tenant, Since: from, Until: to, AfterAt: after.At, AfterID: after.ID, RowLimit: int32(limit),
		})
		for _, r := range rows {
			out = append(out, RecordedSearch{At: r.At.UTC(), Clicks: r.Clicks, SearchEvent: domain.SearchEvent{
				ID: r.ID, TenantID: tenant, Query: r.Query, Type: r.Type, Cached: r.Cached, Results: r.Results,
				Took: time.Duration(r.TookUs) * time.Microsecond, UserID: r.UserID,
			}})
		}
		return err
	})
	return out, err
}

// maxUserSearches bounds the searches of one user that a report is made of.
const maxUserSearches = 10_000

// UserReport is what one user searched for: the newest maxUserSearches of a range.
type UserReport struct {
	// Complete is false when there are more.
	Complete                             bool
	Searches, ZeroResults, UniqueQueries int64
	Took                                 time.Duration
	FirstAt, LastAt                      time.Time     // zero without searches
	Queries                              []QueryTotals // by searches, without clicks and time
	Recent                               []RecordedSearch
}

// UserReport counts the searches of one user of a tenant in [from, to).
func (s *Store) UserReport(ctx context.Context, tenant uuid.UUID, user string, from, to time.Time, limit int) (out UserReport, err error) {
	err = s.reportInTenant(ctx, tenant, func(q *db.Queries) error {
		t, err := q.SearchEventUserTotals(ctx, db.SearchEventUserTotalsParams{
			TenantID: tenant, UserID: user, Since: from, Until: to, Newest: maxUserSearches,
		})
		if err != nil || t.Searches == 0 {
			out.Complete = true
			return err
		}
		more := false
		if t.Searches == maxUserSearches {
			if more, err = q.SearchEventUserMore(ctx, db.SearchEventUserMoreParams{
				TenantID: tenant, UserID: user, Since: from, Until: to, Newest: maxUserSearches,
			}); err != nil {
				return err
			}
		}
		out = UserReport{
			Complete: !more,
			Searches: t.Searches, ZeroResults: t.ZeroResults, UniqueQueries: t.UniqueQueries,
			Took: time.Duration(t.TookUs) * time.Microsecond, FirstAt: t.FirstAt.UTC(), LastAt: t.LastAt.UTC(),
		}
		queries, err := q.SearchEventUserQueries(ctx, db.SearchEventUserQueriesParams{
			TenantID: tenant, UserID: user, Since: from, Until: to, Newest: maxUserSearches, RowLimit: int32(limit),
		})
		if err != nil {
			return err
		}
		for _, r := range queries {
			out.Queries = append(out.Queries, QueryTotals{Query: r.Query, Searches: r.Searches, ZeroResults: r.ZeroResults, LastAt: r.LastAt.UTC()})
		}
		recent, err := q.SearchEventUserRecent(ctx, db.SearchEventUserRecentParams{
			TenantID: tenant, UserID: user, Since: from, Until: to, RowLimit: int32(limit),
		})
		for _, r := range recent {
			out.Recent = append(out.Recent, RecordedSearch{At: r.At.UTC(), SearchEvent: domain.SearchEvent{
				ID: r.ID, TenantID: tenant, Query: r.Query, Type: r.Type, Cached: r.Cached, Results: r.Results,
				Took: time.Duration(r.TookUs) * time.Microsecond, UserID: user,
			}})
		}
		return err
	})
	return out, err
}
