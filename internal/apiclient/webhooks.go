package apiclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Webhook is an endpoint that events are sent to.
type Webhook struct {
	ID             string    `json:"id"`
	URL            string    `json:"url"`
	Description    string    `json:"description"`
	Events         []string  `json:"events"`
	State          string    `json:"state"`
	DisabledReason string    `json:"disabled_reason,omitempty"`
	MaxConcurrency int       `json:"max_concurrency"`
	CreatedAt      time.Time `json:"created_at"`
	// Secret is answered once, to who creates the webhook.
	Secret string `json:"secret,omitempty"`
}

// NewWebhook is what a webhook is made of. The server makes a secret when there is none.
type NewWebhook struct {
	URL            string   `json:"url"`
	Secret         string   `json:"secret,omitempty"`
	Events         []string `json:"events"`
	Description    string   `json:"description,omitempty"`
	MaxConcurrency int      `json:"max_concurrency,omitempty"`
}

// CreateWebhook makes a webhook; the answer holds its secret.
func (c *Client) CreateWebhook(ctx context.Context, w NewWebhook) (*Webhook, error) {
	call, err := jsonCall(http.MethodPost, "/api/admin/webhooks", w)
	if err != nil {
		return nil, err
	}
	call.header.Set("Idempotency-Key", keyOr(""))
	var out Webhook
	_, err = c.do(ctx, call, &out)
	return &out, err
}

// DeleteWebhook removes a webhook. What it was still to get is canceled.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	_, err := c.do(ctx, &call{
		method: http.MethodDelete, path: "/api/admin/webhooks/" + url.PathEscape(id), timeout: 30 * time.Second,
		header: http.Header{"Idempotency-Key": {keyOr("")}},
	}, nil)
	return err
}

// Webhooks calls fn for each of the tenant's webhooks, newest first.
func (c *Client) Webhooks(ctx context.Context, fn func(Webhook) error) error {
	return eachOf(ctx, c, "/api/admin/webhooks", "webhooks", nil, fn)
}

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID        string            `json:"id"`
	EventID   string            `json:"event_id"` // the header webhook-id
	EventType string            `json:"event_type"`
	State     string            `json:"state"`
	Attempts  []DeliveryAttempt `json:"attempts"`
	LastError string            `json:"last_error,omitempty"`
	// NextAttemptAt is set while it is pending.
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	OccurredAt    time.Time  `json:"occurred_at"`
}

// DeliveryAttempt is one request and what came of it.
type DeliveryAttempt struct {
	Number     int       `json:"number"`
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`
	Status     int       `json:"status"`
	ErrorCode  string    `json:"error_code"`
}

// Deliveries calls fn for each delivery of a webhook, newest first. An empty state lists all.
func (c *Client) Deliveries(ctx context.Context, webhook, state string, fn func(Delivery) error) error {
	query := url.Values{}
	if state != "" {
		query.Set("state", state)
	}
	return eachOf(ctx, c, "/api/admin/webhooks/"+url.PathEscape(webhook)+"/deliveries", "deliveries", query, fn)
}

// largestPage is the most that the server lists at once.
const largestPage = 100

// eachOf follows the pages of a list whose items are in the field of that name.
func eachOf[T any](ctx context.Context, c *Client, path, field string, query url.Values, fn func(T) error) error {
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", strconv.Itoa(largestPage))
	for {
		var page map[string]json.RawMessage
		if err := c.get(ctx, path, query, &page); err != nil {
			return err
		}
		var items []T
		if err := json.Unmarshal(page[field], &items); err != nil {
			return err
		}
		for _, item := range items {
			if err := fn(item); err != nil {
				return err
			}
		}
		var next string
		if raw, more := page["next_cursor"]; more {
			if err := json.Unmarshal(raw, &next); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		query.Set("cursor", next)
	}
}
