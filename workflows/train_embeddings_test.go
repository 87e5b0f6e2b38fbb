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
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
)

// trainEnv knows the activities of models. The index is quiet, the configuration
// names a model, and lists answers in turn what lacks vectors; the last is repeated.
func trainEnv(t *testing.T, lists ...activities.ListLackingOutput) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	env := newEnv(t)
	env.RegisterActivity(&activities.Embeddings{})
	env.OnActivity("BeginModel", mock.Anything, mock.Anything).Return(activities.BeginModelOutput{Provider: "openai", Name: "large"}, nil).Maybe()
	env.OnActivity("IndexQuiet", mock.Anything, mock.Anything).Return(activities.IndexQuietOutput{Quiet: time.Minute}, nil).Maybe()
	listed := 0
	env.OnActivity("ListLacking", mock.Anything, mock.Anything).Return(
		func(_ context.Context, in activities.ListLackingInput) (activities.ListLackingOutput, error) {
			out := lists[min(listed, len(lists)-1)]
			listed++
			if out.ModelID = in.ModelID; in.ModelID == uuid.Nil {
				out.ModelID = uuid.Max
			}
			return out, nil
		}).Maybe()
	return env
}

func lacking(n int) activities.ListLackingOutput {
	out := activities.ListLackingOutput{Chunks: 100, Pending: int64(10 * n)}
	for range n {
		out.Segments = append(out.Segments, uuid.New())
	}
	return out
}

func away(after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions("status 503", activities.ProviderWaiting, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{activities.ProviderWait{Reason: "status 503", After: after}},
	})
}

func trainInput() TrainEmbeddingsInput {
	return TrainEmbeddingsInput{TenantID: uuid.New(), Reason: "a test"}
}

func TestAModelTakesOverWhenNoSegmentLacksItsVectors(t *testing.T) {
	env := trainEnv(t, lacking(3), lacking(1), lacking(0))
	env.OnActivity("PrepareModel", mock.Anything, mock.Anything).Return(activities.PrepareModelOutput{Dimensions: 8}, nil).Once()
	env.OnActivity("EmbedSegment", mock.Anything, mock.Anything).Return(activities.EmbedSegmentOutput{Chunks: 10}, nil).Times(4)
	env.OnActivity("CutOver", mock.Anything, mock.MatchedBy(func(in activities.CutOverInput) bool { return in.Allow == 0 })).
		Return(activities.CutOverOutput{Done: true, Generation: 7}, nil).Once()
	env.ExecuteWorkflow(TrainEmbeddings, trainInput())
	require.NoError(t, env.GetWorkflowError())
	var out EmbeddingsProgress
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, activities.StageDone, out.Stage)
	require.Equal(t, "large", out.Model)
	env.AssertExpectations(t)
}

func TestAStreamOfCommitsDoesNotKeepAModelFromTakingOverForEver(t *testing.T) {
	env := trainEnv(t, lacking(2))
	env.OnActivity("PrepareModel", mock.Anything, mock.Anything).Return(activities.PrepareModelOutput{Dimensions: 8}, nil)
	env.OnActivity("EmbedSegment", mock.Anything, mock.Anything).Return(activities.EmbedSegmentOutput{Chunks: 10}, nil)
	env.OnActivity("CutOver", mock.Anything, mock.Anything).Return(
		func(_ context.Context, in activities.CutOverInput) (activities.CutOverOutput, error) {
			require.Positive(t, in.Allow, "not before several rounds")
			return activities.CutOverOutput{Done: true}, nil
		}).Once()
	env.ExecuteWorkflow(TrainEmbeddings, trainInput())
	require.NoError(t, env.GetWorkflowError())
}

func TestTheModelWaitsUntilCommitsHaveSettledButNotForEver(t *testing.T) {
	env := newEnv(t)
	env.RegisterActivity(&activities.Embeddings{})
	env.OnActivity("BeginModel", mock.Anything, mock.Anything).Return(activities.BeginModelOutput{Provider: "builtin"}, nil)
	env.OnActivity("IndexQuiet", mock.Anything, mock.Anything).Return(activities.IndexQuietOutput{Quiet: time.Second}, nil)
	var began, prepared time.Time
	began = env.Now()
	env.OnActivity("PrepareModel", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.EmbeddingModelInput) (activities.PrepareModelOutput, error) {
			prepared = env.Now()
			return activities.PrepareModelOutput{}, nil
		})
	env.OnActivity("ListLacking", mock.Anything, mock.Anything).Return(activities.ListLackingOutput{ModelID: uuid.Max}, nil)
	env.OnActivity("CutOver", mock.Anything, mock.Anything).Return(activities.CutOverOutput{Done: true}, nil)
	env.ExecuteWorkflow(TrainEmbeddings, trainInput())
	require.NoError(t, env.GetWorkflowError())
	require.GreaterOrEqual(t, prepared.Sub(began), settleMost)
	require.Less(t, prepared.Sub(began), settleMost+settleQuiet+time.Second)
}

