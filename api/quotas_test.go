package api

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// plan gives the first tenant a quota. Call it before the first request: servers
// remember what a key may do for some seconds.
func (e *env) plan(set func(*domain.Quota)) {
	e.t.Helper()
	var q domain.Quota
	set(&q)
	require.NoError(e.t, e.store.SetTenantPlan(e.t.Context(), e.tenant.ID, domain.Plan{Tier: domain.TierUnlimited, Override: q}))
}

func atMost(n int64) *int64 { return &n }

func TestADocumentBeyondTheQuotaIsRefusedWithItsFigures(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.plan(func(q *domain.Quota) { q.Documents, q.APIKeys, q.Webhooks = atMost(2), atMost(1), atMost(0) })
	var bulk BulkAccepted
	lines := `{"external_id":"a","content":"one"}` + "\nnonsense\n" + `{"external_id":"b","content":"two"}` + "\n" + `{"external_id":"c","content":"three"}` + "\n"
	e.do("POST", "/api/documents/bulk", strings.NewReader(lines), "Content-Type", mediaNDJSON).is(http.StatusAccepted).into(&bulk)
	require.Equal(t, 2, bulk.Accepted)
	require.Equal(t, 2, bulk.RejectedCount)
	require.Equal(t, 2, bulk.Rejected[0].Line)
	require.Equal(t, domain.CodeMalformed, bulk.Rejected[0].Code)
	require.Equal(t, 4, bulk.Rejected[1].Line)
	require.Equal(t, domain.CodeQuotaExceeded, bulk.Rejected[1].Code)

	p := e.do("POST", "/api/documents", map[string]any{"content": "x"}).problem(http.StatusForbidden, domain.CodeQuotaExceeded)
	require.Equal(t, domain.QuotaDocuments, p.Quota)
	require.Equal(t, int64(2), *p.Limit)
	require.Equal(t, int64(2), *p.Used)
	require.Zero(t, p.Reset, "it does not pass by itself")
	e.do("POST", "/api/documents/bulk", strings.NewReader(`{"content":"y"}`), "Content-Type", mediaNDJSON).problem(http.StatusForbidden, domain.CodeQuotaExceeded)
	e.do("POST", "/api/documents", map[string]any{"external_id": "a", "content": "changed"}).is(http.StatusAccepted)

	p = e.do("POST", "/api/admin/api-keys", map[string]any{"name": "k"}).problem(http.StatusForbidden, domain.CodeQuotaExceeded)
	require.Equal(t, domain.QuotaAPIKeys, p.Quota)
	require.Equal(t, int64(1), *p.Used, "the key that asks")
}

func TestSearchesBeyondTheQuotaOfTheDayWait(t *testing.T) {
	t.Parallel()
	e := newSearchEnv(t)
	e.plan(func(q *domain.Quota) { q.SearchesPerDay = atMost(5) })
	e.add(map[string]any{"content": "quota of searches"})
	for range 3 {
		e.search(`{"query":"quota","type":"keyword"}`)
		e.do("POST", "/api/search", `{"query":`).is(http.StatusBadRequest) // is not counted
	}
	var several MultiSearchAnswer
	one := `{"query":"searches","type":"keyword"}`
	e.do("POST", "/api/search/multi", `{"searches":[`+one+`,{"limit":0,"query":"x"},`+one+`,`+one+`]}`).is(http.StatusOK).into(&several)
	require.NotNil(t, several.Results[0].Answer)
	require.Equal(t, domain.CodeInvalid, several.Results[1].Problem.Code)
	require.NotNil(t, several.Results[2].Answer)
	require.Equal(t, domain.CodeQuotaExceeded, several.Results[3].Problem.Code)

	a := e.do("POST", "/api/search", one)
	p := a.problem(http.StatusTooManyRequests, domain.CodeQuotaExceeded)
	require.Equal(t, domain.QuotaSearchesPerDay, p.Quota)
	require.Equal(t, int64(5), *p.Limit)
	midnight := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	require.InDelta(t, time.Until(midnight).Seconds(), p.Reset, 5)
	require.Equal(t, strconv.Itoa(p.Reset), a.header.Get("Retry-After"))

	e.server.meter.Flush(t.Context())
	var report UsageReport
	e.do("GET", "/api/admin/usage?days=1", nil).is(http.StatusOK).into(&report)
	require.Equal(t, int64(5), report.Days[0].Searches)
	require.Equal(t, int64(1), report.Days[0].Documents)
}

