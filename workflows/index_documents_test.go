package workflows

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
)

func newEnv(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(&activities.Documents{})
	env.RegisterActivity(&activities.Jobs{})
	env.RegisterActivity(&activities.Segments{})
	t.Cleanup(func() { env.AssertExpectations(t) })
	return env
}

func input(total int, bytes int64) IndexDocumentsInput {
	return IndexDocumentsInput{TenantID: uuid.New(), JobID: uuid.New(), Total: total, Bytes: bytes}
}

func TestASmallJobIsOneActivity(t *testing.T) {
	env := newEnv(t)
	in := input(3, 100)
	env.OnActivity("IndexBatch", mock.Anything, activities.IndexBatchInput{TenantID: in.TenantID, JobID: in.JobID, Batch: domain.SeqRange{From: 1, To: 3}}).
		Return(activities.IndexBatchOutput{Indexed: 3, Chunks: 4}, nil).Once()
	env.ExecuteWorkflow(IndexDocuments, in)
	require.NoError(t, env.GetWorkflowError())
	var out IndexDocumentsProgress
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, IndexDocumentsProgress{Total: 3, Indexed: 3, Chunks: 4}, out)
}

func TestALargeJobIsPlannedAndContinuesAsNew(t *testing.T) {
	env := newEnv(t)
	in := input(10_000, 1)
	plan := activities.PlanBatchesOutput{Batches: []domain.SeqRange{{From: 1, To: 2000}, {From: 2001, To: 4000}}, More: true}
	env.OnActivity("PlanBatches", mock.Anything, mock.Anything).Return(plan, nil).Once()
	env.OnActivity("IndexBatch", mock.Anything, mock.Anything).Return(activities.IndexBatchOutput{Indexed: 2000}, nil).Twice()
	env.ExecuteWorkflow(IndexDocuments, in)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
}

func TestABatchThatCannotBeIndexedFailsAloneWithItsReason(t *testing.T) {
	env := newEnv(t)
	in := input(4000, 1)
	plan := activities.PlanBatchesOutput{Batches: []domain.SeqRange{{From: 1, To: 2000}, {From: 2001, To: 4000}}}
	env.OnActivity("PlanBatches", mock.Anything, mock.Anything).Return(plan, nil)
	env.OnActivity("IndexBatch", mock.Anything, mock.MatchedBy(func(in activities.IndexBatchInput) bool { return in.Batch.From == 1 })).
		Return(activities.IndexBatchOutput{}, temporal.NewNonRetryableApplicationError("no such tenant", "not_found", nil)).Once()
	env.OnActivity("IndexBatch", mock.Anything, mock.MatchedBy(func(in activities.IndexBatchInput) bool { return in.Batch.From == 2001 })).
		Return(activities.IndexBatchOutput{Indexed: 2000}, nil).Once()
	env.OnActivity("FailBatch", mock.Anything, mock.MatchedBy(func(in activities.FailBatchInput) bool {
		return in.Batch.From == 1 && in.Code == "not_found" && in.Message == "no such tenant"
	})).Return(nil).Once()
	env.ExecuteWorkflow(IndexDocuments, in)
	require.NoError(t, env.GetWorkflowError())
}

func TestARetryableErrorIsTriedAgain(t *testing.T) {
	env := newEnv(t)
	tries := 0
	env.OnActivity("IndexBatch", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.IndexBatchInput) (activities.IndexBatchOutput, error) {
			if tries++; tries < 4 {
				return activities.IndexBatchOutput{}, errors.New("the database is away")
			}
			return activities.IndexBatchOutput{Indexed: 1}, nil
		})
	env.ExecuteWorkflow(IndexDocuments, input(1, 1))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 4, tries)
}

func TestCancelingTheWorkflowCancelsTheJob(t *testing.T) {
	env := newEnv(t)
	in := input(1, 1)
	env.OnActivity("IndexBatch", mock.Anything, mock.Anything).After(time.Hour).Return(activities.IndexBatchOutput{}, nil).Maybe()
	env.OnActivity("CancelJob", mock.Anything, activities.CancelJobInput{TenantID: in.TenantID, JobID: in.JobID}).Return(nil).Once()
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
	env.ExecuteWorkflow(IndexDocuments, in)
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()))
}

func TestProgressIsAnsweredWhileTheJobRuns(t *testing.T) {
	env := newEnv(t)
	env.OnActivity("IndexBatch", mock.Anything, mock.Anything).After(time.Hour).Return(activities.IndexBatchOutput{Indexed: 7}, nil)
	env.RegisterDelayedCallback(func() {
		value, err := env.QueryWorkflow(ProgressQuery)
		require.NoError(t, err)
		var p IndexDocumentsProgress
		require.NoError(t, value.Get(&p))
		require.Equal(t, IndexDocumentsProgress{Total: 7}, p)
	}, time.Minute)
	env.ExecuteWorkflow(IndexDocuments, input(7, 1))
	require.NoError(t, env.GetWorkflowError())
}

func TestCompactionGoesOnUntilNothingIsLeftToMerge(t *testing.T) {
	env := newEnv(t)
	left := 3
	env.OnActivity("MergeSegments", mock.Anything, mock.Anything).Return(
		func(context.Context, activities.MergeSegmentsInput) (activities.MergeSegmentsOutput, error) {
			if left == 0 {
				return activities.MergeSegmentsOutput{}, nil
			}
			left--
			return activities.MergeSegmentsOutput{Merged: 4}, nil
		})
	env.ExecuteWorkflow(CompactIndex, CompactIndexInput{TenantID: uuid.New()})
	require.NoError(t, env.GetWorkflowError())
	require.Zero(t, left)
}

// A commit during the compaction is looked at, and the tenant only counts as quiet
// when none has come for a while.
func TestACommitDuringCompactionIsLookedAt(t *testing.T) {
	env := newEnv(t)
	var quiet []bool
	env.OnActivity("MergeSegments", mock.Anything, mock.Anything).Return(
		func(_ context.Context, in activities.MergeSegmentsInput) (activities.MergeSegmentsOutput, error) {
			quiet = append(quiet, in.Quiet)
			return activities.MergeSegmentsOutput{}, nil
		})
	for _, at := range []time.Duration{compactSettle / 2, 2 * compactSettle} {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(compactSignal, nil) }, at)
	}
	env.ExecuteWorkflow(CompactIndex, CompactIndexInput{TenantID: uuid.New()})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []bool{false, false, true, false, true}, quiet)
}
