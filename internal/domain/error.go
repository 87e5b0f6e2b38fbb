package domain

import (
	"errors"
	"fmt"
)

// Code classifies an Error. The API maps each code to one HTTP status, and the
// workers map it to retryable or not.
type Code string

// The codes an Error may carry.
const (
	CodeInvalid             Code = "invalid_argument"
	CodeMalformed           Code = "malformed_request"
	CodeUnauthenticated     Code = "unauthenticated"
	CodePermissionDenied    Code = "permission_denied"
	CodeNotFound            Code = "not_found"
	CodeConflict            Code = "conflict"
	CodeIdempotencyMismatch Code = "idempotency_key_reused"
	CodeTooLarge            Code = "too_large"
	CodeUnsupportedMedia    Code = "unsupported_media_type"
	CodeRateLimited         Code = "rate_limited"
	CodeQuotaExceeded       Code = "quota_exceeded"
	CodeUnavailable         Code = "unavailable"
	CodeInternal            Code = "internal"
)

// FieldError names one field of the input and what is wrong with it.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is an error whose text a caller may see. Anything else is internal and
// is logged, never shown.
type Error struct {
	Code    Code
	Message string
	Fields  []FieldError
	// RetryAfterSeconds tells the caller when to try again; 0 says nothing.
	RetryAfterSeconds int
	// Excess is set with CodeQuotaExceeded.
	Excess *QuotaExcess
}

// Error returns the message with its code.
func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return string(e.Code) + ": " + e.Message
	}
	return fmt.Sprintf("%s: %s (%s: %s)", e.Code, e.Message, e.Fields[0].Field, e.Fields[0].Message)
}

// Errorf returns an Error with a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotFound returns the error for a thing that does not exist, or that belongs
// to another tenant: the two are not told apart.
func NotFound(noun string) *Error {
	return Errorf(CodeNotFound, "%s not found", noun)
}

// CodeOf returns the code of the first Error in err's chain, and CodeInternal
// for any other error.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
