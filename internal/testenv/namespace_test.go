package testenv_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/rustassistant/rustassistant/internal/testenv"
)

func TestANamespaceTakesWorkflowsAtOnce(t *testing.T) {
	t.Parallel()
	address, namespace := testenv.TemporalNamespace(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "w", TaskQueue: "q", WorkflowExecutionTimeout: time.Minute,
	}, "Nothing")
	require.NoError(t, err)
}