func TestAProviderThatIsAwayIsWaitedForForDaysAndTold(t *testing.T) {
	env := trainEnv(t, lacking(1), lacking(1), lacking(1), lacking(0))
	tries := 0
	env.OnActivity("PrepareModel", mock.Anything, mock.Anything).Return(activities.PrepareModelOutput{Dimensions: 8}, nil)
	env.OnActivity("EmbedSegment", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.EmbedSegmentInput) (activities.EmbedSegmentOutput, error) {
			if tries++; tries < 3 {
				return activities.EmbedSegmentOutput{}, away(36 * time.Hour)
			}
			return activities.EmbedSegmentOutput{Chunks: 10}, nil
		})
	env.OnActivity("CutOver", mock.Anything, mock.MatchedBy(func(in activities.CutOverInput) bool { return in.Allow == 0 })).
		Return(activities.CutOverOutput{Done: true}, nil).Once()
	env.RegisterDelayedCallback(func() {
		value, err := env.QueryWorkflow(ProgressQuery)
		require.NoError(t, err)
		var p EmbeddingsProgress
		require.NoError(t, value.Get(&p))
		require.Equal(t, "status 503", p.Waiting)
	}, 24*time.Hour)
	began := env.Now()
	env.ExecuteWorkflow(TrainEmbeddings, trainInput())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 3, tries)
	require.GreaterOrEqual(t, env.Now().Sub(began), 72*time.Hour, "the provider's own wish is honoured")
}

func TestAFailureLeavesTheOldModelAndSaysWhy(t *testing.T) {
	env := trainEnv(t, lacking(1))
	env.OnActivity("PrepareModel", mock.Anything, mock.Anything).Return(activities.PrepareModelOutput{Dimensions: 8}, nil)
	env.OnActivity("EmbedSegment", mock.Anything, mock.Anything).Return(activities.EmbedSegmentOutput{},
		temporal.NewNonRetryableApplicationError("16 dimensions instead of 8", "wrong_dimensions", nil)).Once()
	env.OnActivity("AbandonModel", mock.Anything, mock.MatchedBy(func(in activities.AbandonModelInput) bool {
		return in.Code == "wrong_dimensions" && in.Message == "16 dimensions instead of 8"
	})).Return(nil).Once()
	env.ExecuteWorkflow(TrainEmbeddings, trainInput())
	require.Error(t, env.GetWorkflowError())
	env.AssertExpectations(t)
}

func TestACanceledTrainingGivesTheModelUp(t *testing.T) {
	env := trainEnv(t, lacking(1))
	env.OnActivity("PrepareModel", mock.Anything, mock.Anything).Return(activities.PrepareModelOutput{}, away(time.Hour))
	env.OnActivity("AbandonModel", mock.Anything, mock.MatchedBy(func(in activities.AbandonModelInput) bool { return in.Code == "canceled" })).
		Return(nil).Once()
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	env.ExecuteWorkflow(TrainEmbeddings, trainInput())
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()))
	env.AssertExpectations(t)
}

func TestWithoutAConfiguredModelNothingIsMade(t *testing.T) {
	env := newEnv(t)
	env.RegisterActivity(&activities.Embeddings{})
	env.OnActivity("BeginModel", mock.Anything, mock.Anything).Return(activities.BeginModelOutput{}, nil).Once()
	env.ExecuteWorkflow(TrainEmbeddings, trainInput())
	require.NoError(t, env.GetWorkflowError())
}

func TestEmbedIndexEndsWhenNothingIsLacking(t *testing.T) {
	env := trainEnv(t, lacking(2), lacking(0))
	env.OnActivity("EmbedSegment", mock.Anything, mock.Anything).Return(activities.EmbedSegmentOutput{Chunks: 10}, nil).Twice()
	env.ExecuteWorkflow(EmbedIndex, EmbedIndexInput{TenantID: uuid.New()})
	require.NoError(t, env.GetWorkflowError())
	env.AssertExpectations(t)
}

func TestACommitWhileEmbedIndexSettlesIsLookedAt(t *testing.T) {
	env := trainEnv(t, lacking(0), lacking(1), lacking(0))
	env.OnActivity("EmbedSegment", mock.Anything, mock.Anything).Return(activities.EmbedSegmentOutput{Chunks: 10}, nil).Once()
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(vectorsSignal, nil) }, embedSettle/2)
	env.ExecuteWorkflow(EmbedIndex, EmbedIndexInput{TenantID: uuid.New()})
	require.NoError(t, env.GetWorkflowError())
	env.AssertExpectations(t)
}

func TestEmbedIndexNotesAFaultOfTheModelAndEnds(t *testing.T) {
	env := trainEnv(t, lacking(1))
	env.OnActivity("EmbedSegment", mock.Anything, mock.Anything).Return(activities.EmbedSegmentOutput{},
		temporal.NewNonRetryableApplicationError("the key was refused", "unauthorized", nil)).Once()
	env.OnActivity("AbandonModel", mock.Anything, mock.MatchedBy(func(in activities.AbandonModelInput) bool { return in.Code == "unauthorized" })).
		Return(nil).Once()
	env.ExecuteWorkflow(EmbedIndex, EmbedIndexInput{TenantID: uuid.New()})
	require.Error(t, env.GetWorkflowError())
	env.AssertExpectations(t)
}

func TestALongEmbedIndexContinuesAsNew(t *testing.T) {
	env := trainEnv(t, lacking(1))
	env.OnActivity("EmbedSegment", mock.Anything, mock.Anything).Return(activities.EmbedSegmentOutput{Chunks: 10}, nil)
	env.ExecuteWorkflow(EmbedIndex, EmbedIndexInput{TenantID: uuid.New()})
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
}
