package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/rustassistant/rustassistant/activities"
)

func newRebuildEnv(t *testing.T) (*testsuite.TestWorkflowEnvironment, RebuildIndexInput) {
	t.Helper()
	env := newEnv(t)
	env.RegisterActivity(&activities.Rebuilds{})
	in := RebuildIndexInput{TenantID: uuid.New(), RebuildID: uuid.New(), Reason: "requested"}
	env.OnActivity("StartRebuild", mock.Anything, mock.MatchedBy(func(got activities.StartRebuildInput) bool {
		return got.TenantID == in.TenantID && got.RebuildID == in.RebuildID && got.Reason == "requested" && got.WorkflowID != ""
	})).Return(activities.RebuildOutput{Total: 10}, nil)
	return env, in
}

// answers returns one output after the other.
func answers(outs ...activities.RebuildOutput) func(context.Context, activities.RebuildInput) (activities.RebuildOutput, error) {
	return func(context.Context, activities.RebuildInput) (activities.RebuildOutput, error) {
		out := outs[0]
		if len(outs) > 1 {
			outs = outs[1:]
		}
		return out, nil
	}
}

func TestARebuildBuildsCatchesUpAndSwaps(t *testing.T) {
	env, in := newRebuildEnv(t)
	env.OnActivity("BuildShadow", mock.Anything, mock.Anything).Return(answers(
		activities.RebuildOutput{Documents: 5, Total: 10, More: true}, activities.RebuildOutput{Documents: 10, Total: 10})).Times(2)
	env.OnActivity("CatchUpRebuild", mock.Anything, mock.Anything).Return(answers(
		activities.RebuildOutput{Documents: 10, Total: 10, Behind: 4000}, activities.RebuildOutput{Documents: 10, Total: 10})).Times(2)
	env.OnActivity("SwapRebuild", mock.Anything, mock.Anything).Return(answers(
		activities.RebuildOutput{Documents: 10, Total: 10, Behind: 900}, activities.RebuildOutput{Documents: 11, Total: 11, Generation: 7})).Times(2)
	env.OnActivity("FollowRebuild", mock.Anything, mock.Anything).Return(nil).Once()
	env.ExecuteWorkflow(RebuildIndex, in)
	require.NoError(t, env.GetWorkflowError())
	var out RebuildIndexProgress
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, RebuildIndexProgress{Stage: "done", Documents: 11, Total: 11, Rounds: 2, Generation: 7}, out)
}

func TestProgressIsAnsweredWhileARebuildRuns(t *testing.T) {
	env, in := newRebuildEnv(t)
	env.OnActivity("BuildShadow", mock.Anything, mock.Anything).After(time.Hour).Return(activities.RebuildOutput{Documents: 10, Total: 10}, nil)
	env.OnActivity("CatchUpRebuild", mock.Anything, mock.Anything).Return(activities.RebuildOutput{}, nil)
	env.OnActivity("SwapRebuild", mock.Anything, mock.Anything).Return(activities.RebuildOutput{Generation: 2}, nil)
	env.OnActivity("FollowRebuild", mock.Anything, mock.Anything).Return(nil)
	env.RegisterDelayedCallback(func() {
		value, err := env.QueryWorkflow(ProgressQuery)
		require.NoError(t, err)
		var p RebuildIndexProgress
		require.NoError(t, value.Get(&p))
		require.Equal(t, RebuildIndexProgress{Stage: "build", Total: 10}, p)
	}, time.Minute)
	env.ExecuteWorkflow(RebuildIndex, in)
	require.NoError(t, env.GetWorkflowError())
}

func TestACanceledRebuildDropsWhatItHasBuilt(t *testing.T) {
	env, in := newRebuildEnv(t)
	env.OnActivity("BuildShadow", mock.Anything, mock.Anything).After(time.Hour).Return(activities.RebuildOutput{}, nil).Maybe()
	env.OnActivity("EndRebuild", mock.Anything, activities.EndRebuildInput{TenantID: in.TenantID, RebuildID: in.RebuildID, Canceled: true}).Return(nil).Once()
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	env.ExecuteWorkflow(RebuildIndex, in)
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()))
}

func TestAFailedRebuildSaysWhy(t *testing.T) {
	env, in := newRebuildEnv(t)
	env.OnActivity("BuildShadow", mock.Anything, mock.Anything).
		Return(activities.RebuildOutput{}, temporal.NewNonRetryableApplicationError("the tenant was removed", "not_found", nil)).Once()
	env.OnActivity("EndRebuild", mock.Anything, mock.MatchedBy(func(got activities.EndRebuildInput) bool {
		return !got.Canceled && got.Message == "the tenant was removed"
	})).Return(nil).Once()
	env.ExecuteWorkflow(RebuildIndex, in)
	require.Error(t, env.GetWorkflowError())
}

func TestAFloodOfCommitsEndsARebuildAtLast(t *testing.T) {
	env, in := newRebuildEnv(t)
	env.OnActivity("BuildShadow", mock.Anything, mock.Anything).Return(activities.RebuildOutput{}, nil)
	env.OnActivity("CatchUpRebuild", mock.Anything, mock.Anything).Return(activities.RebuildOutput{Behind: 5000}, nil).Times(maxCatchUpRounds)
	env.OnActivity("SwapRebuild", mock.Anything, mock.Anything).Return(activities.RebuildOutput{Behind: 5000}, nil).Times(maxCatchUpRounds)
	env.OnActivity("EndRebuild", mock.Anything, mock.Anything).Return(nil).Once()
	env.ExecuteWorkflow(RebuildIndex, in)
	require.ErrorContains(t, env.GetWorkflowError(), "committed faster")
}
