package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/domain"
)

const backfillPoll = 500 * time.Millisecond

func newAnalyticsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "analytics",
		Short: "Take care of what is known about searches",
	}
	cmd.AddCommand(newBackfillCommand())
	return cmd
}

// backfillFlags are the flags of analytics backfill.
type backfillFlags struct {
	connection
	request      apiclient.BackfillRequest
	wait, asJSON bool
	cancel       string
}

func newBackfillCommand() *cobra.Command {
	var f backfillFlags
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Count recorded searches again",
		Long: `Counts the hours of a range that have ended again from their searches, and the days and weeks that they are part of. A
worker does it; answers are right meanwhile, too. Without a range it counts everything whose searches are still there.`,
		Example: `  rustassistant analytics backfill --wait
  rustassistant analytics backfill --from 2026-01-01 --to 2026-01-08 --wait
  rustassistant analytics backfill --cancel 0198c0de-0000-7000-8000-0000000000b1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := f.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return f.run(cmd, client)
		},
	}
	f.addFlags(cmd)
	f.addTenantFlag(cmd)
	cmd.Flags().StringVar(&f.request.From, "from", "", "first moment: 2026-01-31 in UTC or 2026-01-31T12:00:00Z (default the oldest search)")
	cmd.Flags().StringVar(&f.request.To, "to", "", "first moment that is not counted (default the present hour)")
	cmd.Flags().BoolVar(&f.wait, "wait", false, "wait for its end")
	cmd.Flags().StringVar(&f.cancel, "cancel", "", "id of a back-fill to cancel instead")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

func (f *backfillFlags) run(cmd *cobra.Command, client *apiclient.Client) error {
	if f.cancel != "" {
		b, err := client.CancelBackfill(cmd.Context(), f.cancel)
		if err != nil {
			return err
		}
		return f.print(cmd, b)
	}
	b, err := client.StartBackfill(cmd.Context(), f.request)
	if err != nil {
		return err
	}
	if !f.wait {
		return f.print(cmd, b)
	}
	return f.follow(cmd, client, b)
}

func (f *backfillFlags) print(cmd *cobra.Command, b *apiclient.Backfill) error {
	if f.asJSON {
		return printJSON(cmd.OutOrStdout(), b)
	}
	fmt.Fprintln(cmd.OutOrStdout(), backfillLine(b))
	return nil
}

func backfillLine(b *apiclient.Backfill) string {
	return fmt.Sprintf("%s %s: %d of %d hours, from %s to %s", b.ID, b.State, b.Hours, b.TotalHours, b.From.Format(time.RFC3339), b.To.Format(time.RFC3339))
}

// follow shows how far a back-fill is until it ends.
func (f *backfillFlags) follow(cmd *cobra.Command, client *apiclient.Client, b *apiclient.Backfill) error {
	goesOn := fmt.Errorf("the back-fill goes on; rustassistant analytics backfill --cancel %s ends it", b.ID)
	for said := ""; b.State == domain.BackfillRunning; {
		if line := backfillLine(b); !f.asJSON && line != said {
			said = line
			fmt.Fprintln(cmd.OutOrStdout(), line)
		}
		if apiclient.Sleep(cmd.Context(), backfillPoll) != nil {
			return goesOn
		}
		now, err := client.Backfill(cmd.Context(), b.ID)
		if cmd.Context().Err() != nil {
			return goesOn
		}
		if err != nil {
			return err
		}
		b = now
	}
	if err := f.print(cmd, b); err != nil {
		return err
	}
	if b.State != domain.BackfillCompleted {
		return fmt.Errorf("the back-fill is %s %s", b.State, b.Error)
	}
	return nil
}
