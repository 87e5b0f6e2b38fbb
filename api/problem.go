package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

const problemType = "application/problem+json"

// Codes that only HTTP knows.
const (
	codeMethodNotAllowed domain.Code = "method_not_allowed"
	codeRequestTimeout   domain.Code = "request_timeout"
	codeCanceled         domain.Code = "canceled"
)

// statusClientClosed is what a request is logged as whose client went away.
const statusClientClosed = 499

// problemKind is what one code means over HTTP.
type problemKind struct {
	code   domain.Code
	status int
	title  string
	help   string
}

// problemKinds is the one map from codes to HTTP, in the order of the docs.
var problemKinds = []problemKind{
	{domain.CodeMalformed, http.StatusBadRequest, "Malformed request", "The request could not be read: broken JSON (with its position), a broken encoding or a body that ended early."},
	{domain.CodeUnauthenticated, http.StatusUnauthorized, "Not authenticated", "The request has no API key, or one that is malformed, unknown, expired or revoked."},
	{domain.CodePermissionDenied, http.StatusForbidden, "Not allowed", "The key is valid and lacks the scope of this operation, or its tenant is not active."},
	{domain.CodeQuotaExceeded, http.StatusForbidden, "Quota exceeded", "The tenant's plan has no room for this: quota says of what, limit and used how much. Searches of a day are refused with 429 instead, until reset."},
	{domain.CodeNotFound, http.StatusNotFound, "Not found", "There is no such thing in this tenant. Ids of other tenants and malformed ids are not told apart from missing ones."},
	{codeMethodNotAllowed, http.StatusMethodNotAllowed, "Method not allowed", "The path exists; the Allow header lists its methods."},
	{codeRequestTimeout, http.StatusRequestTimeout, "Request too slow", "The request's body did not arrive in time."},
	{domain.CodeConflict, http.StatusConflict, "Conflict", "The request contradicts the present state; the detail says how. With Retry-After, trying again may help."},
	{domain.CodeTooLarge, http.StatusRequestEntityTooLarge, "Too large", "The body, also after decompression, exceeds the limit of this operation."},
	{domain.CodeUnsupportedMedia, http.StatusUnsupportedMediaType, "Unsupported media type", "The Content-Type or Content-Encoding is not one this operation reads."},
	{domain.CodeInvalid, http.StatusUnprocessableEntity, "Invalid request", "The request was understood and breaks a rule; errors names each field."},
	{domain.CodeIdempotencyMismatch, http.StatusUnprocessableEntity, "Idempotency-Key reused", "The same Idempotency-Key came with another request within 24 hours."},
	{domain.CodeRateLimited, http.StatusTooManyRequests, "Too many requests", "Wait for as long as Retry-After says."},
	{codeCanceled, statusClientClosed, "Canceled", "The client closed the connection before the answer."},
	{domain.CodeInternal, http.StatusInternalServerError, "Internal error", "Something went wrong on our side; the request id finds it in the logs."},
	{domain.CodeUnavailable, http.StatusServiceUnavailable, "Unavailable", "A part of the system is away. Nothing was changed; try again after Retry-After."},
}

func kindOf(code domain.Code) problemKind {
	for _, k := range problemKinds {
		if k.code == code {
			return k
		}
	}
	return kindOf(domain.CodeInternal)
}

// Problem is every error answer, as RFC 9457 (application/problem+json).
type Problem struct {
	Type      string              `json:"type" doc:"Path of this code's description." example:"/problems/invalid_argument"`
	Title     string              `json:"title" doc:"What the code means." example:"Invalid request"`
	Status    int                 `json:"status" doc:"The HTTP status." example:"422"`
	Detail    string              `json:"detail" doc:"What is wrong with this request." example:"the document is not valid"`
	Code      domain.Code         `json:"code" doc:"Stable, for programs." example:"invalid_argument"`
	RequestID string              `json:"request_id,omitempty" doc:"Finds the request in the logs."`
	Errors    []domain.FieldError `json:"errors,omitempty" doc:"Each field that is wrong."`

	Quota domain.QuotaName `json:"quota,omitempty" enum:"documents,storage_bytes,searches_per_day,api_keys,webhooks,requests_per_minute" doc:"Of quota_exceeded: what there is no room for."`
	Limit *int64           `json:"limit,omitempty" doc:"Of quota_exceeded: how much the tenant may have."`
	Used  *int64           `json:"used,omitempty" doc:"Of quota_exceeded: how much there is without this request."`
	Reset int              `json:"reset,omitempty" doc:"Of quota_exceeded: in how many seconds the quota starts anew; left out when it does not by itself."`

	retryAfter int // seconds
}

