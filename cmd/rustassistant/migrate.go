package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/store"
)

func newMigrateCommand() *cobra.Command {
	migrate := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database of DATABASE_URL to the newest schema",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(config.RoleMigrate)
			if err != nil {
				return err
			}
			done, err := store.Migrate(cmd.Context(), cfg.DatabaseURL.Reveal())
			if err != nil {
				return err
			}
			if len(done) == 0 {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "the database is up to date")
				return err
			}
			return printMigrations(cmd.OutOrStdout(), done)
		},
	}
	migrate.AddCommand(newMigrateDownCommand(), newMigrateStatusCommand())
	return migrate
}

func newMigrateDownCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Take back the newest migration, with the data of its tables",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(config.RoleMigrate)
			if err != nil {
				return err
			}
			undone, err := store.MigrateDown(cmd.Context(), cfg.DatabaseURL.Reveal())
			if err != nil {
				return err
			}
			return printMigrations(cmd.OutOrStdout(), []store.Migration{undone})
		},
	}
}

func newMigrateStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "List the migrations and whether each is applied",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(config.RoleMigrate)
			if err != nil {
				return err
			}
			all, err := store.MigrationStatus(cmd.Context(), cfg.DatabaseURL.Reveal())
			if err != nil {
				return err
			}
			return printMigrations(cmd.OutOrStdout(), all)
		},
	}
}

func printMigrations(w io.Writer, list []store.Migration) error {
	for _, m := range list {
		state := "not applied"
		if m.Applied {
			state = "applied"
		}
		if _, err := fmt.Fprintf(w, "%-12s %s\n", state, m.Source); err != nil {
			return err
		}
	}
	return nil
}
