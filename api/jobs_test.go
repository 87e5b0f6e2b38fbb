package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// made accepts a document and returns its job.
func (e *env) made(name string) string {
	e.t.Helper()
	var out struct {
		JobID string `json:"job_id"`
	}
	e.do("POST", "/api/documents", map[string]any{"external_id": name, "title": name, "content": "words of " + name}).is(202).into(&out)
	return out.JobID
}

// failed is a job whose document could not be indexed.
func (e *env) failed(name, code string) string {
	e.t.Helper()
	id := e.made(name)
	err := e.store.FailItems(e.t.Context(), e.tenant.ID, uuid.MustParse(id), domain.SeqRange{From: 1, To: 1}, "build", code, "it broke", 3)
	require.NoError(e.t, err)
	return id
}

func (e *env) listed(query string) []string {
	e.t.Helper()
	var out JobList
	e.do("GET", "/api/admin/jobs?"+query, nil).is(200).into(&out)
	ids := []string{}
	for _, j := range out.Jobs {
		ids = append(ids, j.ID.String())
	}
	return ids
}

func TestJobsAreFoundByEveryFilter(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	waiting := e.made("a")
	broken := e.failed("b", "chunking_failed")
	canceled := e.made("c")
	e.do("POST", "/api/admin/jobs/"+canceled+"/cancel", nil).is(200)
	all := []string{canceled, broken, waiting}
	require.Equal(t, all, e.listed(""))
	require.Equal(t, []string{broken}, e.listed("state=failed"))
	require.Equal(t, []string{canceled, broken}, e.listed("state=failed,canceled&kind=index_documents"))
	require.Empty(t, e.listed("kind=rebuild_index"))
	require.Equal(t, []string{broken}, e.listed("error_code=chunking_failed"))
	require.Equal(t, []string{broken}, e.listed("q="+broken))
	require.Equal(t, []string{broken}, e.listed("q=b"), "a document by its external id")
	require.Equal(t, []string{broken}, e.listed("q=chunking_failed"))
	require.Contains(t, e.listed("q="+broken[:13]), broken)
	require.Empty(t, e.listed("q="+uuid.NewString()))
	require.Equal(t, all, e.listed("since="+url.QueryEscape(time.Now().Add(-time.Hour).Format(time.RFC3339))))
	require.Empty(t, e.listed("until="+url.QueryEscape(time.Now().Add(-time.Hour).Format(time.RFC3339))))
	require.Equal(t, all, e.listed("tenant=*"))
	require.Equal(t, all, e.listed("tenant=default"))
	require.Empty(t, e.listed("tenant=other"))
	e.do("GET", "/api/admin/jobs?tenant=nobody", nil).problem(404, domain.CodeNotFound)
	e.do("GET", "/api/admin/jobs?tenant=*", nil, "X-API-Key", e.foreign).problem(403, domain.CodePermissionDenied)
	e.do("GET", "/api/admin/jobs?since=yesterday", nil).problem(422, domain.CodeInvalid).names(t, "since")
	e.do("GET", "/api/admin/jobs?state=lost", nil).problem(422, domain.CodeInvalid)
	e.do("GET", "/api/admin/jobs?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", nil).problem(422, domain.CodeInvalid).names(t, "until")
}

func TestJobsArePagedWithoutGapsUnderEveryFilter(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	want := map[string]bool{}
	for n := range 7 {
		id := e.made(fmt.Sprint("doc", n))
		want[id] = true
		if n%2 == 0 {
			e.do("POST", "/api/admin/jobs/"+id+"/cancel", nil).is(200)
		}
	}
	for _, filter := range []string{"", "&state=queued,canceled"} {
		seen, cursor := map[string]bool{}, ""
		for {
			var out JobList
			e.do("GET", "/api/admin/jobs?limit=2"+filter+"&cursor="+url.QueryEscape(cursor), nil).is(200).into(&out)
			for _, j := range out.Jobs {
				require.False(t, seen[j.ID.String()])
				seen[j.ID.String()] = true
			}
			if cursor = out.NextCursor; cursor == "" {
				break
			}
		}
		require.Equal(t, want, seen)
	}
}

