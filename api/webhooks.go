package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

const (
	defaultConcurrency = 8
	maxConcurrency     = 64
	defaultOverlap     = 24 * time.Hour
	maxOverlapHours    = 7 * 24
)

// Webhook is an endpoint as it is answered. Its secret and the values of its
// headers are never shown again.
type Webhook struct {
	ID                      uuid.UUID            `json:"id"`
	URL                     string               `json:"url" example:"https://example.com/webhook"`
	Description             string               `json:"description"`
	Events                  []string             `json:"events" example:"[\"document.*\"]"`
	State                   domain.EndpointState `json:"state" enum:"active,paused,disabled" doc:"disabled: it answered 410, or failed for 5 days without a success."`
	DisabledReason          string               `json:"disabled_reason,omitempty" enum:"gone,failing"`
	MaxConcurrency          int                  `json:"max_concurrency" doc:"How many requests it gets at once."`
	RateLimit               *int                 `json:"rate_limit" nullable:"true" doc:"The most requests it gets a second; null for no limit."`
	FIFO                    bool                 `json:"fifo" doc:"One event after the other, in the order they occurred."`
	Filter                  webhookFilter        `json:"filter" doc:"Only events whose data has one of the values in each field; null lets all through."`
	Headers                 []string             `json:"headers" doc:"Names of the custom headers."`
	FailingSince            *time.Time           `json:"failing_since" nullable:"true" doc:"The first failed attempt since the last success."`
	PreviousSecretExpiresAt *time.Time           `json:"previous_secret_expires_at" nullable:"true" doc:"Until then every request is signed with the old secret, too."`
	CreatedAt               time.Time            `json:"created_at"`
	UpdatedAt               time.Time            `json:"updated_at"`
}

