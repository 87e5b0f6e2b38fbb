package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

func newSuggestCommand() *cobra.Command {
	var c connection
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "suggest TEXT",
		Short: "Show how a search that was begun may go on",
		Long: `Shows queries that others of the tenant have often searched for, the text with its last word completed, and titles
that have all its words. A space at the end of TEXT says that its last word is complete.`,
		Example: `  rustassistant suggest "rust asy"`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			found, err := client.Suggest(cmd.Context(), strings.Join(args, " "), limit)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), found)
			}
			return printSuggestions(cmd.OutOrStdout(), found, style{isTerminal(cmd.OutOrStdout()) && c.env.NoColor == ""})
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	cmd.Flags().IntVar(&limit, "limit", 8, "most suggestions, 1-20")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printSuggestions(w io.Writer, found []apiclient.Suggestion, s style) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, "no suggestions")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, f := range found {
		text := oneLine(highlight(apiclient.Highlight{Text: f.Text, Matches: f.Matches}, s))
		fmt.Fprintf(t, "%s\t%s\n", printable(f.Kind), text)
	}
	return t.Flush()
}
