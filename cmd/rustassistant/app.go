package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	temporallog "go.temporal.io/sdk/log"

	"github.com/rustassistant/rustassistant/internal/chunk"
	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/webhook"
	"github.com/rustassistant/rustassistant/worker"
	"github.com/rustassistant/rustassistant/workflows"
)

// app holds what server and worker share; dev runs both on one.
type app struct {
	cfg       *config.Config
	version   string
	metrics   *telemetry.Metrics
	tracing   *telemetry.Tracing
	store     *store.Store
	index     *index.Manager
	models    *registry.Registry
	temporal  client.Client
	workflows *workflows.Client
	indexDir  string
	sender    *webhook.Sender
	sealer    *webhook.Sealer
	heapFloor []byte
}

// newApp opens everything lazily: a database or a Temporal that is away is
// waited for where it is used.
func newApp(ctx context.Context, cfg *config.Config) (a *app, err error) {
	version, commit := buildVersion()
	a = &app{cfg: cfg, version: version, metrics: telemetry.NewMetrics(version, commit), heapFloor: newHeapFloor()}
	defer func() {
		if err != nil {
			a.close(ctx)
		}
	}()
	if a.tracing, err = telemetry.NewTracing(ctx, telemetry.TracingOptions{
		Enabled: cfg.TelemetryEnabled, Endpoint: cfg.OTLPEndpoint, SamplingRate: cfg.SamplingRate,
		Service: cfg.ServiceName, Version: version, Environment: string(cfg.Environment),
	}); err != nil {
		return a, err
	}
	a.tracing.Install(slog.Default())
	if a.store, err = store.Open(ctx, store.Options{
		URL: cfg.DatabaseURL.Reveal(), ReplicaURL: cfg.DatabaseReplicaURL.Reveal(), PoolSize: cfg.DatabasePoolSize,
		SearchEvents: domain.SearchEvents{Emission: cfg.SearchEvents, SampleRate: cfg.SearchEventsSampleRate},
		Tiers:        cfg.QuotaTiers,
	}); err != nil {
		return a, err
	}
	if a.indexDir, err = indexDir(cfg); err != nil {
		return a, err
	}
	if a.models, err = newModels(cfg, a.store); err != nil {
		return a, err
	}
	a.index, err = index.NewManager(a.store, index.ManagerOptions{
		CacheDir: a.indexDir, MaxDiskBytes: int64(cfg.IndexCacheBytes), MaxOpenBytes: int64(cfg.IndexOpenBytes),
		IdleUnload: cfg.IndexIdleUnload, RememberUsage: cfg.Role != config.RoleWorker,
		OpenModel: a.models.OpenModel,
	})
	if err != nil {
		return a, err
	}
	a.sender = newSender(cfg, version)
	if a.sealer, err = newSealer(cfg); err != nil {
		return a, err
	}
	if a.temporal, err = dialTemporal(cfg, a.tracing, a.metrics); err != nil {
		return a, err
	}
	a.workflows = workflows.NewClient(a.temporal, cfg.TemporalNamespace, cfg.TemporalUIURL)
	a.registerMetrics()
	return a, nil
}

// dialTemporal reads all TEMPORAL_* variables the SDK knows; it connects when
// it is first used.
func dialTemporal(cfg *config.Config, tracing *telemetry.Tracing, metrics *telemetry.Metrics) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("read the TEMPORAL_* variables: %w", err)
	}
	if cfg.TemporalAddress != "" {
		options.HostPort = cfg.TemporalAddress
	}
	interceptors, err := workflows.TracingInterceptors(tracing)
	if err != nil {
		return nil, err
	}
	options.Interceptors = append(options.Interceptors, interceptors...)
	options.MetricsHandler = workflows.NewSDKMetrics(metrics.Registry)
	options.Logger = temporallog.NewStructuredLogger(slog.Default())
	c, err := client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("prepare the Temporal client: %w", err)
	}
	return c, nil
}

func indexDir(cfg *config.Config) (string, error) {
	dir := cfg.IndexCacheDir
	if err := os.MkdirAll(filepath.Join(dir, "work"), 0o700); err != nil {
		return "", fmt.Errorf("create INDEX_CACHE_DIR: %w", err)
	}
	return dir, nil
}

// runWorker works until ctx ends.
func (a *app) runWorker(ctx context.Context) error {
	return worker.Run(ctx, worker.Options{
		Temporal: a.temporal, Workflows: a.workflows, Store: a.store, Index: a.index,
		Chunks:  chunk.Options{Tokens: a.cfg.ChunkTokens, Overlap: a.cfg.ChunkOverlap},
		Metrics: a.metrics, Tracing: a.tracing, WorkDir: filepath.Join(a.indexDir, "work"),
		Slots: a.cfg.Workers, StopTimeout: a.cfg.ShutdownTimeout,
		Sender: a.sender, Sealer: a.sealer, Models: a.models,
		MaxExportBytes: int64(a.cfg.ExportMaxBytes),
		MaxRunningJobs: a.cfg.MaxRunningJobsPerTenant, DeploymentName: a.cfg.WorkerDeploymentName, BuildID: a.cfg.WorkerBuildID,
		AnalyticsRetention: time.Duration(a.cfg.AnalyticsRetentionDays) * 24 * time.Hour,
		RollupRetention:    time.Duration(a.cfg.AnalyticsRollupDays) * 24 * time.Hour,
	})
}

// close releases what newApp opened, in the opposite order.
func (a *app) close(ctx context.Context) {
	if a.temporal != nil {
		a.temporal.Close()
	}
	if a.index != nil {
		a.index.Close()
	}
	if a.sender != nil {
		a.sender.Close()
	}
	if a.store != nil {
		a.store.Close()
	}
	if a.tracing != nil {
		if err := a.tracing.Shutdown(context.WithoutCancel(ctx)); err != nil {
			slog.Warn("the last traces were not sent", "error", err)
		}
	}
}

// setupLog makes the process's logger from the configuration.
func setupLog(w io.Writer, cfg *config.Config, text bool) {
	version, _ := buildVersion()
	slog.SetDefault(telemetry.NewLogger(w, telemetry.LogOptions{
		Level: cfg.LogLevel, Text: text, Service: cfg.ServiceName, Version: version,
	}))
	for _, warning := range cfg.Warnings {
		slog.Warn("check the configuration", "warning", warning)
	}
}
