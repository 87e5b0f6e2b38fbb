package testenv_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/testenv"
)

func TestDatabaseBelongsToARoleThatRowLevelSecurityBinds(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), testenv.DatabaseURL(t))
	require.NoError(t, err)
	defer conn.Close(t.Context())

	var super, bypass bool
	err = conn.QueryRow(t.Context(),
		"SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").Scan(&super, &bypass)
	require.NoError(t, err)
	require.False(t, super, "a superuser bypasses row-level security")
	require.False(t, bypass)

	var tables int
	err = conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	require.NoError(t, err)
	require.Positive(t, tables, "the database is migrated")
}

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	one, two := testenv.DatabaseURL(t), testenv.DatabaseURL(t)
	require.NotEqual(t, one, two)

	conn, err := pgx.Connect(t.Context(), one)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), "CREATE TABLE only_here (id int)")
	require.NoError(t, err)

	other, err := pgx.Connect(t.Context(), two)
	require.NoError(t, err)
	defer other.Close(t.Context())
	_, err = other.Exec(t.Context(), "SELECT FROM only_here")
	require.ErrorContains(t, err, "does not exist")
}

func TestEmptyDatabaseHasNoTables(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), testenv.EmptyDatabaseURL(t))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var tables int
	err = conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	require.NoError(t, err)
	require.Zero(t, tables)
}

func TestRedisDatabasesAreSeparateAndEmpty(t *testing.T) {
	t.Parallel()
	one, two := redisClient(t), redisClient(t)
	require.NoError(t, one.Set(t.Context(), "key", "value", 0).Err())
	require.ErrorIs(t, two.Get(t.Context(), "key").Err(), redis.Nil)
	size, err := two.DBSize(t.Context()).Result()
	require.NoError(t, err)
	require.Zero(t, size)
}

func redisClient(t *testing.T) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(testenv.RedisURL(t))
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// recorder notes how a test would have ended.
type recorder struct {
	testing.TB
	fatal string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestWithoutServersATestFailsAndSaysWhatToRun(t *testing.T) {
	t.Setenv("TEST_TEMPORAL_ADDRESS", "")
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		testenv.Temporal(r)
	}()
	<-done
	require.Contains(t, r.fatal, "make test")
}