// Error makes a Problem an error, as huma wants it.
func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

// newProblem turns an error into what the caller sees, and logs what the caller
// does not see.
func newProblem(ctx context.Context, err error) *Problem {
	p := describe(ctx, err)
	if p.Status >= http.StatusInternalServerError {
		slog.ErrorContext(ctx, "request failed", slog.String("code", string(p.Code)), slog.Any("error", err))
	}
	return p
}

func describe(ctx context.Context, err error) *Problem {
	known := visible(err)
	kind := kindOf(known.Code)
	p := &Problem{
		Type: "/problems/" + string(kind.code), Title: kind.title, Status: kind.status, Detail: known.Message, Code: kind.code,
		RequestID: telemetry.RequestID(ctx), Errors: known.Fields, retryAfter: known.RetryAfterSeconds,
	}
	if x := known.Excess; x != nil {
		p.Quota, p.Limit, p.Used, p.Reset = x.Quota, &x.Limit, &x.Used, x.Reset
		if x.Reset > 0 { // it passes by itself
			p.Status = http.StatusTooManyRequests
		}
	}
	return p
}

// visible returns the part of err that a caller may see.
func visible(err error) *domain.Error {
	var known *domain.Error
	var tooLarge *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return domain.Errorf(domain.CodeTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout() && !errors.Is(err, context.DeadlineExceeded):
		return domain.Errorf(codeRequestTimeout, "the body did not arrive in time")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return domain.Errorf(domain.CodeMalformed, "the body ended before it was complete")
	case errors.Is(err, context.Canceled):
		return domain.Errorf(codeCanceled, "the request was canceled")
	case errors.Is(err, context.DeadlineExceeded):
		return &domain.Error{Code: domain.CodeUnavailable, Message: "the request took too long", RetryAfterSeconds: 2}
	}
	return domain.Errorf(domain.CodeInternal, "something went wrong; the request id finds it in the logs")
}

// fail answers a request of a raw handler or of the middleware with an error.
func fail(c *gin.Context, err error) {
	p := newProblem(c.Request.Context(), err)
	p.headers(c.Header)
	body, encodeErr := json.Marshal(p)
	if encodeErr != nil { // cannot happen: a Problem is strings and numbers
		c.AbortWithStatus(p.Status)
		return
	}
	c.Abort()
	c.Data(p.Status, problemType, body)
}

func (p *Problem) headers(set func(name, value string)) {
	if p.retryAfter > 0 {
		set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		set("WWW-Authenticate", `Bearer realm="rustassistant"`)
	}
}

// huma makes its errors through these two variables; it offers no other way.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return describe(context.Background(), fromHuma(status, message, errs)) //nolint:forbidigo // huma has no context to give here
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := newProblem(c.Context(), fromHuma(status, message, errs))
		p.headers(c.SetHeader)
		return p
	}
}

// fromHuma finds the error behind what huma reports: one that a handler or a body
// returned, or huma's own about parameters.
func fromHuma(status int, message string, errs []error) error {
	var fields []domain.FieldError
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			return err
		}
		fields = append(fields, domain.FieldError{Field: fieldName(detail.Location), Message: detail.Message})
	}
	code := domain.CodeInternal
	for _, k := range problemKinds {
		if k.status == status {
			code = k.code
			break
		}
	}
	if len(fields) > 0 {
		message = "the request is not valid"
	}
	return &domain.Error{Code: code, Message: message, Fields: fields}
}

// fieldName turns huma's "query.limit" into "limit".
func fieldName(location string) string {
	for _, prefix := range []string{"query.", "path.", "header.", "body."} {
		if rest, ok := strings.CutPrefix(location, prefix); ok {
			return rest
		}
	}
	return location
}

// temporalAway is for requests that need Temporal at once. What it said stays in
// the chain, for the log.
func temporalAway(err error) error {
	if domain.CodeOf(err) != domain.CodeInternal {
		return err
	}
	return fmt.Errorf("%w: %w", &domain.Error{
		Code: domain.CodeUnavailable, Message: "Temporal does not answer; try again", RetryAfterSeconds: temporalRetrySeconds,
	}, err)
}

const temporalRetrySeconds = 5
