package apiclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Error is an answer of the server that is not a success, decoded from problem+json where it is that.
type Error struct {
	Status     int
	Code       domain.Code
	Detail     string
	Fields     []domain.FieldError
	RequestID  string
	RetryAfter time.Duration
}

// Error tells what the server said, what can be done about it, and what finds it in the server's logs.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the server answered %d", e.Status)
	if e.Code != "" {
		fmt.Fprintf(&b, " %s", e.Code)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	for i, f := range e.Fields {
		sep := ", "
		if i == 0 {
			sep = " ("
		}
		fmt.Fprintf(&b, "%s%s %s", sep, f.Field, f.Message)
	}
	if len(e.Fields) > 0 {
		b.WriteByte(')')
	}
	switch e.Status {
	case http.StatusUnauthorized:
		b.WriteString("; give a key with --api-key or RUSTASSISTANT_API_KEY")
	case http.StatusForbidden:
		b.WriteString("; the key needs another scope, or belongs to another tenant")
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " [request %s]", e.RequestID)
	}
	return b.String()
}

// newError decodes an error answer. A proxy's HTML page becomes its status line.
func newError(res *http.Response, body []byte) *Error {
	e := &Error{Status: res.StatusCode, RequestID: res.Header.Get("X-Request-Id"), RetryAfter: retryAfter(res.Header)}
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if strings.HasSuffix(media, "json") {
		e.read(body)
	}
	if e.Detail == "" {
		e.Detail = http.StatusText(res.StatusCode)
	}
	return e
}

// read takes what a problem says; what is not JSON says nothing.
func (e *Error) read(body []byte) {
	var problem struct {
		Title  string              `json:"title"`
		Detail string              `json:"detail"`
		Code   domain.Code         `json:"code"`
		Errors []domain.FieldError `json:"errors"`
	}
	if json.Unmarshal(body, &problem) != nil {
		return
	}
	e.Code, e.Detail, e.Fields = problem.Code, problem.Detail, problem.Errors
	if e.Detail == "" {
		e.Detail = problem.Title
	}
}

// retryAfter reads Retry-After in its form of seconds and in its form of a date.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// IsNotFound reports whether the server does not have what was asked for.
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsForbidden reports whether the key may not do that.
func IsForbidden(err error) bool { return hasStatus(err, http.StatusForbidden) }

// IsConflict reports whether the thing exists already, or changed meanwhile.
func IsConflict(err error) bool { return hasStatus(err, http.StatusConflict) }

func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// networkError says in plain words that a server could not be reached.
func (c *Client) networkError(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the method and the address, which follow
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no server listens at %s; start one with make dev, or name another with --server: %w", c.base, err)
	}
	return fmt.Errorf("the connection to %s failed: %w", c.base, err)
}

// worthRetrying says whether the same request may succeed later.
func worthRetrying(err error) bool {
	var answer *Error
	if errors.As(err, &answer) {
		switch answer.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		case http.StatusConflict: // the first attempt may still be at work; the server says so with Retry-After
			return answer.RetryAfter > 0
		}
		return false
	}
	var network net.Error
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) && network.Timeout()
}
