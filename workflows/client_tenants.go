package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// DefaultOffboardGrace is longer than a request may take that was admitted before
// its tenant was off-boarded.
const DefaultOffboardGrace = 35 * time.Second

// operationMemo names in a workflow's memo the operation that it was started for.
const operationMemo = "operation_id"

// WithOffboardGrace returns a client whose off-boardings wait for so long.
func (c *Client) WithOffboardGrace(grace time.Duration) *Client {
	other := *c
	other.offboardGrace = grace
	return &other
}

func provisionID(slug string) string { return "tenant/" + slug + "/provision" }

// ProvisionTenant starts the making of a tenant and waits for it as long as ctx
// allows. A slug that is being made for another request is a conflict; when ctx ends
// first, the error is ErrStillRunning and the making goes on.
func (c *Client) ProvisionTenant(ctx context.Context, in activities.ProvisionTenantInput, wait time.Duration) (made activities.ProvisionedTenant, workflowID string, err error) {
	id := provisionID(in.Slug)
	run, err := c.execute(ctx, client.StartWorkflowOptions{
		ID:        id,
		TaskQueue: MaintenanceQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(in.TenantID.String()), JobKind.ValueSet("provision_tenant")),
		StaticSummary: "Make the tenant " + in.Slug,
		Priority:      temporal.Priority{PriorityKey: priorityInteractive, FairnessKey: in.TenantID.String()},
	}, ProvisionTenant, in)
	mine := err == nil
	if alreadyStarted(err) {
		run = c.temporal.GetWorkflow(ctx, id, "")
	} else if err != nil {
		return made, id, err
	}
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	err = run.Get(limited, &made)
	if limited.Err() != nil && err != nil {
		if !mine {
			return made, id, domain.Errorf(domain.CodeConflict, "a tenant with the slug %q is being made", in.Slug)
		}
		return made, id, ErrStillRunning
	}
	if err == nil && made.RequestID != in.RequestID {
		err = domain.Errorf(domain.CodeConflict, "a tenant with the slug %q exists already", in.Slug)
	}
	return made, id, fromWorkflow(err)
}

// ErrStillRunning says that a workflow goes on after the caller's patience has ended.
var ErrStillRunning = errors.New("the workflow runs still")

// fromWorkflow finds the error of a caller behind what a workflow failed with.
func fromWorkflow(err error) error {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.NonRetryable() {
		for _, code := range []domain.Code{domain.CodeConflict, domain.CodeInvalid, domain.CodeNotFound, domain.CodeTooLarge, domain.CodePermissionDenied} {
			if app.Type() == string(code) {
				return domain.Errorf(code, "%s", app.Message())
			}
		}
	}
	return err
}

// tenantWorkflows are the workflows of operations, by kind.
var tenantWorkflows = map[domain.TenantOperationKind]struct {
	kind, summary string
	run           any
}{
	domain.TenantSuspend:  {"suspend_tenant", "Pause what runs for a tenant", SuspendTenant},
	domain.TenantResume:   {"resume_tenant", "Take up what was paused for a tenant", ResumeTenant},
	domain.TenantExport:   {"export_tenant", "Export a tenant", ExportTenant},
	domain.TenantOffboard: {"offboard_tenant", "Delete a tenant", OffboardTenant},
}

// StartTenantOperation starts the workflow of an operation. That it was started
// before is success.
func (c *Client) StartTenantOperation(ctx context.Context, op domain.TenantOperation) error {
	_, err := c.StartOrDescribeTenantOperation(ctx, op)
	return err
}

// StartOrDescribeTenantOperation implements activities.TenantWorkflows.
func (c *Client) StartOrDescribeTenantOperation(ctx context.Context, op domain.TenantOperation) (activities.Execution, error) {
	d, err := c.temporal.DescribeWorkflowExecution(ctx, op.WorkflowID, "")
	var unknown *serviceerror.NotFound
	if err != nil && !errors.As(err, &unknown) {
		return "", fmt.Errorf("describe workflow %s: %w", op.WorkflowID, err)
	}
	if err == nil {
		var of string
		info := d.GetWorkflowExecutionInfo()
		if p := info.GetMemo().GetFields()[operationMemo]; p != nil {
			if err := converter.GetDefaultDataConverter().FromPayload(p, &of); err != nil {
				return "", fmt.Errorf("read the memo of workflow %s: %w", op.WorkflowID, err)
			}
		}
		if state := executionOf(info.GetStatus()); of == op.ID.String() || state == activities.ExecutionRunning {
			return state, nil
		}
	}
	return activities.ExecutionMissing, c.RestartTenantOperation(ctx, op)
}

// RestartTenantOperation implements activities.TenantWorkflows.
func (c *Client) RestartTenantOperation(ctx context.Context, op domain.TenantOperation) error {
	w := tenantWorkflows[op.Kind]
	ids := activities.TenantOperationInput{TenantID: op.TenantID, OperationID: op.ID}
	var in any = ids
	if op.Kind == domain.TenantOffboard {
		in = OffboardTenantInput{TenantOperationInput: ids, Grace: c.offboardGrace}
	}
	_, err := c.execute(ctx, client.StartWorkflowOptions{
		ID:        op.WorkflowID,
		TaskQueue: MaintenanceQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			TenantID.ValueSet(op.TenantID.String()), JobKind.ValueSet(w.kind)),
		StaticSummary: w.summary + ": " + op.Slug,
		Memo:          map[string]any{operationMemo: op.ID.String()},
		Priority:      temporal.Priority{PriorityKey: priorityInteractive, FairnessKey: op.TenantID.String()},
	}, w.run, in)
	return unlessStarted(err)
}

// EndTenantWork implements activities.TenantWorkflows. Visibility may be behind by a
// second or so: the caller looks again.
func (c *Client) EndTenantWork(ctx context.Context, tenant uuid.UUID, force bool) (running int, err error) {
	query := fmt.Sprintf(`TenantId = %q AND ExecutionStatus = "Running"`, tenant.String())
	for _, w := range tenantWorkflows {
		query += fmt.Sprintf(" AND JobKind != %q", w.kind)
	}
	request := &workflowservice.ListWorkflowExecutionsRequest{Namespace: c.namespace, Query: query, PageSize: 200}
	for {
		page, err := c.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return running, fmt.Errorf("list the workflows of a tenant: %w", err)
		}
		for _, e := range page.GetExecutions() {
			running++
			id, run := e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId()
			if force {
				err = c.temporal.TerminateWorkflow(ctx, id, run, "the tenant is off-boarded")
			} else {
				err = c.temporal.CancelWorkflow(ctx, id, run)
			}
			var gone *serviceerror.NotFound
			if err != nil && !errors.As(err, &gone) {
				return running, fmt.Errorf("end workflow %s: %w", id, err)
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return running, nil
		}
	}
}
