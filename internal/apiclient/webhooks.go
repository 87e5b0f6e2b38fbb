package apiclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const webhooksPath = "/api/admin/webhooks"

// Webhook is a receiver of events.
type Webhook struct {
	ID             string               `json:"id"`
	URL            string               `json:"url"`
	Description    string               `json:"description"`
	Events         []string             `json:"events"`
	State          domain.EndpointState `json:"state"`
	DisabledReason string               `json:"disabled_reason,omitempty"`
	MaxConcurrency int                  `json:"max_concurrency"`
	FailingSince   *time.Time           `json:"failing_since"`
	CreatedAt      time.Time            `json:"created_at"`
	// Secret is known only right after it was set.
	Secret string `json:"secret,omitempty"`
}

// NewWebhook is a webhook to be made. Without a secret the server makes one.
type NewWebhook struct {
	URL         string   `json:"url"`
	Events      []string `json:"events"`
	Secret      string   `json:"secret,omitempty"`
	Description string   `json:"description,omitempty"`
}

// Webhooks calls fn for each webhook, newest first, until fn returns an error.
func (c *Client) Webhooks(ctx context.Context, fn func(Webhook) error) error {
	query := url.Values{"limit": {"100"}}
	for {
		var page struct {
			Webhooks   []Webhook `json:"webhooks"`
			NextCursor string    `json:"next_cursor"`
		}
		if err := c.get(ctx, webhooksPath, query, &page); err != nil {
			return err
		}
		for _, w := range page.Webhooks {
			if err := fn(w); err != nil {
				return err
			}
		}
		if page.NextCursor == "" {
			return nil
		}
		query.Set("cursor", page.NextCursor)
	}
}

// CreateWebhook makes a webhook and returns it with its secret. When an answer is
// lost on the way, the second attempt makes another one.
func (c *Client) CreateWebhook(ctx context.Context, w NewWebhook) (*Webhook, error) {
	call, err := jsonCall(http.MethodPost, webhooksPath, w)
	if err != nil {
		return nil, err
	}
	var out Webhook
	_, err = c.do(ctx, call, &out)
	return &out, err
}

// DeleteWebhook removes a webhook for good.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	_, err := c.do(ctx, &call{method: http.MethodDelete, path: webhookPath(id), timeout: 30 * time.Second}, nil)
	return err
}

func webhookPath(id string) string { return webhooksPath + "/" + url.PathEscape(id) }

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID            string               `json:"id"`
	WebhookID     string               `json:"webhook_id"`
	EventID       string               `json:"event_id"`
	EventType     domain.EventType     `json:"event_type"`
	State         domain.DeliveryState `json:"state"`
	Attempts      []DeliveryAttempt    `json:"attempts"`
	NextAttemptAt *time.Time           `json:"next_attempt_at"`
	LastStatus    int                  `json:"last_status,omitempty"`
	LastError     string               `json:"last_error,omitempty"`
	OccurredAt    time.Time            `json:"occurred_at"`
	FinishedAt    *time.Time           `json:"finished_at"`
	Data          json.RawMessage      `json:"data,omitempty"`
}

// DeliveryAttempt is one request and what came of it.
type DeliveryAttempt struct {
	Number     int       `json:"number"`
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`
	Status     int       `json:"status,omitempty"`
	ErrorCode  string    `json:"error_code,omitempty"`
	Error      string    `json:"error,omitempty"`
	Response   string    `json:"response,omitempty"`
}

// Deliveries asks for up to limit of a webhook's deliveries, newest first; an
// empty state asks for all.
func (c *Client) Deliveries(ctx context.Context, webhook, state string, limit int) ([]Delivery, error) {
	query := url.Values{}
	if state != "" {
		query.Set("state", state)
	}
	out := []Delivery{}
	for len(out) < limit {
		query.Set("limit", strconv.Itoa(min(limit-len(out), 100)))
		var page struct {
			Deliveries []Delivery `json:"deliveries"`
			NextCursor string     `json:"next_cursor"`
		}
		if err := c.get(ctx, webhookPath(webhook)+"/deliveries", query, &page); err != nil {
			return nil, err
		}
		out = append(out, page.Deliveries...)
		if page.NextCursor == "" {
			break
		}
		query.Set("cursor", page.NextCursor)
	}
	return out, nil
}

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
	call.header.Set("Idempotency-Key", uuid.NewString())
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
