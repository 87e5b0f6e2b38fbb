package testenv

import (
	"context"
	"database/sql"
	"net/url"
	"testing"

	// database/sql driver "pgx", for goose and pgtestdb only.
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/peterldowns/pgtestdb"
	"github.com/peterldowns/pgtestdb/migrators/common"
	"github.com/pressly/goose/v3"

	"github.com/rustassistant/rustassistant/migrations"
)

// owner owns the test databases as the product's role does in production: it
// may create the roles that the migrations ask for, but is no superuser, since
// those bypass the row-level security under test.
var owner = pgtestdb.Role{
	Username:     "rustassistant_test",
	Password:     "rustassistant_test",
	Capabilities: "NOSUPERUSER NOCREATEDB CREATEROLE NOBYPASSRLS",
}

// DatabaseURL returns a database that holds the newest schema and nothing
// else. It is the test's own, cloned from a template that is migrated once,
// and is dropped with the test; when the test failed it stays until the
// servers stop, and its URL is in the log.
func DatabaseURL(t testing.TB) string {
	t.Helper()
	return create(t, schema{})
}

// EmptyDatabaseURL returns a database without any table, for tests of the
// migrations themselves.
func EmptyDatabaseURL(t testing.TB) string {
	t.Helper()
	return create(t, pgtestdb.NoopMigrator{})
}

func create(t testing.TB, migrator pgtestdb.Migrator) string {
	t.Helper()
	server, err := url.Parse(required(t, envDatabase))
	if err != nil {
		t.Fatalf("%s is not a URL: %v", envDatabase, err)
	}
	password, _ := server.User.Password()
	return pgtestdb.Custom(t, pgtestdb.Config{
		DriverName: "pgx",
		Host:       server.Hostname(),
		Port:       server.Port(),
		User:       server.User.Username(),
		Password:   password,
		Database:   server.Path[1:],
		Options:    server.RawQuery,
		TestRole:   &owner,
		// A pool that closes in the background must not fail the test.
		ForceTerminateConnections: true,
	}, migrator).URL()
}

// schema brings a template database to the newest version.
type schema struct{}

// Hash names the template after the migrations' contents.
func (schema) Hash() (string, error) {
	return common.HashDirs(migrations.FS, "*.sql", ".")
}

// Migrate runs once for each new state of the migrations.
func (schema) Migrate(ctx context.Context, db *sql.DB, _ pgtestdb.Config) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