func TestAJobTellsItsStory(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *Deps) { d.MaxRunningJobs = 1 })
	first, second := e.made("a"), e.made("b")
	_, err := e.store.DispatchJobs(t.Context(), e.tenant.ID, 1)
	require.NoError(t, err)
	var d JobDetail
	e.do("GET", "/api/admin/jobs/"+second, nil).is(200).into(&d)
	require.Equal(t, domain.ConditionQueuedBehind, d.Condition.Name)
	require.Equal(t, 1, *d.Condition.Position)
	require.Equal(t, 1, d.RunningJobsLimit)
	require.Equal(t, JobAbilities{Cancel: true, Pause: true}, d.Can)
	e.do("GET", "/api/admin/jobs/"+first, nil).is(200).into(&d)
	require.NotNil(t, d.DispatchedAt)
	broken := e.failed("c", "chunking_failed")
	d = JobDetail{}
	e.do("GET", "/api/admin/jobs/"+broken, nil).is(200).into(&d)
	require.Equal(t, "chunking_failed", d.ErrorCode)
	require.NotEmpty(t, d.Hint)
	require.Equal(t, map[domain.ItemState]int{domain.ItemFailed: 1}, d.Outcomes)
	require.True(t, d.Can.Retry)
	require.Nil(t, d.HeartbeatAge)
	require.NotEmpty(t, d.WorkflowID)
	var items JobItemList
	e.do("GET", "/api/admin/jobs/"+broken+"/items", nil).is(200).into(&items)
	require.Len(t, items.Items, 1)
	var attempts JobAttemptList
	e.do("GET", "/api/admin/jobs/"+broken+"/attempts", nil).is(200).into(&attempts)
	require.Empty(t, attempts.Attempts)
}

func TestPausingIsRepeatableAndTakenBackWithoutTemporal(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.made("a")
	_, err := e.store.DispatchJobs(t.Context(), e.tenant.ID, 0)
	require.NoError(t, err)
	path := "/api/admin/jobs/" + id
	e.starter.away = errors.New("connection refused")
	down := e.do("POST", path+"/pause", nil)
	down.problem(503, domain.CodeUnavailable)
	require.NotEmpty(t, down.header.Get("Retry-After"))
	require.Equal(t, []string{id}, e.listed("state=queued"), "nothing is half done")
	e.starter.away = nil
	var j Job
	for range 2 {
		e.do("POST", path+"/pause", nil).is(200).into(&j)
		require.Equal(t, domain.JobPaused, j.State)
		require.Equal(t, domain.ConditionPaused, j.Condition.Name)
	}
	require.Equal(t, []string{"pause " + id + " operator", "pause " + id + " operator"}, e.starter.signaled, "one was lost, the repetition told nobody")
	for range 2 {
		e.do("POST", path+"/resume", nil).is(200).into(&j)
		require.Equal(t, domain.JobQueued, j.State)
	}
	e.do("POST", path+"/cancel", nil).is(200)
	e.do("POST", path+"/pause", nil).problem(409, domain.CodeConflict)
	e.do("POST", path+"/resume", nil).problem(409, domain.CodeConflict)
	var log struct {
		Entries []struct{ Action string }
	}
	e.do("GET", "/api/admin/audit-log?target_id="+id, nil).is(200).into(&log)
	actions := []string{}
	for _, entry := range log.Entries {
		actions = append(actions, entry.Action)
	}
	require.Equal(t, []string{"job.canceled", "job.resumed", "job.paused"}, actions)
}

func TestRetryingIsAboutWhatFailedAndHappensOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	running := e.made("a")
	e.do("POST", "/api/admin/jobs/"+running+"/retry", nil).problem(409, domain.CodeConflict)
	broken := e.failed("b", "chunking_failed")
	var again Job
	e.do("POST", "/api/admin/jobs/"+broken+"/retry", nil).is(202).into(&again)
	require.Equal(t, domain.JobQueued, again.State)
	require.Equal(t, 1, again.Total)
	require.Equal(t, broken, again.RetryOf.String())
	p := e.do("POST", "/api/admin/jobs/"+broken+"/retry", nil).problem(409, domain.CodeConflict)
	require.Contains(t, p.Detail, again.ID.String())
	var d JobDetail
	e.do("GET", "/api/admin/jobs/"+broken, nil).is(200).into(&d)
	require.Equal(t, again.ID, *d.RetriedBy)
	e.do("POST", "/api/admin/jobs/"+again.ID.String()+"/cancel", nil).is(200)
	e.do("POST", "/api/documents", map[string]any{"external_id": "b", "title": "b", "content": "another text"}).is(202)
	p = e.do("POST", "/api/admin/jobs/"+again.ID.String()+"/retry", nil).problem(409, domain.CodeConflict)
	require.Contains(t, p.Detail, "nothing left")
}

