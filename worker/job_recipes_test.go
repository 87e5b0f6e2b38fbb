package worker_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/devstack"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// within is how soon the two worlds agree: 5 s are promised, and a machine that is
// busy with other tests is slower. The sweep that mends what was missed takes a minute.
const within = 20 * time.Second

var recipePattern = regexp.MustCompile("(?s)<!-- recipe: ([a-z-]+) -->\n```bash\n(.*?)```")

// recipe returns the commands of a recipe of docs/operations.md.
func recipe(t testing.TB, name string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	for _, m := range recipePattern.FindAllStringSubmatch(string(page), -1) {
		if m[1] == name {
			return m[2]
		}
	}
	t.Fatalf("docs/operations.md has no recipe %q", name)
	return ""
}

// follow runs a recipe with the real Temporal CLI and returns what it printed.
func (p *product) follow(name string, values ...string) string {
	p.t.Helper()
	out, err := p.tryToFollow(name, values...)
	require.NoError(p.t, err, out)
	return out
}

func (p *product) tryToFollow(name string, values ...string) (string, error) {
	p.t.Helper()
	cli, err := devstack.FindTemporal()
	require.NoError(p.t, err)
	script := strings.NewReplacer(append([]string{"TENANT_ID", p.tenant.String()}, values...)...).Replace(recipe(p.t, name))
	cmd := exec.CommandContext(p.t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(cli)+":"+os.Getenv("PATH"), "TEMPORAL_ADDRESS="+testenv.Temporal(p.t),
		"TEMPORAL_NAMESPACE="+p.namespace, "HOME="+p.t.TempDir())
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// agree waits until the job's row is in the state, and not longer than promised.
func (p *product) agree(j domain.Job, state domain.JobState) {
	p.t.Helper()
	started := time.Now()
	p.inState(j, state)
	require.Less(p.t, time.Since(started), within)
	p.t.Logf("the row is %s after %s", state, time.Since(started).Round(time.Millisecond))
}

func TestEveryRecipeOfTheOperationsPageIsTested(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	var test []byte
	for _, name := range []string{"job_recipes_test.go", "versioning_test.go"} {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		test = append(test, file...)
	}
	recipes := recipePattern.FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, recipes)
	for _, m := range recipes {
		require.Regexp(t, `ollow\("`+m[1]+`"`, string(test), "a recipe without a test")
	}
}

// held is a job that is paused with its workflow running.
func (p *product) held() domain.Job {
	p.t.Helper()
	j := p.accept(p.tenant, 1)
	_, err := p.PauseJob(p.t.Context(), p.tenant, j.ID, domain.PausedByOperator, nil)
	require.NoError(p.t, err)
	require.NoError(p.t, p.client().StartJob(p.t.Context(), p.job(j)))
	p.eventually("its workflow has looked", func() bool { return p.job(j).RunID != "" })
	return j
}

func TestWhatAnOperatorDoesWithTheTemporalCLIShowsInTheRow(t *testing.T) {
	p := newProduct(t)
	j := p.held()
	id := []string{"JOB_ID", j.ID.String()}
	require.Eventually(t, func() bool { return strings.Contains(p.follow("list", id...), j.ID.String()) }, patience, 200*time.Millisecond,
		"the search attributes find it")
	require.Contains(t, p.follow("progress", id...), "total")
	p.follow("resume", id...)
	p.agree(j, domain.JobCompleted)
	j = p.held()
	id[1] = j.ID.String()
	p.follow("cancel", id...)
	p.agree(j, domain.JobCanceled)
	j = p.held()
	id[1] = j.ID.String()
	p.follow("pause", id...)
	p.follow("terminate", id...)
	p.agree(j, domain.JobFailed)
	require.Equal(t, "terminated", p.job(j).ErrorCode)
	_, err := p.Job(t.Context(), p.tenant, j.ID)
	require.NoError(t, err)
	// The reset run hears the pause of before again, and goes on when it is resumed.
	first := p.job(j).RunID
	p.follow("reset", id...)
	p.follow("resume", id...)
	p.agree(j, domain.JobCompleted)
	require.NotEqual(t, first, p.job(j).RunID, "the row follows the new run")
	require.Equal(t, 1, p.job(j).Done)
	require.Zero(t, p.job(j).Failed)
	p.record(j.WorkflowID, "IndexDocuments", "reset")
}

