package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

func newWebhooksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhooks",
		Short: "Make, look at and test webhooks, send again what they did not get, receive events here",
	}
	cmd.AddCommand(
		newWebhooksListCommand(), newWebhooksCreateCommand(), newWebhooksTestCommand(), newWebhooksDeliveriesCommand(),
		newWebhooksRecoverCommand(), newWebhooksReplayCommand(), newWebhooksListenCommand(),
	)
	return cmd
}

// webhookCommand is a command that asks a server and can print JSON.
type webhookCommand struct {
	connection
	asJSON bool
}

func (c *webhookCommand) flags(cmd *cobra.Command) *cobra.Command {
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	cmd.Flags().BoolVar(&c.asJSON, "json", false, "print JSON")
	return cmd
}

// print prints v as JSON, or lets text print it.
func (c *webhookCommand) print(cmd *cobra.Command, v any, text func(io.Writer)) error {
	if c.asJSON {
		return printJSON(cmd.OutOrStdout(), v)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	text(w)
	return w.Flush()
}

func newWebhooksListCommand() *cobra.Command {
	var c webhookCommand
	return c.flags(&cobra.Command{
		Use: "list", Short: "List webhooks, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			all := []apiclient.Webhook{}
			if err := client.Webhooks(cmd.Context(), func(w apiclient.Webhook) error { all = append(all, w); return nil }); err != nil {
				return err
			}
			return c.print(cmd, all, func(out io.Writer) {
				for _, w := range all {
					fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", w.ID, strings.TrimSpace(w.State+" "+w.DisabledReason), printable(w.URL), strings.Join(w.Events, ","))
				}
			})
		},
	})
}

func newWebhooksCreateCommand() *cobra.Command {
	var c webhookCommand
	var n apiclient.NewWebhook
	cmd := c.flags(&cobra.Command{
		Use: "create URL", Short: "Create a webhook; its secret is shown once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			n.URL = args[0]
			w, err := client.CreateWebhook(cmd.Context(), n)
			if err != nil {
				return err
			}
			return c.print(cmd, w, func(out io.Writer) { fmt.Fprintf(out, "id\t%s\nsecret\t%s\n", w.ID, w.Secret) })
		},
	})
	cmd.Flags().StringSliceVar(&n.Events, "events", []string{"*"}, "types or patterns, such as document.*")
	cmd.Flags().StringVar(&n.Secret, "secret", "", "signs requests (the server makes one)")
	cmd.Flags().StringVar(&n.Description, "description", "", "what it is for")
	return cmd
}

// testPoll is between two looks at whether a test was delivered.
const testPoll = 200 * time.Millisecond

func newWebhooksTestCommand() *cobra.Command {
	var c webhookCommand
	var wait time.Duration
	cmd := c.flags(&cobra.Command{
		Use: "test WEBHOOK_ID", Short: "Send a test event and show what came of it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			d, err := client.TestWebhook(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for ends := time.Now().Add(wait); len(d.Attempts) == 0 && time.Now().Before(ends); {
				if err := apiclient.Sleep(cmd.Context(), testPoll); err != nil {
					return err
				}
				if d, err = client.Delivery(cmd.Context(), d.ID); err != nil {
					return err
				}
			}
			if err := c.print(cmd, d, func(out io.Writer) { printDelivery(out, d) }); err != nil {
				return err
			}
			if d.State != "delivered" {
				return fmt.Errorf("the test event is %s", d.State)
			}
			return nil
		},
	})
	cmd.Flags().DurationVar(&wait, "wait", 20*time.Second, "how long to wait for its attempt")
	return cmd
}

func newWebhooksDeliveriesCommand() *cobra.Command {
	var c webhookCommand
	var state string
	var limit int
	cmd := c.flags(&cobra.Command{
		Use: "deliveries WEBHOOK_ID", Short: "List a webhook's deliveries with their attempts, newest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			found, err := firstOf(limit, func(yield func(apiclient.Delivery) error) error {
				return client.Deliveries(cmd.Context(), args[0], state, yield)
			})
			if err != nil {
				return err
			}
			return c.print(cmd, found, func(out io.Writer) {
				for n := range found {
					printDelivery(out, &found[n])
				}
			})
		},
	})
	cmd.Flags().StringVar(&state, "state", "", "pending, delivering, delivered, exhausted or canceled (default all)")
	cmd.Flags().IntVar(&limit, "limit", 20, "how many")
	return cmd
}

func printDelivery(out io.Writer, d *apiclient.Delivery) {
	next := ""
	if d.NextAttemptAt != nil {
		next = "next attempt " + d.NextAttemptAt.Local().Format(time.DateTime)
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.OccurredAt.Local().Format(time.DateTime), d.EventType, d.State, d.LastError, next)
	for _, a := range d.Attempts {
		what := a.ErrorCode
		if a.Status > 0 {
			what = strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.ErrorCode))
		}
		fmt.Fprintf(out, "  attempt %d\t%s\t%s\t%d ms\t\t\n", a.Number, a.StartedAt.Local().Format(time.DateTime), what, a.DurationMS)
	}
}
