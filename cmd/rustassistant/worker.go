package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/config"
)

func newWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Run the Temporal worker: workflows and activities",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(config.RoleWorker)
			if err != nil {
				return err
			}
			setupLog(os.Stderr, cfg, false)
			a, err := newApp(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			defer a.close(cmd.Context())
			slog.Info("worker starting", "version", a.version, "config", cfg)
			return a.runWorker(cmd.Context())
		},
	}
}
