package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// Backfiller starts the workflows of back-fills: *workflows.Client.
type Backfiller interface {
	StartBackfill(ctx context.Context, b domain.Backfill) error
}

// backfillTimeout is how long a start may take; a schedule makes it good.
const backfillTimeout = 5 * time.Second

func (s *Server) backfillRoutes() []route {
	const path = "/api/admin/analytics/backfills"
	return []route{
		{
			method: http.MethodPost, path: "/api/admin/analytics/backfill", id: "startBackfill", scope: auth.ScopeAdmin, bodyLimit: smallBody,
			tag: tagAnalytics, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Count recorded searches again",
			description: "The hours of the range that have ended, and the days and weeks they are part of, as a workflow. Answers are right meanwhile, too. " +
				"Searches past their retention cannot be counted again: a range that begins before is refused. One runs at a time.",
			endpoint: typed[startBackfillInput, backfillOutput](s.startBackfill),
		},
		{
			method: http.MethodGet, path: path, id: "listBackfills", scope: auth.ScopeAdmin, tag: tagAnalytics,
			errors: []int{http.StatusUnprocessableEntity}, summary: "List back-fills", description: "Newest first. Those that have ended are kept for 90 days.",
			endpoint: typed[listBackfillsInput, backfillListOutput](s.listBackfills),
		},
		{
			method: http.MethodGet, path: path + "/{backfill_id}", id: "getBackfill", scope: auth.ScopeAdmin, tag: tagAnalytics,
			summary: "Get a back-fill", endpoint: typed[BackfillIDInput, backfillOutput](s.getBackfill),
		},
		{
			method: http.MethodPost, path: path + "/{backfill_id}/cancel", id: "cancelBackfill", scope: auth.ScopeAdmin, tag: tagAnalytics,
			errors: []int{http.StatusConflict}, summary: "Cancel a back-fill", description: "What it has counted stays so.",
			endpoint: typed[BackfillIDInput, backfillOutput](s.cancelBackfill),
		},
	}
}

type backfillBody struct {
	From string `json:"from,omitempty" maxLength:"40" doc:"RFC 3339 or a day in UTC; the oldest search that is recorded when left out." example:"2026-01-01"`
	To   string `json:"to,omitempty" maxLength:"40" doc:"RFC 3339 or a day in UTC, which is not part of the range; the present hour, which is not either, when left out."`
}

type startBackfillInput struct{ Body body[backfillBody] }

// Backfill is how a back-fill stands.
type Backfill struct {
	ID          uuid.UUID            `json:"id"`
	State       domain.BackfillState `json:"state" enum:"running,completed,failed,canceled"`
	From        time.Time            `json:"from"`
	To          time.Time            `json:"to" doc:"The first moment that is not part of it."`
	Next        time.Time            `json:"next" doc:"The first hour that has not been counted yet."`
	Hours       int64                `json:"hours" doc:"Counted so far."`
	TotalHours  int64                `json:"total_hours"`
	Error       string               `json:"error,omitempty"`
	RequestedBy uuid.UUID            `json:"requested_by" doc:"The API key that asked for it."`
	StartedAt   time.Time            `json:"started_at"`
	UpdatedAt   time.Time            `json:"updated_at"`
	FinishedAt  *time.Time           `json:"finished_at" nullable:"true"`
	WorkflowID  string               `json:"workflow_id"`
	TemporalURL string               `json:"temporal_url,omitempty" doc:"The workflow in the Temporal UI."`
}

func (s *Server) backfillView(b *domain.Backfill) Backfill {
	return Backfill{
		ID: b.ID, State: b.State, From: b.Since, To: b.Until, Next: b.Next, Hours: b.Hours, TotalHours: int64(b.Until.Sub(b.Since) / time.Hour),
		Error: b.Error, RequestedBy: b.RequestedBy, StartedAt: b.StartedAt, UpdatedAt: b.UpdatedAt, FinishedAt: utc(b.FinishedAt),
		WorkflowID: b.WorkflowID, TemporalURL: s.deps.Starter.WorkflowURL(b.WorkflowID),
	}
}

type backfillOutput struct{ Body Backfill }

// startBackfill stores the request and starts its workflow. What cannot be started
// now is started by a schedule.
func (s *Server) startBackfill(ctx context.Context, in *startBackfillInput) (*backfillOutput, error) {
	from, to, err := in.Body.Value.times()
	if err != nil {
		return nil, err
	}
	b, err := s.deps.Store.StartBackfill(ctx, caller(ctx).TenantID, caller(ctx).KeyID, from, to, time.Now())
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), backfillTimeout)
	defer cancel()
	if err := s.deps.Backfiller.StartBackfill(limited, b); err != nil {
		slog.WarnContext(ctx, "a back-fill could not be started; a sweep starts it", "backfill", b.ID, "error", err)
	}
	return &backfillOutput{s.backfillView(&b)}, nil
}

// times are zero where they are left out.
func (b *backfillBody) times() (from, to time.Time, err error) {
	if b.From != "" {
		if from, err = parseMoment("from", b.From); err != nil {
			return from, to, err
		}
	}
	if b.To != "" {
		if to, err = parseMoment("to", b.To); err != nil {
			return from, to, err
		}
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return from, to, invalidField("from", "must be before to")
	}
	return from, to, nil
}

// BackfillIDInput names a back-fill.
type BackfillIDInput struct {
	BackfillID string `path:"backfill_id" doc:"The back-fill's id." example:"0198c0de-0000-7000-8000-000000000000"`
}

func (s *Server) getBackfill(ctx context.Context, in *BackfillIDInput) (*backfillOutput, error) {
	id, err := parseID(in.BackfillID, "backfill")
	if err != nil {
		return nil, err
	}
	b, err := s.deps.Store.Backfill(ctx, caller(ctx).TenantID, id)
	if err != nil {
		return nil, err
	}
	return &backfillOutput{s.backfillView(&b)}, nil
}

// cancelBackfill asks the workflow to end and does not depend on its answer: the row
// is what counts.
func (s *Server) cancelBackfill(ctx context.Context, in *BackfillIDInput) (*backfillOutput, error) {
	id, err := parseID(in.BackfillID, "backfill")
	if err != nil {
		return nil, err
	}
	b, err := s.deps.Store.CancelBackfill(ctx, caller(ctx).TenantID, id)
	if err != nil {
		return nil, err
	}
	if err := s.deps.Starter.CancelWorkflow(ctx, b.WorkflowID); err != nil {
		slog.WarnContext(ctx, "the workflow of a canceled back-fill could not be told", "backfill", b.ID, "error", err)
	}
	return &backfillOutput{s.backfillView(&b)}, nil
}

type listBackfillsInput struct{ PageInput }

// BackfillList is one page of back-fills.
type BackfillList struct {
	Backfills  []Backfill `json:"backfills" nullable:"false"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type backfillListOutput struct{ Body BackfillList }

func (s *Server) listBackfills(ctx context.Context, in *listBackfillsInput) (*backfillListOutput, error) {
	before, err := in.beforeID()
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.Backfills(ctx, caller(ctx).TenantID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(b domain.Backfill) string { return cursorOfID(b.ID) })
	out := &backfillListOutput{BackfillList{Backfills: make([]Backfill, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.Backfills[i] = s.backfillView(&found[i])
	}
	return out, nil
}
