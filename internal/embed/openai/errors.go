package openai

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Code says what went wrong with the provider.
type Code string

// The codes. Those of the first group are worth another try.
const (
	CodeRateLimited   Code = "rate_limited"
	CodeQuota         Code = "quota_exhausted"
	CodeUnavailable   Code = "unavailable"
	CodeTimeout       Code = "timeout"
	CodeTLS           Code = "tls"
	CodeBadResponse   Code = "bad_response"
	CodeLimitOwn      Code = "own_limit"
	CodeUnauthorized  Code = "unauthorized"
	CodeUnknownModel  Code = "unknown_model"
	CodeWrongDims     Code = "wrong_dimensions"
	CodeBadRequest    Code = "bad_request"
	CodeRedirect      Code = "redirect"
	codeInputTooLarge Code = "input_too_large" // never leaves the package: the input is split or trimmed
)

const (
	// maxRetryAfter bounds what a server may ask for.
	maxRetryAfter = time.Hour
	// quotaRetryAfter is for an account without credit: a person has to act.
	quotaRetryAfter = 10 * time.Minute
)

// Error is a failure of the provider, in our words: neither the key nor texts
// nor what the server wrote are in it.
type Error struct {
	Code    Code
	Message string
	// Transient failures are worth another try, after RetryAfter when it is not 0.
	Transient  bool
	RetryAfter time.Duration
	// Status is that of the server's answer, 0 for none.
	Status int
}

// Error returns the message.
func (e *Error) Error() string { return "embeddings: " + e.Message }

// Transient reports whether err is a failure of the provider that is worth
// another try, and after which time; 0 leaves that to the caller.
func Transient(err error) (after time.Duration, ok bool) {
	var e *Error
	if errors.As(err, &e) && e.Transient {
		return e.RetryAfter, true
	}
	return 0, false
}

func transient(code Code, message string) *Error {
	return &Error{Code: code, Message: message, Transient: true}
}

func permanent(code Code, message string) *Error {
	return &Error{Code: code, Message: message}
}

// ofStatus classifies an answer that is not a success. reason is the server's
// error code and message, which are looked at and never shown.
func ofStatus(status int, reason string, retryAfter time.Duration) *Error {
	e := classifyStatus(status, strings.ToLower(reason))
	e.Status = status
	if e.Transient && retryAfter > 0 {
		e.RetryAfter = retryAfter
	}
	return e
}

func classifyStatus(status int, reason string) *Error {
	text := strconv.Itoa(status)
	switch {
	case status == http.StatusTooManyRequests && strings.Contains(reason, "insufficient_quota"), status == http.StatusPaymentRequired:
		e := transient(CodeQuota, "the provider's account has no credit left: see its billing page")
		e.RetryAfter = quotaRetryAfter
		return e
	case status == http.StatusTooManyRequests && strings.Contains(reason, "request too large"),
		status == http.StatusInternalServerError && isLength(reason):
		// OpenAI refuses so what is more than the account's tokens per minute, and
		// llama.cpp and Ollama what is more than they were started for.
		return permanent(codeInputTooLarge, "the provider finds the input too long")
	case status == http.StatusTooManyRequests:
		return transient(CodeRateLimited, "the provider's limit of requests or tokens is reached")
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly,
		status == http.StatusFailedDependency, status == http.StatusConflict:
		return transient(CodeUnavailable, "the provider answered with status "+text)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return permanent(CodeUnauthorized, "the provider refused the key (status "+text+"): check EMBEDDINGS_API_KEY")
	case status >= 300 && status < 400:
		return permanent(CodeRedirect, "the provider answered with a redirect, which is not followed: check EMBEDDINGS_BASE_URL")
	case status == http.StatusRequestEntityTooLarge, isLength(reason):
		return permanent(codeInputTooLarge, "the provider finds the input too long")
	case status == http.StatusNotFound, strings.Contains(reason, "model_not_found"),
		strings.Contains(reason, "model") && strings.Contains(reason, "not exist"):
		return permanent(CodeUnknownModel, "the provider does not know the model, or has no /embeddings at this address: check EMBEDDINGS_MODEL and EMBEDDINGS_BASE_URL")
	default:
		return permanent(CodeBadRequest, "the provider refused the request (status "+text+"): check EMBEDDINGS_MODEL and EMBEDDINGS_DIMENSIONS")
	}
}

// lengthWords are in the refusals of too long inputs and too large batches by
// OpenAI, vLLM, TEI, Ollama and llama.cpp.
var lengthWords = []string{
	"context length", "context_length", "too long", "too large", "too many tokens", "maximum allowed batch size",
	"must have less than", "token limit", "max_tokens_per_request", "maximum input length", "exceeds the context", "sequence length",
}

func isLength(reason string) bool {
	for _, words := range lengthWords {
		if strings.Contains(reason, words) {
			return true
		}
	}
	return false
}

// ofTransport classifies an error of the HTTP client. Its text is dropped: it
// may name resolvers and addresses within the network.
func ofTransport(err error) *Error {
	var network net.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return transient(CodeTimeout, "no complete answer of the provider came in time")
	case isTLS(err):
		return transient(CodeTLS, "the TLS connection to the provider could not be made: check its certificate and EMBEDDINGS_BASE_URL")
	case errors.As(err, &dns):
		return transient(CodeUnavailable, "the provider's host name could not be looked up")
	default:
		return transient(CodeUnavailable, "the connection to the provider could not be made, or was closed before the answer was complete")
	}
}

func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &verification) || errors.As(err, &unknown) || errors.As(err, &record) || errors.As(err, &alert)
}
