package workflows

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// TrainEmbeddingsID is the id of the workflow that makes a tenant's next model.
func TrainEmbeddingsID(tenant uuid.UUID) string { return "train/" + tenant.String() }

// EmbedIndexID is the id of the workflow that makes a tenant's lacking vectors.
func EmbedIndexID(tenant uuid.UUID) string { return "embed/" + tenant.String() }

// EmbeddingsWorkflowID is the id of the workflow to look at: while a model is
// made that which makes it, else that which fills in vectors.
func (c *Client) EmbeddingsWorkflowID(tenant uuid.UUID, training bool) string {
	if training {
		return TrainEmbeddingsID(tenant)
	}
	return EmbedIndexID(tenant)
}

// TrainEmbeddings starts the making of a tenant's next model. One that is
// running already is a conflict.
func (c *Client) TrainEmbeddings(ctx context.Context, tenant uuid.UUID, reason string) error {
	id := TrainEmbeddingsID(tenant)
	_, err := c.execute(ctx, client.StartWorkflowOptions{
		ID:                    id,
		TaskQueue:             EmbeddingsQueue,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes: embeddingAttributes(tenant, "train_embeddings"),
		StaticSummary:         "Make an embedding model: " + reason,
		Priority:              temporal.Priority{PriorityKey: priorityBackground, FairnessKey: tenant.String()},
	}, TrainEmbeddings, TrainEmbeddingsInput{TenantID: tenant, Reason: reason})
	if alreadyStarted(err) {
		return domain.Errorf(domain.CodeConflict, "an embedding model is being made already")
	}
	return err
}

// RequestTraining implements activities.EmbeddingStarter.
func (c *Client) RequestTraining(ctx context.Context, tenant uuid.UUID, reason string) error {
	err := c.TrainEmbeddings(ctx, tenant, reason)
	if domain.CodeOf(err) == domain.CodeConflict {
		return nil
	}
	return err
}

// RequestVectors implements activities.EmbeddingStarter: it wakes the tenant's
// EmbedIndex or starts it.
func (c *Client) RequestVectors(ctx context.Context, tenant uuid.UUID) error {
	id := EmbedIndexID(tenant)
	_, err := c.temporal.SignalWithStartWorkflow(ctx, id, vectorsSignal, nil, client.StartWorkflowOptions{
		ID:                    id,
		TaskQueue:             EmbeddingsQueue,
		TypedSearchAttributes: embeddingAttributes(tenant, "embed_index"),
		StaticSummary:         "Make vectors of new passages",
		Priority:              temporal.Priority{PriorityKey: priorityBackground, FairnessKey: tenant.String()},
	}, EmbedIndex, EmbedIndexInput{TenantID: tenant})
	if err != nil {
		return fmt.Errorf("signal workflow %s: %w", id, err)
	}
	return nil
}

// CancelTraining asks the making of a tenant's next model to end.
func (c *Client) CancelTraining(ctx context.Context, tenant uuid.UUID) error {
	return c.CancelWorkflow(ctx, TrainEmbeddingsID(tenant))
}

func embeddingAttributes(tenant uuid.UUID, kind string) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(TenantID.ValueSet(tenant.String()), JobKind.ValueSet(kind))
}
