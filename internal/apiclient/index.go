package apiclient

import (
	"context"
	"net/http"
	"time"
)

// IndexRebuild is how the last rebuild of a tenant's index stands.
type IndexRebuild struct {
	ID          string     `json:"id"`
	State       string     `json:"state"`
	Stage       string     `json:"stage"`
	Reason      string     `json:"reason"`
	Documents   int64      `json:"documents"`
	Total       int64      `json:"total"`
	Generation  uint64     `json:"generation"`
	Error       string     `json:"error"`
	StartedAt   time.Time  `json:"started_at"`
	FinishedAt  *time.Time `json:"finished_at"`
	WorkflowURL string     `json:"workflow_url"`
}

// IndexDetails is what commands read of GET /api/admin/index.
type IndexDetails struct {
	Generation uint64        `json:"generation"`
	Documents  int64         `json:"documents"`
	Outdated   bool          `json:"outdated"`
	Rebuild    *IndexRebuild `json:"rebuild"`
}

// IndexDetails asks for the state of the tenant's index; it needs admin scope.
func (c *Client) IndexDetails(ctx context.Context) (*IndexDetails, error) {
	var out IndexDetails
	err := c.get(ctx, "/api/admin/index", nil, &out)
	return &out, err
}

// IndexWork is what a request to rebuild or compact has started.
type IndexWork struct {
	Status      string `json:"status"`
	RebuildID   string `json:"rebuild_id"`
	WorkflowID  string `json:"workflow_id"`
	WorkflowURL string `json:"workflow_url"`
}

// RebuildIndex starts a rebuild. One that runs already is an error of IsConflict.
func (c *Client) RebuildIndex(ctx context.Context) (*IndexWork, error) {
	return c.indexWork(ctx, "rebuild")
}

// CancelIndexRebuild cancels the rebuild that runs.
func (c *Client) CancelIndexRebuild(ctx context.Context) (*IndexWork, error) {
	return c.indexWork(ctx, "rebuild/cancel")
}

// CompactIndex asks for a compaction.
func (c *Client) CompactIndex(ctx context.Context) (*IndexWork, error) {
	return c.indexWork(ctx, "compact")
}

func (c *Client) indexWork(ctx context.Context, what string) (*IndexWork, error) {
	var out IndexWork
	_, err := c.do(ctx, &call{method: http.MethodPost, path: "/api/admin/index/" + what, timeout: 30 * time.Second}, &out)
	return &out, err
}
