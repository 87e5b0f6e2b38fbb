package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/loadgen"
)

// benchSearchFlags are what bench search measures.
type benchSearchFlags struct {
	options          loadgen.SearchOptions
	queries          string
	types            []string
	workload         string
	cached, uncached bool
	distinct         int
}

func newBenchSearchCommand() *cobra.Command {
	var c connection
	var f benchSearchFlags
	cmd := &cobra.Command{
		Use:   "search --queries FILE",
		Short: "Measure search: throughput (closed loop) or latency at a rate (open loop)",
		Long: `Measures search with one of three workloads:

  uncached  queries in turn, each answered from the index (default)
  cached    each query is asked before, then some more often than others
  zipf      as users ask: drawn from --distinct queries, some more often than others, and the cache knows those that were
            asked before; hits and misses are shown apart`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := f.read(); err != nil {
				return err
			}
			if f.options.Client, err = openBench(cmd, &c); err != nil {
				return err
			}
			return f.run(cmd)
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	f.add(cmd)
	return cmd
}

func (f *benchSearchFlags) add(cmd *cobra.Command) {
	flags, o := cmd.Flags(), &f.options
	flags.StringVar(&f.queries, "queries", "", "file with one query a line (required)")
	flags.IntVar(&o.Clients, "clients", 4, "connections at the same time")
	flags.DurationVar(&o.Duration, "duration", 10*time.Second, "how long is measured")
	flags.DurationVar(&o.Warmup, "warmup", time.Second, "how long is asked before")
	flags.Float64Var(&o.Rate, "rate", 0, "requests a second (open loop); 0 asks as soon as answered (closed loop)")
	flags.StringVar(&f.workload, "workload", string(loadgen.WorkloadUncached), "uncached, cached or zipf")
	flags.BoolVar(&f.cached, "cached", false, "the same as --workload cached")
	flags.BoolVar(&f.uncached, "uncached", false, "the same as --workload uncached")
	flags.Float64Var(&o.Zipf, "zipf", 1.1, "how unequal queries are: rank r is asked in proportion to 1/r^zipf")
	flags.IntVar(&f.distinct, "distinct", 10_000, "different queries of the workload zipf; where the file has fewer, words of others are added to them")
	flags.IntVar(&o.Limit, "limit", 10, "results of each search")
	flags.StringSliceVar(&f.types, "type", []string{"keyword"}, "hybrid, keyword or semantic; several with commas are measured one after the other")
	flags.Uint64Var(&o.Seed, "seed", 1, "fixes the order of the queries")
	cmd.MarkFlagsMutuallyExclusive("workload", "cached", "uncached")
	required(cmd, "queries")
}

// read checks the flags and reads the queries.
func (f *benchSearchFlags) read() (err error) {
	switch {
	case f.cached:
		f.workload = string(loadgen.WorkloadCached)
	case f.uncached:
		f.workload = string(loadgen.WorkloadUncached)
	}
	f.options.Workload = loadgen.Workload(f.workload)
	for _, kind := range f.types {
		if !slices.Contains([]string{"keyword", "semantic", "hybrid"}, kind) {
			return fmt.Errorf("--type %q: use keyword, semantic or hybrid", kind)
		}
	}
	if f.options.Queries, err = readQueries(f.queries); err != nil {
		return err
	}
	if f.options.Workload == loadgen.WorkloadZipf {
		if f.distinct < 2 {
			return fmt.Errorf("--distinct %d: use at least 2", f.distinct)
		}
		f.options.Queries = loadgen.Distinct(f.options.Queries, f.distinct, f.options.Seed)
	}
	return nil
}

func (f *benchSearchFlags) run(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	t := newTable(out, searchColumns)
	var measured []*loadgen.SearchResult
	for _, kind := range f.types {
		o := f.options
		o.Type = kind
		if err := warnAnsweredBy(cmd, o); err != nil {
			return err
		}
		res, err := loadgen.Search(cmd.Context(), o)
		if err != nil {
			return err
		}
		t.row(searchRow(searchName(o), o, res)...)
		measured = append(measured, res)
	}
	t.flush()
	for i, res := range measured {
		if f.options.Workload == loadgen.WorkloadZipf {
			printCache(out, f.types[i], len(f.options.Queries), res)
		}
	}
	for _, res := range measured {
		if err := reportErrors(out, res); err != nil {
			return err
		}
	}
	return nil
}

// warnAnsweredBy asks once, and tells when something else answers than what is to be measured.
func warnAnsweredBy(cmd *cobra.Command, o loadgen.SearchOptions) error {
	if o.Type == "keyword" || len(o.Queries) == 0 {
		return nil
	}
	res, err := o.Client.Search(cmd.Context(), &apiclient.SearchRequest{Query: o.Queries[0], Type: o.Type, Limit: o.Limit, NoCache: true})
	if err != nil {
		return err
	}
	if res.AnsweredBy != "" && res.AnsweredBy != o.Type {
		fmt.Fprintf(cmd.ErrOrStderr(), "WARNING: %s is answered by %s, so that is measured: %s\n", o.Type, res.AnsweredBy, printable(res.Notice))
	}
	return nil
}

// printCache shows hits and misses apart.
func printCache(w io.Writer, kind string, distinct int, r *loadgen.SearchResult) {
	fmt.Fprintf(w, "\n%s: %d different queries, hit rate %.1f %%\n", kind, distinct, 100*r.HitRate())
	t := newTable(w, []string{"", "answers", "p50 ms", "p95", "p99"})
	t.row(append([]string{"hits", fmt.Sprint(r.Hits.TotalCount())}, quantiles(r.Hits, 50, 95, 99)...)...)
	t.row(append([]string{"misses", fmt.Sprint(r.Misses.TotalCount())}, quantiles(r.Misses, 50, 95, 99)...)...)
	cells := []string{"hits are faster by", ""}
	for _, p := range []float64{50, 95, 99} {
		cells = append(cells, fmt.Sprintf("%.1f %%", 100*r.Faster(p)))
	}
	t.row(cells...)
	t.flush()
}
