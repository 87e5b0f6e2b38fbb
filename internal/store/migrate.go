package store

import (
	"context"
	"database/sql"
	"fmt"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver goose speaks through
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/rustassistant/rustassistant/migrations"
)

// Migration is one step of the schema and whether the database has it.
type Migration struct {
	Version int64
	Source  string
	Applied bool
}

// Migrate brings the database to the newest schema. Several processes may call
// it at once: a session lock lets one work and the others wait.
func Migrate(ctx context.Context, url string) ([]Migration, error) {
	var done []Migration
	err := withProvider(url, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			done = append(done, Migration{Version: r.Source.Version, Source: r.Source.Path, Applied: true})
		}
		return err
	})
	return done, err
}

// MigrateDown takes back the newest migration.
func MigrateDown(ctx context.Context, url string) (Migration, error) {
	var undone Migration
	err := withProvider(url, func(p *goose.Provider) error {
		r, err := p.Down(ctx)
		if err == nil {
			undone = Migration{Version: r.Source.Version, Source: r.Source.Path}
		}
		return err
	})
	return undone, err
}

// MigrationStatus lists every migration and whether it is applied.
func MigrationStatus(ctx context.Context, url string) ([]Migration, error) {
	var all []Migration
	err := withProvider(url, func(p *goose.Provider) error {
		status, err := p.Status(ctx)
		for _, s := range status {
			all = append(all, Migration{Version: s.Source.Version, Source: s.Source.Path, Applied: s.State == goose.StateApplied})
		}
		return err
	})
	return all, err
}

func withProvider(url string, fn func(*goose.Provider) error) error {
	conn, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("read the database URL: %w", err)
	}
	defer conn.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("prepare the migration lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, conn, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if err := fn(p); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}
