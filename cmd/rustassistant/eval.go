package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/evaluation"
)

// evalFlags are the flags of the eval command.
type evalFlags struct {
	types  []string
	prefix string
	keep   bool
	syntax bool
	asJSON bool
	wait   time.Duration
}

func newEvalCommand() *cobra.Command {
	var c connection
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval DIR",
		Short: "Measure search quality on collections with known answers",
		Long: `DIR is a collection of the BEIR layout (corpus.jsonl, queries.jsonl, qrels.tsv or qrels/test.tsv) or a folder of such.
Each is imported into a tenant of its own, because statistics of words must be the collection's; then all its queries
are asked over HTTP, uncached, and nDCG@10, recall@100 and latencies are printed by search type.

hybrid and semantic need vectors: a tenant's model is made within some minutes after the import, and is waited for (--wait).
Where there is none in time, keyword answers, and the table says so.`,
		Example: `  rustassistant eval ~/data/cranfield
  rustassistant eval ~/data --type keyword,hybrid --keep --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return runEval(cmd, client, args[0], f)
		},
	}
	c.addFlags(cmd)
	cmd.Flags().StringVar(&c.tenant, "tenant", "", "existing tenant for a single collection; it must be empty, or see --keep")
	cmd.Flags().StringVar(&f.prefix, "tenant-prefix", "eval-", "tenants are named by this and the collection; those that do not exist are created")
	cmd.Flags().StringSliceVar(&f.types, "type", []string{"keyword"}, "search types: keyword, hybrid, semantic")
	cmd.Flags().DurationVar(&f.wait, "wait", evaluation.DefaultWait, "how long hybrid and semantic wait for vectors of every passage; 0 does not wait")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "use tenants that are not empty, such as those of the last evaluation")
	cmd.Flags().BoolVar(&f.syntax, "query-syntax", false, "let quotes and leading minus signs of the queries mean what they mean to users; without it queries are bags of words, as in published figures")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

func runEval(cmd *cobra.Command, client *apiclient.Client, dir string, f evalFlags) error {
	for _, kind := range f.types {
		if !slices.Contains([]string{"keyword", "hybrid", "semantic"}, kind) {
			return fmt.Errorf("--type %q is not keyword, hybrid or semantic", kind)
		}
	}
	dirs, err := evaluation.Find(dir)
	if err != nil {
		return err
	}
	if client.Tenant() != "" && len(dirs) > 1 {
		return errors.New("--tenant is for one collection: with several, use --tenant-prefix")
	}
	if err := client.Ping(cmd.Context()); err != nil {
		return err
	}
	var all []evaluation.Result
	for _, d := range dirs {
		results, err := evalCollection(cmd, client, d, f)
		all = append(all, results...)
		if err != nil {
			printEval(cmd.OutOrStdout(), all, f.asJSON)
			return err
		}
	}
	printEval(cmd.OutOrStdout(), all, f.asJSON)
	return nil
}

func evalCollection(cmd *cobra.Command, client *apiclient.Client, dir string, f evalFlags) ([]evaluation.Result, error) {
	c, err := evaluation.Load(dir)
	if err != nil {
		return nil, err
	}
	if client.Tenant() == "" {
		slug := evaluation.TenantSlug(f.prefix, c.Name)
		if err := evaluation.EnsureTenant(cmd.Context(), client, slug, "Evaluation: "+c.Name); err != nil {
			return nil, err
		}
		client = client.WithTenant(slug)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d queries, tenant %s\n", c.Name, len(c.Queries), client.Tenant())
	return evaluation.Run(cmd.Context(), c, evaluation.Options{
		Client: client, Types: f.types, Keep: f.keep, Plain: !f.syntax, Display: newDisplay(cmd.ErrOrStderr()),
		Wait: f.wait, Waits: sayWaits(cmd.ErrOrStderr(), c.Name),
	})
}

// waitsEvery is how often a wait is told of when it is for the same as before.
const waitsEvery = 10 * time.Second

// sayWaits tells what is waited for, at once when that is something else.
func sayWaits(w io.Writer, collection string) func(string) {
	said, at := "", time.Time{}
	return func(doing string) {
		what := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, doing)
		if what == said && time.Since(at) < waitsEvery {
			return
		}
		said, at = what, time.Now()
		fmt.Fprintf(w, "%s: vectors: %s\n", collection, printable(doing))
	}
}

func printEval(w io.Writer, results []evaluation.Result, asJSON bool) {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(map[string]any{"results": results, "means": evaluation.Means(results)})
		return
	}
	if len(results) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "collection\ttype\tdocuments\tqueries\tnDCG@10\trecall@100\tp50 ms\tp95 ms\t\n")
	rows := results
	if len(results) > len(evaluation.Means(results)) {
		rows = append(slices.Clone(results), evaluation.Means(results)...)
	}
	for _, r := range rows {
		kind := r.Type + answeredBy(&r)
		if !r.Plain {
			kind += ", query syntax"
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%.3f\t%.3f\t%.1f\t%.1f\t\n", r.Collection, kind, r.Documents, r.Queries, r.NDCG10, r.Recall100, r.P50, r.P95)
	}
	_ = t.Flush()
	for _, r := range results {
		if r.Notice != "" {
			fmt.Fprintf(w, "%s, %s%s: %s\n", r.Collection, r.Type, answeredBy(&r), printable(r.Notice))
		}
	}
	for _, r := range results {
		if r.Rejected > 0 && r.Type == results[0].Type {
			fmt.Fprintf(w, "%s: %d documents were rejected (see rustassistant import) and count as not found\n", r.Collection, r.Rejected)
		}
	}
}

// answeredBy names what answered instead of the type, and how often, if that was not always.
func answeredBy(r *evaluation.Result) string {
	switch {
	case r.AnsweredBy == "":
		return ""
	case r.AnsweredQueries == r.Queries:
		return " (answered by " + r.AnsweredBy + ")"
	default:
		return fmt.Sprintf(" (%d of %d answered by %s)", r.AnsweredQueries, r.Queries, r.AnsweredBy)
	}
}
