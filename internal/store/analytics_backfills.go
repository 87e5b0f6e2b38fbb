package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// backfillKept is how long is kept what became of a back-fill.
const backfillKept = 90 * 24 * time.Hour

// StartBackfill stores a request to count the hours of a range again; a zero since
// stands for the oldest event, a zero until for the hours that have ended. The
// caller starts its workflow; one that is not started is listed by QuietBackfills.
// A second one of the tenant is a conflict while one runs.
func (s *Store) StartBackfill(ctx context.Context, tenant, requestedBy uuid.UUID, since, until, now time.Time) (out domain.Backfill, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		running, err := q.BackfillRunning(ctx, tenant)
		if err == nil {
			return domain.Errorf(domain.CodeConflict, "the back-fill %s runs already: cancel it or wait for its end", running)
		}
		if !noRows(err) {
			return err
		}
		r, err := backfillRange(ctx, q, tenant, since, until, now)
		if err != nil {
			return err
		}
		id := uuid.Must(uuid.NewV7())
		row, err := q.BackfillInsert(ctx, db.BackfillInsertParams{
			TenantID: tenant, ID: id, Since: r.From, Until: r.To, RequestedBy: requestedBy,
			WorkflowID: "backfill/" + tenant.String() + "/" + id.String(),
		})
		if noRows(err) { // begun at the same moment
			return domain.Errorf(domain.CodeConflict, "a back-fill runs already: cancel it or wait for its end")
		}
		if err != nil {
			return err
		}
		out = backfillFrom(&row)
		return audit(ctx, q, tenant, change{
			action: "analytics.backfill_requested", kind: "backfill", id: id.String(), after: map[string]time.Time{"since": r.From, "until": r.To},
		})
	})
	return out, err
}

// backfillRange are whole hours that have ended and whose events are all there:
// what has been dropped cannot be counted again, and its rollups must stay.
func backfillRange(ctx context.Context, q *db.Queries, tenant uuid.UUID, since, until, now time.Time) (r AnalyticsRange, err error) {
	refuse := func(field, format string, args ...any) error {
		return &domain.Error{Code: domain.CodeInvalid, Message: "the range cannot be counted again", Fields: []domain.FieldError{
			{Field: field, Message: fmt.Sprintf(format, args...)},
		}}
	}
	ended := now.UTC().Truncate(time.Hour)
	switch {
	case since.After(now):
		return r, refuse("from", "is in the future")
	case until.After(now):
		return r, refuse("to", "is in the future: leave it out for the hours that have ended")
	case until.IsZero():
		until = ended
	}
	kept, err := q.AnalyticsKept(ctx, tenant)
	if err != nil && !noRows(err) {
		return r, err
	}
	if !since.IsZero() && since.Before(kept.RawFrom) {
		return r, refuse("from", "must not be before %s: the searches before that are past their retention, and what was rolled up of them stays as it is",
			kept.RawFrom.UTC().Format(time.RFC3339))
	}
	oldest, err := q.SearchEventOldest(ctx, tenant)
	if err != nil {
		return r, err
	}
	if oldest.Unix() == 0 {
		return r, refuse("from", "cannot be settled: no searches are recorded")
	}
	// There is nothing to count before the first search.
	first := oldest.UTC().Truncate(time.Hour)
	r = NewAnalyticsRange(laterOf(since, laterOf(first, kept.RawFrom)), until)
	if r.To.After(ended) {
		r.To = ended
	}
	if !r.From.Before(r.To) {
		return r, refuse("to", "must be after from, with an hour that has ended and searches that are recorded in between: the first is of %s",
			first.Format(time.RFC3339))
	}
	return r, nil
}

// StepBackfill counts the hours of one day of a running back-fill again, and with
// them the days and weeks that have ended. Each hour is a transaction of its own.
// It may die at any point and be called again.
func (s *Store) StepBackfill(ctx context.Context, tenant, id uuid.UUID, now time.Time) (out domain.Backfill, err error) {
	if out, err = s.Backfill(ctx, tenant, id); err != nil || out.State != domain.BackfillRunning {
		return out, err
	}
	const day, week = grainDay * time.Hour, grainWeek * time.Hour
	start, end := out.Next, out.Next.Truncate(day).Add(day)
	if end.After(out.Until) {
		end = out.Until
	}
	if start.Before(end) {
		if err := s.recount(ctx, tenant, start, end); err != nil {
			return out, err
		}
		if midnight := start.Truncate(day); !midnight.Add(day + rollupSettle).After(now) {
			if err := s.rollUp(ctx, tenant, grainDay, midnight); err != nil {
				return out, err
			}
		}
		// A week follows when its last day of the range has: once, and not seven times.
		monday := weekOf(start)
		if ended := !monday.Add(week + rollupSettle).After(now); ended && (end.Equal(out.Until) || end.Equal(monday.Add(week))) {
			if err := s.rollUp(ctx, tenant, grainWeek, monday); err != nil {
				return out, err
			}
		}
	}
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.BackfillAdvance(ctx, db.BackfillAdvanceParams{TenantID: tenant, ID: id, NextAt: end, Hours: int64(end.Sub(start) / time.Hour)})
		if noRows(err) { // it was canceled meanwhile
			row, err = q.BackfillGet(ctx, db.BackfillGetParams{TenantID: tenant, ID: id})
		}
		out = backfillFrom(&row)
		return err
	})
	return out, err
}