func TestARebuildThatIsTerminatedEndsInItsRow(t *testing.T) {
	p := newProduct(t)
	p.stop() // so that it is not done before
	require.NoError(t, p.client().EnsureSearchAttributes(t.Context()))
	id, workflowID, err := p.client().StartRebuild(t.Context(), p.tenant, "test")
	require.NoError(t, err)
	_, err = p.StartRebuild(t.Context(), p.tenant, id, "test", workflowID)
	require.NoError(t, err)
	j := domain.Job{TenantID: p.tenant, ID: id}
	require.Equal(t, domain.JobRunning, p.job(j).State)
	p.follow("terminate-any", "WORKFLOW_ID", workflowID)
	p.start()
	p.agree(j, domain.JobFailed)
	require.Equal(t, "rebuild_failed", p.job(j).ErrorCode)
}

func TestARedriveRetriesEveryJobOnce(t *testing.T) {
	p := newProduct(t)
	const jobs = 60 // two steps
	for range jobs {
		p.tell(1)
	}
	count, err := p.CountRedrive(t.Context(), p.tenant, store.JobFilter{})
	require.NoError(t, err)
	require.Equal(t, int64(jobs), count)
	r, err := p.StartRedrive(t.Context(), p.tenant, store.JobFilter{}, count)
	require.NoError(t, err)
	require.NoError(t, p.client().StartJob(t.Context(), r))
	p.inState(r, domain.JobCompleted)
	require.Equal(t, jobs, p.job(r).Done)
	p.eventually("all are searchable", func() bool {
		done, err := p.Jobs(t.Context(), p.tenant, store.JobFilter{States: []domain.JobState{domain.JobCompleted}, Kind: domain.JobIndexDocuments, Limit: 1000})
		require.NoError(t, err)
		return len(done) == jobs
	})
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), r.WorkflowID, "").Get(t.Context(), nil))
	p.record(r.WorkflowID, "RedriveJobs", "completed")
}

func TestARedriveThatIsCanceledEndsInItsRow(t *testing.T) {
	p := newProduct(t)
	p.tell(1)
	r, err := p.StartRedrive(t.Context(), p.tenant, store.JobFilter{}, 1)
	require.NoError(t, err)
	_, err = p.PauseJob(t.Context(), p.tenant, r.ID, domain.PausedByOperator, nil)
	require.NoError(t, err)
	require.NoError(t, p.client().StartJob(t.Context(), r))
	p.eventually("it waits", func() bool { return p.job(r).RunID != "" })
	require.NoError(t, p.temporal.CancelWorkflow(t.Context(), r.WorkflowID, ""))
	p.inState(r, domain.JobCanceled)
	p.record(r.WorkflowID, "RedriveJobs", "canceled")
}

func TestAJobInNoWorkersHandsIsLostAndDoneAgain(t *testing.T) {
	p := newProduct(t)
	j := p.accept(p.tenant, 1)
	run, worker := uuid.NewString(), "1@gone"
	begun, err := p.BeginStep(t.Context(), store.JobStep{TenantID: p.tenant, JobID: j.ID, Step: "IndexBatch", Items: domain.SeqRange{From: 1, To: 1}, Attempt: 1, Worker: worker, RunID: run})
	require.NoError(t, err)
	require.NotEqual(t, uuid.Nil, begun.AttemptID)
	begun, err = p.BeginStep(t.Context(), store.JobStep{TenantID: p.tenant, JobID: j.ID, Step: "IndexBatch", Items: domain.SeqRange{From: 1, To: 1}, Attempt: 2, Worker: "2@here", RunID: run})
	require.NoError(t, err)
	require.NoError(t, p.EndStep(t.Context(), store.JobStep{TenantID: p.tenant, JobID: j.ID, Attempt: 2}, begun, store.StepEnd{State: domain.AttemptFailed, Code: "unavailable", Message: "the database was away"}))
	attempts, err := p.JobAttempts(t.Context(), p.tenant, j.ID, uuid.Nil, 10)
	require.NoError(t, err)
	require.Len(t, attempts, 2)
	require.Equal(t, domain.AttemptFailed, attempts[0].State)
	require.Equal(t, domain.AttemptLost, attempts[1].State)
	require.Equal(t, domain.WaitRetry, p.job(j).Wait.Reason)
	require.Contains(t, p.job(j).Wait.Detail, "database")
}
