package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/chunk"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/webhook"
	"github.com/rustassistant/rustassistant/workflows"
)

const (
	// maintenanceSlots bounds merges and sweeps, which are heavy on disk and memory.
	maintenanceSlots = 2
	// deliverySlots is how many endpoints one process delivers to at once. Each
	// takes a few goroutines that mostly wait: a receiver that hangs must not
	// keep others from theirs.
	deliverySlots = 256
	// embeddingSlots bounds the segments that are embedded at once; of trainings
	// one process runs one at a time.
	embeddingSlots = 4
	reconnectDelay = time.Second
	reconnectMax   = 15 * time.Second
	setupTimeout   = 20 * time.Second
)

// Options are what a worker works with.
type Options struct {
	Temporal  client.Client
	Workflows *workflows.Client
	Store     *store.Store
	Index     *index.Manager
	Chunks    chunk.Options
	Metrics   *telemetry.Metrics
	// Tracing makes the spans of attempts to deliver; nil makes none. That of
	// workflows and activities comes with the Temporal client.
	Tracing *telemetry.Tracing
	// Sender sends webhooks, over https to public addresses by default. Sealer
	// opens their secrets; without it nothing is sent.
	Sender *webhook.Sender
	Sealer *webhook.Sealer
	// Models make vectors; nil for none.
	Models *registry.Registry
	// WorkDir holds segments while they are merged.
	WorkDir string
	// Slots is how many indexing activities run at once.
	Slots int
	// MaxRunningJobs is how many indexing jobs of a tenant run at once; 0 for any number.
	MaxRunningJobs int
	// DeploymentName and BuildID turn Worker Versioning on when both are set.
	DeploymentName, BuildID string
	// MaxExportBytes bounds what all exports of tenants together may take in the
	// database; 0 is no bound.
	MaxExportBytes int64
	// AnalyticsRetention is how long recorded searches are kept, 90 days when 0, and
	// RollupRetention their rollups, 400 days when 0.
	AnalyticsRetention, RollupRetention time.Duration
	// StopTimeout is how long running activities may go on after ctx ended.
	StopTimeout time.Duration
}

