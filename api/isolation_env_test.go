package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// canary begins every text that only the tenant has whose data must not be seen.
const canary = "zq7canary"

// leakedLog keeps the lines of the log that name a canary, of all tests of the package.
var leakedLog canaryLog

type canaryLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *canaryLog) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(canary)) {
		l.mu.Lock()
		l.lines = append(l.lines, string(p))
		l.mu.Unlock()
	}
	return len(p), nil
}

func (l *canaryLog) leaked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

// isolation is a server with a tenant full of canaries and another that looks for them.
type isolation struct {
	*searchEnv
	spans *tracetest.InMemoryExporter
	conn  *pgx.Conn // sees every tenant
	// ids are all ids in rows of the tenant with the canaries, in a fixed order.
	ids []string
}

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

func newIsolation(t *testing.T) *isolation {
	t.Helper()
	i := &isolation{spans: tracetest.NewInMemoryExporter()}
	sealer, err := webhook.NewSealer(webhook.GenerateKey())
	require.NoError(t, err)
	i.searchEnv = newSearchEnv(t, func(d *Deps) {
		d.WebhookSealer = sealer
		d.Tracing = &telemetry.Tracing{
			Provider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(i.spans)), Propagator: propagation.TraceContext{},
		}
	})
	i.conn, err = pgx.Connect(t.Context(), i.url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = i.conn.Close(context.Background()) })
	_, err = i.conn.Exec(t.Context(), "SET ROLE rustassistant_system")
	require.NoError(t, err)
	i.seed()
	i.warm()
	i.ids = i.knownIDs()
	return i
}

// text is a canary of its own, beside a word that both tenants use.
func text(what string) string { return canary + what + " harvest" }

// seed gives the tenant something of everything.
func (i *isolation) seed() {
	i.t.Helper()
	hook := i.do("POST", "/api/admin/webhooks", map[string]any{
		"url": "https://example.com/" + canary, "events": []string{"*"}, "description": text("hook"), "headers": map[string]string{"X-Own": canary},
	}).is(http.StatusCreated).json()
	made := i.add(map[string]any{
		"title": text("title"), "content": text("content"), "external_id": canary + "-external", "tags": []string{canary}, "doc_type": canary,
		"source_url": "https://example.com/" + canary, "repo_id": canary, "metadata": map[string]any{"note": canary},
	})
	i.create(map[string]any{"content": text("queued"), "external_id": canary + "-queued"}) // a job that has not run
	i.do("POST", "/api/admin/api-keys", map[string]any{"name": text("key"), "description": canary}).is(http.StatusCreated)
	i.do("PUT", "/api/admin/search-settings", map[string]any{
		"stop_words": []string{canary}, "synonyms": []map[string]any{{"words": []string{"harvest", canary + "synonym"}}},
	}).is(http.StatusOK)
	i.do("POST", fmt.Sprintf("/api/admin/webhooks/%s/recover", hook["id"]), map[string]any{"since": time.Now().Add(-time.Hour).Format(time.RFC3339)}).
		is(http.StatusAccepted)
	var events []domain.SearchEvent
	for range 9 { // enough to be popular
		events = append(events, domain.SearchEvent{
			ID: uuid.Must(uuid.NewV7()), TenantID: i.tenant.ID, Query: "harvest " + canary + "query", Type: "keyword", Results: 1, UserID: "user-of-a",
		})
	}
	require.NoError(i.t, i.store.RecordSearches(i.t.Context(), events))
	require.NoError(i.t, i.store.RecordClick(i.t.Context(), i.tenant.ID, domain.SearchClick{QueryID: events[0].ID, DocumentID: made.ID, Position: 1}))
	i.do("POST", "/api/session", map[string]any{"api_key": i.admin})

	// The one who looks has the same words, without the canaries.
	accepted := i.do("POST", "/api/documents", map[string]any{"content": "our own harvest"}, "X-API-Key", i.foreign).is(http.StatusAccepted)
	var own AcceptedDocument
	accepted.into(&own)
	i.commit(i.other.ID, *own.JobID)
	i.do("POST", "/api/admin/webhooks", map[string]any{"url": "https://example.org/", "events": []string{"*"}}, "X-API-Key", i.foreign).is(http.StatusCreated)
}

