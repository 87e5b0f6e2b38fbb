package workflows

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// Search attributes of every workflow, registered by EnsureSearchAttributes.
var (
	TenantID   = temporal.NewSearchAttributeKeyKeyword("TenantId")
	JobKind    = temporal.NewSearchAttributeKeyKeyword("JobKind")
	DocumentID = temporal.NewSearchAttributeKeyKeyword("DocumentId")
	EndpointID = temporal.NewSearchAttributeKeyKeyword("EndpointId")
)

// Priorities, 1 is the most urgent: a person waits for documents, nobody for compaction.
const (
	priorityInteractive = 2
	priorityBulk        = 3
	priorityBackground  = 5
	// interactiveItems is up to how many documents a job counts as interactive.
	interactiveItems = 10
)

// Client starts, cancels and describes workflows.
type Client struct {
	temporal  client.Client
	namespace string
	uiURL     string
	// offboardGrace is what an off-boarding waits for requests to run out.
	offboardGrace time.Duration
}

// NewClient wraps a Temporal client. uiURL is where the Temporal UI is served
// and may be empty.
func NewClient(c client.Client, namespace, uiURL string) *Client {
	if namespace == "" {
		namespace = client.DefaultNamespace
	}
	return &Client{temporal: c, namespace: namespace, uiURL: strings.TrimRight(uiURL, "/"), offboardGrace: DefaultOffboardGrace}
}

// StartJob starts the workflow of a job. That it was started before is success.
func (c *Client) StartJob(ctx context.Context, job domain.Job) error {
	return unlessStarted(c.start(ctx, job))
}

// StartOrDescribe starts the workflow of a job that has none yet, and then
// returns ExecutionMissing; else it says what the workflow is doing.
func (c *Client) StartOrDescribe(ctx context.Context, job domain.Job) (activities.Execution, error) {
	return c.orDescribe(ctx, c.start(ctx, job), job.WorkflowID)
}

// execute starts a workflow, whose identity must not run twice: that it was
// started before is an error that alreadyStarted knows.
func (c *Client) execute(ctx context.Context, o client.StartWorkflowOptions, workflow, input any) (client.WorkflowRun, error) {
	o.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	o.WorkflowExecutionErrorWhenAlreadyStarted = true
	run, err := c.temporal.ExecuteWorkflow(ctx, o, workflow, input)
	if err != nil {
		return nil, fmt.Errorf("start workflow %s: %w", o.ID, err)
	}
	return run, nil
}

func alreadyStarted(err error) bool {
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	return errors.As(err, &started)
}

// unlessStarted takes it for success that a workflow was started before.
func unlessStarted(err error) error {
	if alreadyStarted(err) {
		return nil
	}
	return err
}

// orDescribe returns ExecutionMissing for a workflow that err says was started just
// now, and what it is doing for one that was started before.
func (c *Client) orDescribe(ctx context.Context, err error, workflowID string) (activities.Execution, error) {
	if err == nil {
		return activities.ExecutionMissing, nil
	}
	if !alreadyStarted(err) {
		return "", err
	}
	return c.describe(ctx, workflowID)
}

// describe says what the last execution of a workflow is doing.
func (c *Client) describe(ctx context.Context, workflowID string) (activities.Execution, error) {
	d, err := c.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		return "", fmt.Errorf("describe workflow %s: %w", workflowID, err)
	}
	return executionOf(d.GetWorkflowExecutionInfo().GetStatus()), nil
}

func executionOf(status enumspb.WorkflowExecutionStatus) activities.Execution {
	switch status {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED:
		return activities.ExecutionRunning
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return activities.ExecutionCompleted
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return activities.ExecutionCanceled
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return activities.ExecutionTerminated
	default:
		return activities.ExecutionFailed
	}
}

func (c *Client) start(ctx context.Context, job domain.Job) error {
	if start := jobStarters[job.Kind]; start != nil {
		return start(ctx, c, job)
	}
	if job.Kind != domain.JobIndexDocuments {
		return fmt.Errorf("no workflow is known for jobs of kind %q", job.Kind)
	}
	in := IndexDocumentsInput{TenantID: job.TenantID, JobID: job.ID, Total: job.Total, Bytes: job.Bytes}
	_, err := c.execute(ctx, indexOptions(job), IndexDocuments, in)
	return err
}

func indexOptions(job domain.Job) client.StartWorkflowOptions {
	priority := priorityBulk
	if job.Total <= interactiveItems {
		priority = priorityInteractive
	}
	return client.StartWorkflowOptions{
		ID:                    job.WorkflowID,
		TaskQueue:             IndexingQueue,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(job.TenantID.String()), JobKind.ValueSet(string(job.Kind))),
		StaticSummary: fmt.Sprintf("Index %d documents", job.Total),
		Priority:      temporal.Priority{PriorityKey: priority, FairnessKey: job.TenantID.String()},
	}
}

