package store_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// seedJobs writes n finished jobs of the tenant: 90 % completed, 9 % failed with one
// of a hundred codes, the rest canceled. Their ids are a second apart.
const seedJobs = `INSERT INTO jobs (tenant_id, id, kind, state, stage, total, done, failed, error_code, workflow_id, created_at)
SELECT $1, encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send(1700000000000 + n * 1000::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid,
    CASE WHEN n % 10000 = 0 THEN 'rebuild_index' ELSE 'index_documents' END,
    CASE WHEN n % 100 = 0 THEN 'canceled' WHEN n % 100 < 10 THEN 'failed' ELSE 'completed' END, 'done', 1, 1, 0,
    CASE WHEN n % 100 BETWEEN 1 AND 9 THEN 'code_' || (n % 97) ELSE '' END, 'index/' || n, now()
FROM generate_series(1, $2::bigint) n`

// One page of a million jobs, under each filter.
func BenchmarkJobList(b *testing.B) {
	url := testenv.DatabaseURL(b)
	s, err := store.Open(b.Context(), store.Options{URL: url, PoolSize: 4})
	require.NoError(b, err)
	b.Cleanup(s.Close)
	tenant, err := s.CreateTenant(b.Context(), "acme", "Acme")
	require.NoError(b, err)
	conn, err := pgx.Connect(b.Context(), url)
	require.NoError(b, err)
	defer conn.Close(b.Context())
	for _, sql := range []string{"SET role rustassistant_system"} {
		_, err = conn.Exec(b.Context(), sql)
		require.NoError(b, err)
	}
	_, err = conn.Exec(b.Context(), seedJobs, tenant.ID, 1_000_000)
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), "RESET role")
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), "ANALYZE jobs")
	require.NoError(b, err)
	page, err := s.Jobs(b.Context(), tenant.ID, store.JobFilter{Limit: 1})
	require.NoError(b, err)
	middle := page[0].ID
	for name, f := range map[string]store.JobFilter{
		"all":          {},
		"after_a_page": {Before: middle},
		"failed":       {States: []domain.JobState{domain.JobFailed}},
		"three_states": {States: []domain.JobState{domain.JobFailed, domain.JobCanceled, domain.JobCompleted}},
		"running":      {States: []domain.JobState{domain.JobRunning}},
		"kind":         {Kind: domain.JobRebuildIndex},
		"kind_state":   {Kind: domain.JobRebuildIndex, States: []domain.JobState{domain.JobFailed}},
		"error":        {ErrorCode: "code_13"},
		"no_error":     {ErrorCode: "nothing"},
		"text":         {Text: "code_13"},
		"id":           {Text: middle.String()},
		"times":        {Since: page[0].CreatedAt.AddDate(-3, 0, 0), Until: page[0].CreatedAt.AddDate(0, 0, 1), States: []domain.JobState{domain.JobFailed}},
	} {
		f.Limit = 101
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := s.Jobs(b.Context(), tenant.ID, f)
				require.NoError(b, err)
			}
		})
		b.Run("over_all_tenants/"+name, func(b *testing.B) {
			for b.Loop() {
				_, err := s.JobsOfAll(b.Context(), f)
				require.NoError(b, err)
			}
		})
	}
}
