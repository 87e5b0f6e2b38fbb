package workflows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/rustassistant/rustassistant/activities"
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
var jobStarters = map[domain.JobKind]func(context.Context, *Client, domain.Job) error{
	domain.JobRedrive: startRedrive,
}

// endedPage is how many ended runs one round looks at.
const endedPage = 1000

// EndedSince implements activities.Executions.
func (c *Client) EndedSince(ctx context.Context, since time.Time) (out []activities.EndedRun, err error) {
	query := fmt.Sprintf("ExecutionStatus IN ('Canceled', 'Failed', 'Terminated', 'TimedOut') AND CloseTime >= '%s' AND JobKind IN (%s)",
		since.UTC().Format(time.RFC3339Nano), jobKindList)
	var token []byte
	for more := true; more; more = len(token) > 0 {
		page, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: c.namespace, PageSize: endedPage, NextPageToken: token, Query: query,
		})
		if err != nil {
			return out, fmt.Errorf("list ended workflows: %w", err)
		}
		for _, e := range page.GetExecutions() {
			out = append(out, activities.EndedRun{WorkflowID: e.GetExecution().GetWorkflowId(), RunID: e.GetExecution().GetRunId()})
		}
		token = page.GetNextPageToken()
	}
	return out, nil
}

var jobKindList = func() string {
	names := make([]string, len(domain.JobKinds))
	for n, k := range domain.JobKinds {
		names[n] = "'" + string(k) + "'"
	}
	return strings.Join(names, ", ")
}()
