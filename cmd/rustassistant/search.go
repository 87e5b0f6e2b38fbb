package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// searchFlags are the flags of the search command.
type searchFlags struct {
	kind    string
	limit   int
	filters []string
	sort    []string
	facets  []string
	groupBy string
	explain bool
	asJSON  bool
	noCache bool

	weights  []float64
	fusion   string
	minScore *float64
	language string
	prefix   string
	typos    string
}

func newSearchCommand() *cobra.Command {
	var c connection
	var f searchFlags
	var minScore float64
	cmd := &cobra.Command{
		Use:   "search QUERY",
		Short: "Search through a running server",
		Example: `  rustassistant search "rust async patterns"
  rustassistant search '"exact phrase" -without' --filter doc_type=guide --filter tags=go --limit 3
  rustassistant search timeout --filter metadata.version=2 --explain
  rustassistant search timeout --filter 'metadata.price<20' --sort created_at:desc --facet tags --facet doc_type
  rustassistant search "cheap car" --type hybrid --weights 0.5,0.5 --min-score 0.2 --language en --explain`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("min-score") {
				f.minScore = &minScore
			}
			return runSearch(cmd, client, strings.Join(args, " "), f, isTerminal(cmd.OutOrStdout()) && c.env.NoColor == "")
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	f.add(cmd)
	cmd.Flags().Float64Var(&minScore, "min-score", 0, "leave out results below: cosines with semantic, 0 to 1 with hybrid, without an upper bound with keyword")
	return cmd
}

func (f *searchFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "type", "hybrid", "hybrid, keyword or semantic")
	flags.IntVar(&f.limit, "limit", 10, "most results, 1-100")
	flags.StringArrayVar(&f.filters, "filter", nil, "field=value: doc_type, tags, source_type, repo_id, external_id, language, date_from, date_to, metadata.*; the same field again means or. Also != and, for dates and metadata, > >= < <=")
	flags.StringSliceVar(&f.sort, "sort", nil, "created_at, updated_at, metadata.* or _score, with :asc or :desc; up to three")
	flags.StringSliceVar(&f.facets, "facet", nil, "count the matching documents by this field")
	flags.StringVar(&f.groupBy, "group-by", "", "none, doc_type, source_type, repo_id, language or metadata.*")
	flags.Float64SliceVar(&f.weights, "weights", nil, "shares of keyword,vector in hybrid, as 0.8,0.2; only the ratio counts (default: the tenant's)")
	flags.StringVar(&f.fusion, "fusion", "", "how hybrid joins them: minmax or rrf (default: the tenant's)")
	flags.StringVar(&f.language, "language", "", "language of the query, as de or german (default: the tenant's, else every language that documents have)")
	flags.StringVar(&f.prefix, "prefix", "", "complete the last word: auto, always or never (default auto)")
	flags.StringVar(&f.typos, "typo-tolerance", "", "also find similar spellings of words that are found too little: auto or off (default auto)")
	flags.BoolVar(&f.explain, "explain", false, "show how each score came about")
	flags.BoolVar(&f.asJSON, "json", false, "print the server's answer as it is")
	flags.BoolVar(&f.noCache, "no-cache", false, "ask the index, not the cache")
}

// request is what the flags ask for. The server says what is wrong with values.
func (f *searchFlags) request(query string) (*apiclient.SearchRequest, error) {
	filters, err := parseFilters(f.filters)
	if err != nil {
		return nil, err
	}
	r := &apiclient.SearchRequest{
		Query: query, Type: f.kind, Limit: f.limit, Filters: filters, Sort: f.sort, GroupBy: f.groupBy, Explain: f.explain, NoCache: f.noCache,
		Fusion: f.fusion, MinScore: f.minScore, Language: f.language, Prefix: f.prefix, Typos: f.typos,
	}
	switch len(f.weights) {
	case 0:
	case 2:
		r.Weights = &apiclient.Weights{Keyword: f.weights[0], Vector: f.weights[1]}
	default:
		return nil, errors.New("--weights: give two numbers, of keyword and of vector, as 0.8,0.2")
	}
	for _, field := range f.facets {
		r.Facets = append(r.Facets, apiclient.Facet{Field: field})
	}
	return r, nil
}

func runSearch(cmd *cobra.Command, client *apiclient.Client, query string, f searchFlags, color bool) error {
	request, err := f.request(query)
	if err != nil {
		return err
	}
	if err := client.Ping(cmd.Context()); err != nil {
		return err
	}
	res, err := client.Search(cmd.Context(), request)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if f.asJSON {
		_, err := fmt.Fprintln(out, string(res.Raw))
		return err
	}
	printResults(out, res, style{color})
	return nil
}

// style marks text for a terminal, or for anything else.
type style struct{ color bool }

func (s style) bold(text string) string  { return s.wrap("\x1b[1m", text, "\x1b[0m", "", "") }
func (s style) faint(text string) string { return s.wrap("\x1b[2m", text, "\x1b[0m", "", "") }
func (s style) match(text string) string { return s.wrap("\x1b[1;33m", text, "\x1b[0m", "**", "**") }

