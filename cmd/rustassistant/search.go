package main

import (
	"encoding/json"
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
	explain bool
	asJSON  bool
	noCache bool
}

func newSearchCommand() *cobra.Command {
	var c connection
	var f searchFlags
	cmd := &cobra.Command{
		Use:   "search QUERY",
		Short: "Search through a running server",
		Example: `  rustassistant search "rust async patterns"
  rustassistant search '"exact phrase" -without' --filter doc_type=guide --filter tags=go --limit 3
  rustassistant search timeout --filter metadata.version=2 --explain`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return runSearch(cmd, client, strings.Join(args, " "), f, isTerminal(cmd.OutOrStdout()) && c.env.NoColor == "")
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	cmd.Flags().StringVar(&f.kind, "type", "hybrid", "hybrid, keyword or semantic")
	cmd.Flags().IntVar(&f.limit, "limit", 10, "most results, 1-100")
	cmd.Flags().StringArrayVar(&f.filters, "filter", nil, "field=value: doc_type, tags, source_type, repo_id, external_id, language, date_from, date_to, metadata.*; the same field again means or")
	cmd.Flags().BoolVar(&f.explain, "explain", false, "show how each score came about")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print the server's answer as it is")
	cmd.Flags().BoolVar(&f.noCache, "no-cache", false, "ask the index, not the cache")
	return cmd
}

func runSearch(cmd *cobra.Command, client *apiclient.Client, query string, f searchFlags, color bool) error {
	filters, err := parseFilters(f.filters)
	if err != nil {
		return err
	}
	if err := client.Ping(cmd.Context()); err != nil {
		return err
	}
	res, err := client.Search(cmd.Context(), &apiclient.SearchRequest{
		Query: query, Type: f.kind, Limit: f.limit, Filters: filters, Explain: f.explain, NoCache: f.noCache,
	})
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

// parseFilters reads field=value. A value of metadata that looks like a number or a truth value is one; quotes make it
// a string.
func parseFilters(filters []string) (map[string]any, error) {
	out := map[string]any{}
	for _, f := range filters {
		field, value, ok := strings.Cut(f, "=")
		if !ok || field == "" || value == "" {
			return nil, fmt.Errorf("--filter %q is not of the form field=value", f)
		}
		var typed any = value
		if strings.HasPrefix(field, "metadata.") {
			var scalar any
			if json.Unmarshal([]byte(value), &scalar) == nil && scalar != nil {
				typed = scalar
			}
		}
		switch before := out[field].(type) {
		case nil:
			out[field] = typed
		case []any:
			out[field] = append(before, typed)
		default:
			if strings.HasPrefix(field, "date_") {
				return nil, errors.New("--filter " + field + " is given twice")
			}
			out[field] = []any{before, typed}
		}
	}
	return out, nil
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
	cache := ""
	if res.Cache != "" {
		cache = ", cache " + strings.ToLower(res.Cache)
	}
	fmt.Fprintf(w, "%s%d documents in %.1f ms (%s%s)\n", about, res.TotalResults, res.ExecutionTimeMS, res.Type, cache)
	if res.Notice != "" {
		fmt.Fprintln(w, s.faint(printable(res.Notice)))
	}
	for i := range res.Results {
		printResult(w, i+1, &res.Results[i], s)
	}
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
