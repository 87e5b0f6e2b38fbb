package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/domain"
)

func newJobsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "jobs",
		Short: "Look at jobs of every kind, watch, cancel, pause, resume and retry them",
		Example: `  rustassistant jobs list --state failed
  rustassistant jobs show JOB_ID
  rustassistant jobs redrive --error-code chunking_failed --dry-run`,
	}
	cmd.AddCommand(
		newJobsListCommand(), newJobsShowCommand(), newJobsWatchCommand(), newJobsRedriveCommand(),
		newJobsVerbCommand("retry", "Do again what failed of a job, as a new job"),
		newJobsVerbCommand("cancel", "End a job; what is done stays"),
		newJobsVerbCommand("pause", "Pause a job after the step in hand"),
		newJobsVerbCommand("resume", "Let a paused job go on where it was"),
	)
	return cmd
}

func newJobsListCommand() *cobra.Command {
	var c webhookCommand
	var states []string
	var kind, code, since, until, text string
	var all bool
	var limit int
	cmd := c.flags(&cobra.Command{
		Use: "list", Short: "List jobs, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			query := url.Values{"limit": {strconv.Itoa(max(1, min(limit, 100)))}}
			for name, value := range map[string]string{
				"state": strings.Join(states, ","), "kind": kind, "error_code": code, "since": since, "until": until, "q": text,
			} {
				if value != "" {
					query.Set(name, value)
				}
			}
			if all {
				query.Set("tenant", "*")
			}
			found, err := firstOf(limit, func(yield func(apiclient.AdminJob) error) error {
				return client.Jobs(cmd.Context(), query, yield)
			})
			if err != nil {
				return err
			}
			return c.print(cmd, found, func(out io.Writer) {
				for n := range found {
					printJobLine(out, &found[n])
				}
			})
		},
	})
	cmd.Flags().StringSliceVar(&states, "state", nil, "queued, running, paused, completed, completed_with_errors, failed, canceled (default all)")
	cmd.Flags().StringVar(&kind, "kind", "", "such as index_documents or rebuild_index (default all)")
	cmd.Flags().StringVar(&code, "error-code", "", "only those that ended with this error")
	cmd.Flags().StringVar(&since, "since", "", "created then or later, such as 2026-01-02T03:04:05Z")
	cmd.Flags().StringVar(&until, "until", "", "created before")
	cmd.Flags().StringVarP(&text, "query", "q", "", "id of a job or its beginning, id or external id of a document, or an error code")
	cmd.Flags().BoolVar(&all, "all-tenants", false, "of every tenant; needs a key of platform scope")
	cmd.Flags().IntVar(&limit, "limit", 20, "how many")
	return cmd
}

func printJobLine(out io.Writer, j *apiclient.AdminJob) {
	condition := ""
	if j.Condition.Name != string(domain.ConditionEnded) && j.Condition.Name != string(domain.ConditionWorking) {
		condition = j.Condition.Name
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%d/%d\t%s\n", j.ID, j.CreatedAt.Local().Format(time.DateTime), j.Kind, j.State, condition,
		j.Done+j.Failed, j.Total, strings.TrimSpace(j.ErrorCode+" "+printable(j.Title)))
}

func newJobsShowCommand() *cobra.Command {
	var c webhookCommand
	return c.flags(&cobra.Command{
		Use: "show JOB_ID", Short: "Show a job with its attempts", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			j, err := client.JobDetail(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.print(cmd, j, func(out io.Writer) { printJob(out, j) })
		},
	})
}

