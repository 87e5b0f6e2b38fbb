package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	// sendTimeout is for all of it: lookup, dial, TLS, head and body.
	sendTimeout = 15 * time.Second
	// maxResponseBytes are read after decompression, maxExcerptBytes are kept.
	maxResponseBytes  = 64 << 10
	maxExcerptBytes   = 4 << 10
	maxResponseHeader = 64 << 10
	idleConnections   = 8
	idleTimeout       = 30 * time.Second
)

// Options of a Sender. The zero value sends over https to public addresses only.
type Options struct {
	// AllowHTTP also sends without TLS.
	AllowHTTP bool
	// AllowedNetworks may be sent to although they are private.
	AllowedNetworks []netip.Prefix
	// UserAgent defaults to "RustAssistant-Webhooks".
	UserAgent string
	// Timeout defaults to 15 s.
	Timeout time.Duration
	// Resolver defaults to the system's.
	Resolver *net.Resolver
}

// Development is for a developer's machine: receivers on it, without TLS.
func Development() Options { return Options{AllowHTTP: true, AllowedNetworks: Loopback} }

// Sender sends events. It follows no redirect, uses no proxy and refuses
// addresses that are not public unless they are allowed.
type Sender struct {
	options Options
	guard   *guard
	client  *http.Client
}

// NewSender returns a Sender that is safe for concurrent use.
func NewSender(o Options) *Sender {
	if o.UserAgent == "" {
		o.UserAgent = "RustAssistant-Webhooks"
	}
	if o.Timeout <= 0 {
		o.Timeout = sendTimeout
	}
	s := &Sender{options: o, guard: newGuard(o.AllowedNetworks)}
	dialer := &net.Dialer{Timeout: o.Timeout, Control: s.guard.control, Resolver: o.Resolver}
	s.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would look names up out of our sight
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    idleConnections,
			MaxIdleConns:           64 * idleConnections,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxResponseHeader,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

// Close drops idle connections.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Message is one attempt to be made.
type Message struct {
	URL     string
	Secrets []string // the present one first
	Headers map[string]string
	Event   Event
	// Trace is told to the receiver, which may go on with it; zero for none.
	Trace domain.TraceContext
}

// Event is what a receiver is told.
type Event struct {
	ID         uuid.UUID
	Type       domain.EventType
	OccurredAt time.Time
	Data       json.RawMessage
}

// Body is the JSON of the request: the same bytes in every attempt.
func (e *Event) Body() ([]byte, error) {
	return json.Marshal(struct {
		ID        uuid.UUID        `json:"id"`
		Type      domain.EventType `json:"type"`
		Timestamp time.Time        `json:"timestamp"`
		Data      json.RawMessage  `json:"data"`
	}{e.ID, e.Type, e.OccurredAt.UTC(), e.Data})
}

// Outcome is what came of an attempt.
type Outcome struct {
	StartedAt time.Time
	Duration  time.Duration
	Status    int    // 0 when there was no answer
	Code      string // "" for a success
	Error     string
	Response  string // the beginning of the answer's body, as UTF-8
	// RetryAfter is what the receiver asked for.
	RetryAfter time.Duration
	// OwnFault means that nothing is known of the receiver: the attempt does not count.
	OwnFault bool
}

// OK reports whether the event was delivered.
func (o *Outcome) OK() bool { return o.Code == "" && !o.OwnFault }

// Gone reports whether the receiver wants no more events.
func (o *Outcome) Gone() bool { return o.Status == http.StatusGone }

// Send makes one attempt. It never fails: what went wrong is in the outcome.
func (s *Sender) Send(ctx context.Context, m Message) (out Outcome) {
	out.StartedAt = time.Now().UTC()
	defer func() { out.Duration = time.Since(out.StartedAt) }()
	limited, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	req, err := s.request(limited, &m, out.StartedAt)
	if err != nil {
		out.Code, out.Error = CodeInvalidURL, "the address cannot be sent to"
		return out
	}
	res, err := s.client.Do(req)
	if err != nil {
		out.fail(ctx, err)
		return out
	}
	defer res.Body.Close()
	out.Status = res.StatusCode
	body, err := io.ReadAll(io.LimitReader(res.Body, maxResponseBytes))
	out.Response = excerpt(body)
	out.RetryAfter = parseRetryAfter(res.Header.Get("Retry-After"), time.Now())
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		out.Code, out.Error = CodeRedirect, "the receiver answered with a redirect, which is not followed"
	case res.StatusCode < 200 || res.StatusCode >= 300:
		out.Code, out.Error = CodeStatus, "the receiver answered with status "+strconv.Itoa(res.StatusCode)
	case err != nil:
		out.fail(ctx, err)
	}
	return out
}

func (s *Sender) request(ctx context.Context, m *Message, now time.Time) (*http.Request, error) {
	if problem := s.CheckURL(m.URL); problem != "" {
		return nil, errors.New(problem)
	}
	body, err := m.Event.Body()
	if err != nil {
		return nil, fmt.Errorf("encode the event: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("prepare the request: %w", err)
	}
	for name, value := range m.Headers {
		req.Header.Set(name, value)
	}
	if m.Trace.Parent != "" {
		req.Header.Set("Traceparent", m.Trace.Parent)
		if m.Trace.State != "" {
			req.Header.Set("Tracestate", m.Trace.State)
		}
	}
	id := m.Event.ID.String()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.options.UserAgent)
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("Webhook-Signature", Sign(m.Secrets, id, now, body))
	return req, nil
}

// excerpt makes a body fit for a text column, and for people.
func excerpt(body []byte) string {
	text := strings.ToValidUTF8(string(body[:min(len(body), maxExcerptBytes)]), "\uFFFD")
	return strings.ReplaceAll(text, "\x00", "\uFFFD")
}
