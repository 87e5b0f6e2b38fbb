package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/loadgen"
)

func newBenchTenantsCommand() *cobra.Command {
	var c connection
	var o loadgen.TenantsOptions
	var pids []string
	cmd := &cobra.Command{
		Use:   "tenants",
		Short: "Measure many small tenants on one server: latency of warm ones, and memory",
		Long: `Makes tenants (which needs a key of platform scope), fills each with the same number of documents, searches each once,
and then searches them in no order, past the cache. A second run uses the tenants of the first.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Processes, err = parseProcesses(pids); err != nil {
				return err
			}
			if o.Client, err = openBench(cmd, &c); err != nil {
				return err
			}
			o.Each = func(filled int) {
				if filled%100 == 0 || filled == o.Tenants {
					fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d tenants are filled\n", filled, o.Tenants)
				}
			}
			res, err := loadgen.Tenants(cmd.Context(), o)
			if err != nil {
				return err
			}
			printTenants(cmd.OutOrStdout(), o, res)
			return reportErrors(cmd.OutOrStdout(), &loadgen.SearchResult{Errors: res.Errors})
		},
	}
	c.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.Prefix, "prefix", "bench-tenant", "beginning of the slugs")
	f.IntVar(&o.Tenants, "tenants", 1000, "tenants")
	f.IntVar(&o.Documents, "documents", 200, "documents of each, of about 1 KB")
	f.IntVar(&o.Parallel, "parallel", 4, "tenants that are filled at the same time")
	f.IntVar(&o.Clients, "clients", 1, "connections that search at the same time")
	f.DurationVar(&o.Duration, "duration", 20*time.Second, "how long warm tenants are searched")
	f.StringVar(&o.Type, "type", "keyword", "hybrid, keyword or semantic")
	f.Uint64Var(&o.Seed, "seed", 1, "fixes documents and queries")
	f.StringSliceVar(&pids, "pid", nil, "name=pid of processes whose memory is watched")
	return cmd
}

func printTenants(w io.Writer, o loadgen.TenantsOptions, r *loadgen.TenantsResult) {
	fmt.Fprintf(w, "%d tenants of %d documents, filled in %s s\n", o.Tenants, o.Documents, seconds(r.Filled))
	t := newTable(w, []string{"search", "answers", "answers/s", "p50 ms", "p90", "p99", "max"})
	t.row(append([]string{"first of each tenant", fmt.Sprint(r.First.TotalCount()), "-"}, quantiles(r.First, 50, 90, 99, 100)...)...)
	rate := fmt.Sprintf("%.0f", float64(r.Warm.TotalCount())/r.Elapsed.Seconds())
	t.row(append([]string{"warm tenants", fmt.Sprint(r.Warm.TotalCount()), rate}, quantiles(r.Warm, 50, 90, 99, 100)...)...)
	t.flush()
	for _, m := range r.Memory {
		fmt.Fprintf(w, "memory of %s: at most %d MB, at the end %d MB\n", m.Name, m.Peak>>20, m.Last>>20)
	}
}
