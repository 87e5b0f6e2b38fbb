package testenv

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// namespaceWait bounds how long a new namespace may take to be known to every
// part of the server.
const namespaceWait = 30 * time.Second

// TemporalNamespace returns the address of the Temporal server and a namespace
// of the test's own, for tests that run the product's own task queues.
func TemporalNamespace(t testing.TB) (address, namespace string) {
	t.Helper()
	address, namespace = Temporal(t), "test-"+uuid.NewString()
	admin, err := client.NewNamespaceClient(client.Options{HostPort: address})
	require.NoError(t, err)
	defer admin.Close()
	err = admin.Register(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)
	c, err := client.NewLazyClient(client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	defer c.Close()
	require.Eventually(t, func() bool {
		_, err := c.WorkflowService().ListWorkflowExecutions(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace})
		return err == nil
	}, namespaceWait, 100*time.Millisecond, "the namespace did not become usable")
	return address, namespace
}
