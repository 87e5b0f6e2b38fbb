package api

import (
	"net/http"

	"github.com/rustassistant/rustassistant/internal/auth"
)

const tagJobs = "Jobs"

// jobRoutes are those of jobs of every kind.
func (s *Server) jobRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/api/admin/jobs", id: "listJobs", scope: auth.ScopeAdmin,
			tag: tagJobs, errors: []int{http.StatusUnprocessableEntity}, summary: "List jobs of every kind", description: "Newest first.",
			endpoint: typed[listJobsInput, listJobsOutput](s.listJobs),
		},
		{
			method: http.MethodGet, path: "/api/admin/jobs/{id}", id: "getJob", scope: auth.ScopeAdmin,
			tag: tagJobs, summary: "Get a job of any kind", endpoint: typed[JobIDInput, jobOutput](s.getJob),
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
