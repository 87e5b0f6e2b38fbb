package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/evaluation"
	"github.com/rustassistant/rustassistant/internal/loadgen"
)

// benchTenant is where the suite works when no tenant is named.
const benchTenant = "bench"

// suiteFlags are the flags of bench without a subcommand.
type suiteFlags struct {
	file     string
	queries  []string
	passages int
	duration time.Duration
	pids     []string
	skip     bool
}

func (f *suiteFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "file", "", "NDJSON file or folder to import instead of passages made for it")
	cmd.Flags().StringArrayVar(&f.queries, "queries", nil, "file with one query a line, may be given again (default: made for it)")
	cmd.Flags().IntVar(&f.passages, "passages", 20_000, "passages of about 1 KB to make")
	cmd.Flags().DurationVar(&f.duration, "duration", 10*time.Second, "how long each search is measured")
	cmd.Flags().StringSliceVar(&f.pids, "pid", nil, "name=pid of processes whose memory is watched during the import")
	cmd.Flags().BoolVar(&f.skip, "skip-import", false, "measure what the tenant holds already")
}

// querySet is a list of queries with a name for the table.
type querySet struct {
	name    string
	queries []string
}

const (
	corpusSeed   = 1
	suiteQueries = 500
	suiteSingles = 20 // documents whose way is measured one by one
)

// runSuite imports, sends single documents, and searches: uncached by one client and by four, and cached by four.
func runSuite(cmd *cobra.Command, client *apiclient.Client, f suiteFlags) error {
	corpus := loadgen.NewCorpus(corpusSeed)
	sets, err := f.querySets(corpus)
	if err != nil {
		return err
	}
	if client.Tenant() == "" {
		if err := evaluation.EnsureTenant(cmd.Context(), client, benchTenant, "Benchmark"); err != nil {
			return err
		}
		client = client.WithTenant(benchTenant)
	}
	if !f.skip {
		if err := f.index(cmd, client, corpus); err != nil {
			return err
		}
	}
	singles, err := loadgen.Latency(cmd.Context(), loadgen.LatencyOptions{
		Client: client, Count: suiteSingles, Pause: 200 * time.Millisecond, PollEvery: 3 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	printLatency(cmd.OutOrStdout(), singles)
	return f.searches(cmd, client, sets)
}

func (f *suiteFlags) querySets(corpus *loadgen.Corpus) ([]querySet, error) {
	if len(f.queries) == 0 {
		return []querySet{{"2 words", corpus.Queries(suiteQueries, 2)}, {"11 words", corpus.Queries(suiteQueries, 11)}}, nil
	}
	var sets []querySet
	for _, path := range f.queries {
		queries, err := readQueries(path)
		if err != nil {
			return nil, err
		}
		sets = append(sets, querySet{filepath.Base(path), queries})
	}
	return sets, nil
}

func (f *suiteFlags) index(cmd *cobra.Command, client *apiclient.Client, corpus *loadgen.Corpus) error {
	processes, err := parseProcesses(f.pids)
	if err != nil {
		return err
	}
	o := loadgen.IndexOptions{Client: client, Path: f.file, Processes: processes, Display: newDisplay(cmd.ErrOrStderr())}
	if f.file == "" {
		o.In = corpus.Documents(f.passages, time.Now().UTC().Format("run20060102t150405"))
	}
	res, err := loadgen.Index(cmd.Context(), o)
	if err != nil {
		return err
	}
	printIndex(cmd.OutOrStdout(), res)
	return nil
}

func (f *suiteFlags) searches(cmd *cobra.Command, client *apiclient.Client, sets []querySet) error {
	t := newTable(cmd.OutOrStdout(), searchColumns)
	defer t.flush()
	for _, set := range sets {
		for _, mode := range []struct {
			clients  int
			workload loadgen.Workload
		}{{1, loadgen.WorkloadUncached}, {4, loadgen.WorkloadUncached}, {1, loadgen.WorkloadCached}, {4, loadgen.WorkloadCached}} {
			o := loadgen.SearchOptions{
				Client: client, Queries: set.queries, Type: "keyword", Limit: 10, Clients: mode.clients, Workload: mode.workload, Zipf: 1.1,
				Duration: f.duration, Warmup: time.Second, Seed: 1,
			}
			name := set.name + ", " + searchName(o)
			fmt.Fprintf(cmd.ErrOrStderr(), "%s, %d clients ...\n", name, mode.clients)
			res, err := loadgen.Search(cmd.Context(), o)
			if err != nil {
				return err
			}
			t.row(searchRow(name, o, res)...)
			if len(res.Errors) > 0 {
				t.flush()
				return reportErrors(cmd.OutOrStdout(), res)
			}
		}
	}
	return nil
}