// Run works until ctx ends and then lets running activities finish. A Temporal
// that is away is waited for, at the start as well as later.
func Run(ctx context.Context, o Options) error {
	if o.Models == nil {
		o.Models = registry.None()
	}
	if o.Metrics == nil {
		o.Metrics = telemetry.NewMetrics("", "")
	}
	if o.Sender == nil {
		o.Sender = webhook.NewSender(webhook.Options{})
	}
	wakeups := activities.NewWakeups(o.Workflows)
	beside, stop := context.WithCancel(ctx)
	var gone sync.WaitGroup
	gone.Go(func() { wakeups.Run(beside) })
	gone.Go(func() { watchWebhooks(beside, o) })
	gone.Go(func() { reconcile(beside, o) })
	gone.Go(func() { o.Store.ListenWork(beside, listener(beside, o, wakeups)) })
	defer gone.Wait()
	defer stop()
	for delay := reconnectDelay; ; delay = min(2*delay, reconnectMax) {
		err := runOnce(ctx, o, wakeups)
		if ctx.Err() != nil || err == nil {
			break
		}
		slog.WarnContext(ctx, "the worker waits for Temporal", "error", err, "retry_in", delay.String())
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
	return nil
}

func runOnce(ctx context.Context, o Options, wakeups *activities.Wakeups) error {
	if err := setup(ctx, o.Workflows); err != nil {
		return err
	}
	fatal := make(chan error, 4)
	workers := build(o, wakeups, func(err error) {
		select {
		case fatal <- err:
		default:
		}
	})
	for n, w := range workers {
		if err := w.Start(); err != nil {
			stopAll(workers[:n])
			return fmt.Errorf("start the worker: %w", err)
		}
	}
	slog.InfoContext(ctx, "worker ready", "queues", []string{
		workflows.IndexingQueue, workflows.WebhooksQueue, workflows.EmbeddingsQueue, workflows.MaintenanceQueue,
	}, "slots", o.Slots)
	var err error
	select {
	case <-ctx.Done():
	case err = <-fatal:
	}
	stopAll(workers)
	return err
}

// setup creates in Temporal what the workflows need.
func setup(ctx context.Context, c *workflows.Client) error {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	if err := c.EnsureSearchAttributes(ctx); err != nil {
		return err
	}
	return c.EnsureSchedules(ctx)
}

func build(o Options, wakeups *activities.Wakeups, onFatal func(error)) []worker.Worker {
	options := func(slots int) worker.Options {
		return worker.Options{
			MaxConcurrentActivityExecutionSize: slots,
			WorkerStopTimeout:                  o.StopTimeout,
			OnFatalError:                       onFatal,
			DeploymentOptions:                  o.deployment(),
		}
	}
	indexing := worker.New(o.Temporal, workflows.IndexingQueue, options(o.Slots))
	maintenance := worker.New(o.Temporal, workflows.MaintenanceQueue, options(maintenanceSlots))
	deliveries := worker.New(o.Temporal, workflows.WebhooksQueue, options(deliverySlots))
	embedding := worker.New(o.Temporal, workflows.EmbeddingsQueue, options(embeddingSlots))
	register(indexing, maintenance, o)
	registerWebhooks(deliveries, maintenance, o, wakeups)
	registerEmbeddings(embedding, maintenance, o)
	return []worker.Worker{indexing, deliveries, embedding, maintenance}
}

// register tells each queue's worker what it runs. Jobs is on each: a workflow
// runs its activities on its own queue.
func register(indexing, maintenance worker.Registry, o Options) {
	jobs := &activities.Jobs{Store: o.Store, Starter: o.Workflows, Limit: o.MaxRunningJobs}
	jobs.Tenants = registerTenants(maintenance, o, jobs)
	segments := &activities.Segments{Store: o.Store, Index: o.Index, WorkDir: o.WorkDir}
	documents := &activities.Documents{
		Store: o.Store, Segments: segments, Chunks: o.Chunks, Compactor: o.Workflows, Metrics: o.Metrics, Dispatcher: jobs,
		Models: o.Models, Embeddings: o.Workflows,
	}

	indexing.RegisterWorkflow(workflows.IndexDocuments)
	indexing.RegisterActivity(documents)
	indexing.RegisterActivity(jobs)

	maintenance.RegisterWorkflow(workflows.CompactIndex)
	maintenance.RegisterWorkflow(workflows.RebuildIndex)
	maintenance.RegisterWorkflow(workflows.RedriveJobs)
	maintenance.RegisterWorkflow(workflows.BackfillAnalytics)
	o.registerSweeps(maintenance, workflows.IndexUpkeep, workflows.RecoverPending, workflows.PurgeExpired,
		workflows.RollupAnalytics, workflows.PurgeAnalytics)
	maintenance.RegisterActivity(segments)
	maintenance.RegisterActivity(&activities.Rebuilds{
		Store: o.Store, Index: o.Index, Compactor: o.Workflows, Embeddings: o.Workflows,
	})
	maintenance.RegisterActivity(&activities.Upkeep{Store: o.Store, Compactor: o.Workflows, Rebuilder: o.Workflows})
	maintenance.RegisterActivity(&activities.Maintenance{Store: o.Store})
	maintenance.RegisterActivity(&activities.Analytics{
		Store: o.Store, Retention: o.AnalyticsRetention, RollupRetention: o.RollupRetention, Starter: o.Workflows,
	})
	maintenance.RegisterActivity(jobs)
}

// registerWebhooks does the same for webhooks: the sweep that wakes them runs
// with the other sweeps.
func registerWebhooks(deliveries, maintenance worker.Registry, o Options, wakeups *activities.Wakeups) {
	recoveries := &activities.Recoveries{Store: o.Store, Starter: o.Workflows}
	webhooks := &activities.Webhooks{
		Store: o.Store, Sender: o.Sender, Sealer: o.Sealer, Wakeups: wakeups, Recoveries: recoveries, Metrics: o.Metrics,
	}
	if o.Tracing.Enabled() {
		webhooks.Tracer = o.Tracing.Tracer("webhooks")
	}

	deliveries.RegisterWorkflow(workflows.DeliverWebhooks)
	deliveries.RegisterWorkflow(workflows.RecoverWebhook)
	deliveries.RegisterActivity(&activities.Jobs{Store: o.Store, Starter: o.Workflows, Limit: o.MaxRunningJobs})
	deliveries.RegisterActivity(webhooks)
	deliveries.RegisterActivity(recoveries)

	o.registerSweeps(maintenance, workflows.RecoverDeliveries)
	maintenance.RegisterActivity(webhooks)
}

// registerEmbeddings does the same for models and vectors, which have a queue of
// their own: they take long, and nobody waits for them.
func registerEmbeddings(embedding, maintenance worker.Registry, o Options) {
	embeddings := &activities.Embeddings{
		Store: o.Store, Index: o.Index, Models: o.Models, Starter: o.Workflows, WorkDir: o.WorkDir,
	}
	embedding.RegisterWorkflow(workflows.TrainEmbeddings)
	embedding.RegisterWorkflow(workflows.EmbedIndex)
	embedding.RegisterActivity(&activities.Jobs{Store: o.Store, Starter: o.Workflows, Limit: o.MaxRunningJobs})
	embedding.RegisterActivity(embeddings)

	o.registerSweeps(maintenance, workflows.StartDueEmbeddings)
	maintenance.RegisterActivity(embeddings)
}

func stopAll(workers []worker.Worker) {
	done := make(chan struct{}, len(workers))
	for _, w := range workers {
		go func() { w.Stop(); done <- struct{}{} }()
	}
	for range workers {
		<-done
	}
}
