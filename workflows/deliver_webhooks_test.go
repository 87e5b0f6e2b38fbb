package workflows

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
)

// deliverEnv answers the rounds of DeliverWebhooks in turn; the last answer is repeated.
func deliverEnv(t *testing.T, rounds ...activities.DeliverDueOutput) (env *testsuite.TestWorkflowEnvironment, made *[]time.Time) {
	t.Helper()
	env = newEnv(t)
	env.RegisterActivity(&activities.Webhooks{})
	made = &[]time.Time{}
	env.OnActivity("DeliverDue", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.DeliverDueInput) (activities.DeliverDueOutput, error) {
			*made = append(*made, env.Now())
			return rounds[min(len(*made), len(rounds))-1], nil
		})
	return env, made
}

func deliverInput() DeliverWebhooksInput {
	return DeliverWebhooksInput{TenantID: uuid.New(), EndpointID: uuid.New()}
}

func TestDeliveryEndsWhenNothingIsLeft(t *testing.T) {
	env, made := deliverEnv(t, activities.DeliverDueOutput{Delivered: 3, More: true}, activities.DeliverDueOutput{Wait: -1})
	env.ExecuteWorkflow(DeliverWebhooks, deliverInput())
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, *made, 2)
}

func TestDeliverySleepsUntilTheNextAttemptIsDue(t *testing.T) {
	env, made := deliverEnv(t, activities.DeliverDueOutput{Failed: 1, Wait: 5 * time.Minute}, activities.DeliverDueOutput{Wait: -1})
	env.ExecuteWorkflow(DeliverWebhooks, deliverInput())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 5*time.Minute, (*made)[1].Sub((*made)[0]).Round(time.Second))
}

func TestASignalWakesDelivery(t *testing.T) {
	env, made := deliverEnv(t, activities.DeliverDueOutput{Wait: 10 * time.Hour}, activities.DeliverDueOutput{Wait: -1})
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(deliverSignal, nil) }, time.Minute)
	env.ExecuteWorkflow(DeliverWebhooks, deliverInput())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, time.Minute, (*made)[1].Sub((*made)[0]).Round(time.Second))
}

func TestDeliveryContinuesAsNewWithItsCounts(t *testing.T) {
	env, made := deliverEnv(t, activities.DeliverDueOutput{Delivered: 8, More: true})
	env.ExecuteWorkflow(DeliverWebhooks, deliverInput())
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	require.Len(t, *made, roundsPerRun)
}

func TestAFaultOfOursIsTriedAgain(t *testing.T) {
	env := newEnv(t)
	env.RegisterActivity(&activities.Webhooks{})
	tries := 0
	env.OnActivity("DeliverDue", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.DeliverDueInput) (activities.DeliverDueOutput, error) {
			if tries++; tries < 4 {
				return activities.DeliverDueOutput{}, errors.New("the database is away")
			}
			return activities.DeliverDueOutput{Wait: -1}, nil
		})
	env.ExecuteWorkflow(DeliverWebhooks, deliverInput())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 4, tries)
}
