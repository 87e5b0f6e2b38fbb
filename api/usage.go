package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	defaultUsageDays = 30
	maxUsageDays     = 366
)

// QuotaUsage is how much of one quota is used.
type QuotaUsage struct {
	Quota   domain.QuotaName `json:"quota" enum:"documents,storage_bytes,searches_per_day,api_keys,webhooks,requests_per_minute"`
	Limit   *int64           `json:"limit" nullable:"true" doc:"null is no limit."`
	Used    *int64           `json:"used" nullable:"true" doc:"Of searches those of today in UTC, leased by servers or answered; null for requests a minute."`
	Percent *float64         `json:"percent" nullable:"true" doc:"null when there is no limit."`
}

// UsageDay is what a tenant used on one day.
type UsageDay struct {
	Day          string `json:"day" format:"date" doc:"In UTC."`
	Documents    int64  `json:"documents" doc:"At the end of the day, or now."`
	StorageBytes int64  `json:"storage_bytes" doc:"Bytes of content at the end of the day, or now."`
	Searches     int64  `json:"searches" doc:"That were answered; as of some seconds ago."`
	Requests     int64  `json:"requests" doc:"With credentials of the tenant, also those that were refused; as of some seconds ago."`
	Deliveries   int64  `json:"deliveries" doc:"Of webhooks, that succeeded."`
}

// UsageReport is what a tenant uses and has used.
type UsageReport struct {
	Tenant string       `json:"tenant" doc:"Its slug."`
	Tier   domain.Tier  `json:"tier" enum:"free,standard,enterprise,unlimited"`
	Quotas []QuotaUsage `json:"quotas" nullable:"false"`
	From   string       `json:"from" format:"date" doc:"The first day of days."`
	To     string       `json:"to" format:"date" doc:"The first day that is not among them."`
	Days   []UsageDay   `json:"days" nullable:"false"`
}

// UsageInput is the range of days and the form of a report. It is exported for huma.
type UsageInput struct {
	Days   int    `query:"days" minimum:"1" maximum:"366" doc:"The days up to today. Not together with from or to." example:"30"`
	From   string `query:"from" maxLength:"40" doc:"A day in UTC, or a time of it in RFC 3339; 30 days before to when left out." example:"2026-01-01"`
	To     string `query:"to" maxLength:"40" doc:"The first day that is not asked for; tomorrow when left out." example:"2026-02-01"`
	Format string `query:"format" enum:"json,csv" default:"json"`
}

// days is the range in whole days of UTC, first and last included.
func (in *UsageInput) days(now time.Time) (first, last time.Time, err error) {
	if in.Days != 0 && (in.From != "" || in.To != "") {
		return first, last, invalidField("days", "cannot be given together with from or to")
	}
	end := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	to := end
	if in.To != "" {
		if to, err = parseMoment("to", in.To); err != nil {
			return first, last, err
		}
		if whole := to.Truncate(24 * time.Hour); !whole.Equal(to) {
			to = whole.AddDate(0, 0, 1)
		}
	}
	days := in.Days
	if days == 0 {
		days = defaultUsageDays
	}
	first = to.AddDate(0, 0, -days)
	if in.From != "" {
		if first, err = parseMoment("from", in.From); err != nil {
			return first, last, err
		}
		first = first.Truncate(24 * time.Hour)
	}
	switch {
	case !first.Before(to):
		return first, last, invalidField("from", "must be before to")
	case to.Sub(first) > maxUsageDays*24*time.Hour:
		return first, last, invalidField("from", "must be at most 366 days before to")
	case !first.Before(end):
		return first, last, invalidField("from", "must not be in the future")
	}
	if to.After(end) {
		to = end
	}
	return first, to.AddDate(0, 0, -1), nil
}

type tenantUsageInput struct {
	Slug string `path:"slug" doc:"The tenant's slug." example:"acme"`
	UsageInput
}

func (s *Server) usageRoutes() []route {
	description := "What there is now of each quota, and what was used on each day: documents and bytes at its end, searches, requests and deliveries. " +
		"`format=csv` has the days only, for billing."
	return []route{
		{
			method: http.MethodGet, path: "/api/admin/usage", id: "getUsage", scope: auth.ScopeAdmin, tag: tagAdmin,
			errors: []int{http.StatusUnprocessableEntity}, summary: "Usage and quotas", description: description,
			endpoint: reportEndpoint{typed[UsageInput, huma.StreamResponse](s.getUsage)},
		},
		{
			method: http.MethodGet, path: "/api/admin/tenants/{slug}/usage", id: "getTenantUsage", scope: auth.ScopePlatform, tag: tagAdmin,
			errors: []int{http.StatusUnprocessableEntity}, summary: "Usage and quotas of a tenant", description: description,
			endpoint: reportEndpoint{typed[tenantUsageInput, huma.StreamResponse](s.getTenantUsage)},
		},
		{
			method: http.MethodPost, path: "/api/admin/usage/recount", id: "recountUsage", scope: auth.ScopeAdmin, tag: tagAdmin,
			summary: "Recount documents", description: "Counts the stored documents and their bytes, and corrects the counters if they differ, which they should not.",
			endpoint: typed[struct{}, recountOutput](s.recountUsage),
		},
	}
}

