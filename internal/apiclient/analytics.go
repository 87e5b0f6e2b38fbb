package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// BackfillRequest says which recorded searches are to be counted again: all that
// there are where it says nothing.
type BackfillRequest struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Backfill is how a back-fill stands.
type Backfill struct {
	ID          string               `json:"id"`
	State       domain.BackfillState `json:"state"`
	From        time.Time            `json:"from"`
	To          time.Time            `json:"to"`
	Next        time.Time            `json:"next"`
	Hours       int64                `json:"hours"`
	TotalHours  int64                `json:"total_hours"`
	Error       string               `json:"error,omitempty"`
	StartedAt   time.Time            `json:"started_at"`
	FinishedAt  *time.Time           `json:"finished_at"`
	WorkflowID  string               `json:"workflow_id"`
	TemporalURL string               `json:"temporal_url,omitempty"`
}

const backfillsPath = "/api/admin/analytics/backfills"

// StartBackfill has recorded searches counted again. One that runs already is an
// error of IsConflict.
func (c *Client) StartBackfill(ctx context.Context, r BackfillRequest) (*Backfill, error) {
	call, err := jsonCall(http.MethodPost, "/api/admin/analytics/backfill", r)
	if err != nil {
		return nil, err
	}
	var out Backfill
	_, err = c.do(ctx, call, &out)
	return &out, err
}

// Backfill asks how a back-fill stands.
func (c *Client) Backfill(ctx context.Context, id string) (*Backfill, error) {
	var out Backfill
	err := c.get(ctx, backfillsPath+"/"+url.PathEscape(id), nil, &out)
	return &out, err
}

// CancelBackfill ends a back-fill.
func (c *Client) CancelBackfill(ctx context.Context, id string) (*Backfill, error) {
	var out Backfill
	_, err := c.do(ctx, &call{method: http.MethodPost, path: backfillsPath + "/" + url.PathEscape(id) + "/cancel", timeout: 30 * time.Second}, &out)
	return &out, err
}
