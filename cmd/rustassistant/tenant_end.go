package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/domain"
)

const operationPoll = 500 * time.Millisecond

// follow shows how far an operation is until it ends. One that does not complete is
// an error.
func (c *tenantCommand) follow(cmd *cobra.Command, client *apiclient.Client, slug string, op *apiclient.TenantOperation) (*apiclient.TenantOperation, error) {
	for said := ""; ; {
		now, err := client.TenantOperation(cmd.Context(), slug, op.ID)
		if err != nil {
			if cmd.Context().Err() != nil {
				return op, fmt.Errorf("the operation goes on; see rustassistant tenant show %s", slug)
			}
			return op, err
		}
		if line := operationLine(now); !c.asJSON && line != said {
			said = line
			fmt.Fprintln(cmd.ErrOrStderr(), line)
		}
		switch now.State {
		case domain.OperationCompleted:
			return now, nil
		case domain.OperationFailed, domain.OperationCanceled:
			return now, fmt.Errorf("the operation is %s: %s", now.State, now.Error)
		case domain.OperationRunning:
		}
		if err := apiclient.Sleep(cmd.Context(), operationPoll); err != nil {
			return now, fmt.Errorf("the operation goes on; see rustassistant tenant show %s", slug)
		}
	}
}

func operationLine(op *apiclient.TenantOperation) string {
	line := fmt.Sprintf("%s %s", op.Kind, op.State)
	if op.Stage != "" && op.Stage != "done" {
		line += " (" + op.Stage + ")"
	}
	if op.Done > 0 {
		line += fmt.Sprintf(": %d done", op.Done)
	}
	if op.Bytes > 0 {
		line += fmt.Sprintf(", %d bytes", op.Bytes)
	}
	if op.Error != "" {
		line += ": " + op.Error
	}
	return line
}

func newTenantExportCommand() *cobra.Command {
	var c tenantCommand
	var output, id string
	var detach bool
	cmd := c.flags(&cobra.Command{
		Use: "export SLUG", Short: "Export a tenant into a tar archive", Args: cobra.ExactArgs(1),
		Long: "Export a tenant into a tar archive of gzipped NDJSON with manifest and checksums.\n" +
			"A download that was interrupted goes on when the command is given again with --id.",
		Example: "  rustassistant tenant export acme --output acme.tar",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if id == "" {
				a, err := client.SteerTenant(cmd.Context(), args[0], "export")
				if err != nil {
					return err
				}
				id = a.Operation.ID
				if detach {
					return c.print(cmd, a.Operation, func(out io.Writer) { fmt.Fprintf(out, "export\t%s\n", id) })
				}
				if a.Operation, err = c.follow(cmd, client, args[0], a.Operation); err != nil {
					return err
				}
			}
			return c.fetch(cmd, client, args[0], id, output)
		},
	})
	cmd.Flags().StringVarP(&output, "output", "o", "", "file of the archive (default SLUG-ID.tar)")
	cmd.Flags().StringVar(&id, "id", "", "fetch this export, from where the file ends")
	cmd.Flags().BoolVar(&detach, "detach", false, "do not wait for it and fetch nothing")
	return cmd
}

// fetch goes on where the file ends.
func (c *tenantCommand) fetch(cmd *cobra.Command, client *apiclient.Client, slug, id, output string) error {
	if output == "" {
		output = slug + "-" + id + ".tar"
	}
	f, err := os.OpenFile(output, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the archive: %w", err)
	}
	at, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		at, err = client.FetchExport(cmd.Context(), slug, id, f, at)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%w; go on with: rustassistant tenant export %s --id %s --output %s", err, slug, id, output)
	}
	return c.print(cmd, map[string]any{"export_id": id, "file": output, "bytes": at}, func(out io.Writer) {
		fmt.Fprintf(out, "%s\t%d bytes\n", output, at)
	})
}

func newTenantOffboardCommand() *cobra.Command {
	var c tenantCommand
	var yes, export, wait bool
	cmd := c.flags(&cobra.Command{
		Use: "offboard SLUG", Short: "Delete a tenant and everything of it, for good", Args: cobra.ExactArgs(1),
		Long: "Delete a tenant and everything of it, for good. On a terminal its slug must be typed once more;\n" +
			"elsewhere --yes confirms. What was deleted is told in a certificate.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes {
				if err := typed(cmd, args[0]); err != nil {
					return err
				}
			}
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			a, err := client.OffboardTenant(cmd.Context(), args[0], args[0], export)
			if err != nil {
				return err
			}
			if wait && a.Operation != nil {
				if a.Operation, err = c.follow(cmd, client, args[0], a.Operation); err != nil {
					return err
				}
				if a.Certificate, err = client.TenantCertificate(cmd.Context(), args[0]); err != nil {
					return err
				}
			}
			return c.print(cmd, a, func(out io.Writer) {
				if a.Certificate != nil {
					printCertificate(out, a.Certificate)
					return
				}
				fmt.Fprintf(out, "%s\t%s\n", args[0], operationLine(a.Operation))
			})
		},
	})
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&export, "export", false, "export it first; the export can be fetched for 24 hours")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it is gone and show the certificate")
	return cmd
}

// typed asks for the slug once more, where somebody can type.
func typed(cmd *cobra.Command, slug string) error {
	if f, ok := cmd.InOrStdin().(*os.File); ok && !isTerminal(f) {
		return errors.New("off-boarding deletes everything of the tenant: confirm with --yes")
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "This deletes everything of the tenant %s, for good. Type its slug to go on: ", slug)
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.TrimSpace(line) != slug {
		return errors.New("that is not its slug; nothing was deleted")
	}
	return nil
}

func printCertificate(out io.Writer, c *apiclient.TenantCertificate) {
	fmt.Fprintf(out, "certificate\t%s\ntenant\t%s (%s)\nverified\t%s\nrows\t%d\nbytes\t%d\nsha256\t%s\n",
		c.ID, c.Slug, c.TenantID, c.Content.VerifiedAt.Local().Format(time.DateTime), c.Content.TotalRows, c.Content.Bytes, c.SHA256)
	var tables []string
	for table := range c.Content.Rows {
		tables = append(tables, table)
	}
	slices.Sort(tables)
	for _, table := range tables {
		fmt.Fprintf(out, "  %s\t%d\n", table, c.Content.Rows[table])
	}
}
