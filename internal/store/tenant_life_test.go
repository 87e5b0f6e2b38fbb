package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Every pair of states: what is not in the table is refused by the database.
func TestATenantGoesOnlyTheWaysThereAre(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "rustassistant_system")
	allowed := map[string]bool{
		"provisioning active": true, "active suspended": true, "suspended active": true, "active offboarding": true,
		"suspended offboarding": true, "offboarding suspended": true,
	}
	for _, from := range domain.TenantStates {
		for _, to := range domain.TenantStates {
			for _, purging := range []bool{false, true} {
				if purging && from != domain.TenantOffboarding {
					continue
				}
				id := uuid.New()
				_, err := conn.Exec(t.Context(), "INSERT INTO tenants (id, slug, name, state, purging) VALUES ($1, $2, '', $3, $4)",
					id, strings.ReplaceAll(id.String(), "-", ""), string(from), purging)
				require.NoError(t, err)
				_, err = conn.Exec(t.Context(), "UPDATE tenants SET state = $2 WHERE id = $1", id, string(to))
				want := from == to || allowed[string(from)+" "+string(to)] && !purging
				require.Equal(t, want, err == nil, "%s to %s, purging %v: %v", from, to, purging, err)
			}
		}
	}
	for _, state := range domain.TenantStates {
		_, err := conn.Exec(t.Context(), "DELETE FROM tenants WHERE state = $1 AND NOT purging", string(state))
		require.Equal(t, state == domain.TenantProvisioning, err == nil, state)
	}
	_, err := conn.Exec(t.Context(), "UPDATE tenants SET purging = true WHERE state = 'suspended'")
	require.Error(t, err)
}

// A table that is added is found by its column; it must have a key to be emptied by.
func TestEveryTableOfATenantIsFoundInTheCatalogue(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "")
	rows, err := conn.Query(t.Context(), `SELECT t.name, t.depth, tenant_table_key(t.name::regclass)::text[] FROM tenant_tables() t`)
	require.NoError(t, err)
	depth, names := map[string]int{}, []string{}
	for rows.Next() {
		var name string
		var d int
		var key []string
		require.NoError(t, rows.Scan(&name, &d, &key))
		require.Contains(t, key, "tenant_id", "%s needs tenant_id in its primary key", name)
		depth[name], names = d, append(names, name)
	}
	require.NoError(t, rows.Err())
	require.GreaterOrEqual(t, len(names), 30)
	require.Greater(t, depth["job_attempts"], depth["jobs"], "who refers goes first")
	require.Greater(t, depth["index_state"], depth["embedding_models"])
	for _, gone := range []string{"tenant_operations", "tenant_export_parts", "tenant_certificates"} {
		require.NotContains(t, names, gone, "it outlives the tenant")
	}
	for _, name := range store.NotExported() {
		require.True(t, slices.Contains(names, name), "%s is no table any more", name)
	}
}

func TestNoSecretIsExported(t *testing.T) {
	b := setup(t)
	e := b.endpoint("*")
	b.ingest(docs(3)...)
	op, err := b.ExportTenant(b.ctx, "acme", 0)
	require.NoError(t, err)
	for op.State == domain.OperationRunning {
		op, err = b.ExportSome(b.ctx, b.tenant, op.ID, 0)
		require.NoError(t, err)
	}
	conn := connect(t, b.url, "rustassistant_system")
	for _, table := range []string{"webhook_endpoints", "api_keys"} {
		rows, err := conn.Query(t.Context(), "SELECT line FROM tenant_export_page($1, $2, NULL, 100)", table, b.tenant)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, line := range lines {
			require.NotRegexp(t, `key_hash|sealed|token_hash`, line)
		}
		if table == "webhook_endpoints" {
			require.Contains(t, lines[0], e.ID.String())
		}
	}
}

func TestAnExportWithoutRoomIsRefused(t *testing.T) {
	b := setup(t)
	b.ingest(docs(3)...)
	op, err := b.ExportTenant(b.ctx, "acme", 10)
	require.NoError(t, err, "nothing is kept yet")
	id := op.ID
	for err == nil && op.State == domain.OperationRunning {
		op, err = b.ExportSome(b.ctx, b.tenant, id, 10)
	}
	require.Equal(t, domain.CodeTooLarge, domain.CodeOf(err))
	require.NoError(t, b.EndTenantOperation(b.ctx, b.tenant, id, domain.OperationFailed, "no room"))
	parts, err := b.ExportParts(b.ctx, b.tenant, id)
	require.NoError(t, err)
	require.Empty(t, parts)
}

func TestExportsExpire(t *testing.T) {
	b := setup(t)
	op, err := b.ExportTenant(b.ctx, "acme", 0)
	require.NoError(t, err)
	for op.State == domain.OperationRunning {
		op, err = b.ExportSome(b.ctx, b.tenant, op.ID, 0)
		require.NoError(t, err)
	}
	_, err = b.ReadyExport(b.ctx, "acme", op.ID)
	require.NoError(t, err)
	b.exec("UPDATE tenant_operations SET expires_at = now() - interval '1 second'")
	_, err = b.ReadyExport(b.ctx, "acme", op.ID)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	purged, err := b.PurgeExpired(b.ctx, time.Hour, time.Hour, func() {})
	require.NoError(t, err)
	require.Equal(t, int64(1), purged.Operations)
	parts, err := b.ExportParts(b.ctx, b.tenant, op.ID)
	require.NoError(t, err)
	require.Empty(t, parts)
}