// recount marks hours and rolls them up. Until that is done, readers count them
// from their events.
func (s *Store) recount(ctx context.Context, tenant uuid.UUID, from, to time.Time) error {
	var marks []hourMark
	for at := from; at.Before(to); at = at.Add(time.Hour) {
		marks = append(marks, hourMark{tenant, at})
	}
	if err := s.inSystem(ctx, func(q *db.Queries) error { return markHours(ctx, q, marks) }); err != nil {
		return err
	}
	for _, m := range marks {
		if err := s.rollUp(ctx, tenant, grainHour, m.hour); err != nil {
			return err
		}
	}
	return nil
}

// Backfill returns one back-fill.
func (s *Store) Backfill(ctx context.Context, tenant, id uuid.UUID) (out domain.Backfill, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.BackfillGet(ctx, db.BackfillGetParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("backfill")
		}
		out = backfillFrom(&row)
		return err
	})
	return out, err
}

// Backfills lists a tenant's back-fills, newest first, those before the given id.
func (s *Store) Backfills(ctx context.Context, tenant, before uuid.UUID, limit int) (out []domain.Backfill, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.BackfillList(ctx, db.BackfillListParams{TenantID: tenant, BeforeID: beforeOr(before), RowLimit: int32(limit)})
		for i := range rows {
			out = append(out, backfillFrom(&rows[i]))
		}
		return err
	})
	return out, err
}

// EndBackfill ends a running back-fill and says whether it did. What was counted
// stays counted.
func (s *Store) EndBackfill(ctx context.Context, tenant, id uuid.UUID, state domain.BackfillState, message string) (ended bool, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		n, err := q.BackfillEnd(ctx, db.BackfillEndParams{TenantID: tenant, ID: id, State: string(state), Error: message})
		ended = n > 0
		return err
	})
	return ended, err
}

// CancelBackfill ends a running back-fill because an administrator wants it. One
// that has ended is a conflict.
func (s *Store) CancelBackfill(ctx context.Context, tenant, id uuid.UUID) (out domain.Backfill, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		n, err := q.BackfillEnd(ctx, db.BackfillEndParams{TenantID: tenant, ID: id, State: string(domain.BackfillCanceled)})
		if err != nil {
			return err
		}
		row, err := q.BackfillGet(ctx, db.BackfillGetParams{TenantID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("backfill")
		}
		if err != nil {
			return err
		}
		if out = backfillFrom(&row); n == 0 {
			return domain.Errorf(domain.CodeConflict, "the back-fill is %s already", out.State)
		}
		return audit(ctx, q, tenant, change{action: "analytics.backfill_canceled", kind: "backfill", id: id.String()})
	})
	return out, err
}

// QuietBackfills lists, over all tenants, running back-fills that have shown no sign
// of life for a while, the quietest first.
func (s *Store) QuietBackfills(ctx context.Context, quiet time.Duration, limit int) (out []domain.Backfill, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.BackfillQuiet(ctx, db.BackfillQuietParams{Quiet: interval(quiet), RowLimit: int32(limit)})
		for i := range rows {
			out = append(out, backfillFrom(&rows[i]))
		}
		return err
	})
	return out, err
}

func backfillFrom(r *db.AnalyticsBackfill) domain.Backfill {
	return domain.Backfill{
		ID: r.ID, TenantID: r.TenantID, Since: r.Since.UTC(), Until: r.Until.UTC(), Next: r.NextAt.UTC(), Hours: r.Hours,
		RequestedBy: r.RequestedBy, WorkflowID: r.WorkflowID, State: domain.BackfillState(r.State), Error: r.Error,
		StartedAt: r.StartedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), FinishedAt: r.FinishedAt,
	}
}
