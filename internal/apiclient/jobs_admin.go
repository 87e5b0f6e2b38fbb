package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// AdminJob is a job of any kind.
type AdminJob struct {
	Job
	Title     string `json:"title,omitempty"`
	Condition struct {
		Name     string     `json:"name"`
		Reason   string     `json:"reason,omitempty"`
		Since    *time.Time `json:"since"`
		Position *int       `json:"position,omitempty"`
	} `json:"condition"`
	Hint      string  `json:"hint,omitempty"`
	RetryOf   *string `json:"retry_of,omitempty"`
	RetriedBy *string `json:"retried_by,omitempty"`
	TenantID  *string `json:"tenant_id,omitempty"`
}

// JobDetail is a job with its attempts.
type JobDetail struct {
	AdminJob
	Outcomes     map[string]int `json:"outcomes"`
	PauseReasons []string       `json:"pause_reasons"`
	Worker       string         `json:"worker,omitempty"`
	WorkflowID   string         `json:"workflow_id"`
	TraceID      string         `json:"trace_id,omitempty"`
	HeartbeatAge *float64       `json:"heartbeat_age_seconds"`
	Attempts     []JobAttempt   `json:"attempts"`
}

// JobAttempt is one attempt at one step of a job.
type JobAttempt struct {
	Step       string    `json:"step"`
	Attempt    int       `json:"attempt"`
	State      string    `json:"state"`
	Stage      string    `json:"stage,omitempty"`
	ErrorCode  string    `json:"error_code,omitempty"`
	Error      string    `json:"error,omitempty"`
	Hint       string    `json:"hint,omitempty"`
	Worker     string    `json:"worker"`
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`
}

// Jobs calls fn for each job that the query leaves, newest first, until fn returns
// an error. The query's parameters are those of GET /api/admin/jobs.
func (c *Client) Jobs(ctx context.Context, query url.Values, fn func(AdminJob) error) error {
	return eachOf(ctx, c, "/api/admin/jobs", "jobs", query, fn)
}

// JobDetail asks for a job of any kind.
func (c *Client) JobDetail(ctx context.Context, id string) (*JobDetail, error) {
	var out JobDetail
	err := c.get(ctx, jobPath(id, ""), nil, &out)
	return &out, err
}

// SteerJob does cancel, pause, resume or retry. The job of a retry is the new one.
func (c *Client) SteerJob(ctx context.Context, id, verb string) (*AdminJob, error) {
	var out AdminJob
	_, err := c.do(ctx, &call{
		method: http.MethodPost, path: jobPath(id, "/"+verb), timeout: 30 * time.Second, header: http.Header{"Idempotency-Key": {keyOr("")}},
	}, &out)
	return &out, err
}

func jobPath(id, rest string) string { return "/api/admin/jobs/" + url.PathEscape(id) + rest }

// RedriveFilter says which jobs are retried. Times are RFC 3339.
type RedriveFilter struct {
	States    []string `json:"states,omitempty"`
	ErrorCode string   `json:"error_code,omitempty"`
	Since     string   `json:"since,omitempty"`
	Until     string   `json:"until,omitempty"`
}

// Redrive counts jobs, and is what retries them.
type Redrive struct {
	Count int64     `json:"count"`
	Job   *AdminJob `json:"job,omitempty"`
}

// RedriveJobs retries every job that the filter leaves. With dryRun it only counts
// them; else confirm is how many are expected.
func (c *Client) RedriveJobs(ctx context.Context, f RedriveFilter, dryRun bool, confirm int64) (*Redrive, error) {
	body := map[string]any{"filter": f}
	if dryRun {
		body["dry_run"] = true
	} else {
		body["confirm_count"] = confirm
	}
	call, err := jsonCall(http.MethodPost, "/api/admin/jobs/redrive", body)
	if err != nil {
		return nil, err
	}
	var out Redrive
	_, err = c.do(ctx, call, &out)
	return &out, err
}
