package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
)

const unfinished = "the work could not be ended in time; see the workflow for every attempt"

// reasonOf puts a failure into words that a user may read: those of an activity
// that gave up for good, or else the given ones.
func reasonOf(cause error, code, message string) (string, string) {
	var app *temporal.ApplicationError
	if errors.As(cause, &app) && app.Type() != "" && app.NonRetryable() {
		return app.Type(), app.Message()
	}
	return code, message
}
