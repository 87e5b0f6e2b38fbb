package apiclient

import (
	"context"
	"net/url"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Job is the state of an indexing job. Counts are documents.
type Job struct {
	ID           string          `json:"id"`
	Kind         string          `json:"kind"`
	State        domain.JobState `json:"state"`
	Stage        string          `json:"stage"`
	Total        int             `json:"total"`
	Done         int             `json:"done"`
	Failed       int             `json:"failed"`
	CreatedAt    time.Time       `json:"created_at"`
	StartedAt    *time.Time      `json:"started_at"`
	FinishedAt   *time.Time      `json:"finished_at"`
	ErrorCode    string          `json:"error_code"`
	ErrorMessage string          `json:"error"`
	TemporalURL  string          `json:"temporal_url"`
}

// GetJob asks for a job.
func (c *Client) GetJob(ctx context.Context, id string) (*Job, error) {
	var out Job
	err := c.get(ctx, "/api/index/jobs/"+url.PathEscape(id), nil, &out)
	return &out, err
}

// JobItem is what became of one document of a job.
type JobItem struct {
	DocumentID   string `json:"document_id"`
	ExternalID   string `json:"external_id"`
	Title        string `json:"title"`
	State        string `json:"state"`
	Stage        string `json:"stage"`
	ErrorCode    string `json:"error_code"`
	ErrorMessage string `json:"error"`
	Attempts     int    `json:"attempts"`
}

// FailedItems calls fn for each document of a job that failed, until fn returns an error.
func (c *Client) FailedItems(ctx context.Context, jobID string, fn func(JobItem) error) error {
	query := url.Values{"state": {"failed"}, "limit": {"100"}}
	for {
		var page struct {
			Items      []JobItem `json:"items"`
			NextCursor string    `json:"next_cursor"`
		}
		if err := c.get(ctx, "/api/index/jobs/"+url.PathEscape(jobID)+"/items", query, &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := fn(item); err != nil {
				return err
			}
		}
		if page.NextCursor == "" {
			return nil
		}
		query.Set("cursor", page.NextCursor)
	}
}