func webhookView(e *domain.Endpoint) Webhook {
	out := Webhook{
		ID: e.ID, URL: e.URL, Description: e.Description, Events: e.Events, State: e.State, DisabledReason: e.DisabledReason,
		MaxConcurrency: e.MaxConcurrency, RateLimit: rateLimitView(e.RateLimit), FIFO: e.FIFO, Filter: webhookFilter(e.Filter),
		Headers: e.HeaderNames, FailingSince: utc(e.FailingSince), CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
	if e.PreviousSecretExpiresAt != nil && e.PreviousSecretExpiresAt.After(time.Now()) {
		out.PreviousSecretExpiresAt = utc(e.PreviousSecretExpiresAt)
	}
	return out
}

// WebhookWithSecret is a webhook with the secret that was just set.
type WebhookWithSecret struct {
	Webhook
	Secret string `json:"secret" doc:"Shown this once. Verify webhook-signature with it." example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
}

// WebhookList is one page of webhooks.
type WebhookList struct {
	Webhooks   []Webhook `json:"webhooks"`
	NextCursor string    `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listWebhooksOutput struct{ Body WebhookList }

func (s *Server) listWebhooks(ctx context.Context, in *PageInput) (*listWebhooksOutput, error) {
	before, err := in.beforeID()
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.Endpoints(ctx, caller(ctx).TenantID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(e domain.Endpoint) string { return cursorOfID(e.ID) })
	out := &listWebhooksOutput{WebhookList{Webhooks: make([]Webhook, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.Webhooks[i] = webhookView(&found[i])
	}
	return out, nil
}

// WebhookIDInput names a webhook.
type WebhookIDInput struct {
	ID string `path:"id" doc:"The webhook's id." example:"0198c0de-0000-7000-8000-000000000000"`
}

type webhookOutput struct{ Body Webhook }

func (s *Server) getWebhook(ctx context.Context, in *WebhookIDInput) (*webhookOutput, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	e, err := s.deps.Store.Endpoint(ctx, caller(ctx).TenantID, id)
	if err != nil {
		return nil, err
	}
	return &webhookOutput{webhookView(&e)}, nil
}

type webhookBody struct {
	URL            string            `json:"url" required:"true" maxLength:"2048" doc:"Where events are sent, by POST." example:"https://example.com/webhook"`
	Secret         string            `json:"secret,omitempty" maxLength:"256" doc:"whsec_ with 24 to 64 bytes in base64, or any text from 12 characters on. Made for you when left out." example:"webhook_secret"`
	Events         []string          `json:"events" required:"true" minItems:"1" maxItems:"50" doc:"Types or patterns: document.indexed, document.*, *" example:"[\"document.indexed\",\"search.performed\"]"`
	Description    string            `json:"description,omitempty" maxLength:"2000"`
	Headers        map[string]string `json:"headers,omitempty" doc:"Custom headers of every request; their values are stored encrypted."`
	MaxConcurrency int               `json:"max_concurrency,omitempty" minimum:"1" maximum:"64" doc:"8 when left out."`
	RateLimit      *int              `json:"rate_limit,omitempty" nullable:"true" minimum:"1" maximum:"1000" doc:"The most requests a second, over all workers, retries included. No limit when left out."`
	FIFO           bool              `json:"fifo,omitempty" doc:"One event after the other, in the order they occurred: one that fails holds up those after it."`
	Filter         webhookFilter     `json:"filter,omitempty" doc:"Fields of the event's data with the values to accept; all must match. Up to 10 fields, 50 values each, 4 KB."`
}

type createWebhookInput struct{ Body body[webhookBody] }

type webhookWithSecretOutput struct{ Body WebhookWithSecret }

func (s *Server) createWebhook(ctx context.Context, in *createWebhookInput) (*webhookWithSecretOutput, error) {
	if err := s.canSeal(); err != nil {
		return nil, err
	}
	b := &in.Body.Value
	if b.Secret == "" {
		b.Secret = webhook.GenerateSecret()
	}
	if b.MaxConcurrency == 0 {
		b.MaxConcurrency = defaultConcurrency
	}
	c := s.newWebhookCheck()
	c.url(b.URL)
	c.events(b.Events)
	c.secret(b.Secret)
	c.description(b.Description)
	c.headers(b.Headers)
	c.concurrency(b.MaxConcurrency)
	c.rateLimit(b.RateLimit)
	c.filter(b.Filter)
	if err := c.result(); err != nil {
		return nil, err
	}
	e := domain.Endpoint{
		ID: uuid.Must(uuid.NewV7()), TenantID: caller(ctx).TenantID, URL: b.URL, Description: b.Description, Events: b.Events,
		State: domain.EndpointActive, MaxConcurrency: b.MaxConcurrency, RateLimit: rateLimitOf(b.RateLimit), FIFO: b.FIFO,
		Filter: domain.EventFilter(b.Filter),
	}
	s.sealSecret(&e, b.Secret)
	if err := s.sealHeaders(&e, b.Headers); err != nil {
		return nil, err
	}
	stored, err := s.deps.Store.CreateEndpoint(ctx, e)
	if err != nil {
		return nil, err
	}
	return &webhookWithSecretOutput{WebhookWithSecret{Webhook: webhookView(&stored), Secret: b.Secret}}, nil
}

type webhookPatchBody struct {
	URL            *string                     `json:"url,omitempty" maxLength:"2048"`
	Events         []string                    `json:"events,omitempty" minItems:"1" maxItems:"50"`
	Description    *string                     `json:"description,omitempty" maxLength:"2000"`
	Headers        optional[map[string]string] `json:"headers,omitempty" doc:"Replaces all custom headers; null removes them."`
	MaxConcurrency *int                        `json:"max_concurrency,omitempty" minimum:"1" maximum:"64"`
	RateLimit      optional[*int]              `json:"rate_limit,omitempty" minimum:"1" maximum:"1000" doc:"Requests a second; null removes the limit."`
	FIFO           *bool                       `json:"fifo,omitempty" doc:"What is on its way is finished first."`
	Filter         optional[webhookFilter]     `json:"filter,omitempty" doc:"Replaces the filter for events from now on; null removes it."`
	State          *domain.EndpointState       `json:"state,omitempty" enum:"active,paused" doc:"paused: events wait. active: enables a disabled webhook, too."`
}

type changeWebhookInput struct {
	WebhookIDInput
	Body body[webhookPatchBody]
}

func (s *Server) changeWebhook(ctx context.Context, in *changeWebhookInput) (*webhookOutput, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	b := &in.Body.Value
	if err := s.checkWebhookPatch(b); err != nil {
		return nil, err
	}
	e, err := s.deps.Store.ChangeEndpoint(ctx, caller(ctx).TenantID, id, func(e *domain.Endpoint) error { return s.patchWebhook(e, b) })
	if err != nil {
		return nil, err
	}
	return &webhookOutput{webhookView(&e)}, nil
}

func (s *Server) checkWebhookPatch(b *webhookPatchBody) error {
	c := s.newWebhookCheck()
	if b.URL != nil {
		c.url(*b.URL)
	}
	if b.Events != nil {
		c.events(b.Events)
	}
	if b.Description != nil {
		c.description(*b.Description)
	}
	if b.MaxConcurrency != nil {
		c.concurrency(*b.MaxConcurrency)
	}
	c.rateLimit(b.RateLimit.Value)
	c.filter(b.Filter.Value)
	if b.State != nil && *b.State != domain.EndpointActive && *b.State != domain.EndpointPaused {
		c.add("state", "must be active or paused")
	}
	c.headers(b.Headers.Value)
	if err := c.result(); err != nil {
		return err
	}
	if len(b.Headers.Value) > 0 {
		return s.canSeal()
	}
	return nil
}

func (s *Server) patchWebhook(e *domain.Endpoint, b *webhookPatchBody) error {
	if b.URL != nil {
		e.URL = *b.URL
	}
	if b.Events != nil {
		e.Events = b.Events
	}
	if b.Description != nil {
		e.Description = *b.Description
	}
	if b.MaxConcurrency != nil {
		e.MaxConcurrency = *b.MaxConcurrency
	}
	if b.RateLimit.Given {
		e.RateLimit = rateLimitOf(b.RateLimit.Value)
	}
	if b.FIFO != nil {
		e.FIFO = *b.FIFO
	}
	if b.Filter.Given {
		e.Filter = domain.EventFilter(b.Filter.Value)
	}
	if b.State != nil {
		e.State = *b.State
	}
	if b.Headers.Given {
		return s.sealHeaders(e, b.Headers.Value)
	}
	return nil
}

func (s *Server) deleteWebhook(ctx context.Context, in *WebhookIDInput) (*struct{}, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Store.DeleteEndpoint(ctx, caller(ctx).TenantID, id)
}

type rotateSecretBody struct {
	Secret       string `json:"secret,omitempty" maxLength:"256" doc:"Made for you when left out."`
	OverlapHours *int   `json:"overlap_hours,omitempty" minimum:"0" maximum:"168" doc:"How long requests are signed with the old secret, too. 24 when left out; 0 ends it at once."`
}

type rotateSecretInput struct {
	WebhookIDInput
	Body body[rotateSecretBody]
}

func (s *Server) rotateWebhookSecret(ctx context.Context, in *rotateSecretInput) (*webhookWithSecretOutput, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	if err := s.canSeal(); err != nil {
		return nil, err
	}
	b := &in.Body.Value
	if b.Secret == "" {
		b.Secret = webhook.GenerateSecret()
	}
	overlap := defaultOverlap
	c := s.newWebhookCheck()
	c.secret(b.Secret)
	if h := b.OverlapHours; h != nil {
		overlap = time.Duration(*h) * time.Hour
		if *h < 0 || *h > maxOverlapHours {
			c.add("overlap_hours", "must be 0 to 168")
		}
	}
	if err := c.result(); err != nil {
		return nil, err
	}
	e, err := s.deps.Store.ChangeEndpoint(ctx, caller(ctx).TenantID, id, func(e *domain.Endpoint) error {
		e.SealedPreviousSecret, e.PreviousSecretExpiresAt = nil, nil
		if ends := time.Now().UTC().Add(overlap); overlap > 0 {
			e.SealedPreviousSecret, e.PreviousSecretExpiresAt = e.SealedSecret, &ends
		}
		s.sealSecret(e, b.Secret)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &webhookWithSecretOutput{WebhookWithSecret{Webhook: webhookView(&e), Secret: b.Secret}}, nil
}

func (s *Server) canSeal() error {
	if s.deps.WebhookSealer == nil {
		return domain.Errorf(domain.CodeUnavailable, "webhooks need ENCRYPTION_KEY, which is not set on this server")
	}
	return nil
}

func (s *Server) sealSecret(e *domain.Endpoint, secret string) {
	e.SealedSecret = s.deps.WebhookSealer.Seal(webhook.PurposeSecret, e.TenantID, e.ID, []byte(secret))
}

func (s *Server) sealHeaders(e *domain.Endpoint, headers map[string]string) error {
	e.SealedHeaders, e.HeaderNames = nil, nil
	if len(headers) == 0 {
		return nil
	}
	plain, err := json.Marshal(headers)
	if err != nil {
		return err
	}
	for name := range headers {
		e.HeaderNames = append(e.HeaderNames, http.CanonicalHeaderKey(name))
	}
	slices.Sort(e.HeaderNames)
	e.SealedHeaders = s.deps.WebhookSealer.Seal(webhook.PurposeHeaders, e.TenantID, e.ID, plain)
	return nil
}

// webhookCheck gathers what is wrong with a webhook's fields.
type webhookCheck struct {
	sender *webhook.Sender
	err    domain.Error
}

func (s *Server) newWebhookCheck() *webhookCheck {
	return &webhookCheck{sender: s.deps.WebhookSender, err: domain.Error{Code: domain.CodeInvalid, Message: "the webhook is not valid"}}
}

func (c *webhookCheck) add(field, problem string) {
	if problem != "" {
		c.err.Fields = append(c.err.Fields, domain.FieldError{Field: field, Message: problem})
	}
}

func (c *webhookCheck) url(v string) {
	if strings.TrimSpace(v) == "" {
		c.add("url", "is required")
		return
	}
	c.add("url", c.sender.CheckURL(v))
}

func (c *webhookCheck) events(v []string) { c.add("events", webhook.CheckEvents(v)) }
func (c *webhookCheck) secret(v string)   { c.add("secret", webhook.CheckSecret(v)) }
func (c *webhookCheck) description(v string) {
	checkText(&c.err, "description", v, maxDescriptionBytes)
}

func (c *webhookCheck) concurrency(v int) {
	if v < 1 || v > maxConcurrency {
		c.add("max_concurrency", "must be 1 to 64")
	}
}

func (c *webhookCheck) headers(v map[string]string) {
	for _, problem := range webhook.CheckHeaders(v) {
		c.add("headers", problem)
	}
}

func (c *webhookCheck) result() error {
	if len(c.err.Fields) > 0 {
		return &c.err
	}
	return nil
}
