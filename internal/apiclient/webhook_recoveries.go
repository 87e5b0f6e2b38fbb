package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Delivery asks for one delivery.
func (c *Client) Delivery(ctx context.Context, id string) (*Delivery, error) {
	var out Delivery
	err := c.get(ctx, "/api/admin/deliveries/"+url.PathEscape(id), nil, &out)
	return &out, err
}

// TestWebhook has a test event sent.
func (c *Client) TestWebhook(ctx context.Context, id string) (*Delivery, error) {
	return c.postDelivery(ctx, webhookPath(id)+"/test")
}

// ResendDelivery makes a delivery due again.
func (c *Client) ResendDelivery(ctx context.Context, id string) (*Delivery, error) {
	return c.postDelivery(ctx, "/api/admin/deliveries/"+url.PathEscape(id)+"/resend")
}

func (c *Client) postDelivery(ctx context.Context, path string) (*Delivery, error) {
	var out Delivery
	_, err := c.do(ctx, &call{method: http.MethodPost, path: path, timeout: 30 * time.Second}, &out)
	return &out, err
}

// RecoverRequest says what a webhook is to be sent again. Missed is true when nil.
type RecoverRequest struct {
	Since  time.Time  `json:"since"`
	Until  *time.Time `json:"until,omitempty"`
	States []string   `json:"states,omitempty"`
	Missed *bool      `json:"missed,omitempty"`
	DryRun bool       `json:"dry_run,omitempty"`
}

// Recover is the answer: what was started, or counts for a dry run.
type Recover struct {
	RecoveryID  string         `json:"recovery_id,omitempty"`
	WorkflowID  string         `json:"workflow_id,omitempty"`
	TemporalURL string         `json:"temporal_url,omitempty"`
	Since       time.Time      `json:"since"`
	Until       time.Time      `json:"until"`
	MissedSince *time.Time     `json:"missed_since,omitempty"`
	Counts      *RecoverCounts `json:"counts,omitempty"`
}

// RecoverCounts is what a recovery would do.
type RecoverCounts struct {
	Exhausted int64 `json:"exhausted"`
	Canceled  int64 `json:"canceled"`
	Delivered int64 `json:"delivered"`
	Missed    int64 `json:"missed"`
	Total     int64 `json:"total"`
	Complete  bool  `json:"complete"`
}

// RecoverWebhook starts a recovery or counts what one would do. One that runs
// already is an error of IsConflict.
func (c *Client) RecoverWebhook(ctx context.Context, webhook string, r RecoverRequest) (*Recover, error) {
	call, err := jsonCall(http.MethodPost, webhookPath(webhook)+"/recover", r)
	if err != nil {
		return nil, err
	}
	call.header.Set("Idempotency-Key", keyOr(""))
	var out Recover
	_, err = c.do(ctx, call, &out)
	return &out, err
}

// Recovery is how a recovery stands.
type Recovery struct {
	ID          string               `json:"id"`
	State       domain.RecoveryState `json:"state"`
	Stage       string               `json:"stage"`
	Seen        int64                `json:"seen"`
	Resent      int64                `json:"resent"`
	Created     int64                `json:"created"`
	WaitsFor    string               `json:"waits_for,omitempty"`
	Error       string               `json:"error,omitempty"`
	StartedAt   time.Time            `json:"started_at"`
	FinishedAt  *time.Time           `json:"finished_at"`
	WorkflowID  string               `json:"workflow_id"`
	TemporalURL string               `json:"temporal_url,omitempty"`
}

// WebhookRecovery asks how a recovery stands.
func (c *Client) WebhookRecovery(ctx context.Context, webhook, id string) (*Recovery, error) {
	var out Recovery
	err := c.get(ctx, webhookPath(webhook)+"/recoveries/"+url.PathEscape(id), nil, &out)
	return &out, err
}

// CancelWebhookRecovery ends a recovery.
func (c *Client) CancelWebhookRecovery(ctx context.Context, webhook, id string) (*Recovery, error) {
	var out Recovery
	path := webhookPath(webhook) + "/recoveries/" + url.PathEscape(id) + "/cancel"
	_, err := c.do(ctx, &call{method: http.MethodPost, path: path, timeout: 30 * time.Second}, &out)
	return &out, err
}

func webhookPath(id string) string { return "/api/admin/webhooks/" + url.PathEscape(id) }
