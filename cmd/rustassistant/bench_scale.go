package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/evaluation"
	"github.com/rustassistant/rustassistant/internal/importer"
	"github.com/rustassistant/rustassistant/internal/loadgen"
)

// scaleFlags are what bench scale measures.
type scaleFlags struct {
	file, kind string
	queries    []string
	sizes      []int
	duration   time.Duration
}

func newBenchScaleCommand() *cobra.Command {
	var c connection
	var f scaleFlags
	cmd := &cobra.Command{
		Use:   "scale",
		Short: "Measure how search grows with the corpus: the same queries on few and on many passages",
		Long: `Imports the first passages of a file (or passages made for it) into a tenant for each size, and asks the same queries of
each with one client, past the cache. Tenants that hold that many already are searched as they are.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := openBench(cmd, &c)
			if err != nil {
				return err
			}
			return f.run(cmd, client)
		},
	}
	c.addFlags(cmd)
	cmd.Flags().StringVar(&f.file, "file", "", "NDJSON file, plain or .gz or .zst (default: passages made for it)")
	cmd.Flags().StringArrayVar(&f.queries, "queries", nil, "file with one query a line, may be given again (default: made for it)")
	cmd.Flags().IntSliceVar(&f.sizes, "passages", []int{20_000, 200_000}, "numbers of passages, the smallest first")
	cmd.Flags().StringVar(&f.kind, "type", "keyword", "hybrid, keyword or semantic")
	cmd.Flags().DurationVar(&f.duration, "duration", 10*time.Second, "how long each search is measured")
	return cmd
}

func (f *scaleFlags) run(cmd *cobra.Command, client *apiclient.Client) error {
	if len(f.sizes) < 2 || !slices.IsSorted(f.sizes) || f.sizes[0] < 1 {
		return fmt.Errorf("--passages %v: write two or more numbers, the smallest first", f.sizes)
	}
	corpus := loadgen.NewCorpus(corpusSeed)
	suite := suiteFlags{queries: f.queries}
	sets, err := suite.querySets(corpus)
	if err != nil {
		return err
	}
	t := newTable(cmd.OutOrStdout(), []string{"queries", "passages", "answers", "p50 ms", "p90", "p99", "p50 ×", "p99 ×"})
	defer t.flush()
	base := make(map[string]*loadgen.SearchResult)
	for _, size := range f.sizes {
		tenant, err := f.fill(cmd, client, corpus, size)
		if err != nil {
			return err
		}
		for _, set := range sets {
			res, err := loadgen.Search(cmd.Context(), loadgen.SearchOptions{
				Client: tenant, Queries: set.queries, Type: f.kind, Limit: 10, Clients: 1, Duration: f.duration, Warmup: time.Second, Seed: 1,
			})
			if err != nil {
				return err
			}
			if base[set.name] == nil {
				base[set.name] = res
			}
			t.row(scaleRow(set.name, size, res, base[set.name])...)
			if len(res.Errors) > 0 {
				t.flush()
				return reportErrors(cmd.OutOrStdout(), res)
			}
		}
	}
	return nil
}

func scaleRow(name string, size int, r, base *loadgen.SearchResult) []string {
	cells := append([]string{name, fmt.Sprint(size), fmt.Sprint(r.Latency.TotalCount())}, quantiles(r.Latency, 50, 90, 99)...)
	for _, p := range []float64{50, 99} {
		cells = append(cells, fmt.Sprintf("%.2f", float64(r.Latency.ValueAtQuantile(p))/float64(max(base.Latency.ValueAtQuantile(p), 1))))
	}
	return cells
}

// fill makes the tenant of a size and imports what it lacks.
func (f *scaleFlags) fill(cmd *cobra.Command, client *apiclient.Client, corpus *loadgen.Corpus, size int) (*apiclient.Client, error) {
	slug := fmt.Sprintf("bench-scale-%d", size)
	if f.file != "" {
		slug = fmt.Sprintf("bench-scale-file-%d", size)
	}
	if err := evaluation.EnsureTenant(cmd.Context(), client, slug, "Benchmark of size"); err != nil {
		return nil, err
	}
	tenant := client.WithTenant(slug)
	stats, err := tenant.Stats(cmd.Context())
	if err != nil {
		return nil, err
	}
	if stats.Documents.Searchable >= size {
		return tenant, nil
	}
	in := io.NopCloser(corpus.Documents(size, "scale"))
	if f.file != "" {
		in = firstDocuments(f.file, size)
	}
	defer in.Close()
	res, err := loadgen.Index(cmd.Context(), loadgen.IndexOptions{Client: tenant, In: in, Display: newDisplay(cmd.ErrOrStderr())})
	if err != nil {
		return nil, err
	}
	if res.Documents+stats.Documents.Total < size {
		fmt.Fprintf(cmd.ErrOrStderr(), "the file has %d documents, fewer than %d\n", res.Documents, size)
	}
	return tenant, nil
}

// firstDocuments streams the beginning of a file.
func firstDocuments(path string, n int) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		encoder, left := json.NewEncoder(w), n
		for doc, err := range importer.Read(path) {
			if err == nil {
				err = encoder.Encode(doc)
			}
			if err != nil {
				_ = w.CloseWithError(err)
				return
			}
			if left--; left == 0 {
				break
			}
		}
		_ = w.Close()
	}()
	return r
}
