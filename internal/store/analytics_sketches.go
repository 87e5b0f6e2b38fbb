package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/distinct"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// sketches count the different queries and users of some searches.
type sketches struct{ queries, users distinct.Sketch }

// merge adds stored ones.
func (s *sketches) merge(queries, users []byte) error {
	if err := s.queries.MergeBinary(queries); err != nil {
		return err
	}
	return s.users.MergeBinary(users)
}

// count adds the events of some hours.
func (s *sketches) count(ctx context.Context, q *db.Queries, tenant uuid.UUID, hours []time.Time) error {
	rows, err := q.SearchEventDistinct(ctx, db.SearchEventDistinctParams{TenantID: tenant, Hours: hours})
	for _, r := range rows {
		s.queries.Add(r.Query)
		if r.UserID != "" {
			s.users.Add(r.UserID)
		}
	}
	return err
}

// rollUpSketches stores the sketches of an hour, a day or a week: from its events,
// or from the sketches of its hours or days. It belongs into the transaction of
// the rest of the rollup.
func rollUpSketches(ctx context.Context, q *db.Queries, tenant uuid.UUID, grain int, at time.Time) error {
	var s sketches
	if grain == grainHour {
		if err := s.count(ctx, q, tenant, []time.Time{at}); err != nil {
			return err
		}
	} else {
		finer, err := q.AnalyticsSketchesFiner(ctx, db.AnalyticsSketchesFinerParams{
			TenantID: tenant, Grain: int16(grain), Since: at, Until: at.Add(time.Duration(grain) * time.Hour),
		})
		if err != nil {
			return err
		}
		for _, f := range finer {
			if err := s.merge(f.Queries, f.Users); err != nil {
				return err
			}
		}
	}
	return q.AnalyticsSketchUpsert(ctx, db.AnalyticsSketchUpsertParams{
		TenantID: tenant, Grain: int16(grain), At: at, Queries: s.queries.AppendBinary(nil), Users: s.users.AppendBinary(nil),
	})
}
