package api

import (
	"net/http"

	"github.com/rustassistant/rustassistant/internal/auth"
)

const tagJobs = "Jobs"

// jobRoutes are those of jobs of every kind.
func (s *Server) jobRoutes() []route {
	return append(s.jobVerbRoutes(), []route{
		{
			method: http.MethodGet, path: "/api/admin/jobs", id: "listJobs", scope: auth.ScopeAdmin,
			tag: tagJobs, errors: []int{http.StatusUnprocessableEntity}, summary: "List jobs of every kind", description: "Newest first.",
			endpoint: typed[listJobsInput, listJobsOutput](s.listJobs),
		},
		{
			method: http.MethodGet, path: "/api/admin/jobs/{id}", id: "getJob", scope: auth.ScopeAdmin,
			tag: tagJobs, summary: "Get a job of any kind", description: "With its stages, outcomes and newest attempts.",
			endpoint: typed[JobIDInput, jobDetailOutput](s.getJobDetail),
		},
		{
			method: http.MethodGet, path: "/api/admin/jobs/{id}/items", id: "listJobItems", scope: auth.ScopeAdmin,
			tag: tagJobs, errors: []int{http.StatusUnprocessableEntity}, summary: "List a job's documents", description: "With the outcome of each, in the order they were given.",
			endpoint: typed[listJobItemsInput, listJobItemsOutput](s.listJobItems),
		},
		{
			method: http.MethodGet, path: "/api/admin/jobs/{id}/attempts", id: "listJobAttempts", scope: auth.ScopeAdmin,
			tag: tagJobs, errors: []int{http.StatusUnprocessableEntity}, summary: "List a job's attempts",
			description: "Newest first. The newest 200 are kept, failures longer than successes.",
			endpoint:    typed[listJobAttemptsInput, listJobAttemptsOutput](s.listJobAttempts),
		},
		{
			method: http.MethodGet, path: "/api/admin/jobs/{id}/events", id: "watchJob", scope: auth.ScopeAdmin,
			tag: tagJobs, summary: "Watch a job of any kind", description: "Server-sent events: `progress` with the job whenever it changes, then `end`.",
			endpoint: raw{s.watchJob, documentJobEvents},
		},
	}...)
}

func (s *Server) jobVerbRoutes() []route {
	return []route{
		{
			method: http.MethodPost, path: "/api/admin/jobs/{id}/cancel", id: "cancelJob", scope: auth.ScopeAdmin,
			tag: tagJobs, errors: []int{http.StatusConflict}, summary: "Cancel a job",
			description: "What is done stays, nothing half done does. Indexing ends at once; other kinds end when their workflow has heard of it, and need Temporal for that.",
			endpoint:    typed[JobIDInput, jobOutput](s.cancelJob),
		},
		{
			method: http.MethodPost, path: "/api/admin/jobs/{id}/retry", id: "retryJob", scope: auth.ScopeAdmin,
			tag: tagJobs, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Retry a job",
			description: "A new job, linked to this one, does what failed or was canceled, and nothing else.",
			endpoint:    typed[JobIDInput, jobOutput](s.retryJob),
		},
		{
			method: http.MethodPost, path: "/api/admin/jobs/redrive", id: "redriveJobs", scope: auth.ScopeAdmin, bodyLimit: smallBody,
			tag: tagJobs, status: http.StatusAccepted, also: []int{http.StatusOK}, errors: []int{http.StatusConflict}, summary: "Retry many jobs",
			description: "Every indexing job that the filter leaves and that was not retried yet, through any number: a workflow does it step by step. " +
				"`dry_run` answers 200 with the count and starts nothing.",
			endpoint: typed[redriveInput, redriveOutput](s.redriveJobs),
		},
		{
			method: http.MethodPost, path: "/api/admin/jobs/{id}/pause", id: "pauseJob", scope: auth.ScopeAdmin,
			tag: tagJobs, errors: []int{http.StatusConflict}, summary: "Pause a job",
			description: "It stops after the step in hand. Pausing a paused job changes nothing.",
			endpoint:    typed[JobIDInput, jobOutput](s.pauseJob),
		},
		{
			method: http.MethodPost, path: "/api/admin/jobs/{id}/resume", id: "resumeJob", scope: auth.ScopeAdmin,
			tag: tagJobs, errors: []int{http.StatusConflict}, summary: "Resume a job",
			description: "It goes on where it was. A job that is paused because its tenant is suspended goes on with its tenant.",
			endpoint:    typed[JobIDInput, jobOutput](s.resumeJob),
		},
	}
}
