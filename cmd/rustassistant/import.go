package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/importer"
)

const importHelp = `PATH is a folder, a document, an NDJSON file (.jsonl, .ndjson, also .gz and .zst), or - for NDJSON on standard input.

Of a folder Markdown, HTML, reStructuredText, text and source code are read; .git, node_modules, vendor and what
.gitignore names are left out. A file's path below PATH is its external_id, so that importing again updates it. Lines of
NDJSON have the fields of a document, or those of BEIR collections (_id, title, text).

An import that was interrupted goes on where it stopped when the same command is given again; one that has finished
sends only what changed since. Documents that were deleted on the server since then come back with --restart only.`

func newImportCommand() *cobra.Command {
	var c connection
	var o importer.Options
	var batchMB int
	cmd := &cobra.Command{
		Use:   "import PATH",
		Short: "Index a folder or an NDJSON file through a running server",
		Long:  importHelp,
		Example: `  rustassistant import ./docs --tenant default
  rustassistant import corpus.jsonl.zst --tenant acme --server https://search.example.com
  zcat dump.gz | rustassistant import -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Path, o.BatchBytes = args[0], batchMB<<20
			return runImport(cmd, &c, o)
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.Include, "include", nil, "import only files that match, written as in .gitignore; replaces the choice by type")
	f.StringSliceVar(&o.Exclude, "exclude", nil, "leave out files that match, written as in .gitignore")
	f.BoolVar(&o.NoGitignore, "no-gitignore", false, "import what .gitignore leaves out, too")
	f.StringVar(&o.DocType, "doc-type", "", "doc_type of all files, and of lines without one (default for files: markdown, html, rst, text, code)")
	f.IntVar(&o.BatchLines, "batch", importer.DefaultBatchLines, "most documents in one request")
	f.IntVar(&batchMB, "batch-mb", importer.DefaultBatchBytes>>20, "most megabytes in one request")
	f.IntVar(&o.Parallel, "parallel", importer.DefaultParallel, "requests at the same time")
	f.BoolVar(&o.DryRun, "dry-run", false, "read everything and send nothing")
	f.BoolVar(&o.NoWait, "no-wait", false, "end when everything is accepted, before it is searchable")
	f.BoolVar(&o.Restart, "restart", false, "forget what was imported before and send everything")
	return cmd
}

// runImport imports and tells how it ended. The error is errReported when documents failed.
func runImport(cmd *cobra.Command, c *connection, o importer.Options) error {
	client, err := c.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if o.StateDir, err = c.stateDir("import"); err != nil {
		return err
	}
	o.Client, o.Stdin, o.Gzip = client, cmd.InOrStdin(), remote(client)
	o.Display = newDisplay(cmd.ErrOrStderr())
	if !o.DryRun {
		if err := client.Ping(cmd.Context()); err != nil { // says at once what a long read would say at its end
			return err
		}
	}
	context.AfterFunc(cmd.Context(), func() { signal.Reset(os.Interrupt) }) // a second Ctrl-C ends at once
	s, err := importer.Run(cmd.Context(), o)
	out := cmd.OutOrStdout()
	printFailures(out, s)
	printSummary(out, s, o)
	switch {
	case err != nil:
		fmt.Fprintln(out, "What was accepted is kept; the same command goes on from there.")
		return err
	case s.Interrupted:
		fmt.Fprintf(out, "Interrupted. The same command goes on from here:\n  %s\n", commandLine(cmd, o.Path))
		return errReported
	case s.Rejected+s.Failed > 0:
		return errReported
	}
	return nil
}

func newDisplay(w io.Writer) importer.Display {
	if isTerminal(w) {
		return importer.NewBar(w)
	}
	return importer.NewLines(w)
}

func printFailures(w io.Writer, s *importer.Summary) {
	for _, k := range s.Skipped {
		fmt.Fprintf(w, "left out %d: %s (%s%s)\n", k.Count, k.Reason, strings.Join(k.Examples, ", "), more(k.Count, len(k.Examples)))
	}
	for _, f := range s.Failures {
		at := f.Source
		if f.Line > 0 {
			at = fmt.Sprintf("%s:%d", at, f.Line)
		}
		if f.ExternalID != "" && f.ExternalID != f.Source {
			at += " (" + f.ExternalID + ")"
		}
		fmt.Fprintf(w, "failed  %s: %s: %s\n", at, f.Code, f.Reason)
	}
	if n := s.Rejected + s.Failed; n > len(s.Failures) {
		fmt.Fprintf(w, "failed  … and %d more\n", n-len(s.Failures))
	}
	if s.FailuresFile != "" {
		fmt.Fprintf(w, "All failures: %s\n", s.FailuresFile)
	}
}

func more(count, shown int) string {
	if count > shown {
		return ", …"
	}
	return ""
}

func printSummary(w io.Writer, s *importer.Summary, o importer.Options) {
	seconds := s.Elapsed.Seconds()
	if o.DryRun {
		fmt.Fprintf(w, "%d documents could be sent, %d could not; nothing was sent\n", s.Accepted, s.Rejected)
		return
	}
	fmt.Fprintf(w, "%d accepted, %d unchanged, %d sent before, %d rejected, %d failed; %d searchable; %.1f s",
		s.Accepted, s.Unchanged, s.Known, s.Rejected, s.Failed, s.Searchable, seconds)
	if s.Accepted > 0 && seconds > 0 && !o.NoWait && !s.Interrupted {
		fmt.Fprintf(w, " (%.0f documents/s until searchable)", float64(s.Accepted)/max(seconds, time.Millisecond.Seconds()))
	}
	fmt.Fprintln(w)
}

// commandLine is what was typed, without what is secret.
func commandLine(cmd *cobra.Command, path string) string {
	parts := []string{cmd.CommandPath(), path}
	for _, name := range []string{"tenant", "server", "include", "exclude", "doc-type", "batch", "batch-mb", "no-gitignore", "no-wait"} {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			parts = append(parts, "--"+name+"="+strings.Trim(f.Value.String(), "[]"))
		}
	}
	return strings.Join(parts, " ")
}