func printJob(out io.Writer, j *apiclient.JobDetail) {
	row := func(name, value string) {
		if value = strings.TrimSpace(value); value != "" {
			fmt.Fprintf(out, "%s\t%s\n", name, printable(value))
		}
	}
	row("job", j.ID)
	row("kind", j.Kind+" "+j.Title)
	row("state", string(j.State)+", "+j.Condition.Name+" "+j.Condition.Reason)
	row("stage", j.Stage)
	row("done", fmt.Sprintf("%d of %d, %d failed", j.Done, j.Total, j.Failed))
	row("error", j.ErrorCode+" "+j.ErrorMessage)
	row("hint", j.Hint)
	row("worker", j.Worker)
	row("workflow", j.WorkflowID)
	row("temporal", j.TemporalURL)
	row("trace", j.TraceID)
	if j.RetryOf != nil {
		row("retry of", *j.RetryOf)
	}
	if j.RetriedBy != nil {
		row("retried by", *j.RetriedBy)
	}
	for _, a := range j.Attempts {
		fmt.Fprintf(out, "%s %d\t%s %s %s %d ms %s %s\n", a.Step, a.Attempt, a.StartedAt.Local().Format(time.DateTime), a.State, a.Stage,
			a.DurationMS, a.ErrorCode, printable(a.Error))
	}
}

func newJobsVerbCommand(verb, short string) *cobra.Command {
	var c webhookCommand
	return c.flags(&cobra.Command{
		Use: verb + " JOB_ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			j, err := client.SteerJob(cmd.Context(), args[0], verb)
			if err != nil {
				return err
			}
			return c.print(cmd, j, func(out io.Writer) { printJobLine(out, j) })
		},
	})
}

// watchEvery is between two looks at a job.
const watchEvery = 500 * time.Millisecond

func newJobsWatchCommand() *cobra.Command {
	var c webhookCommand
	return c.flags(&cobra.Command{
		Use: "watch JOB_ID", Short: "Follow a job until it ends; fails when the job does", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			last := ""
			for {
				j, err := client.JobDetail(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				line := fmt.Sprintf("%s %s %s %d/%d, %d failed", j.State, j.Condition.Name, j.Stage, j.Done, j.Total, j.Failed)
				if line != last && !c.asJSON {
					fmt.Fprintln(cmd.OutOrStdout(), line)
				}
				last = line
				if j.State.Final() {
					return c.watched(cmd, j)
				}
				if err := apiclient.Sleep(cmd.Context(), watchEvery); err != nil {
					return err
				}
			}
		},
	})
}

func (c *webhookCommand) watched(cmd *cobra.Command, j *apiclient.JobDetail) error {
	if c.asJSON {
		if err := printJSON(cmd.OutOrStdout(), j); err != nil {
			return err
		}
	}
	if j.State != domain.JobCompleted {
		return fmt.Errorf("the job is %s: %s %s", j.State, j.ErrorCode, j.ErrorMessage)
	}
	return nil
}

func newJobsRedriveCommand() *cobra.Command {
	var c webhookCommand
	var f apiclient.RedriveFilter
	var dryRun bool
	var confirm int64
	cmd := c.flags(&cobra.Command{
		Use: "redrive", Short: "Retry every job that failed and was not retried yet", Args: cobra.NoArgs,
		Long: `Counts first. Without --dry-run it needs --confirm with that count, so that nobody retries more than he has seen. There is no
upper limit: a workflow retries them step by step.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !dryRun && confirm < 0 {
				return errors.New("say how many jobs you expect with --confirm; --dry-run counts them")
			}
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			r, err := client.RedriveJobs(cmd.Context(), f, dryRun, confirm)
			if err != nil {
				return err
			}
			return c.print(cmd, r, func(out io.Writer) {
				fmt.Fprintf(out, "jobs\t%d\n", r.Count)
				if r.Job != nil {
					fmt.Fprintf(out, "retried by\t%s\n", r.Job.ID)
				}
			})
		},
	})
	cmd.Flags().StringSliceVar(&f.States, "state", nil, "failed, completed_with_errors, canceled (default the first two)")
	cmd.Flags().StringVar(&f.ErrorCode, "error-code", "", "only those that ended with this error")
	cmd.Flags().StringVar(&f.Since, "since", "", "created then or later, such as 2026-01-02T03:04:05Z")
	cmd.Flags().StringVar(&f.Until, "until", "", "created before")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "count and start nothing")
	cmd.Flags().Int64Var(&confirm, "confirm", -1, "how many jobs you expect")
	return cmd
}