// warm fills every cache with the canaries.
func (i *isolation) warm() {
	i.t.Helper()
	for range 2 {
		a, _ := i.search(`{"query":"harvest","type":"keyword"}`)
		require.Contains(i.t, string(a.body), canary, "the tenant itself finds it")
		i.search(`{"query":"harvest"}`)
		i.do("GET", "/api/suggest?q=har", nil).is(http.StatusOK)
		i.do("GET", "/api/stats", nil).is(http.StatusOK)
		i.do("GET", "/api/documents", nil, "X-Tenant", i.tenant.Slug).is(http.StatusOK)
	}
	a, _ := i.search(`{"query":"harvest","type":"keyword"}`)
	require.Equal(i.t, "HIT", a.header.Get("X-Cache"))
	i.spans.Reset()
}

// tenantTables are the tables that have rows of tenants, and the column that says whose.
func (i *isolation) tenantTables() map[string]string {
	i.t.Helper()
	rows, err := i.conn.Query(i.t.Context(),
		`SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped
		   AND (a.attname = 'tenant_id' OR c.relname = 'tenants' AND a.attname = 'id')`)
	require.NoError(i.t, err)
	out := map[string]string{}
	var table, column string
	_, err = pgx.ForEachRow(rows, []any{&table, &column}, func() error { out[table] = column; return nil })
	require.NoError(i.t, err)
	require.Greater(i.t, len(out), 20)
	return out
}

// knownIDs are the ids in any row of the tenant, except its own, newest kinds first.
func (i *isolation) knownIDs() (ids []string) {
	i.t.Helper()
	seen := map[string]bool{i.tenant.ID.String(): true, i.other.ID.String(): true, uuid.Nil.String(): true, uuid.Max.String(): true}
	for table, column := range i.tenantTables() {
		var all string
		sql := fmt.Sprintf(`SELECT coalesce(string_agg(t::text, ' '), '') FROM (SELECT * FROM %s WHERE %s = $1 LIMIT 50) t`, table, column)
		require.NoError(i.t, i.conn.QueryRow(i.t.Context(), sql, i.tenant.ID).Scan(&all))
		for _, id := range uuidPattern.FindAllString(all, -1) {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	require.Greater(i.t, len(ids), 10)
	return ids
}

// state is a checksum of the tenant's rows by table.
func (i *isolation) state() map[string]string {
	i.t.Helper()
	out := map[string]string{}
	for table, column := range i.tenantTables() {
		var sum string
		sql := fmt.Sprintf(`SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '')) FROM %s t WHERE %s = $1`, table, column)
		require.NoError(i.t, i.conn.QueryRow(i.t.Context(), sql, i.tenant.ID).Scan(&sum))
		out[table] = sum
	}
	return out
}

// intruded counts rows of the other tenant that hold a canary, by table.
func (i *isolation) intruded() map[string]int {
	i.t.Helper()
	out := map[string]int{}
	for table, column := range i.tenantTables() {
		var n int
		sql := fmt.Sprintf(`SELECT count(*) FROM %s t WHERE %s = $1 AND t::text LIKE '%%%s%%'`, table, column, canary)
		require.NoError(i.t, i.conn.QueryRow(i.t.Context(), sql, i.other.ID).Scan(&n))
		if n > 0 {
			out[table] = n
		}
	}
	return out
}

// leaks requires that an answer holds neither a canary nor an id of the tenant that was
// not part of the request.
func (i *isolation) leaks(a answer, request string) {
	i.t.Helper()
	var all strings.Builder
	all.Write(a.body)
	for name, values := range a.header {
		fmt.Fprintf(&all, "\n%s: %s", name, values)
	}
	seen := all.String()
	require.NotContains(i.t, seen, canary, request)
	for _, id := range i.ids {
		if !strings.Contains(request, id) {
			require.NotContains(i.t, seen, id, request)
		}
	}
}
