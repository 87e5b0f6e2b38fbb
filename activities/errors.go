package activities

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// toTemporal decides by the class of an error whether another attempt can help.
func toTemporal(err error) error {
	if err == nil {
		return nil
	}
	var e *domain.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case domain.CodeInvalid, domain.CodeMalformed, domain.CodeNotFound, domain.CodePermissionDenied, domain.CodeTooLarge:
		return temporal.NewNonRetryableApplicationError(e.Message, string(e.Code), err)
	default:
		return temporal.NewApplicationErrorWithOptions(e.Message, string(e.Code), temporal.ApplicationErrorOptions{
			Cause: err, NextRetryDelay: time.Duration(e.RetryAfterSeconds) * time.Second,
		})
	}
}

// final is toTemporal for an error that another attempt cannot help.
func final(err error) error {
	var e *domain.Error
	if !errors.As(err, &e) {
		return err
	}
	return temporal.NewNonRetryableApplicationError(e.Message, string(e.Code), err)
}
