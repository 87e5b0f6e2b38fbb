package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

const recoveryPoll = 500 * time.Millisecond

// recoverFlags are the flags of recover, and of replay by range.
type recoverFlags struct {
	webhookCommand
	since, until     string
	states           []string
	dryRun, detach   bool
	withoutMissed    bool
	cancel, endpoint string
}

func (f *recoverFlags) addRange(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.since, "since", "", "when the first event occurred: 2026-01-02T03:04:05Z, or how long ago: 24h")
	cmd.Flags().StringVar(&f.until, "until", "", "the end of the range (default now)")
	cmd.Flags().StringSliceVar(&f.states, "state", nil, "exhausted, canceled, delivered (default exhausted,canceled)")
	cmd.Flags().BoolVar(&f.withoutMissed, "no-missed", false, "leave out events that the webhook has no delivery for")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "count and start nothing")
	cmd.Flags().BoolVar(&f.detach, "detach", false, "do not wait for its end")
}

func newWebhooksRecoverCommand() *cobra.Command {
	var f recoverFlags
	cmd := f.flags(&cobra.Command{
		Use:   "recover WEBHOOK_ID",
		Short: "Send again what a webhook did not get in a range of time",
		Example: `  rustassistant webhooks recover 0198c0de-0000-7000-8000-0000000000e1 --since 24h --dry-run
  rustassistant webhooks recover 0198c0de-0000-7000-8000-0000000000e1 --since 2026-01-02T03:00:00Z --until 2026-01-02T05:00:00Z`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := f.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if f.cancel == "" {
				return f.run(cmd, client, args[0])
			}
			r, err := client.CancelWebhookRecovery(cmd.Context(), args[0], f.cancel)
			if err != nil {
				return err
			}
			return f.print(cmd, r, func(out io.Writer) { fmt.Fprintln(out, recoveryLine(r)) })
		},
	})
	f.addRange(cmd)
	cmd.Flags().StringVar(&f.cancel, "cancel", "", "id of a recovery of this webhook to cancel instead")
	return cmd
}

func newWebhooksReplayCommand() *cobra.Command {
	var f recoverFlags
	cmd := f.flags(&cobra.Command{
		Use:   "replay [DELIVERY_ID...]",
		Short: "Send deliveries again: those named, or those of a webhook in a range of time",
		Example: `  rustassistant webhooks replay 0198c0de-0000-7000-8000-0000000000f1
  rustassistant webhooks replay --endpoint 0198c0de-0000-7000-8000-0000000000e1 --since 1h --state delivered --no-missed`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (f.endpoint == "") == (len(args) == 0) {
				return errors.New("give ids of deliveries, or --endpoint with --since")
			}
			client, err := f.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if f.endpoint != "" {
				return f.run(cmd, client, f.endpoint)
			}
			return f.resend(cmd, client, args)
		},
	})
	f.addRange(cmd)
	cmd.Flags().StringVar(&f.endpoint, "endpoint", "", "id of the webhook whose deliveries are sent again")
	return cmd
}

func (f *recoverFlags) resend(cmd *cobra.Command, client *apiclient.Client, ids []string) error {
	sent := []*apiclient.Delivery{}
	for _, id := range ids {
		ask := client.ResendDelivery
		if f.dryRun {
			ask = client.Delivery
		}
		d, err := ask(cmd.Context(), id)
		if err != nil {
			return fmt.Errorf("delivery %s: %w", id, err)
		}
		sent = append(sent, d)
	}
	return f.print(cmd, sent, func(out io.Writer) {
		for _, d := range sent {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", d.ID, d.EventID, d.EventType, d.State)
		}
	})
}

// run starts a recovery and follows it, or counts what it would do.
func (f *recoverFlags) run(cmd *cobra.Command, client *apiclient.Client, webhook string) error {
	request, err := f.request(time.Now())
	if err != nil {
		return err
	}
	started, err := client.RecoverWebhook(cmd.Context(), webhook, request)
	if err != nil {
		return err
	}
	if c := started.Counts; c != nil {
		return f.print(cmd, started, func(out io.Writer) {
			atLeast := ""
			if !c.Complete {
				atLeast = "at least "
			}
			fmt.Fprintf(out, "exhausted\t%d\ncanceled\t%d\ndelivered\t%d\nmissed\t%d\ntotal\t%s%d\n", c.Exhausted, c.Canceled, c.Delivered, c.Missed, atLeast, c.Total)
		})
	}
	if f.detach {
		return f.print(cmd, started, func(out io.Writer) {
			fmt.Fprintf(out, "recovery\t%s\nworkflow\t%s\n", started.RecoveryID, started.WorkflowID)
			if started.TemporalURL != "" {
				fmt.Fprintf(out, "\t%s\n", started.TemporalURL)
			}
		})
	}
	return f.follow(cmd, client, webhook, started)
}

func (f *recoverFlags) request(now time.Time) (r apiclient.RecoverRequest, err error) {
	if f.since == "" {
		return r, errors.New("--since is required: a time such as 2026-01-02T03:04:05Z, or how long ago, such as 24h")
	}
	if r.Since, err = moment("--since", f.since, now); err != nil {
		return r, err
	}
	if f.until != "" {
		until, err := moment("--until", f.until, now)
		if err != nil {
			return r, err
		}
		r.Until = &until
	}
	if missed := false; f.withoutMissed {
		r.Missed = &missed
	}
	r.States, r.DryRun = f.states, f.dryRun
	return r, nil
}

// moment reads a time, or a duration before now.
func moment(flag, text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, fmt.Errorf("%s is %q: it must be a time such as 2026-01-02T03:04:05Z, or how long ago, such as 24h", flag, text)
	}
	return at, nil
}

// follow shows how far a recovery is until it ends.
func (f *recoverFlags) follow(cmd *cobra.Command, client *apiclient.Client, webhook string, started *apiclient.Recover) error {
	goesOn := fmt.Errorf("the recovery goes on; rustassistant webhooks recover %s --cancel %s ends it", webhook, started.RecoveryID)
	said := ""
	for {
		r, err := client.WebhookRecovery(cmd.Context(), webhook, started.RecoveryID)
		if cmd.Context().Err() != nil {
			return goesOn
		}
		if err != nil {
			return err
		}
		if line := recoveryLine(r); !f.asJSON && line != said {
			said = line
			fmt.Fprintln(cmd.OutOrStdout(), line)
		}
		if r.State != "running" {
			return f.ended(cmd, r)
		}
		if apiclient.Sleep(cmd.Context(), recoveryPoll) != nil {
			return goesOn
		}
	}
}

func (f *recoverFlags) ended(cmd *cobra.Command, r *apiclient.Recovery) error {
	if f.asJSON {
		if err := printJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
	}
	if r.State != "completed" {
		return fmt.Errorf("the recovery is %s %s", r.State, r.Error)
	}
	return nil
}

func recoveryLine(r *apiclient.Recovery) string {
	line := fmt.Sprintf("%s: %d due again, %d made for missed events", r.State, r.Resent, r.Created)
	if r.WaitsFor != "" {
		line += ", waits for the " + r.WaitsFor
	}
	return line
}
