package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

func newEmbeddingsCommand() *cobra.Command {
	var conn connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "embeddings",
		Short: "Look at and change the model behind semantic search",
	}
	action := func(name, short string, ask func(*cobra.Command, *apiclient.Client) (apiclient.Embeddings, error)) {
		sub := &cobra.Command{
			Use: name, Short: short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				client, err := conn.open(cmd.ErrOrStderr())
				if err != nil {
					return err
				}
				state, err := ask(cmd, client)
				if err != nil {
					return err
				}
				if asJSON {
					encoder := json.NewEncoder(cmd.OutOrStdout())
					encoder.SetIndent("", "  ")
					return encoder.Encode(state)
				}
				printEmbeddings(cmd.OutOrStdout(), &state)
				return nil
			},
		}
		conn.addFlags(sub)
		conn.addTenantFlag(sub)
		sub.Flags().BoolVar(&asJSON, "json", false, "print JSON")
		cmd.AddCommand(sub)
	}
	change := func(name string) func(*cobra.Command, *apiclient.Client) (apiclient.Embeddings, error) {
		return func(cmd *cobra.Command, c *apiclient.Client) (apiclient.Embeddings, error) {
			return c.ChangeEmbeddings(cmd.Context(), name)
		}
	}
	action("status", "Show the model that answers and the one that is being made", func(cmd *cobra.Command, c *apiclient.Client) (apiclient.Embeddings, error) {
		return c.Embeddings(cmd.Context())
	})
	action("train", "Make the configured model now; searches change over when it is complete", change("train"))
	action("rollback", "Go back to the former model, at once", change("rollback"))
	action("cancel", "Give up the model that is being made", change("cancel"))
	return cmd
}

func printEmbeddings(w io.Writer, e *apiclient.Embeddings) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("state", "%s: %s", e.State, e.Reason)
	line("configured", "%s %s", e.Configured.Provider, e.Configured.Model)
	if m := e.Model; m != nil {
		line("answers", "%s", describeModel(m))
	}
	if t := e.Target; t != nil {
		line("in the making", "%s", describeModel(&t.EmbeddingModel))
		progress := t.Stage
		if t.Total > 0 {
			progress = fmt.Sprintf("%s, %d of %d", t.Stage, t.Done, t.Total)
		}
		line("progress", "%s", progress)
		if t.Waiting != "" {
			line("waits for", "%s", t.Waiting)
		}
	}
	if m := e.Previous; m != nil {
		line("former", "%s (rollback brings it back)", describeModel(m))
	}
	if f := e.LastFailure; f != nil {
		line("failure", "%s: %s (%s)", f.Model, f.Reason, f.Code)
	}
	line("passages", "%d, of these %d with vectors; a first model needs %d", e.Coverage.Chunks, e.Coverage.WithVectors, e.Minimum)
	if e.WorkflowURL != "" {
		line("workflow", "%s", e.WorkflowURL)
	}
}

func describeModel(m *apiclient.EmbeddingModel) string {
	text := fmt.Sprintf("%s of %s, %d dimensions", m.Name, m.Provider, m.Dimensions)
	if m.TrainedChunks > 0 {
		text += fmt.Sprintf(", learnt from %d passages", m.TrainedChunks)
	}
	return text
}
