package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/evaluation"
	"github.com/rustassistant/rustassistant/internal/loadgen"
)

// webhooksTenant is where webhooks are measured when no tenant is named. Nothing else should happen in it.
const webhooksTenant = "bench-webhooks"

var webhookColumns = []string{"webhooks", "endpoints", "events", "deliveries", "deliveries/s", "recorded", "repeated", "p50 ms", "p90", "p99", "max"}

// benchWebhooks are the flags that its scenarios share.
type benchWebhooks struct {
	connection
	o    loadgen.WebhooksOptions
	pids []string
}

func newBenchWebhooksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhooks",
		Short: "Measure the delivery of events: throughput, latency, receivers that hang",
		Long: `Starts a receiver on this machine, makes webhooks that send to it, makes events, and measures when they come. It removes
what it has made, also after Ctrl-C. The server must be allowed to send to this machine without TLS, as "rustassistant dev"
is. Signatures are verified, and the attempts that the server has recorded are counted.

Without a subcommand it measures all, one after the other.`,
		Args: cobra.NoArgs,
	}
	b := &benchWebhooks{}
	cmd.RunE = b.measure(func(ctx context.Context, t *table) error {
		b.o.Endpoints, b.o.Deliveries = 100, 30_000
		if err := b.throughput(ctx, t); err != nil {
			return err
		}
		b.o.Endpoints, b.o.Rate, b.o.Duration = 1, 100, 30*time.Second
		if err := b.latency(ctx, t); err != nil {
			return err
		}
		b.o.Endpoints, b.o.Hanging, b.o.Rate, b.o.Duration = 90, 10, 2, 30*time.Second
		return b.hang(ctx, t)
	})
	b.flags(cmd)
	cmd.AddCommand(newBenchThroughputCommand(), newBenchWebhookLatencyCommand(), newBenchHangCommand())
	return cmd
}

func newBenchThroughputCommand() *cobra.Command {
	b := &benchWebhooks{}
	cmd := &cobra.Command{
		Use:   "throughput",
		Short: "Measure deliveries a second of events that wait already",
		Args:  cobra.NoArgs,
		RunE:  b.measure(b.throughput),
	}
	b.flags(cmd)
	cmd.Flags().IntVar(&b.o.Endpoints, "endpoints", 100, "webhooks that each event is sent to")
	cmd.Flags().IntVar(&b.o.Deliveries, "deliveries", 30_000, "deliveries to make: a document is indexed for each --endpoints of them")
	return cmd
}

func newBenchWebhookLatencyCommand() *cobra.Command {
	b := &benchWebhooks{}
	cmd := &cobra.Command{
		Use:   "latency",
		Short: "Measure how long after an event's commit its first attempt comes, at a rate",
		Args:  cobra.NoArgs,
		RunE:  b.measure(b.latency),
	}
	b.flags(cmd)
	cmd.Flags().IntVar(&b.o.Endpoints, "endpoints", 1, "webhooks that each event is sent to")
	b.rateFlags(cmd, 100)
	return cmd
}

func newBenchHangCommand() *cobra.Command {
	b := &benchWebhooks{}
	cmd := &cobra.Command{
		Use:   "hang",
		Short: "Measure what receivers that never answer cost the others",
		Args:  cobra.NoArgs,
		RunE:  b.measure(b.hang),
	}
	b.flags(cmd)
	cmd.Flags().IntVar(&b.o.Endpoints, "endpoints", 90, "webhooks that answer")
	cmd.Flags().IntVar(&b.o.Hanging, "hanging", 10, "webhooks beside them that never do")
	b.rateFlags(cmd, 2)
	return cmd
}

func (b *benchWebhooks) flags(cmd *cobra.Command) {
	b.addFlags(cmd)
	b.addTenantFlag(cmd)
	cmd.Flags().StringSliceVar(&b.pids, "pid", nil, "name=pid of processes whose memory is watched")
}

func (b *benchWebhooks) rateFlags(cmd *cobra.Command, rate float64) {
	cmd.Flags().Float64Var(&b.o.Rate, "rate", rate, "events a second, in an open loop")
	cmd.Flags().DurationVar(&b.o.Duration, "duration", 30*time.Second, "how long events are made")
}

// measure prints one table of what a scenario adds to it.
func (b *benchWebhooks) measure(scenario func(context.Context, *table) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) (err error) {
		if b.o.Processes, err = parseProcesses(b.pids); err != nil {
			return err
		}
		client, err := openBench(cmd, &b.connection)
		if err != nil {
			return err
		}
		if b.o.Client, err = webhooksClient(cmd.Context(), client); err != nil {
			return err
		}
		t := newTable(cmd.OutOrStdout(), webhookColumns)
		err = scenario(cmd.Context(), t)
		t.flush()
		return err
	}
}

func webhooksClient(ctx context.Context, client *apiclient.Client) (*apiclient.Client, error) {
	if client.Tenant() != "" {
		return client, nil
	}
	err := evaluation.EnsureTenant(ctx, client, webhooksTenant, "Benchmark of webhooks")
	return client.WithTenant(webhooksTenant), err
}

func (b *benchWebhooks) throughput(ctx context.Context, t *table) error {
	r, err := loadgen.Throughput(ctx, b.o)
	if err != nil {
		return err
	}
	b.row(t, "throughput", r, nil)
	return complete(r)
}

func (b *benchWebhooks) latency(ctx context.Context, t *table) error {
	r, err := loadgen.WebhookLatency(ctx, b.o)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%g events/s", b.o.Rate)
	b.row(t, name+", from the answer", r, r.SinceAnswer)
	b.row(t, name+", from the event", r, r.SinceEvent)
	return complete(r)
}

func (b *benchWebhooks) hang(ctx context.Context, t *table) error {
	hanging := b.o.Hanging
	for _, n := range []int{0, hanging} {
		b.o.Hanging = n
		r, err := loadgen.WebhookLatency(ctx, b.o)
		if err != nil {
			return err
		}
		b.row(t, fmt.Sprintf("%g events/s, %d hang", b.o.Rate, n), r, r.SinceAnswer)
		if err := complete(r); err != nil {
			return err
		}
	}
	return nil
}

func (b *benchWebhooks) row(t *table, name string, r *loadgen.WebhooksResult, latency *hdrhistogram.Histogram) {
	cells := []string{
		name, fmt.Sprint(b.o.Endpoints), fmt.Sprint(r.Events), fmt.Sprint(r.Deliveries), fmt.Sprintf("%.0f", r.Rate()),
		fmt.Sprint(r.Recorded), fmt.Sprint(r.Requests - r.Deliveries),
	}
	if latency == nil {
		cells = append(cells, "-", "-", "-", "-")
	} else {
		cells = append(cells, quantiles(latency, 50, 90, 99, 100)...)
	}
	t.row(cells...)
	printMemory(t.w, r.Memory)
}

func printMemory(w io.Writer, memory []loadgen.Memory) {
	for _, m := range memory {
		fmt.Fprintf(w, "memory of %s: at most %d MB, at the end %d MB\n", m.Name, m.Peak>>20, m.Last>>20)
	}
}

var errUnrecorded = errors.New("the server has not recorded every attempt")

// complete makes a measurement one that failed when the server does not know of every request.
func complete(r *loadgen.WebhooksResult) error {
	if r.Recorded < r.Requests {
		return fmt.Errorf("%w: %d of %d", errUnrecorded, r.Recorded, r.Requests)
	}
	return nil
}
