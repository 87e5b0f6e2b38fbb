package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/loadgen"
)

func newBenchCommand() *cobra.Command {
	var c connection
	var f suiteFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure a running server: import, time to searchable, search",
		Long: `Measures a running server from outside, over HTTP. Without a subcommand it runs everything one after the other in a
tenant of its own, on passages and queries that it makes itself or on yours (--file, --queries).

The figures are those of this machine as it is: the server, its database and this command share it.`,
		Example: `  rustassistant bench
  rustassistant bench --file docs.jsonl.zst --queries short.txt --queries long.txt --tenant bench-docs
  rustassistant bench search --queries short.txt --type keyword,hybrid --clients 4 --duration 20s --cached
  rustassistant bench search --queries short.txt --rate 300
  rustassistant bench search --queries short.txt --workload zipf
  rustassistant bench scale --file docs.jsonl.zst --queries short.txt
  rustassistant bench tenants --pid server=1234
  rustassistant bench staleness --second http://127.0.0.1:8081
  rustassistant bench webhooks
  rustassistant bench analytics`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openBench(cmd, &c)
			if err != nil {
				return err
			}
			return runSuite(cmd, client, f)
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	f.add(cmd)
	cmd.AddCommand(newBenchSearchCommand(), newBenchIndexCommand(), newBenchLatencyCommand(),
		newBenchScaleCommand(), newBenchTenantsCommand(), newBenchStalenessCommand(), newBenchWebhooksCommand(), newBenchAnalyticsCommand())
	return cmd
}

// openBench makes a client and asks once whether the server is there.
func openBench(cmd *cobra.Command, c *connection) (*apiclient.Client, error) {
	client, err := c.open(cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	return client, client.Ping(cmd.Context())
}

func newBenchIndexCommand() *cobra.Command {
	var c connection
	var o loadgen.IndexOptions
	var pids []string
	cmd := &cobra.Command{
		Use:   "index --file FILE",
		Short: "Measure an import, from the first byte sent until all is searchable",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Processes, err = parseProcesses(pids); err != nil {
				return err
			}
			if o.Client, err = openBench(cmd, &c); err != nil {
				return err
			}
			o.Display = newDisplay(cmd.ErrOrStderr())
			res, err := loadgen.Index(cmd.Context(), o)
			if err != nil {
				return err
			}
			printIndex(cmd.OutOrStdout(), res)
			return nil
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	cmd.Flags().StringVar(&o.Path, "file", "", "NDJSON file or folder, as import takes it (required)")
	cmd.Flags().IntVar(&o.BatchLines, "batch", 0, "documents in one request, as import")
	cmd.Flags().IntVar(&o.Parallel, "parallel", 0, "requests at the same time, as import")
	cmd.Flags().StringSliceVar(&pids, "pid", nil, "name=pid of processes whose memory is watched")
	required(cmd, "file")
	return cmd
}

func newBenchLatencyCommand() *cobra.Command {
	var c connection
	var o loadgen.LatencyOptions
	cmd := &cobra.Command{
		Use:   "latency",
		Short: "Measure how long one document takes from accepted to searchable",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Client, err = openBench(cmd, &c); err != nil {
				return err
			}
			res, err := loadgen.Latency(cmd.Context(), o)
			if err != nil {
				return err
			}
			printLatency(cmd.OutOrStdout(), res)
			return nil
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	cmd.Flags().IntVar(&o.Count, "count", 20, "documents, one after the other; they are deleted again")
	cmd.Flags().DurationVar(&o.Pause, "pause", 200*time.Millisecond, "rest between documents")
	cmd.Flags().DurationVar(&o.PollEvery, "poll", 3*time.Millisecond, "how often a search looks for the document")
	return cmd
}

func required(cmd *cobra.Command, flag string) {
	if err := cmd.MarkFlagRequired(flag); err != nil {
		panic(err) // the flag's name is misspelt here
	}
}

func readQueries(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var queries []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if q := strings.TrimSpace(lines.Text()); q != "" {
			queries = append(queries, q)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(queries) == 0 {
		return nil, fmt.Errorf("%s holds no queries", path)
	}
	return queries, nil
}

func parseProcesses(pids []string) ([]loadgen.Process, error) {
	var out []loadgen.Process
	for _, s := range pids {
		p, err := loadgen.ParseProcess(s)
		if err != nil {
			return nil, fmt.Errorf("--pid: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// reportErrors makes a measurement with errors one that failed.
func reportErrors(w io.Writer, res *loadgen.SearchResult) error {
	if len(res.Errors) == 0 {
		return nil
	}
	for name, n := range res.Errors {
		fmt.Fprintf(w, "errors: %d × %s\n", n, name)
	}
	return errReported
}