// reportEndpoint is a typed one that answers with a report, as JSON or CSV.
type reportEndpoint struct{ endpoint }

func (e reportEndpoint) register(s *Server, op huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{
		"application/json": {Schema: schemaOf[UsageReport](s.api)}, "text/csv": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	e.endpoint.register(s, op)
}

func (s *Server) getUsage(ctx context.Context, in *UsageInput) (*huma.StreamResponse, error) {
	p := caller(ctx)
	return s.reportUsage(ctx, p.TenantID, p.TenantSlug, in)
}

func (s *Server) getTenantUsage(ctx context.Context, in *tenantUsageInput) (*huma.StreamResponse, error) {
	if domain.ValidateSlug(in.Slug) != nil {
		return nil, domain.NotFound("tenant")
	}
	t, err := s.deps.Store.TenantBySlug(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	return s.reportUsage(ctx, t.ID, t.Slug, &in.UsageInput)
}

func (s *Server) reportUsage(ctx context.Context, tenant uuid.UUID, slug string, in *UsageInput) (*huma.StreamResponse, error) {
	first, last, err := in.days(time.Now())
	if err != nil {
		return nil, err
	}
	now, err := s.deps.Store.Usage(ctx, tenant)
	if err != nil {
		return nil, err
	}
	days, err := s.deps.Store.UsageDays(ctx, tenant, first, last)
	if err != nil {
		return nil, err
	}
	report := UsageReport{
		Tenant: slug, Tier: now.Plan.Tier, Quotas: quotaUsages(&now), From: first.Format(time.DateOnly),
		To: last.AddDate(0, 0, 1).Format(time.DateOnly), Days: make([]UsageDay, len(days)),
	}
	for n, d := range days {
		report.Days[n] = UsageDay{d.Day.Format(time.DateOnly), d.Documents, d.StorageBytes, d.Searches, d.Requests, d.Deliveries}
	}
	return &huma.StreamResponse{Body: func(c huma.Context) { writeReport(c, in.Format, &report) }}, nil
}

func quotaUsages(u *domain.Usage) []QuotaUsage {
	out := make([]QuotaUsage, 0, len(domain.QuotaNames))
	for _, name := range domain.QuotaNames {
		q := QuotaUsage{Quota: name, Limit: u.Limits.Of(name)}
		if used, known := u.Used(name); known {
			q.Used = &used
			if q.Limit != nil {
				percent := domain.QuotaPercent(used, *q.Limit)
				q.Percent = &percent
			}
		}
		out = append(out, q)
	}
	return out
}

// writeReport fails only when the client went away, and then there is nobody to tell.
func writeReport(c huma.Context, format string, r *UsageReport) {
	if format != "csv" {
		c.SetHeader("Content-Type", "application/json")
		c.SetStatus(http.StatusOK)
		if err := json.NewEncoder(c.BodyWriter()).Encode(r); err != nil {
			slog.DebugContext(c.Context(), "a report was not written", slog.Any("error", err))
		}
		return
	}
	c.SetHeader("Content-Type", "text/csv; charset=utf-8; header=present")
	c.SetHeader("Content-Disposition", `attachment; filename="usage-`+r.Tenant+`.csv"`)
	c.SetStatus(http.StatusOK)
	w := csv.NewWriter(c.BodyWriter())
	rows := [][]string{{"tenant", "day", "documents", "storage_bytes", "searches", "requests", "deliveries"}}
	for _, d := range r.Days {
		row := []string{r.Tenant, d.Day}
		for _, n := range []int64{d.Documents, d.StorageBytes, d.Searches, d.Requests, d.Deliveries} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		slog.DebugContext(c.Context(), "a report was not written", slog.Any("error", err))
	}
}

// RecountReport is what a recount has found.
type RecountReport struct {
	Documents        int64 `json:"documents"`
	StorageBytes     int64 `json:"storage_bytes"`
	CountedDocuments int64 `json:"counted_documents" doc:"What the counter said before."`
	CountedBytes     int64 `json:"counted_bytes" doc:"What the counter said before."`
	Corrected        bool  `json:"corrected"`
}

type recountOutput struct{ Body RecountReport }

func (s *Server) recountUsage(ctx context.Context, _ *struct{}) (*recountOutput, error) {
	tenant := caller(ctx).TenantID
	r, err := s.deps.Store.RecountUsage(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return &recountOutput{RecountReport{r.Documents, r.StorageBytes, r.CountedDocuments, r.CountedBytes, r.Corrected()}}, nil
}
