package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

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
			defer a.serveWorkerMetrics(cmd.Context())()
			return a.runWorker(cmd.Context())
		},
	}
}

// serveWorkerMetrics serves /metrics and the probes until the returned function is called. A port
// that is taken is no reason not to work: there may be two workers on a machine.
func (a *app) serveWorkerMetrics(ctx context.Context) (stop func()) {
	if a.cfg.WorkerMetricsPort == 0 {
		return func() {}
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(a.cfg.ServerHost, strconv.Itoa(a.cfg.WorkerMetricsPort)))
	if err != nil {
		slog.WarnContext(ctx, "the worker's metrics are not served; set WORKER_METRICS_PORT to another port, or to 0", "error", err)
		return func() {}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	a.probes(ctx, mux)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }
}
