package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

func TestEveryMigrationGoesUpAndDownAndUpAgain(t *testing.T) {
	t.Parallel()
	url := testenv.EmptyDatabaseURL(t)
	up, err := store.Migrate(t.Context(), url)
	require.NoError(t, err)
	require.NotEmpty(t, up)
	again, err := store.Migrate(t.Context(), url)
	require.NoError(t, err)
	require.Empty(t, again, "a second run has nothing to do")
	for range up {
		_, err := store.MigrateDown(t.Context(), url)
		require.NoError(t, err)
	}
	conn := connect(t, url, "")
	var left int
	require.NoError(t, conn.QueryRow(t.Context(),
		`SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT LIKE 'goose%'`).Scan(&left))
	require.Zero(t, left, "down leaves no table")
	_, err = store.Migrate(t.Context(), url)
	require.NoError(t, err)
}

// Segments from a release that had no rules for a language are rebuilt, those of
// tenants whose documents are of none are not.
func TestSegmentsFromBeforeTheirLanguageHadRulesAreOutdated(t *testing.T) {
	b := setup(t)
	want, plain := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for tag, outdated := range map[string]bool{"de-AT": true, " Norwegian": true, "pt_BR": true, "en": false, "rust": false, "": false} {
		tenant, err := b.CreateTenant(t.Context(), fmt.Sprintf("tenant-%d", len(want)+len(plain)), "")
		require.NoError(t, err)
		b.tenant = tenant.ID
		d := doc("a", "text")
		d.Language = tag
		_, job := b.ingest(d)
		_, err = b.commit(job)
		require.NoError(t, err)
		if outdated {
			want[tenant.ID] = true
		} else {
			plain[tenant.ID] = true
		}
	}
	due, err := b.IndexUpkeep(t.Context(), analysis.Version)
	require.NoError(t, err)
	require.Empty(t, due)
	for undone := int64(0); undone != 16; {
		step, err := store.MigrateDown(t.Context(), b.url)
		require.NoError(t, err)
		undone = step.Version
	}
	_, err = store.Migrate(t.Context(), b.url)
	require.NoError(t, err)
	due, err = b.IndexUpkeep(t.Context(), analysis.Version)
	require.NoError(t, err)
	require.Len(t, due, len(want))
	for _, d := range due {
		require.True(t, d.Outdated && want[d.TenantID])
	}
}

// A new table without a policy fails here.
func TestEveryTableIsProtectedByRowLevelSecurity(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "")
	rows, err := conn.Query(t.Context(),
		`SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
		        (SELECT count(*) FROM pg_policies p WHERE p.tablename = c.relname)
		 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE 'goose%'`)
	require.NoError(t, err)
	type table struct {
		Name     string
		Enabled  bool
		Forced   bool
		Policies int
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(tables), 12)
	for _, tb := range tables {
		require.True(t, tb.Enabled && tb.Forced, "%s has no forced row-level security", tb.Name)
		require.Equal(t, 2, tb.Policies, "%s", tb.Name)
	}
}

func TestRolesCannotBypassRowLevelSecurityAndOwnNothing(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "")
	var bad, owned int
	require.NoError(t, conn.QueryRow(t.Context(),
		`SELECT count(*) FROM pg_roles WHERE rolname LIKE 'rustassistant%' AND (rolsuper OR rolbypassrls)`).Scan(&bad))
	require.Zero(t, bad)
	require.NoError(t, conn.QueryRow(t.Context(),
		`SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
		 WHERE r.rolname IN ('rustassistant_app', 'rustassistant_system')`).Scan(&owned))
	require.Zero(t, owned)
}

func TestTheApplicationRoleSeesOneTenantAndNothingWithoutIt(t *testing.T) {
	b := setup(t)
	b.ingest(docs(3)...)
	other, err := b.CreateTenant(t.Context(), "other", "Other")
	require.NoError(t, err)
	conn := connect(t, b.url, "rustassistant_app")

	count := func(tenant uuid.UUID) (n int) {
		tx, err := conn.Begin(t.Context())
		require.NoError(t, err)
		defer func() { _ = tx.Rollback(t.Context()) }()
		if tenant != uuid.Nil {
			_, err = tx.Exec(t.Context(), "SELECT set_config('app.tenant_id', $1, true)", tenant.String())
			require.NoError(t, err)
		}
		require.NoError(t, tx.QueryRow(t.Context(), "SELECT count(*) FROM documents").Scan(&n))
		return n
	}
	require.Equal(t, 3, count(b.tenant))
	require.Zero(t, count(other.ID))
	require.Zero(t, count(uuid.Nil))

	_, err = conn.Exec(t.Context(), "SELECT set_config('app.tenant_id', $1, false)", other.ID.String())
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "INSERT INTO tenant_usage (tenant_id) VALUES ($1)", b.tenant)
	require.ErrorContains(t, err, "row-level security")
}

func connect(t *testing.T, url, role string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	if role != "" {
		cfg.RuntimeParams["role"] = role
	}
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