func (s style) wrap(on, text, off, plainOn, plainOff string) string {
	if s.color {
		return on + text + off
	}
	return plainOn + text + plainOff
}

func printResults(w io.Writer, res *apiclient.SearchResponse, s style) {
	about := ""
	if res.TotalRelation == "gte" {
		about = "at least "
	}
	by := res.Type
	if res.AnsweredBy != "" {
		by += ", answered by " + res.AnsweredBy
	}
	if res.Cache != "" {
		by += ", cache " + strings.ToLower(res.Cache)
	}
	fmt.Fprintf(w, "%s%d documents in %.1f ms (%s)\n", about, res.TotalResults, res.ExecutionTimeMS, by)
	printReading(w, res, s)
	for i := range res.Results {
		printResult(w, i+1, &res.Results[i], s)
	}
	for _, g := range res.Groups {
		fmt.Fprintf(w, "\n%s  %s\n", s.bold(printableValue(g.Value)), s.faint(fmt.Sprintf("%d documents", g.TotalResults)))
		for i := range g.Results {
			printResult(w, i+1, &g.Results[i], s)
		}
	}
	for _, f := range res.Facets {
		printFacet(w, &f, s)
	}
}

// printReading says how the query was understood, where that is not what was written.
func printReading(w io.Writer, res *apiclient.SearchResponse, s style) {
	line := func(format string, args ...any) {
		fmt.Fprintln(w, s.faint(printable(fmt.Sprintf(format, args...))))
	}
	if res.Notice != "" {
		line("%s", res.Notice)
	}
	for _, c := range res.Corrections {
		line("%s: also searched %s", c.Word, strings.Join(c.Used, ", "))
	}
	for _, phrase := range res.DroppedPhrases {
		line("%q occurs nowhere as written: its words were searched", phrase)
	}
	if v := res.Vectors; v != nil {
		line("%d of %d passages have vectors so far, the others are found by their words", v.Covered, v.Chunks)
	}
}

func printFacet(w io.Writer, f *apiclient.FacetCount, s style) {
	about := ""
	if !f.Exact {
		about = ", not exact"
	}
	fmt.Fprintf(w, "\n%s  %s\n", s.bold(printable(f.Field)), s.faint(fmt.Sprintf("%d values%s", f.TotalValues, about)))
	for _, v := range f.Values {
		fmt.Fprintf(w, "%8d  %s\n", v.Count, printableValue(v.Value))
	}
	if st := f.Stats; st != nil {
		average := ""
		if st.Avg != nil {
			average = fmt.Sprintf(", on average %g", *st.Avg)
		}
		fmt.Fprintf(w, "%8d  from %s to %s%s\n", st.Count, printableValue(st.Min), printableValue(st.Max), average)
	}
}

// printableValue shows a value of a field; "-" stands for none.
func printableValue(v any) string {
	if v == nil {
		return "-"
	}
	return printable(fmt.Sprint(v))
}

func printResult(w io.Writer, rank int, r *apiclient.SearchResult, s style) {
	title := r.Title
	if title == "" {
		title = r.ExternalID
	}
	fmt.Fprintf(w, "\n%2d. %s  %s\n", rank, s.bold(printable(title)), s.faint(fmt.Sprintf("%.3f", r.Score)))
	if r.Heading != "" && r.Heading != r.Title {
		fmt.Fprintf(w, "    %s\n", printable(r.Heading))
	}
	for i, h := range r.Highlights {
		if i == 3 {
			break
		}
		fmt.Fprintf(w, "    %s\n", oneLine(highlight(h, s)))
	}
	if len(r.Highlights) == 0 {
		fmt.Fprintf(w, "    %s\n", oneLine(printable(cut(r.Content, 240))))
	}
	var about []string
	for _, part := range []string{r.DocType, strings.Join(r.Tags, ","), r.ExternalID, r.SourceURL} {
		if part != "" && (len(about) == 0 || about[len(about)-1] != part) {
			about = append(about, part)
		}
	}
	if len(about) == 0 {
		about = []string{r.DocumentID}
	}
	fmt.Fprintf(w, "    %s\n", s.faint(printable(strings.Join(about, " · "))))
	if len(r.ScoreDetails) > 0 {
		printExplanation(w, r.ScoreDetails)
	}
}

// highlight marks the matches in a fragment. Offsets that do not fit are left alone.
func highlight(h apiclient.Highlight, s style) string {
	var b strings.Builder
	at := 0
	for _, m := range h.Matches {
		if m[0] < at || m[1] <= m[0] || m[1] > len(h.Text) {
			continue
		}
		b.WriteString(printable(h.Text[at:m[0]]))
		b.WriteString(s.match(printable(h.Text[m[0]:m[1]])))
		at = m[1]
	}
	b.WriteString(printable(h.Text[at:]))
	return b.String()
}

// printable takes out control characters: what is indexed must not control the terminal of who searches.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, text)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cut shortens text to about n bytes, at a word.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	text = strings.ToValidUTF8(text[:n], "")
	if i := strings.LastIndexByte(text, ' '); i > n/2 {
		text = text[:i]
	}
	return text + " …"
}
