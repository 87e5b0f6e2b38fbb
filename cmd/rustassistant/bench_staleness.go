package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/loadgen"
)

func newBenchStalenessCommand() *cobra.Command {
	var c connection
	var o loadgen.StalenessOptions
	var second string
	cmd := &cobra.Command{
		Use:   "staleness --second URL",
		Short: "Measure how long after a commit another server still answers without it",
		Long: `Sends documents to one server (--server) and asks a second one of the same database, through its cache, until it shows
them. The time counts from the last moment at which the document's job was not yet committed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.First, err = openBench(cmd, &c); err != nil {
				return err
			}
			other := connection{server: second, apiKey: c.apiKey, tenant: c.tenant}
			if o.Second, err = openBench(cmd, &other); err != nil {
				return err
			}
			h, err := loadgen.Staleness(cmd.Context(), o)
			if err != nil {
				return err
			}
			t := newTable(cmd.OutOrStdout(), []string{"staleness after commit", "count", "p50 ms", "p90", "p99", "max"})
			t.row(append([]string{"", fmt.Sprint(h.TotalCount())}, quantiles(h, 50, 90, 99, 100)...)...)
			t.flush()
			return nil
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	cmd.Flags().StringVar(&second, "second", "", "address of the server that is searched (required)")
	cmd.Flags().IntVar(&o.Count, "count", 100, "documents, one after the other; they are deleted again")
	cmd.Flags().DurationVar(&o.Pause, "pause", 100*time.Millisecond, "rest between documents")
	cmd.Flags().DurationVar(&o.PollEvery, "poll", 3*time.Millisecond, "how often the job and the second server are asked")
	required(cmd, "second")
	return cmd
}