func TestARedriveIsCountedAndConfirmed(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for n := range 3 {
		e.failed(fmt.Sprint("d", n), "chunking_failed")
	}
	e.failed("x", "other")
	const path = "/api/admin/jobs/redrive"
	e.do("POST", path, map[string]any{}).problem(422, domain.CodeInvalid).names(t, "confirm_count")
	var r Redrive
	e.do("POST", path, map[string]any{"dry_run": true}).is(200).into(&r)
	require.Equal(t, int64(4), r.Count)
	require.Nil(t, r.Job)
	p := e.do("POST", path, map[string]any{"confirm_count": 3}).problem(409, domain.CodeConflict)
	require.Contains(t, p.Detail, "4")
	e.do("POST", path, map[string]any{"filter": map[string]any{"states": []string{"running"}}}).problem(422, domain.CodeInvalid)
	filter := map[string]any{"error_code": "chunking_failed"}
	e.do("POST", path, map[string]any{"filter": filter, "confirm_count": 3}).is(202).into(&r)
	require.Equal(t, domain.JobRedrive, r.Job.Kind)
	require.Equal(t, 3, r.Job.Total)
	started := e.starter.started()
	require.Equal(t, domain.JobRedrive, started[len(started)-1].Kind)
	for more, seen := true, 0; more; {
		step, err := e.store.RedriveSome(t.Context(), e.tenant.ID, r.Job.ID, 2)
		require.NoError(t, err)
		seen += step.Retried
		if more = step.More; !more {
			require.Equal(t, 3, seen)
		}
	}
	e.do("POST", path, map[string]any{"dry_run": true}).is(200).into(&r)
	require.Equal(t, int64(1), r.Count, "what was retried is not retried again")
	require.Len(t, e.listed("state=queued&kind=index_documents"), 3)
}

func TestJobsOfOthersAreNotFound(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := e.failed("a", "chunking_failed")
	for _, r := range []string{"GET ", "GET /items", "GET /attempts", "GET /events", "POST /pause", "POST /resume", "POST /cancel", "POST /retry"} {
		var method, path string
		_, _ = fmt.Sscanf(r, "%s %s", &method, &path)
		e.do(method, "/api/admin/jobs/"+id+path, nil, "X-API-Key", e.foreign).problem(http.StatusNotFound, domain.CodeNotFound)
		e.do(method, "/api/admin/jobs/"+uuid.NewString()+path, nil).problem(http.StatusNotFound, domain.CodeNotFound)
	}
	require.Equal(t, []string{id}, e.listed("state=failed"))
}

func TestAnotherKindIsCanceledByItsWorkflowOnly(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := uuid.Must(uuid.NewV7())
	_, err := e.store.StartRebuild(t.Context(), e.tenant.ID, id, "test", "rebuild/x")
	require.NoError(t, err)
	var j Job
	e.do("POST", "/api/admin/jobs/"+id.String()+"/cancel", nil).is(200).into(&j)
	require.Equal(t, domain.JobRunning, j.State)
	require.Equal(t, domain.ConditionEnding, j.Condition.Name)
	require.Equal(t, []string{"rebuild/x"}, e.starter.canceled)
	require.NoError(t, e.store.EndRebuild(t.Context(), e.tenant.ID, id, "canceled", ""))
	var d JobDetail
	e.do("GET", "/api/admin/jobs/"+id.String(), nil).is(200).into(&d)
	require.Equal(t, domain.JobCanceled, d.State)
	e.do("POST", "/api/admin/jobs/"+id.String()+"/retry", nil).is(202).into(&j)
	require.Equal(t, domain.JobRebuildIndex, j.Kind)
	require.Equal(t, id, *j.RetryOf)
}
