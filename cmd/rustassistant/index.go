package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/reindex"
	"github.com/rustassistant/rustassistant/internal/store"
)

func newIndexCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "index",
		Short: "Look into a tenant's index, verify it, build it anew",
		Long: "inspect and verify read the database of DATABASE_URL and need no server.\n" +
			"rebuild and compact ask a running server; a worker does the work.",
	}
	cmd.AddCommand(newIndexInspectCommand(), newIndexVerifyCommand(), newIndexRebuildCommand(), newIndexCompactCommand())
	return cmd
}

// inspectFlags are the flags of index inspect.
type inspectFlags struct {
	tenant, segment, term string
	asJSON                bool
}

func newIndexInspectCommand() *cobra.Command {
	var f inspectFlags
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "Show the segments of a tenant's index",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			segment := uuid.Nil
			if f.segment != "" {
				var err error
				if segment, err = uuid.Parse(f.segment); err != nil {
					return domain.Errorf(domain.CodeInvalid, "%q is not the id of a segment", f.segment)
				}
			}
			return withTenant(cmd, f.tenant, func(s *store.Store, t domain.Tenant) error {
				return runInspect(cmd, s, t, segment, f)
			})
		},
	}
	cmd.Flags().StringVar(&f.tenant, "tenant", domain.DefaultTenantSlug, "slug of the tenant")
	cmd.Flags().StringVar(&f.segment, "segment", "", "id of one segment, with the bytes of its sections")
	cmd.Flags().StringVar(&f.term, "term", "", "a word: how many passages and titles have it, by segment")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

// runInspect reads the segments into a folder of its own: the cache of a server may
// belong to somebody else.
func runInspect(cmd *cobra.Command, s *store.Store, t domain.Tenant, segment uuid.UUID, f inspectFlags) error {
	dir, err := os.MkdirTemp("", "rustassistant-inspect-*")
	if err != nil {
		return fmt.Errorf("make a folder for segments: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	m, err := index.NewManager(s, index.ManagerOptions{CacheDir: filepath.Join(dir, "index")})
	if err != nil {
		return err
	}
	defer m.Close()
	seen, err := reindex.Inspect(cmd.Context(), s, m, t.ID, segment, f.term)
	if err != nil {
		return err
	}
	if seen.Tenant = t.Slug; segment != uuid.Nil && len(seen.Segments) == 0 {
		return domain.NotFound("index segment")
	}
	if f.asJSON {
		return printJSON(cmd.OutOrStdout(), seen)
	}
	return printInspection(cmd.OutOrStdout(), &seen, segment != uuid.Nil)
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func printInspection(out io.Writer, seen *reindex.Inspection, sections bool) error {
	fmt.Fprintf(out, "%s: generation %d, %d documents, %d passages, %d tombstones, %s in %d segments\n",
		seen.Tenant, seen.Generation, seen.Documents, seen.Chunks, seen.Tombstones, size(seen.Bytes), len(seen.Segments))
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SEGMENT\tGENERATION\tAPPLIED\tRULES\tDOCUMENTS\tLIVE\tHIDDEN\tPASSAGES\tTERMS\tSIZE")
	for _, s := range seen.Segments {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", s.ID, s.Generation, s.AppliedGeneration, s.Analysis,
			s.Documents, s.Live, s.Hidden, s.Chunks, s.Terms, size(s.Bytes))
	}
	if sections {
		fmt.Fprintln(w, "\nSECTION\tSIZE")
		for _, s := range seen.Segments[0].Sections {
			fmt.Fprintf(w, "%d %s\t%s\n", s.Kind, s.Name, size(int64(s.Bytes)))
		}
	}
	if t := seen.Term; t != nil {
		fmt.Fprintf(w, "\nTERM %q (of %q)\t%d passages, %d titles\n", t.Term, t.Word, t.Chunks, t.Titles)
		for _, s := range seen.Segments {
			if n := t.Segments[s.ID]; n > 0 {
				fmt.Fprintf(w, "%s\t%d\n", s.ID, n)
			}
		}
	}
	return w.Flush()
}

// size writes bytes for people.
func size(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	default:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
}

// verifyFlags are the flags of index verify.
type verifyFlags struct {
	tenant            string
	all, deep, asJSON bool
}

func newIndexVerifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compare the index with the documents of the database",
		Long: "Checks that the stored bytes of each segment are what was written, that every indexed document is live in exactly\n" +
			"one segment and in the right version, and the counters. With --deep every segment is built again from the stored\n" +
			"passages: \"bytes\" means that this gives the same file, \"digest\" that every live document says the same (merged\n" +
			"segments have blocks cut elsewhere). Ends with 1 when something is wrong; `index rebuild` mends the index.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runVerify(cmd, f) },
	}
	cmd.Flags().StringVar(&f.tenant, "tenant", domain.DefaultTenantSlug, "slug of the tenant")
	cmd.Flags().BoolVar(&f.all, "all", false, "all tenants")
	cmd.Flags().BoolVar(&f.deep, "deep", false, "build each segment again and compare")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON, an object by tenant")
	cmd.MarkFlagsMutuallyExclusive("tenant", "all")
	return cmd
}