func TestATenantIsHeldToItsRequestsAMinute(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.plan(func(q *domain.Quota) { q.RequestsPerMinute = atMost(4) })
	key := auth.Generate()
	_, err := e.store.CreateAPIKey(t.Context(), e.tenant.ID, store.NewAPIKey{Name: "slow", Key: key, Scopes: auth.Scopes(auth.ScopeAdmin), RateLimit: 2})
	require.NoError(t, err)

	a := e.do("GET", "/api/stats", nil, "X-API-Key", key.Reveal()).is(http.StatusOK)
	require.Equal(t, "2", a.header.Get("RateLimit-Limit"), "the key's is the tighter one")
	require.Equal(t, "1", a.header.Get("RateLimit-Remaining"))
	require.Equal(t, "2", e.do("GET", "/api/stats", nil).is(http.StatusOK).header.Get("RateLimit-Remaining"), "all keys of the tenant together")
	e.do("GET", "/api/stats", nil).is(http.StatusOK)
	e.do("GET", "/api/stats", nil).is(http.StatusOK)
	a = e.do("GET", "/api/stats", nil)
	require.Contains(t, a.problem(http.StatusTooManyRequests, domain.CodeRateLimited).Detail, "this tenant may make 4 requests a minute")
	require.Equal(t, "15", a.header.Get("Retry-After"))
	require.Equal(t, "0", a.header.Get("RateLimit-Remaining"))
	e.do("GET", "/api/stats", nil, "X-Tenant", "other").is(http.StatusOK)
	for range 10 {
		e.do("GET", "/health", nil).is(http.StatusOK)
		e.do("GET", "/metrics", nil).is(http.StatusOK)
	}
	require.Empty(t, e.do("GET", "/api/stats", nil, "X-API-Key", e.foreign).is(http.StatusOK).header.Get("RateLimit-Limit"), "unlimited says nothing")
}

func TestUsageIsReportedByDay(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.create(map[string]any{"content": "12345"})
	e.server.meter.Flush(t.Context())
	today := time.Now().UTC().Format(time.DateOnly)
	var report UsageReport
	e.do("GET", "/api/admin/usage", nil).is(http.StatusOK).into(&report)
	require.Len(t, report.Days, 30)
	last := report.Days[29]
	require.Equal(t, UsageDay{Day: today, Documents: 1, StorageBytes: 5, Requests: 1}, last)
	require.Zero(t, report.Days[28].Documents)
	require.Equal(t, domain.QuotaDocuments, report.Quotas[0].Quota)
	require.Nil(t, report.Quotas[0].Limit)
	require.Equal(t, int64(1), *report.Quotas[0].Used)

	csv := e.do("GET", "/api/admin/tenants/default/usage?format=csv&from="+today, nil).is(http.StatusOK)
	require.Contains(t, csv.header.Get("Content-Type"), "text/csv")
	require.Equal(t, "tenant,day,documents,storage_bytes,searches,requests,deliveries\ndefault,"+today+",1,5,0,1,0\n", string(csv.body))
	e.do("GET", "/api/admin/tenants/nobody/usage", nil).problem(http.StatusNotFound, domain.CodeNotFound)
	e.do("GET", "/api/admin/tenants/default/usage", nil, "X-API-Key", e.foreign).problem(http.StatusForbidden, domain.CodePermissionDenied)

	for query, field := range map[string]string{
		"days=1e9": "days", "days=0": "days", "days=367": "days", "limit=-1": "limit", "from=2026-02-01&to=2026-01-01": "from", "from=yesterday": "from",
		"to=2026-13-01": "to", "from=2020-01-01&to=2026-01-01": "from", "from=9000-01-01&to=9000-01-02": "from", "days=1&from=2026-01-01": "days",
		"from=2026-01-01T00:00:00+02:00&to=2026-01-02": "from", "format=xml": "format", "from=2026-01-01&to=2026-01-01": "from",
	} {
		e.do("GET", "/api/admin/usage?"+query, nil).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, field)
	}
	// A time of another zone is the day that it has in UTC.
	e.do("GET", "/api/admin/usage?from=2026-01-02T01:00:00%2B02:00&to=2026-01-03T01:00:00%2B02:00", nil).is(http.StatusOK).into(&report)
	require.Equal(t, "2026-01-01", report.From)
	require.Equal(t, "2026-01-03", report.To)
	var counted RecountReport
	e.do("POST", "/api/admin/usage/recount", nil).is(http.StatusOK).into(&counted)
	require.Equal(t, RecountReport{Documents: 1, StorageBytes: 5, CountedDocuments: 1, CountedBytes: 5}, counted)
}
