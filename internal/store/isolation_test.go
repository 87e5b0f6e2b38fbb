package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// protectedTable is a table of the catalogue, and the column that says whose a row is.
type protectedTable struct {
	Name, Column string
}

// protectedTables are all tables, partitions too: a partition may be asked by itself.
// One without a column for the tenant fails.
func protectedTables(t *testing.T, conn *pgx.Conn) []protectedTable {
	t.Helper()
	rows, err := conn.Query(t.Context(),
		`SELECT c.relname, coalesce((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
		     AND (a.attname IN ('tenant_id', 'subject_id') OR c.relname = 'tenants' AND a.attname = 'id') ORDER BY a.attname DESC LIMIT 1), '')
		 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE 'goose%' ORDER BY 1`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[protectedTable])
	require.NoError(t, err)
	return tables
}

// sharedTables have no tenant: rows of the platform that the application role sees
// none of.
var sharedTables = map[string]bool{}

// As the application role of another tenant, nothing of a tenant can be read, changed,
// removed or written, in any table that there is.
func TestTheApplicationRoleCannotReachAnotherTenantInAnyTable(t *testing.T) {
	b := setup(t)
	b.endpoint("*")
	b.everyEvent()
	other, err := b.CreateTenant(t.Context(), "other", "Other")
	require.NoError(t, err)
	owner := connect(t, b.url, "rustassistant_system")
	app := connect(t, b.url, "rustassistant_app")
	_, err = app.Exec(t.Context(), "SELECT set_config('app.tenant_id', $1, false)", other.ID.String())
	require.NoError(t, err)
	tables := protectedTables(t, owner)
	require.Greater(t, len(tables), 25)
	withRows := 0
	for _, table := range tables {
		if table.Column == "" {
			require.True(t, sharedTables[table.Name], "%s has no tenant_id", table.Name)
			continue
		}
		var rows int
		require.NoError(t, owner.QueryRow(t.Context(), fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = $1", table.Name, table.Column), b.tenant).Scan(&rows))
		if rows > 0 {
			withRows++
		}
		var seen int
		err := app.QueryRow(t.Context(), fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = $1", table.Name, table.Column), b.tenant).Scan(&seen)
		refusedOr(t, err, table.Name, "read")
		require.Zero(t, seen, "%s shows rows of another tenant", table.Name)
		reaches(t, app, table, "UPDATE %[1]s SET %[2]s = %[2]s WHERE %[2]s = $1", b.tenant)
		reaches(t, app, table, "DELETE FROM %[1]s WHERE %[2]s = $1", b.tenant)
		// Policies are checked before all else that is wrong with the row.
		_, err = app.Exec(t.Context(), fmt.Sprintf("INSERT INTO %[1]s SELECT * FROM jsonb_populate_record(NULL::%[1]s, jsonb_build_object('%[2]s', $1::text, 'at', now()))",
			table.Name, table.Column), b.tenant.String())
		var pg *pgconn.PgError
		require.ErrorAs(t, err, &pg, table.Name)
		require.Equal(t, "42501", pg.Code, "%s: %s", table.Name, pg.Message)
	}
	require.Greater(t, withRows, 18, "tables that there was something to see in")
}

// reaches requires that a statement finds no row, or is not allowed at all.
func reaches(t *testing.T, app *pgx.Conn, table protectedTable, sql string, tenant uuid.UUID) {
	t.Helper()
	tag, err := app.Exec(t.Context(), fmt.Sprintf(sql, table.Name, table.Column), tenant)
	refusedOr(t, err, table.Name, sql)
	require.Zero(t, tag.RowsAffected(), "%s of another tenant", sql)
}

// refusedOr accepts that the role has no right to the table.
func refusedOr(t *testing.T, err error, what ...any) {
	t.Helper()
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" {
		return
	}
	require.NoError(t, err, what...)
}

// Both policies say what they should: a table that is protected by another rule would
// pass by luck.
func TestEveryPolicyIsTheSame(t *testing.T) {
	b := setup(t)
	conn := connect(t, b.url, "")
	for _, table := range protectedTables(t, conn) {
		if table.Column == "" {
			continue
		}
		rows, err := conn.Query(t.Context(), `SELECT policyname, qual, with_check FROM pg_policies WHERE tablename = $1 ORDER BY 1`, table.Name)
		require.NoError(t, err)
		type policy struct{ Name, Using, Check string }
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[policy])
		require.NoError(t, err)
		own := fmt.Sprintf("(%s = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)", table.Column)
		require.Equal(t, []policy{{"across_tenants", "true", "true"}, {"tenant_isolation", own, own}}, found, table.Name)
	}
}

// The days of one tenant add up whatever its quota, and a sweep counts them anew.
func TestTheDaysOfUsageAddUp(t *testing.T) {
	b := setup(t)
	hook := b.endpoint("*")
	b.ingest(docs(3)...)
	b.limitedToNothing()
	today := time.Now().UTC().Truncate(24 * time.Hour)
	require.NoError(t, b.CountUsage(t.Context(), []domain.UsageCount{
		{TenantID: b.tenant, Day: today, Searches: 2, Requests: 3},
		{TenantID: b.tenant, Day: today.AddDate(0, 0, -2), Requests: 1},
		{TenantID: uuid.New(), Day: today, Requests: 9}, // of a tenant that is gone
	}))
	require.NoError(t, b.CountUsage(t.Context(), []domain.UsageCount{{TenantID: b.tenant, Day: today, Searches: 1}}))
	_, err := connect(t, b.url, "rustassistant_system").Exec(t.Context(),
		`INSERT INTO webhook_attempt_hours (tenant_id, endpoint_id, hour, error_code, bucket, attempts)
		 VALUES ($1, $2, $3, '', 1, 7), ($1, $2, $3, 'timeout', 1, 5), ($1, $2, $3::timestamptz - interval '1 day', '', 1, 2)`, b.tenant, hook.ID, today)
	require.NoError(t, err)
	check := func() {
		days, err := b.UsageDays(t.Context(), b.tenant, today.AddDate(0, 0, -3), today)
		require.NoError(t, err)
		require.Equal(t, []domain.UsageDay{
			{Day: today.AddDate(0, 0, -3)},
			{Day: today.AddDate(0, 0, -2), Requests: 1},
			{Day: today.AddDate(0, 0, -1), Deliveries: 2},
			{Day: today, Documents: 3, StorageBytes: 27, Searches: 3, Requests: 3, Deliveries: 7},
		}, days)
	}
	check()
	changed, err := b.RollUpDeliveries(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(2), changed)
	changed, err = b.RollUpDeliveries(t.Context())
	require.NoError(t, err)
	require.Zero(t, changed, "again changes nothing")
	check()
}

func (b *bundle) limitedToNothing() {
	b.withQuota(func(q *domain.Quota) { q.Webhooks = limit(0) })
}

func TestLeasesOfAllServersStayWithinTheQuotaOfTheDay(t *testing.T) {
	b := setup(t)
	b.withQuota(func(q *domain.Quota) { q.SearchesPerDay = limit(100) })
	total := int64(0)
	for {
		lease, err := b.LeaseSearches(t.Context(), b.tenant, 0)
		require.NoError(t, err)
		require.LessOrEqual(t, lease.Left, 24*time.Hour)
		require.Positive(t, lease.Left)
		if lease.Granted == 0 {
			require.Equal(t, int64(100), lease.Limit)
			require.Equal(t, int64(100), lease.Used)
			break
		}
		total += lease.Granted
		require.LessOrEqual(t, total, int64(100))
		require.LessOrEqual(t, lease.Granted, int64(6), "a sixteenth of what is left")
	}
	require.Equal(t, int64(100), total)
	require.Len(t, b.quotaEvents(), 2, "80 % and 100 %")
	day := time.Now().UTC().Truncate(24 * time.Hour)
	require.NoError(t, b.ReturnSearches(t.Context(), b.tenant, day, 40))
	lease, err := b.LeaseSearches(t.Context(), b.tenant, 60)
	require.NoError(t, err)
	require.Zero(t, lease.Granted, "what is owed counts, also above the quota")
	require.Equal(t, int64(120), lease.Used)
	require.Len(t, b.quotaEvents(), 2, "once a day")
	b.withQuota(func(*domain.Quota) {})
	lease, err = b.LeaseSearches(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Positive(t, lease.Granted, "no limit any more")
}
