package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/config"
)

// healthcheckTimeout is below what container runtimes allow by habit.
const healthcheckTimeout = 4 * time.Second

func newHealthcheckCommand() *cobra.Command {
	var worker bool
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the server of this machine whether it is ready",
		Long: `Asks /readyz of the server on this machine, by SERVER_PORT, or with --worker of the worker, by WORKER_METRICS_PORT.
Ends with an error when it is not ready: for health checks of containers, whose image has no other program.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			role := config.RoleServer
			if worker {
				role = config.RoleWorker
			}
			cfg, err := config.Load(role)
			if err != nil {
				return err
			}
			port := cfg.ServerPort
			if worker {
				port = cfg.WorkerMetricsPort
			}
			return askReady(cmd.Context(), loopbackHost(cfg.ServerHost), port)
		},
	}
	cmd.Flags().BoolVar(&worker, "worker", false, "ask the worker")
	return cmd
}

// loopbackHost is where a process that listens on host is reached from its own machine.
func loopbackHost(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

func askReady(ctx context.Context, host string, port int) error {
	url := "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/readyz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: healthcheckTimeout}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(res.Body, 200))
		return fmt.Errorf("not ready: %s", strings.TrimSpace(string(why)))
	}
	return nil
}