func runVerify(cmd *cobra.Command, f verifyFlags) error {
	cfg, err := config.Load(config.RoleMigrate)
	if err != nil {
		return err
	}
	s, err := store.Open(cmd.Context(), store.Options{URL: cfg.DatabaseURL.Reveal(), PoolSize: 2})
	if err != nil {
		return err
	}
	defer s.Close()
	tenants, err := tenantsToVerify(cmd.Context(), s, f)
	if err != nil {
		return err
	}
	reports, sound := make(map[string]reindex.Report), true
	for _, t := range tenants {
		report, err := reindex.Verify(cmd.Context(), s, t.ID, reindex.Options{Deep: f.deep})
		if err != nil {
			return fmt.Errorf("verify %s: %w", t.Slug, err)
		}
		reports[t.Slug], sound = report, sound && report.OK()
		if !f.asJSON {
			if err := printReport(cmd.OutOrStdout(), t.Slug, &report); err != nil {
				return err
			}
		}
	}
	if f.asJSON {
		err = printJSON(cmd.OutOrStdout(), reports)
	}
	if err == nil && !sound {
		err = errReported
	}
	return err
}

// tenantsToVerify is one, or every one.
func tenantsToVerify(ctx context.Context, s *store.Store, f verifyFlags) (all []domain.Tenant, err error) {
	if !f.all {
		t, err := s.TenantBySlug(ctx, f.tenant)
		return []domain.Tenant{t}, err
	}
	after := ""
	for {
		page, err := s.Tenants(ctx, after, tenantsPage)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < tenantsPage {
			return all, nil
		}
		after = page[len(page)-1].Slug
	}
}

const tenantsPage = 500

func printReport(out io.Writer, slug string, r *reindex.Report) error {
	verdict := "sound"
	if !r.OK() {
		verdict = fmt.Sprintf("%d problems", len(r.Problems))
	}
	fmt.Fprintf(out, "%s: %s: generation %d, %d documents, %d passages in %d segments\n", slug, verdict, r.Generation, r.Documents, r.Chunks, len(r.Segments))
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, s := range r.Segments {
		kind := "built"
		if s.Merged {
			kind = "merged"
		}
		fmt.Fprintf(w, "  %s\t%s\t%d of %d documents live\t%s\t%s\n", s.ID, kind, s.Live, s.Documents, size(s.Bytes), rebuiltAs(s))
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "  PROBLEM: %s\n", p)
	}
	return w.Flush()
}

func rebuiltAs(s reindex.SegmentReport) string {
	switch s.Rebuilt {
	case reindex.SameBytes:
		return "rebuilt: the same bytes"
	case reindex.SameDigest:
		return "rebuilt: the same content (digest)"
	case reindex.Differs:
		return "rebuilt: DIFFERS"
	default:
		return ""
	}
}

func newIndexRebuildCommand() *cobra.Command {
	var c connection
	var cancel, detach bool
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Build a tenant's index anew from its documents, beside the one that is searched",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if cancel {
				work, err := client.CancelIndexRebuild(cmd.Context())
				return printWork(cmd.OutOrStdout(), work, err)
			}
			work, err := client.RebuildIndex(cmd.Context())
			if err := printWork(cmd.OutOrStdout(), work, err); err != nil || detach {
				return err
			}
			return followRebuild(cmd, client, work.RebuildID)
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	cmd.Flags().BoolVar(&cancel, "cancel", false, "cancel the rebuild that runs")
	cmd.Flags().BoolVar(&detach, "detach", false, "do not wait for its end")
	return cmd
}

func newIndexCompactCommand() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Merge segments where that is worth it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			work, err := client.CompactIndex(cmd.Context())
			return printWork(cmd.OutOrStdout(), work, err)
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	return cmd
}

func printWork(out io.Writer, work *apiclient.IndexWork, err error) error {
	if err != nil {
		return err
	}
	where := ""
	if work.WorkflowURL != "" {
		where = ": " + work.WorkflowURL
	}
	_, err = fmt.Fprintf(out, "%s: workflow %s%s\n", work.Status, work.WorkflowID, where)
	return err
}

const rebuildPoll = 500 * time.Millisecond

// errGoesOn is for somebody who stops watching.
var errGoesOn = errors.New("the rebuild goes on; rustassistant index rebuild --cancel ends it")

// followRebuild shows how far a rebuild is until it ends.
func followRebuild(cmd *cobra.Command, client *apiclient.Client, id string) error {
	said := ""
	for {
		details, err := client.IndexDetails(cmd.Context())
		if cmd.Context().Err() != nil {
			return errGoesOn
		}
		if err != nil {
			return err
		}
		if r := details.Rebuild; r != nil && r.ID == id {
			line := fmt.Sprintf("%s: %d of %d documents", r.Stage, r.Documents, r.Total)
			if line != said && r.State == "running" {
				said = line
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			if r.State != "running" {
				return rebuildEnded(cmd.OutOrStdout(), r)
			}
		}
		select {
		case <-cmd.Context().Done():
			return errGoesOn
		case <-time.After(rebuildPoll):
		}
	}
}

func rebuildEnded(out io.Writer, r *apiclient.IndexRebuild) error {
	if r.State != "completed" {
		return fmt.Errorf("the rebuild ended as %s: %s", r.State, r.Error)
	}
	took := ""
	if r.FinishedAt != nil {
		took = " in " + r.FinishedAt.Sub(r.StartedAt).Round(time.Millisecond).String()
	}
	_, err := fmt.Fprintf(out, "completed%s: %d documents, generation %d\n", took, r.Documents, r.Generation)
	return err
}
