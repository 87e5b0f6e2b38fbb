package api

import (
	"context"
	"slices"
	"time"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// allTenants is the value of the parameter tenant for all of them.
const allTenants = "*"

type listJobsInput struct {
	PageInput
	State     []string `query:"state" enum:"queued,running,paused,completed,completed_with_errors,failed,canceled" doc:"One or several, separated by commas."`
	Kind      string   `query:"kind" maxLength:"64" example:"index_documents"`
	ErrorCode string   `query:"error_code" maxLength:"100" example:"chunking_failed"`
	Since     string   `query:"since" format:"date-time" doc:"Created then or later."`
	Until     string   `query:"until" format:"date-time" doc:"Created before."`
	Q         string   `query:"q" maxLength:"200" doc:"The id of a job or its first 8 or more digits, the id or external_id of a document whose newest job is meant, or an error code."`
	Tenant    string   `query:"tenant" maxLength:"63" doc:"The slug of a tenant, or * for all; needs a key of platform scope. Your tenant when left out."`
}

// JobList is one page of jobs.
type JobList struct {
	Jobs       []Job  `json:"jobs"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listJobsOutput struct{ Body JobList }

func (s *Server) listJobs(ctx context.Context, in *listJobsInput) (*listJobsOutput, error) {
	f := store.JobFilter{Kind: domain.JobKind(in.Kind), ErrorCode: in.ErrorCode, Text: in.Q, Limit: in.Limit + 1}
	var err error
	if f.Before, err = in.beforeID(); err != nil {
		return nil, err
	}
	f.States = jobStates(in.State)
	if f.Since, f.Until, err = jobTimes(in.Since, in.Until); err != nil {
		return nil, err
	}
	found, err := s.findJobs(ctx, in.Tenant, f)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(j domain.Job) string { return cursorOfID(j.ID) })
	views := s.jobViews(ctx, found)
	if in.Tenant == allTenants {
		for n := range views {
			views[n].TenantID = &found[n].TenantID
		}
	}
	return &listJobsOutput{JobList{Jobs: views, NextCursor: next}}, nil
}

func (s *Server) findJobs(ctx context.Context, tenant string, f store.JobFilter) ([]domain.Job, error) {
	if tenant == "" {
		return s.deps.Store.Jobs(ctx, caller(ctx).TenantID, f)
	}
	if !caller(ctx).Scopes.Has(auth.ScopePlatform) {
		return nil, domain.Errorf(domain.CodePermissionDenied, "jobs of other tenants need a key of platform scope")
	}
	if tenant == allTenants {
		return s.deps.Store.JobsOfAll(ctx, f)
	}
	t, err := s.deps.Store.TenantBySlug(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.deps.Store.Jobs(ctx, t.ID, f)
}

// jobStates drops what is there twice: each is a branch of the query.
func jobStates(names []string) (out []domain.JobState) {
	for _, name := range names {
		if state := domain.JobState(name); !slices.Contains(out, state) {
			out = append(out, state)
		}
	}
	return out
}

func jobTimes(since, until string) (from, to time.Time, err error) {
	problems := &domain.Error{Code: domain.CodeInvalid, Message: "the filter is not valid"}
	read := func(field, text string) (at time.Time) {
		if text == "" {
			return at
		}
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			problems.Fields = append(problems.Fields, domain.FieldError{Field: field, Message: "must be a time such as 2026-01-02T03:04:05Z"})
		}
		return at.UTC()
	}
	from, to = read("since", since), read("until", until)
	if len(problems.Fields) == 0 && since != "" && until != "" && !to.After(from) {
		problems.Fields = append(problems.Fields, domain.FieldError{Field: "until", Message: "must be after since"})
	}
	if len(problems.Fields) > 0 {
		return from, to, problems
	}
	return from, to, nil
}
