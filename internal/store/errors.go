package store

import (
	"context"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Codes of PostgreSQL that have a meaning to callers (Appendix A of its manual).
const (
	pgSerializationFailure = "40001"
	pgDeadlockDetected     = "40P01"
	// pgReadOnly is what a replica says to a write: the primary is another one now.
	pgReadOnly           = "25006"
	pgTooManyConnections = "53300"
	pgClassConnection    = "08"
	pgClassShutdown      = "57P"
	pgClassResources     = "53"
)

// retryAfter is what a caller is told to wait when the database is away.
const retryAfterSeconds = 2

// translate turns what the driver says into a domain.Error where a caller can
// do something about it, and leaves every other error as it is. It leaves a
// domain.Error alone.
func translate(err error) error {
	var already *domain.Error
	if err == nil || errors.As(err, &already) || errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == pgDeadlockDetected, pg.Code == pgSerializationFailure:
			return wrap(err, domain.CodeConflict, "the same documents are being changed by another request, try again")
		case pg.Code == pgReadOnly, hasClass(pg.Code, pgClassConnection), hasClass(pg.Code, pgClassShutdown), hasClass(pg.Code, pgClassResources):
			return wrap(err, domain.CodeUnavailable, "the database is not available right now, try again")
		}
		return err
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, context.DeadlineExceeded) {
		return wrap(err, domain.CodeUnavailable, "the database is not available right now, try again")
	}
	return err
}

func hasClass(code, class string) bool {
	return len(code) >= len(class) && code[:len(class)] == class
}

// wrapped keeps the cause for the log behind the error a caller sees.
type wrapped struct {
	domain *domain.Error
	cause  error
}

func (w *wrapped) Error() string   { return w.domain.Error() + ": " + w.cause.Error() }
func (w *wrapped) Unwrap() []error { return []error{w.domain, w.cause} }

func wrap(cause error, code domain.Code, message string) error {
	return &wrapped{domain: &domain.Error{Code: code, Message: message, RetryAfterSeconds: retryAfterSeconds}, cause: cause}
}

// isUnique reports whether err is a violation of the named unique index.
func isUnique(err error, index string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == index
}
