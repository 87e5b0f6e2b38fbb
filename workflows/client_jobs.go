package workflows

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// SignalJob tells the workflow of a job that it is paused or resumed for a reason.
// A workflow that is not there is no error: its row is looked at before it begins.
func (c *Client) SignalJob(ctx context.Context, job domain.Job, paused bool, reason domain.PauseReason) error {
	name := ResumeSignal
	if paused {
		name = PauseSignal
	}
	err := c.temporal.SignalWorkflow(ctx, job.WorkflowID, "", name, PauseInput{Reason: reason})
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("signal workflow %s: %w", job.WorkflowID, err)
	}
	return nil
}

// jobStarters start the workflows of jobs that wait in their table, beside those
// that index documents.
var jobStarters = map[domain.JobKind]func(context.Context, *Client, domain.Job) error{}