// RequestCompaction implements activities.Compactor: it wakes the tenant's
// CompactIndex or starts it.
func (c *Client) RequestCompaction(ctx context.Context, tenant uuid.UUID) error {
	id := "compact/" + tenant.String()
	_, err := c.temporal.SignalWithStartWorkflow(ctx, id, compactSignal, nil, client.StartWorkflowOptions{
		ID:        id,
		TaskQueue: MaintenanceQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(tenant.String()), JobKind.ValueSet("compact_index")),
		StaticSummary: "Merge index segments",
		Priority:      temporal.Priority{PriorityKey: priorityBackground, FairnessKey: tenant.String()},
	}, CompactIndex, CompactIndexInput{TenantID: tenant})
	if err != nil {
		return fmt.Errorf("signal workflow %s: %w", id, err)
	}
	return nil
}

// rebuildID is the id of a tenant's RebuildIndex: one runs at a time.
func rebuildID(tenant uuid.UUID) string { return "rebuild/" + tenant.String() }

// StartRebuild starts the tenant's RebuildIndex and returns the ids of rebuild and
// workflow. One that runs already is a conflict.
func (c *Client) StartRebuild(ctx context.Context, tenant uuid.UUID, reason string) (rebuild uuid.UUID, workflowID string, err error) {
	in := RebuildIndexInput{TenantID: tenant, RebuildID: uuid.Must(uuid.NewV7()), Reason: reason}
	id := rebuildID(tenant)
	_, err = c.execute(ctx, client.StartWorkflowOptions{
		ID:        id,
		TaskQueue: MaintenanceQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(tenant.String()), JobKind.ValueSet("rebuild_index")),
		StaticSummary: "Rebuild the index from the documents",
		Priority:      temporal.Priority{PriorityKey: priorityBackground, FairnessKey: tenant.String()},
	}, RebuildIndex, in)
	if alreadyStarted(err) {
		return uuid.Nil, id, domain.Errorf(domain.CodeConflict, "a rebuild of this index runs already")
	}
	if err != nil {
		return uuid.Nil, id, err
	}
	return in.RebuildID, id, nil
}

// RequestRebuild implements activities.Rebuilder: that one runs already is success.
func (c *Client) RequestRebuild(ctx context.Context, tenant uuid.UUID, reason string) error {
	_, _, err := c.StartRebuild(ctx, tenant, reason)
	if domain.CodeOf(err) == domain.CodeConflict {
		return nil
	}
	return err
}

// DescribeWorkflow implements activities.Executions and activities.Rebuilder. A
// workflow that Temporal has forgotten is missing.
func (c *Client) DescribeWorkflow(ctx context.Context, workflowID string) (activities.Execution, error) {
	state, err := c.describe(ctx, workflowID)
	var unknown *serviceerror.NotFound
	if errors.As(err, &unknown) {
		return activities.ExecutionMissing, nil
	}
	return state, err
}

// WakeDeliveries implements activities.Waker: it wakes the endpoint's
// DeliverWebhooks or starts it.
func (c *Client) WakeDeliveries(ctx context.Context, tenant, endpoint uuid.UUID) error {
	id := "webhooks/" + tenant.String() + "/" + endpoint.String()
	_, err := c.temporal.SignalWithStartWorkflow(ctx, id, deliverSignal, nil, client.StartWorkflowOptions{
		ID:        id,
		TaskQueue: WebhooksQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(tenant.String()), EndpointID.ValueSet(endpoint.String()), JobKind.ValueSet("deliver_webhooks")),
		StaticSummary: "Deliver events to a webhook",
		Priority:      temporal.Priority{PriorityKey: priorityBulk, FairnessKey: tenant.String()},
	}, DeliverWebhooks, DeliverWebhooksInput{TenantID: tenant, EndpointID: endpoint})
	if err != nil {
		return fmt.Errorf("signal workflow %s: %w", id, err)
	}
	return nil
}

// CancelWorkflow asks a workflow to end. One that has ended already is no error.
func (c *Client) CancelWorkflow(ctx context.Context, workflowID string) error {
	err := c.temporal.CancelWorkflow(ctx, workflowID, "")
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cancel workflow %s: %w", workflowID, err)
	}
	return nil
}

// WorkflowURL is the page of a workflow in the Temporal UI, or "".
func (c *Client) WorkflowURL(workflowID string) string {
	if c.uiURL == "" || workflowID == "" {
		return ""
	}
	return c.uiURL + "/namespaces/" + url.PathEscape(c.namespace) + "/workflows/" + url.PathEscape(workflowID)
}

// UIURL is where the Temporal UI is served, or "".
func (c *Client) UIURL() string { return c.uiURL }

// Health asks Temporal for a sign of life.
func (c *Client) Health(ctx context.Context) error {
	_, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

// Workers tells whether a worker polls the queue that indexes, by what the
// server has seen within the last minutes.
func (c *Client) Workers(ctx context.Context) (int, error) {
	d, err := c.temporal.DescribeTaskQueue(ctx, IndexingQueue, enumspb.TASK_QUEUE_TYPE_ACTIVITY)
	if err != nil {
		return 0, fmt.Errorf("describe the task queue: %w", err)
	}
	live := 0
	for _, p := range d.GetPollers() {
		if time.Since(p.GetLastAccessTime().AsTime()) < 2*time.Minute {
			live++
		}
	}
	return live, nil
}