func TestSweepsLeaveASuspendedTenantAlone(t *testing.T) {
	b := setup(t)
	b.ingest(docs(2)...)
	b.exec("UPDATE jobs SET created_at = now() - interval '1 hour', dispatched_at = now() - interval '1 hour' WHERE tenant_id = $1", b.tenant)
	pending, err := b.PendingJobs(b.ctx, time.Second, 10)
	require.NoError(t, err)
	require.Len(t, pending, 1)
	_, _, err = b.SuspendTenant(b.ctx, "acme")
	require.NoError(t, err)
	pending, err = b.PendingJobs(b.ctx, time.Second, 10)
	require.NoError(t, err)
	require.Empty(t, pending)
}

func TestSearchesOfAPurgedTenantAreNotRecorded(t *testing.T) {
	b := setup(t)
	other, err := b.CreateTenant(b.ctx, "other", "Other")
	require.NoError(t, err)
	op, err := b.OffboardTenant(b.ctx, "acme", "acme", false)
	require.NoError(t, err)
	require.NoError(t, b.BeginPurge(b.ctx, b.tenant, op.ID))
	require.NoError(t, b.RecordSearches(b.ctx, []domain.SearchEvent{searched(b.tenant, time.Now(), "x"), searched(other.ID, time.Now(), "y")}))
	conn := connect(t, b.url, "rustassistant_system")
	var mine, theirs int
	require.NoError(t, conn.QueryRow(b.ctx, "SELECT count(*) FILTER (WHERE tenant_id = $1), count(*) FILTER (WHERE tenant_id = $2) FROM search_events",
		b.tenant, other.ID).Scan(&mine, &theirs))
	require.Zero(t, mine)
	require.Equal(t, 1, theirs)
}

// 10,000 tenants that do nothing cost lists and sweeps next to nothing. Under 100 ms
// is the promise; what is measured here shares two cores with other tests.
func TestTenThousandIdleTenantsKeepListsAndSweepsQuick(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "rustassistant_system")
	_, err := conn.Exec(t.Context(), `
		WITH made AS (INSERT INTO tenants (id, slug, name, tier)
			SELECT gen_random_uuid(), 'idle-' || lpad(n::text, 5, '0'), 'Idle ' || n, (ARRAY['free','standard'])[n % 2 + 1] FROM generate_series(1, 10000) n RETURNING id),
		usage AS (INSERT INTO tenant_usage (tenant_id) SELECT id FROM made)
		INSERT INTO index_state (tenant_id) SELECT id FROM made`)
	require.NoError(t, err)
	_, err = connect(t, b.url, "").Exec(t.Context(), "ANALYZE tenants, index_state, tenant_usage")
	require.NoError(t, err)
	ctx := t.Context()
	for what, do := range map[string]func() error{
		"first page": func() error { _, err := b.SearchTenants(ctx, store.TenantFilter{Limit: 100}); return err },
		"a page in the middle": func() error {
			found, err := b.SearchTenants(ctx, store.TenantFilter{After: "idle-05000", Limit: 100})
			require.Len(t, found, 100)
			return err
		},
		"by text that few have": func() error {
			_, err := b.SearchTenants(ctx, store.TenantFilter{Text: "09999", Limit: 100})
			return err
		},
		"by state that none has": func() error {
			_, err := b.SearchTenants(ctx, store.TenantFilter{State: domain.TenantSuspended, Limit: 100})
			return err
		},
		"by tier": func() error {
			_, err := b.SearchTenants(ctx, store.TenantFilter{Tier: domain.TierFree, Limit: 100})
			return err
		},
		"RecoverPending":     func() error { _, err := b.PendingJobs(ctx, time.Second, 500); return err },
		"tenant operations":  func() error { _, err := b.QuietTenantOperations(ctx, time.Second, 100); return err },
		"IndexUpkeep":        func() error { _, err := b.IndexUpkeep(ctx, analysis.Version); return err },
		"QuietRecoveries":    func() error { _, err := b.QuietRecoveries(ctx, time.Second, 100); return err },
		"RecoverDeliveries":  func() error { _, err := b.DueEndpoints(ctx, store.EndpointRef{}, time.Second, 100); return err },
		"StartDueEmbeddings": func() error { _, err := b.EmbeddingCandidates(ctx, "m", 1000, uuid.Nil, 100); return err },
	} {
		best := time.Hour
		for range 5 {
			began := time.Now()
			require.NoError(t, do(), what)
			best = min(best, time.Since(began))
		}
		t.Logf("%-24s %s", what, best)
		require.Less(t, best, 100*time.Millisecond, what)
	}
}
